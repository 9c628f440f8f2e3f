# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How replicas decrease after a load, to the minimum and to zero, and when, as pure functions.

The HPA shrinks to its minimum once its stabilization window holds no higher recommendation. KEDA takes the last
replicas away, whatever the HPA does, when no trigger has been active for the cooldown period.

All times are seconds since the load's last request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from ..autoscaling import hpa, scaling_limits
from ..autoscaling.hpa import HpaConfig
from ..autoscaling.keda import KedaRules
from ..prometheus import rate_bounds
from ..prometheus.rate_bounds import Timing
from . import policy_times
from .slowest_growth import CONTROLLERS_SECONDS


class ScaleInReason(StrEnum):
    """Why replicas decrease, or why they don't."""

    LOAD_ENDED = "load_ended"
    SCALE_DOWN_DISABLED = "scale_down_disabled"
    COOLDOWN = "cooldown"


@dataclass(frozen=True)
class ScaleIn:
    """The predicted decrease from one of `from_replicas` to `replicas`. The module's RETURN explains each field.

    `latest_change_seconds`, `latest_seconds` and `latest_parts["policies"]` are infinite if the HPA never shrinks.
    """

    replicas: int
    from_replicas: list[int]
    reason: ScaleInReason
    steps: dict[int, list[int]]
    earliest_change_seconds: float
    latest_change_seconds: float
    latest_seconds: float
    latest_parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Remaining:
    """The metric that is left after the load: `value` while there are `pods` of them.

    A mean rises as pods leave, since the same requests go to fewer. `timing` None is a metric that does not.
    """

    value: float
    pods: int = 1
    timing: Timing | None = None

    def at(self, count: int) -> float:
        """Return the value at `count` replicas."""
        return self.value * self.pods / count if self.timing is not None and self.timing.takes_mean else self.value


def _shrunk(config: HpaConfig, remaining: Remaining, count: int) -> int:
    """Return the count that an HPA makes of `count` by the remaining metric, without any limit but its minimum."""
    return max(config.min_replicas, hpa.desired_replicas(config, remaining.at(count), count))


def replicas_after_scale_in(config: HpaConfig, remaining: Remaining | float, most: int | None = None) -> int:
    """Return the highest count, at most `most`, at which an HPA may rest while the metric stays.

    A wide tolerance, or a Value target, makes several counts stable. Which of them an HPA reaches from above depends on
    its way, since a policy or a falling metric may lead to any count in between.

    :param most: the count to begin from; the HPA's maximum without it
    """
    left = remaining if isinstance(remaining, Remaining) else Remaining(remaining)
    counts = range(config.max_replicas if most is None else most, config.min_replicas, -1)
    return next((count for count in counts if _shrunk(config, left, count) == count), config.min_replicas)


def scale_in_rounds(config: HpaConfig, remaining: Remaining, most: int) -> list[int]:
    """Return the counts that an HPA makes of `most`, one after the other, while the metric stays.

    An HPA with a Value target makes several: each step computes with the replicas that the step before has left.
    """
    rounds, count = [], most
    while count > config.min_replicas:
        after = _shrunk(config, remaining, count)
        if after >= count:
            break
        rounds.append(after)
        count = after
    return rounds


def lowest_stable_replicas(config: HpaConfig, remaining: Remaining, least: int) -> int:
    """Return the lowest count, at most `least`, at which an HPA stays while the metric stays.

    The HPA gets there if the query dips for a moment, when pods leave with their share of the metric.
    """
    counts = range(config.min_replicas, least + 1)
    return min((count for count in counts if _shrunk(config, remaining, count) == count), default=least)


def lower_counts(config: HpaConfig, count: int, least: int) -> list[int]:
    """Return the counts that one sync may make of `count`, over all values of a falling metric."""
    if not config.shrinks:
        return []
    # Versions that count growth within a policy's period may take that growth back besides.
    limit = scaling_limits.scale_down_limit(count, config.scale_down) if config.version <= (1, 25) else least
    return list(range(max(least, limit), count))


