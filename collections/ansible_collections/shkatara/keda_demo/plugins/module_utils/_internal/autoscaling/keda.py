# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What KEDA does itself, in addition to the HPA that it creates.

An HPA does nothing at zero replicas, so KEDA brings the first replica when a trigger becomes active, and takes the last
one away when no trigger has been active for the cooldown period. When a trigger fails too often, KEDA gives the HPA a
value that amounts to the fallback's replicas.
"""

from __future__ import annotations

from dataclasses import dataclass

from .hpa import AVERAGE_VALUE, Metric
from .pausing import KedaVersion
from .scaledobject import STATIC, Fallback, ScaledObjectView

_BEHAVIOR_SINCE, _VALUE_SINCE = (2, 17), (2, 18)
# Versions whose fallback cuts the target down to a whole number: 2.17 does, 2.10 and 2.18 do not.
_WHOLE_TARGET = (2, 17)


@dataclass(frozen=True)
class KedaRules:
    """A ScaledObject's rules for zero replicas; times in seconds, `activation` in the metric's unit.

    `inactive_replicas` is the count while no trigger is active: 0, or the minimum without scaling to zero.
    `initial_cooldown` counts from the creation of a ScaledObject that was never active, in place of `cooldown`.
    Source: KEDA 2.14, pkg/scaling/executor/scale_scaledobjects.go, scaleToZeroOrIdle.
    """

    inactive_replicas: int
    min_replicas: int
    polling_interval: float = 30.0
    cooldown: float = 300.0
    activation: float = 0.0
    initial_cooldown: float = 0.0

    @property
    def scales_to_zero(self) -> bool:
        """Whether KEDA takes the last replica away."""
        return self.inactive_replicas == 0

    @property
    def first_replicas(self) -> int:
        """The count that KEDA brings from zero. Source: KEDA 2.10, pkg/scaling/executor, scaleFromZeroOrIdle."""
        return max(1, self.min_replicas)


def fallback_count(fallback: Fallback, current: int, keda: KedaVersion | None) -> int | None:
    """Return the replicas that a fallback amounts to; None for a behavior that gives the HPA no value.

    :param current: replicas now
    :param keda: KEDA's (major, minor). None, if it is not known, is taken for one that knows `behavior`, since the API
        server drops the field otherwise

    Source: KEDA 2.17, pkg/fallback/fallback.go, doFallback. The values that later versions add (`triggerScoped`,
    `scalingModifiers`) are for formulas.
    """
    behavior = fallback.behavior if keda is None or keda >= _BEHAVIOR_SINCE else STATIC
    counts = {
        STATIC: fallback.replicas,
        "currentReplicas": current,
        "currentReplicasIfHigher": max(current, fallback.replicas),
        "currentReplicasIfLower": min(current, fallback.replicas),
    }
    return counts.get(behavior)


def is_falling_back(
    scaledobject: ScaledObjectView,
    metric: str,
    kind: str | None,
    keda: KedaVersion | None = None,
    *,
    is_read: bool = False,
) -> bool:
    """Whether KEDA gives the HPA a value in place of a failing metric.

    A metric of type Value has a fallback since 2.18 only.

    :param kind: the type of the metric's target in the HPA; None for a resource
    :param keda: KEDA's (major, minor), None if it is not known
    :param is_read: whether the HPA has read a value, which shows if a KEDA of an unknown version has a fallback for a
        target of type Value

    Source: KEDA 2.10, 2.17 and 2.18, pkg/fallback/fallback.go, isFallbackEnabled; pull request #6655 (Value).
    """
    failures = scaledobject.failures
    if failures.fallback is None or metric not in failures.falling_back:
        return False
    if fallback_count(failures.fallback, 1, keda) is None:
        return False
    return kind == AVERAGE_VALUE or (is_read if keda is None else keda >= _VALUE_SINCE)


def fallback_value(
    scaledobject: ScaledObjectView,
    metric: Metric,
    current: int,
    keda: KedaVersion | None = None,
    read: float | None = None,
) -> float | None:
    """Return the value that KEDA gives the HPA in place of a failing metric; None if KEDA gives the metric itself.

    :param current: replicas now, all of them Ready
    :param keda: KEDA's (major, minor), None if it is not known
    :param read: the value that the HPA has read, None if it read none

    Source: KEDA 2.10, 2.17 and 2.18, pkg/fallback/fallback.go, doFallback, which computes with whole thousandths.
    """
    fallback = scaledobject.failures.fallback
    in_force = is_falling_back(scaledobject, metric.name, metric.kind, keda, is_read=read is not None)
    if fallback is None or not in_force:
        return None
    replicas = fallback_count(fallback, current, keda) or 0
    if metric.kind != AVERAGE_VALUE:
        return int(metric.target * 1000 * replicas / max(1, current)) / 1000
    target = float(int(metric.target)) if keda == _WHOLE_TARGET else metric.target
    return int(target * 1000) * replicas / 1000
