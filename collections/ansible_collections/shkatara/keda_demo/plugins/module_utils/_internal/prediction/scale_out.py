# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What an HPA will do with a load: the counts, the paths to them, and when, as pure functions.

Nothing here reads a cluster or a clock. All times are seconds since the first request.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..autoscaling import hpa
from ..autoscaling.hpa import AVERAGE_VALUE, HpaConfig
from ..prometheus import rate_bounds
from ..prometheus.rate_bounds import Timing
from . import replica_graph

# For what no formula knows: the queues of controllers, scheduler and kubelet, and events on their way.
CONTROLLERS_SECONDS = 3.0


class Load(Protocol):
    """A load as LoadSpec has it: `rate` requests a second in its last stage, which has the highest."""

    @property
    def rate(self) -> float: ...
    @property
    def duration(self) -> float: ...
    @property
    def last_stage_start(self) -> float: ...
    def requests_until(self, seconds: float) -> float: ...


@dataclass(frozen=True)
class InitialState:
    """What there is before the load: replicas and the metric's value, and what each request adds to it, in its unit.

    `activation_seconds` is how long KEDA takes at most to bring the first replica, where there is none. `from_zero` is
    then the count it brings.
    """

    replicas: int
    baseline: float = 0.0
    per_request: float = 1.0
    activation_seconds: float = 0.0
    from_zero: int = 1

    @property
    def hpa_replicas(self) -> int:
        """Where the HPA begins: it does nothing at 0."""
        return self.replicas or self.from_zero


@dataclass(frozen=True)
class Prediction:
    """What will happen; written down before the first request. The module's RETURN explains each field."""

    replicas: int
    possible_replicas: list[int]
    from_replicas: int
    reason: str
    metric: float
    threshold: float
    target_type: str
    tolerance: float
    min_replicas: int
    max_replicas: int
    steps: dict[int, list[int]]
    paths: list[list[int]] | None
    earliest_change_seconds: float | None
    latest_change_seconds: float
    earliest_seconds: float | None
    latest_seconds: float
    latest_parts: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """True when the replicas are to grow."""
        return self.replicas != self.from_replicas

    @property
    def acts_above(self) -> float:
        """The metric above which the HPA acts at the beginning, in its unit."""
        pods = max(1, self.from_replicas) if self.target_type == AVERAGE_VALUE else 1
        return self.threshold * pods * (1 + self.tolerance)


def first_times(
    target: HpaConfig, load: Load, start: InitialState, graph: Mapping[int, list[int]], timing: Timing
) -> dict[int, float]:
    """Return when each count of a graph may be reached at the earliest, in seconds since the first request.

    A step needs a metric that asks for it, and the sync before it is one period earlier.
    """
    metric, begin = target.load_metric, start.hpa_replicas
    asked_before = replica_graph.remembered(target, start.baseline + load.rate * start.per_request, timing, begin)
    first = {begin: 0.0}
    for count in sorted(graph):
        if count not in first:
            continue
        for after in graph[count]:
            asked = max(metric.goal(count) * (1 + target.up_tolerance), metric.goal(after - 1))
            needed = asked / (1 + rate_bounds.excess_share(timing, begin, count)) - start.baseline
            if hpa.next_replicas(target, 0.0, count) >= after or asked_before.get(count, 0) >= after:
                needed = 0.0
            shown = rate_bounds.earliest_time(
                load.requests_until, timing, needed / (start.per_request or 1e-9), load.duration
            )
            at = max(shown or 0.0, first[count] + (timing.hpa_sync if count != begin else 0.0))
            first[after] = min(first.get(after, math.inf), at)
    return first