def predict_scale_in(
    config: HpaConfig,
    counts: list[int],
    baseline: float,
    timing: Timing,
    *,
    pods_at_rest: int | None = None,
    held_seconds: float = math.inf,
) -> ScaleIn:
    """Return how an HPA shrinks after the load.

    An HPA shrinks at the first sync without a higher recommendation in its stabilization window. The last high
    recommendation comes from a sync at most one period before the metric falls at the earliest, and from the last sync
    that reads any part of the load at the latest. If the load ends before the query counts all new pods, the last high
    recommendation may be the one that made them.

    :param counts: the possible counts at the end of the load
    :param baseline: the metric without the load
    :param pods_at_rest: the replicas at which the baseline was read; default: the minimum
    :param held_seconds: the shortest time from the moment when all pods are Ready to the end of the load
    :returns: infinite times if `selectPolicy` is Disabled

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendation and
    stabilizeRecommendationWithBehaviors.
    """
    remaining = Remaining(baseline, pods_at_rest or max(1, config.min_replicas), timing)
    most = max(counts)
    highest = replicas_after_scale_in(config, remaining, most)
    rounds = scale_in_rounds(config, remaining, most)
    least = min([highest, *rounds])
    lowest = lowest_stable_replicas(config, remaining, least) if timing.own_pods else least
    disabled = not config.shrinks
    earliest = config.stabilization - timing.hpa_sync - _dip_before_end(timing, held_seconds)
    kept = timing.kept_seconds
    parts = {
        **rate_bounds.fall_parts(timing, earliest),
        "keda_polling": timing.keda_polling,
        "stabilization": config.stabilization,
        # One period until the HPA reads the fall, and one until its next sync after the stabilization.
        "hpa_sync": 2 * timing.hpa_sync,
        "controllers": CONTROLLERS_SECONDS,
    }
    latest_change = math.inf if disabled and most > highest else sum(parts.values())
    next_round = config.stabilization + timing.hpa_sync
    parts["further_steps"] = (max(1, len(rounds)) - 1) * next_round
    parts["policies"] = sum(
        policy_times.shrink_seconds(config, before, after, timing.hpa_sync)
        for before, after in pairwise([most, *rounds])
    )
    if _asks_again(config, remaining, lowest, most):
        gone = (most - lowest) * (rate_bounds.gone_seconds(timing) + next_round)
        parts["pods_gone"] = parts.get("pods_gone", 0.0) + gone
    # A dip of the query leads to each count below, up to a window after pods have left.
    parts["pods_stopped"] = stop_seconds(most - lowest, timing)
    parts["unseen"] = (least - lowest) * (timing.full_seconds + next_round)
    graph: dict[int, list[int]] = {}
    for count in range(most, lowest - 1, -1):
        if count in counts or any(count in after for after in graph.values()):
            graph[count] = lower_counts(config, count, lowest)
    return ScaleIn(
        replicas=highest,
        from_replicas=sorted(counts),
        reason=ScaleInReason.SCALE_DOWN_DISABLED if disabled else ScaleInReason.LOAD_ENDED,
        steps=dict(sorted(graph.items())),
        # An HPA that an excess of the query has led above its rest may shrink at any time.
        earliest_change_seconds=0.0 if timing.own_pods and len(counts) > 1 else max(0.0, earliest + kept),
        latest_change_seconds=latest_change,
        latest_seconds=sum(parts.values()),
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


def _asks_again(config: HpaConfig, remaining: Remaining, lowest: int, most: int) -> bool:
    """Whether the HPA may ask for more again while pods leave.

    Other requests give each pod a rate. The query shows the rate of a pod that left for some time more, while the other
    pods have its share already.
    """
    timing = remaining.timing
    if timing is None or not remaining.value:
        return False
    share = 1 + rate_bounds.excess_share(timing, lowest, most)
    return any(
        hpa.desired_replicas(config, remaining.at(count) * share, count)
        > hpa.desired_replicas(config, remaining.at(count), count)
        for count in range(lowest, most + 1)
    )


def _dip_before_end(timing: Timing, held_seconds: float) -> float:
    """Return for how long before the load's end the recommendation may have been lower, in seconds."""
    if not timing.own_pods or held_seconds >= timing.counted_seconds + timing.hpa_sync:
        return 0.0
    return timing.pod_start + timing.counted_seconds


def predict_to_zero(rules: KedaRules, counts: list[int], timing: Timing) -> ScaleIn:
    """Return how KEDA takes the last replicas away when no trigger is active any more.

    KEDA polls once a polling interval. It acts at the first poll more than the cooldown after the last poll that found
    a trigger active, whatever count the HPA still keeps.

    :returns: infinite times if the query never shows less than the activation

    Source: KEDA 2.10, pkg/scaling/executor/scale_scaledobjects.go, scaleToZeroOrIdle.
    """
    parts = {
        **rate_bounds.fall_parts(timing),
        "cooldown": rules.cooldown,
        # One interval until KEDA reads the fall, and one until its next poll after the cooldown.
        "polling": 2 * rules.polling_interval,
        "controllers": CONTROLLERS_SECONDS,
    }
    latest_change = sum(parts.values()) if timing.query.low <= rules.activation else math.inf
    parts["pods_stopped"] = stop_seconds(max(counts), timing)
    return ScaleIn(
        replicas=0,
        from_replicas=sorted(counts),
        reason=ScaleInReason.COOLDOWN,
        steps={count: [0] for count in sorted(counts)},
        # KEDA keeps the time of the last active poll in whole seconds.
        earliest_change_seconds=max(0.0, rules.cooldown - rules.polling_interval - 1.0 + timing.kept_seconds),
        latest_change_seconds=latest_change,
        latest_seconds=latest_change + parts["pods_stopped"],
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


def stop_seconds(pods: int, timing: Timing) -> float:
    """Return the longest time in which `pods` pods that are deleted count as replicas, in seconds."""
    return timing.pod_stop * (pods if timing.pods_in_order else min(1, pods))
