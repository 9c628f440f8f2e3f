# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How replicas go back after a load, to the minimum and to zero, and when, as pure functions.

All times are seconds since the load's last request.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..autoscaling import hpa
from ..autoscaling.hpa import HpaConfig
from ..autoscaling.keda import KedaRules
from ..prometheus.rate_bounds import Timing
from .scale_out import CONTROLLERS_SECONDS


@dataclass(frozen=True)
class ScaleIn:
    """The way back: from one of `from_replicas` to `replicas`. The module's RETURN explains each field."""

    replicas: int
    from_replicas: list[int]
    reason: str
    steps: dict[int, list[int]]
    earliest_change_seconds: float
    latest_change_seconds: float
    latest_seconds: float
    latest_parts: dict[str, float] = field(default_factory=dict)


def least_replicas(target: HpaConfig, value: float) -> int:
    """Return the count at which an HPA comes to rest on its way down while the metric stays at `value`."""
    count = target.max_replicas
    while count > target.min_replicas:
        after = max(target.min_replicas, hpa.desired_replicas(target, value, count))
        if after >= count:
            break
        count = after
    return count


def rounds_down(target: HpaConfig, value: float, most: int) -> int:
    """Return how many steps an HPA makes from `most` on its way down, while the metric stays at `value`; at least 1.

    A Value target asks again at each step, by the replicas that there are then.
    """
    count, rounds = most, 0
    while count > target.min_replicas:
        after = max(target.min_replicas, hpa.desired_replicas(target, value, count))
        if after >= count:
            break
        count, rounds = after, rounds + 1
    return max(1, rounds)


def lowest_replicas(target: HpaConfig, value: float, least: int) -> int:
    """Return the lowest count at which an HPA stays while the metric is `value`.

    It comes there where less was shown for a moment, when pods with their part of the metric have gone.
    """
    counts = range(target.min_replicas, least + 1)
    return min(
        (one for one in counts if max(target.min_replicas, hpa.desired_replicas(target, value, one)) == one),
        default=least,
    )


def steps_down(target: HpaConfig, count: int, least: int) -> list[int]:
    """Return each count that one sync may make of `count`, over all values of a falling metric."""
    if target.scale_down["selectPolicy"] == "Disabled":
        return []
    # What was added within a policy's period may be taken away besides, by versions that count it.
    limit = hpa.scale_down_limit(count, target.scale_down) if target.version <= (1, 25) else least
    return list(range(max(least, limit), count))


def predict_scale_in(target: HpaConfig, counts: list[int], baseline: float, timing: Timing) -> ScaleIn:
    """Return how an HPA goes back when the load has ended.

    An HPA shrinks at the first sync at which no recommendation within the stabilization is higher. The last high one
    is of a sync up to one period before the metric falls, and at the latest of one when all of it is gone.

    :param counts: where it may stand
    :param baseline: the metric without the load
    :returns: infinite times where `selectPolicy` is Disabled

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendation and
    stabilizeRecommendationWithBehaviors.
    """
    least, most = least_replicas(target, baseline), max(counts)
    rounds = rounds_down(target, baseline, most)
    lowest = lowest_replicas(target, baseline, least) if timing.own_pods else least
    disabled = target.scale_down["selectPolicy"] == "Disabled"
    parts = {
        "scrape": 2 * timing.scrape_interval,
        "query_window": timing.query_window,
        "keda_polling": timing.keda_polling,
        "stabilization": target.stabilization,
        # One until the HPA sees it, and one until it looks again after the stabilization.
        "hpa_sync": 2 * timing.hpa_sync,
        "controllers": CONTROLLERS_SECONDS,
    }
    latest_change = math.inf if disabled and most > least else sum(parts.values())
    again = target.stabilization + timing.hpa_sync
    parts["further_steps"] = (rounds - 1) * again
    parts["policies"] = shrink_seconds(target, most, least, timing.hpa_sync)
    # Each count below that is reached since less was shown for a moment, up to a window after pods have gone.
    parts["unseen"] = (least - lowest) * (timing.full_seconds + again)
    graph: dict[int, list[int]] = {}
    for count in range(most, lowest - 1, -1):
        if count in counts or any(count in after for after in graph.values()):
            graph[count] = steps_down(target, count, lowest)
    return ScaleIn(
        replicas=least,
        from_replicas=sorted(counts),
        reason="scale_down_disabled" if disabled else "load_ended",
        steps=dict(sorted(graph.items())),
        earliest_change_seconds=max(0.0, target.stabilization - timing.hpa_sync),
        latest_change_seconds=latest_change,
        latest_seconds=sum(parts.values()),
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


def predict_to_zero(rules: KedaRules, counts: list[int], timing: Timing) -> ScaleIn:
    """Return how KEDA takes away the last replicas when no trigger is active any more.

    It looks once a polling interval, and acts when the cooldown since the last active look is over, whatever the HPA
    still keeps.

    Source: KEDA 2.10, pkg/scaling/executor/scale_scaledobjects.go, scaleToZeroOrIdle.
    """
    parts = {
        "scrape": 2 * timing.scrape_interval,
        "query_window": timing.query_window,
        "cooldown": rules.cooldown,
        # One until KEDA sees it, and one until it looks again after the cooldown.
        "polling": 2 * rules.polling_interval,
        "controllers": CONTROLLERS_SECONDS,
    }
    latest = sum(parts.values())
    return ScaleIn(
        replicas=0,
        from_replicas=sorted(counts),
        reason="cooldown",
        steps={count: [0] for count in sorted(counts)},
        # The last active look keeps its time in whole seconds.
        earliest_change_seconds=max(0.0, rules.cooldown - rules.polling_interval - 1.0),
        latest_change_seconds=latest,
        latest_seconds=latest,
        latest_parts={name: seconds for name, seconds in parts.items() if seconds},
    )


def shrink_seconds(target: HpaConfig, current: int, least: int, hpa_sync: float) -> float:
    """Return the longest time in seconds in which the policies let `current` replicas become `least`.

    Each period is counted in full, which is an upper bound; infinite where they never do.
    """
    if current <= least:
        return 0.0
    rules = target.scale_down
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
