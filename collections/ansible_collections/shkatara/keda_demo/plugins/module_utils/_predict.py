# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the HPA will do with a load: its arithmetic as pure functions, and a prediction made of them.

Nothing here reads a cluster or a clock. The names are those of the autoscaling/v2 API.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What the API server fills in where `behavior` is given without this part.
# Source: Kubernetes 1.25, pkg/apis/autoscaling/v2/defaults.go.
DEFAULT_SCALE_UP: Mapping[str, Any] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
DEFAULT_SCALE_DOWN: Mapping[str, Any] = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
_LONGEST_CLIMB_SECONDS = 3600.0
# How late Prometheus may begin to scrape a new pod: two tickers of 5 s, one after the other.
# Source: Prometheus 2.41, discovery/manager.go, updatert; scrape/manager.go, reloader.
_DISCOVERY_SECONDS = 10.0


@dataclass(frozen=True)
class ScaleEvent:
    """A change that the HPA made: `seconds` on the clock of the caller, `change` in replicas (positive)."""

    seconds: float
    change: int


@dataclass(frozen=True)
class HpaTarget:
    """What an HPA with one external metric was told: an AverageValue target and its bounds."""

    threshold: float
    min_replicas: int
    max_replicas: int
    tolerance: float = 0.1
    behavior: Mapping[str, Any] | None = None

    @property
    def scale_up(self) -> Mapping[str, Any] | None:
        """The rules for growth; None where the HPA has no `behavior` and the older limit holds."""
        if not self.behavior:
            return None
        return {**DEFAULT_SCALE_UP, **(self.behavior.get("scaleUp") or {})}

    @property
    def scale_down(self) -> Mapping[str, Any]:
        """The rules for shrinking, without `stabilizationWindowSeconds` unless the HPA sets it."""
        return {**DEFAULT_SCALE_DOWN, **((self.behavior or {}).get("scaleDown") or {})}


@dataclass(frozen=True)
class Timing:
    """How long each part of the chain may take, in seconds."""

    scrape_interval: float
    query_window: float
    hpa_sync: float = 15.0
    pod_start: float = 30.0
    keda_polling: float = 0.0


@dataclass(frozen=True)
class Prediction:
    """What will happen; written down before the first request."""

    replicas: int
    possible_replicas: list[int]
    from_replicas: int
    reason: str
    metric: float
    threshold: float
    tolerance: float
    min_replicas: int
    max_replicas: int
    earliest_change_seconds: float | None
    latest_change_seconds: float
    latest_seconds: float
    latest_parts: dict[str, float] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """True when the replicas are to grow."""
        return self.replicas != self.from_replicas


def desired_replicas(total: float, threshold: float, current: int, tolerance: float = 0.1) -> int:
    """Return the replicas an HPA wants for an AverageValue target, before any bound.

    :param total: the external metric's value, summed over its series, in the metric's unit
    :param threshold: the target a pod, in the same unit, greater than 0
    :param current: replicas now, at least 1
    :raises ValueError: threshold or current out of range

    Source: Kubernetes 1.25, pkg/controller/podautoscaler/replica_calculator.go,
    GetExternalPerPodMetricReplicas.
    """
    if threshold <= 0:
        raise ValueError(f"threshold must be greater than 0, not {threshold}")
    if current < 1:
        raise ValueError(f"current must be at least 1, not {current}: an HPA does nothing at 0 replicas")
    usage_ratio = total / (threshold * current)
    if abs(1.0 - usage_ratio) <= tolerance:
        return current
    return math.ceil(total / threshold)


def scale_up_limit(
    current: int,
    rules: Mapping[str, Any] | None = None,
    events: Sequence[ScaleEvent] = (),
    now: float = 0.0,
) -> int:
    """Return the replicas that one sync may reach at most.

    :param current: replicas now
    :param rules: the HPA's complete `behavior.scaleUp`; None for an HPA without `behavior`
    :param events: the growth so far, on the clock of `now` (seconds)

    Source: Kubernetes 1.25, pkg/controller/podautoscaler/horizontal.go, calculateScaleUpLimit (no `behavior`)
    and calculateScaleUpLimitWithScalingRules.
    """
    if rules is None:
        return max(2 * current, 4)
    if rules["selectPolicy"] == "Disabled":
        return current
    proposals = []
    for policy in rules["policies"]:
        added = sum(event.change for event in events if event.seconds > now - policy["periodSeconds"])
        start = current - added
        if policy["type"] == "Pods":
            proposals.append(start + policy["value"])
        else:
            proposals.append(math.ceil(start * (1 + policy["value"] / 100)))
    chosen: int = min(proposals) if rules["selectPolicy"] == "Min" else max(proposals)
    return max(chosen, current)


