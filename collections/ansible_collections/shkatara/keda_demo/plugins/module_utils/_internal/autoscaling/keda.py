# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What KEDA does itself, beside the HPA that it makes.

An HPA does nothing at zero replicas, so KEDA brings the first replica when a trigger becomes active, and takes the last
one away when no trigger has been active for the cooldown period. When a trigger fails too often, KEDA gives the HPA a
value that amounts to the fallback's replicas.
"""

from __future__ import annotations

from dataclasses import dataclass

from .hpa import AVERAGE_VALUE, Metric
from .scaledobject import ScaledObjectView


@dataclass(frozen=True)
class KedaRules:
    """A ScaledObject's rules for zero replicas; times in seconds, `activation` in the metric's unit.

    `inactive_replicas` is the count while no trigger is active: 0, or the minimum without scaling to zero.
    """

    inactive_replicas: int
    min_replicas: int
    polling_interval: float = 30.0
    cooldown: float = 300.0
    activation: float = 0.0

    @property
    def scales_to_zero(self) -> bool:
        """Whether KEDA takes the last replica away."""
        return self.inactive_replicas == 0

    @property
    def first_replicas(self) -> int:
        """The count that KEDA brings from zero. Source: KEDA 2.10, pkg/scaling/executor, scaleFromZeroOrIdle."""
        return max(1, self.min_replicas)


def fallback_value(scaledobject: ScaledObjectView, metric: Metric) -> float | None:
    """Return the value that KEDA gives the HPA in place of a failing metric; None if KEDA gives the metric itself.

    Only a metric of type AverageValue has a fallback. KEDA computes with whole thousandths.
    Source: KEDA 2.10, pkg/fallback/fallback.go, doFallback.
    """
    replicas = scaledobject.fallback_replicas
    if metric.name not in scaledobject.falling_back or replicas is None or metric.kind != AVERAGE_VALUE:
        return None
    return int(metric.target * 1000) * replicas / 1000
