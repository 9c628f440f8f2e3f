# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How long the policies of an HPA take between two counts, as pure functions.

A policy compares with the replicas at the beginning of its period. So the HPA that changes as much as its policies
allow at each sync is never behind one that changed less before. `selectPolicy` chooses the largest or the smallest
change at each step, and another policy may decide at the next step. All times are in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..autoscaling import scaling_limits
from ..autoscaling.hpa import HpaConfig
from ..autoscaling.scaling_limits import ScaleEvent

# (replicas, earlier changes, now) -> the furthest count that a sync may reach
_Limit = Callable[[int, Sequence[ScaleEvent], float], int]


def growth_seconds(config: HpaConfig, current: int, target: int, hpa_sync: float) -> float:
    """Return the time from the first change until the limits let `current` replicas become `target`.

    The time is 0 if one sync may do it, and infinite if `selectPolicy` is Disabled.
    """
    rules = config.scale_up
    if rules is None:
        seconds = 0.0
        while (current := scaling_limits.scale_up_limit(current)) < target:
            seconds += hpa_sync
        return seconds
    if rules["selectPolicy"] == "Disabled":
        return math.inf if current < target else 0.0

    def limit(count: int, events: Sequence[ScaleEvent], now: float) -> int:
        return scaling_limits.scale_up_limit(count, rules, events, now)

    return _seconds(limit, rules, current, target, hpa_sync)


def shrink_seconds(config: HpaConfig, current: int, target: int, hpa_sync: float) -> float:
    """Return the time from the first change until the policies let `current` replicas become `target`.

    The time is 0 if one sync may do it, and infinite if the HPA never shrinks.
    """
    rules = config.scale_down
    if not config.shrinks:
        return math.inf if current > target else 0.0

    def limit(count: int, events: Sequence[ScaleEvent], now: float) -> int:
        return scaling_limits.scale_down_limit(count, rules, events, now)

    return _seconds(limit, rules, current, target, hpa_sync)


def _seconds(limit: _Limit, rules: Mapping[str, Any], current: int, target: int, hpa_sync: float) -> float:
    direction = 1 if target > current else -1
    events: list[ScaleEvent] = []
    longest = max(policy["periodSeconds"] for policy in rules["policies"])
    syncs = 0
    while direction * (target - current) > 0:
        now = syncs * hpa_sync
        events = [event for event in events if event.seconds > now - longest]
        after = limit(current, events, now)
        if after != current:
            events.append(ScaleEvent(now, abs(after - current)))
            current = after
            if direction * (target - current) <= 0:
                return now
            syncs += 1
            continue
        # Nothing is allowed until an earlier change leaves a policy's period.
        ends = [event.seconds + policy["periodSeconds"] for event in events for policy in rules["policies"]]
        syncs = min((math.ceil(end / hpa_sync - 1e-9) for end in ends if end > now), default=0)
        if not syncs:
            return math.inf
    return 0.0