def next_replicas(
    target: HpaTarget, total: float, current: int, events: Sequence[ScaleEvent] = (), now: float = 0.0
) -> int:
    """Return the replicas after one sync of a growing HPA; never fewer than `current`.

    Shrinking is left out on purpose: the stabilization of scale-in keeps the highest recommendation of some
    minutes, so nothing shrinks while a load grows.

    Source: as desired_replicas and scale_up_limit, put together as normalizeDesiredReplicas does.
    """
    wanted = desired_replicas(total, target.threshold, current, target.tolerance)
    limit = min(scale_up_limit(current, target.scale_up, events, now), target.max_replicas)
    return max(current, min(wanted, limit))


def climb(target: HpaTarget, total: float, current: int, hpa_sync: float = 15.0) -> list[tuple[float, int]]:
    """Return the path of a constant metric: (seconds after the first sync, replicas) for every change.

    :raises ValueError: see desired_replicas
    """
    path: list[tuple[float, int]] = []
    events: list[ScaleEvent] = []
    now = 0.0
    while now <= _LONGEST_CLIMB_SECONDS:
        after = next_replicas(target, total, current, events, now)
        if after != current:
            path.append((now, after))
            events.append(ScaleEvent(now, after - current))
            current = after
        elif next_replicas(target, total, current) == current:  # no limit that only time would lift
            break
        now += hpa_sync
    return path


def reachable_replicas(target: HpaTarget, total: float, current: int) -> set[int]:
    """Return every count at which the HPA can come to rest while the metric rises from nothing to `total`.

    The metric rises over scrapes and a query window, and the HPA looks at any moment of that. On its way it
    may stop at any count between the current one and what the metric asks for, and it stays where the whole
    metric is within the tolerance. One element means that the load has one right answer.
    """
    seen: set[int] = set()
    final: set[int] = set()
    todo = [current]
    while todo:
        count = todo.pop()
        if count in seen:
            continue
        seen.add(count)
        highest = next_replicas(target, total, count)
        if highest == count:
            final.add(count)
        todo.extend(range(count + 1, highest + 1))
    return final


def most_holds(target: HpaTarget, total: float, current: int, timing: Timing) -> int:
    """Return at how many counts on its way the HPA can be held at most, since new pods are not counted yet.

    New pods take their share of the requests as soon as they are Ready, while `rate` needs two scrapes of each to see
    any of them. So after a step from a to b replicas the sum falls by up to ``(1 - a/b) * lost`` of it, and b may be
    within the tolerance until the window holds nothing older than the new pods' first sample.

    :param total: the metric's value once all is counted, in its unit
    :returns: the length of the longest chain of such counts, each reached from the one before
    """
    unseen = _DISCOVERY_SECONDS + 2 * timing.scrape_interval
    lost = 1.0 if unseen >= timing.query_window else unseen / timing.query_window
    top = max(reachable_replicas(target, total, current))
    highest = {count: next_replicas(target, total, count) for count in range(current, top + 1)}
    most: dict[int, int] = {}

    def holds(before: int, count: int) -> bool:
        lowest = total * (1 - (1 - before / count) * lost)
        return highest[count] != count and lowest <= (1 + target.tolerance) * target.threshold * count

    for before in range(top, current - 1, -1):
        steps = range(before + 1, highest[before] + 1)
        most[before] = max((most[count] + holds(before, count) for count in steps), default=0)
    return most[current]


def earliest_change_seconds(target: HpaTarget, total: float, current: int, baseline: float, timing: Timing) -> float:
    """Return the shortest time from the first request to a metric on which the HPA acts, in seconds.

    `rate` divides the increase by the time between the first and the last sample of the window, which is at
    least the window less one scrape interval; so the value after t seconds of a constant load is at most
    ``load * t / (window - interval)``.

    Source: Prometheus, promql/functions.go, extrapolatedRate.
    """
    load = total - baseline
    sampled = timing.query_window - timing.scrape_interval
    if load <= 0 or sampled <= 0:
        return 0.0
    needed = target.threshold * current * (1 + target.tolerance) - baseline
    return max(0.0, needed * sampled / load)


