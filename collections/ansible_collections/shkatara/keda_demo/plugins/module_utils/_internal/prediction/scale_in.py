# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How replicas decrease after a load, to the minimum and to zero, and when, as pure functions.

The HPA shrinks to its minimum once its stabilization window holds no higher recommendation. KEDA takes the last
replicas away, whatever the HPA does, when no trigger has been active for the cooldown period.

All times are seconds since the load's last request.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..autoscaling import hpa, scaling_limits
from ..autoscaling.hpa import HpaConfig
from ..autoscaling.keda import KedaRules
from ..prometheus import rate_bounds
from ..prometheus.rate_bounds import Timing
from .scale_out import CONTROLLERS_SECONDS


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


def replicas_after_scale_in(config: HpaConfig, remaining: Remaining | float) -> int:
    """Return the count at which an HPA comes to rest from above while the metric stays."""
    left = remaining if isinstance(remaining, Remaining) else Remaining(remaining)
    count = config.max_replicas
    while count > config.min_replicas:
        after = _shrunk(config, left, count)
        if after >= count:
            break
        count = after
    return count


def scale_in_rounds(config: HpaConfig, remaining: Remaining, most: int) -> int:
    """Return the number of steps that an HPA makes down from `most` while the metric stays; at least 1.

    An HPA with a Value target makes several: each step computes with the replicas that the step before has left.
    """
    count, rounds = most, 0
    while count > config.min_replicas:
        after = _shrunk(config, remaining, count)
        if after >= count:
            break
        count, rounds = after, rounds + 1
    return max(1, rounds)


def lowest_stable_replicas(config: HpaConfig, remaining: Remaining, least: int) -> int:
    """Return the lowest count, at most `least`, at which an HPA stays while the metric stays.

    The HPA gets there if the query dips for a moment, when pods leave with their share of the metric.
    """
    counts = range(config.min_replicas, least + 1)
    return min((count for count in counts if _shrunk(config, remaining, count) == count), default=least)


def lower_counts(config: HpaConfig, count: int, least: int) -> list[int]:
    """Return the counts that one sync may make of `count`, over all values of a falling metric."""
    if config.scale_down["selectPolicy"] == "Disabled":
        return []
    # Versions that count growth within a policy's period may take that growth back besides.
    limit = scaling_limits.scale_down_limit(count, config.scale_down) if config.version <= (1, 25) else least
    return list(range(max(least, limit), count))


def predict_scale_in(
    config: HpaConfig, counts: list[int], baseline: float, timing: Timing, pods_at_rest: int | None = None
) -> ScaleIn:
    """Return how an HPA shrinks after the load.

    An HPA shrinks at the first sync without a higher recommendation in its stabilization window. The last high
    recommendation comes from a sync at most one period before the metric falls at the earliest, and from the last sync
    that reads any part of the load at the latest.

    :param counts: the possible counts at the end of the load
    :param baseline: the metric without the load
    :param pods_at_rest: the replicas at which the baseline was read; default: the minimum
    :returns: infinite times if `selectPolicy` is Disabled

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendation and
    stabilizeRecommendationWithBehaviors.
    """
    remaining = Remaining(baseline, pods_at_rest or max(1, config.min_replicas), timing)
    least, most = replicas_after_scale_in(config, remaining), max(counts)
    rounds = scale_in_rounds(config, remaining, most)
    lowest = lowest_stable_replicas(config, remaining, least) if timing.own_pods else least
    disabled = config.scale_down["selectPolicy"] == "Disabled"
    earliest, kept = config.stabilization - timing.hpa_sync, timing.kept_seconds
    parts = {
        **rate_bounds.fall_parts(timing, earliest),
        "keda_polling": timing.keda_polling,
        "stabilization": config.stabilization,
        # One period until the HPA reads the fall, and one until its next sync after the stabilization.
        "hpa_sync": 2 * timing.hpa_sync,
        "controllers": CONTROLLERS_SECONDS,
    }
    latest_change = math.inf if disabled and most > least else sum(parts.values())
    next_round = config.stabilization + timing.hpa_sync
    parts["further_steps"] = (rounds - 1) * next_round
    parts["policies"] = shrink_seconds(config, most, least, timing.hpa_sync)
    # A dip of the query leads to each count below, up to a window after pods have left.
    parts["unseen"] = (least - lowest) * (timing.full_seconds + next_round)
    graph: dict[int, list[int]] = {}
    for count in range(most, lowest - 1, -1):
        if count in counts or any(count in after for after in graph.values()):
            graph[count] = lower_counts(config, count, lowest)
    return ScaleIn(
        replicas=least,
        from_replicas=sorted(counts),
        reason=ScaleInReason.SCALE_DOWN_DISABLED if disabled else ScaleInReason.LOAD_ENDED,
        steps=dict(sorted(graph.items())),
        # An HPA that a mean has led above its rest may shrink at any time.
        earliest_change_seconds=0.0 if timing.takes_mean and len(counts) > 1 else max(0.0, earliest + kept),
        latest_change_seconds=latest_change,
        latest_seconds=sum(parts.values()),
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


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
    latest = sum(parts.values()) if timing.query.low <= rules.activation else math.inf
    return ScaleIn(
        replicas=0,
        from_replicas=sorted(counts),
        reason=ScaleInReason.COOLDOWN,
        steps={count: [0] for count in sorted(counts)},
        # KEDA keeps the time of the last active poll in whole seconds.
        earliest_change_seconds=max(0.0, rules.cooldown - rules.polling_interval - 1.0 + timing.kept_seconds),
        latest_change_seconds=latest,
        latest_seconds=latest,
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


def shrink_seconds(config: HpaConfig, current: int, least: int, hpa_sync: float) -> float:
    """Return the longest time in seconds in which the policies let `current` replicas become `least`.

    Each period counts in full, which is an upper bound. The time is infinite if the policies never allow it.
    """
    if current <= least:
        return 0.0
    rules = config.scale_down
    if rules["selectPolicy"] == "Disabled":
        return math.inf
    choose = max if rules["selectPolicy"] == "Min" else min
    return choose(_policy_seconds(policy, current, least, hpa_sync) for policy in rules["policies"])


def _policy_seconds(policy: Mapping[str, Any], current: int, least: int, hpa_sync: float) -> float:
    seconds = 0.0
    while current > least:
        value = policy["value"]
        after = current - value if policy["type"] == "Pods" else int(current * (1 - value / 100))
        if after == current:
            return math.inf
        current = after
        # A period ends at a sync.
        seconds += max(1, math.ceil(policy["periodSeconds"] / hpa_sync)) * hpa_sync
    return seconds