def predict(target: HpaConfig, load: Load, start: InitialState, timing: Timing, reason: str = "") -> Prediction:
    """Return what a load will do to the replicas, and when at the latest.

    :param reason: why the metric is as it is, where the load does not move it
    :raises ValueError: see proposed_replicas
    """
    begin = start.hpa_replicas
    total = start.baseline + load.rate * start.per_request
    graph = replica_graph.step_graph(target, total, begin, timing)
    possible = replica_graph.stable_replicas(target, total, graph)
    climbed = replica_graph.climb(target, total, begin, timing.hpa_sync)
    replicas = max(possible)
    first = first_times(target, load, start, graph, timing)
    parts = {
        "stages": load.last_stage_start,
        "scrape": 2 * timing.scrape_interval,
        "query_window": timing.query_window,
        "keda_polling": timing.keda_polling,
        "keda_activation": start.activation_seconds if start.replicas == 0 else 0.0,
        "scale_up_stabilization": float((target.scale_up or {}).get("stabilizationWindowSeconds") or 0),
        # The controller looks once a period, at a moment we don't know.
        "hpa_sync": timing.hpa_sync,
        "controllers": CONTROLLERS_SECONDS,
    }
    latest_change = sum(parts.values())
    parts["further_syncs"] = climbed[-1][0] if climbed else 0.0
    holds = replica_graph.most_holds(target, total, graph, timing)
    # Pods that become Ready one after the other hold the HPA until the last of them is counted. One alone holds it only
    # when it is Ready before the HPA looks again. A Value target waits for Ready pods, and then for the HPA.
    hold = max(timing.pod_start, timing.hpa_sync)
    if target.load_metric.kind != AVERAGE_VALUE:
        hold = timing.pod_start + timing.hpa_sync + parts["scale_up_stabilization"]
    parts["new_pods_started"] = holds * hold
    # Until their first scrape, and then until the window begins with it.
    parts["new_pods_counted"] = holds * timing.counted_seconds if timing.own_pods else 0.0
    parts["pod_start"] = timing.pod_start
    if start.replicas == 0:
        graph = {0: [begin], **graph}
    changes = replicas != start.replicas
    earliest_change = min((first[count] for count in graph.get(begin, ())), default=0.0) if start.replicas else 0.0
    return Prediction(
        replicas=replicas,
        possible_replicas=possible,
        from_replicas=start.replicas,
        reason=reason or _why(target, total, begin, replicas, start.replicas),
        metric=round(total, 6),
        threshold=target.load_metric.target,
        target_type=target.load_metric.kind,
        tolerance=target.up_tolerance,
        min_replicas=target.min_replicas,
        max_replicas=target.max_replicas,
        steps=graph,
        paths=replica_graph.walks(graph, start.replicas, possible),
        earliest_change_seconds=round(earliest_change, 1) if changes else None,
        latest_change_seconds=round(latest_change, 1),
        earliest_seconds=round(min(first[count] for count in possible), 1) if changes else None,
        latest_seconds=round(sum(parts.values()), 1),
        latest_parts={name: round(seconds, 1) for name, seconds in parts.items() if seconds},
        warnings=_warnings(target, timing) if changes else [],
    )


def _warnings(target: HpaConfig, timing: Timing) -> list[str]:
    """Say what may go another way than predicted, since nothing of this HPA prevents it."""
    longest = timing.pod_start + timing.counted_seconds + timing.hpa_sync
    if not timing.own_pods or target.stabilization >= longest:
        return []
    return [
        f"The HPA may shrink on its way: until new pods are counted the metric may be too low for up to {longest:g} s, "
        f"and scale-in is stabilized for {target.stabilization:g} s only"
    ]


def _why(target: HpaConfig, total: float, begin: int, replicas: int, before: int) -> str:
    if replicas == begin:
        if before == 0:
            return "load"
        if hpa.desired_replicas(target, total, begin) <= begin:
            return "load_under_threshold"
        return "max_replicas" if begin >= target.max_replicas else "scale_up_disabled"
    return "max_replicas" if hpa.desired_replicas(target, total, replicas) > replicas == target.max_replicas else "load"