def predict(target: HpaTarget, load: float, current: int, timing: Timing, baseline: float = 0.0) -> Prediction:
    """Return what a constant load will do to the replicas, and when at the latest.

    :param load: what the load adds to the metric, in its unit
    :param current: replicas before the load, at least 1
    :param baseline: the metric's value before the load
    :raises ValueError: see desired_replicas
    """
    total = baseline + load
    possible = reachable_replicas(target, total, current)
    climbed = climb(target, total, current, timing.hpa_sync)
    replicas = max(possible)
    earliest = earliest_change_seconds(target, total, current, baseline, timing)
    parts = {
        # The scrape that ends the first full window comes up to one interval late, and `rate` sees only whole
        # samples, which is one more.
        "scrape": 2 * timing.scrape_interval,
        "query_window": timing.query_window,
        "keda_polling": timing.keda_polling,
        "scale_up_stabilization": float((target.scale_up or {}).get("stabilizationWindowSeconds") or 0),
        # The controller looks once a period, at a moment we don't know.
        "hpa_sync": timing.hpa_sync,
    }
    latest_change = sum(parts.values())
    parts["further_syncs"] = climbed[-1][0] if climbed else 0.0
    holds = most_holds(target, total, current, timing)
    # Pods that become Ready one after the other hold the HPA until the last of them is counted. One alone holds it only
    # when it is Ready before the HPA looks again.
    parts["new_pods_started"] = holds * max(timing.pod_start, timing.hpa_sync)
    # Until their first scrape, and then until the window begins with it.
    parts["new_pods_counted"] = holds * (_DISCOVERY_SECONDS + timing.scrape_interval + timing.query_window)
    parts["pod_start"] = timing.pod_start
    return Prediction(
        replicas=replicas,
        possible_replicas=sorted(possible),
        from_replicas=current,
        reason=_why(target, total, current, replicas),
        metric=total,
        threshold=target.threshold,
        tolerance=target.tolerance,
        min_replicas=target.min_replicas,
        max_replicas=target.max_replicas,
        earliest_change_seconds=round(earliest, 1) if replicas != current else None,
        latest_change_seconds=latest_change,
        latest_seconds=sum(parts.values()),
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


def _why(target: HpaTarget, total: float, current: int, replicas: int) -> str:
    if replicas == current:
        if desired_replicas(total, target.threshold, current, target.tolerance) <= current:
            return "load_under_threshold"
        return "max_replicas" if current >= target.max_replicas else "scale_up_disabled"
    return "max_replicas" if math.ceil(total / target.threshold) > replicas == target.max_replicas else "load"


def scale_down_seconds(target: HpaTarget, current: int, stabilization: float, hpa_sync: float) -> float:
    """Return the longest time in seconds in which an HPA brings `current` replicas to its minimum.

    :param stabilization: the controller's --horizontal-pod-autoscaler-downscale-stabilization, used where
        the HPA has no `behavior.scaleDown.stabilizationWindowSeconds`
    :returns: infinity where `selectPolicy` is Disabled

    Source: Kubernetes 1.25, pkg/controller/podautoscaler/horizontal.go, calculateScaleDownLimitWithBehaviors;
    each period is counted in full, which is an upper bound.
    """
    if current <= target.min_replicas:
        return 0.0
    rules = target.scale_down
    if rules["selectPolicy"] == "Disabled":
        return math.inf
    window = rules.get("stabilizationWindowSeconds")
    choose = max if rules["selectPolicy"] == "Min" else min
    policies = [_shrink_seconds(policy, current, target.min_replicas, hpa_sync) for policy in rules["policies"]]
    return (stabilization if window is None else float(window)) + hpa_sync + choose(policies)


def _shrink_seconds(policy: Mapping[str, Any], current: int, least: int, hpa_sync: float) -> float:
    seconds = 0.0
    while current > least:
        value = policy["value"]
        after = current - value if policy["type"] == "Pods" else int(current * (1 - value / 100))
        if after == current:
            return math.inf
        current = after
        seconds += max(float(policy["periodSeconds"]), hpa_sync)
    return seconds
