# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How far a single sync of an HPA may change the replicas, as pure functions.

An HPA with `behavior` has policies for each direction. A policy limits the change within a period, so the changes that
the HPA made during that period count against it. An HPA without `behavior` has the older, fixed limit for growth.
Kubernetes 1.25 counts only the changes in the same direction; current versions count those in the other direction too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The API server's defaults for the parts that a `behavior` leaves out.
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


@dataclass(frozen=True)
class ScaleEvent:
    """A change that the HPA made: `seconds` on the caller's clock, `change` in replicas (positive)."""

    seconds: float
    change: int


def scale_up_limit(
    current: int,
    rules: Mapping[str, Any] | None = None,
    scale_ups: Sequence[ScaleEvent] = (),
    now: float = 0.0,
    scale_downs: Sequence[ScaleEvent] = (),
) -> int:
    """Return the highest count that one sync may reach.

    :param current: replicas now
    :param rules: the HPA's complete `behavior.scaleUp`; None for an HPA without `behavior`
    :param scale_ups: the HPA's earlier changes upwards, on the clock of `now` (seconds)
    :param scale_downs: its earlier changes downwards, for current versions only

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, calculateScaleUpLimit (no
    `behavior`) and calculateScaleUpLimitWithScalingRules.
    """
    if rules is None:
        return max(2 * current, 4)
    if rules["selectPolicy"] == "Disabled":
        return current
    limits = []
    for policy in rules["policies"]:
        base = current - _recent_change(scale_ups, policy, now) + _recent_change(scale_downs, policy, now)
        if policy["type"] == "Pods":
            limits.append(base + policy["value"])
        else:
            limits.append(math.ceil(base * (1 + policy["value"] / 100)))
    limit: int = min(limits) if rules["selectPolicy"] == "Min" else max(limits)
    return max(limit, current)


def scale_down_limit(
    current: int,
    rules: Mapping[str, Any],
    scale_downs: Sequence[ScaleEvent] = (),
    now: float = 0.0,
    scale_ups: Sequence[ScaleEvent] = (),
) -> int:
    """Return the lowest count that one sync may reach, before the HPA's minimum.

    :param current: replicas now
    :param rules: the HPA's complete `behavior.scaleDown`
    :param scale_downs: the HPA's earlier changes downwards (positive), on the clock of `now` (seconds)
    :param scale_ups: its earlier changes upwards, for current versions only

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go,
    calculateScaleDownLimitWithBehaviors.
    """
    if rules["selectPolicy"] == "Disabled":
        return current
    limits = []
    for policy in rules["policies"]:
        base = current + _recent_change(scale_downs, policy, now) - _recent_change(scale_ups, policy, now)
        if policy["type"] == "Pods":
            limits.append(base - policy["value"])
        else:
            limits.append(int(base * (1 - policy["value"] / 100)))
    limit: int = max(limits) if rules["selectPolicy"] == "Min" else min(limits)
    return min(limit, current)


def _recent_change(events: Sequence[ScaleEvent], policy: Mapping[str, Any], now: float) -> int:
    """Return the replicas that changed within the policy's period."""
    return sum(event.change for event in events if event.seconds > now - policy["periodSeconds"])
