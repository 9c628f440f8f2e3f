# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The arithmetic of a HorizontalPodAutoscaler, as pure functions.

At each sync an HPA computes a count of replicas from each of its metrics. A metric within the tolerance around its
target proposes no change. The highest proposal wins, and limits, minimum and maximum cut it.

Nothing here reads a cluster or a clock. The names are those of the autoscaling/v2 API. "Current" in the sources is
Kubernetes 1.36, which differs from 1.25 in two places: the tolerance, and the events that a limit counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..common import quantities
from . import scaling_limits
from .scaling_limits import DEFAULT_SCALE_DOWN, DEFAULT_SCALE_UP, ScaleEvent

AVERAGE_VALUE, VALUE = "AverageValue", "Value"
# The first version with `behavior.scaleUp.tolerance`. It compares with 1 + tolerance, and older ones with a difference.
_TOLERANCE_FIELD_VERSION = (1, 33)


@dataclass(frozen=True)
class Metric:
    """An external metric of an HPA: `kind` is AverageValue or Value.

    `target` and `value` are in the metric's own unit. `by_load` marks the metric that the load drives; `value` is the
    constant value of any other metric.
    """

    name: str
    target: float
    kind: str = AVERAGE_VALUE
    value: float = 0.0
    by_load: bool = True

    def goal(self, replicas: int) -> float:
        """Return the value at which `replicas` replicas meet the target exactly."""
        return self.target * replicas if self.kind == AVERAGE_VALUE else self.target


@dataclass(frozen=True)
class HpaConfig:
    """An HPA's configuration, as far as the arithmetic needs it; `version` is the cluster's (major, minor).

    `tolerance` and `downscale_stabilization` (seconds) are flags of the controller manager. Exactly one of `metrics`
    has `by_load`. `unread` are the names of metrics without a value, which are not among `metrics`, except for the
    load's.
    """

    metrics: tuple[Metric, ...]
    min_replicas: int
    max_replicas: int
    tolerance: float = 0.1
    behavior: Mapping[str, Any] | None = None
    downscale_stabilization: float = 300.0
    version: tuple[int, int] = (1, 25)
    unread: tuple[str, ...] = ()

    @property
    def shrinks(self) -> bool:
        """Whether the HPA shrinks at all.

        Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetrics: not
        while a metric has no value.
        """
        return not self.unread and self.scale_down["selectPolicy"] != "Disabled"

    @property
    def load_metric(self) -> Metric:
        """The metric that the load drives."""
        return next(metric for metric in self.metrics if metric.by_load)

    @property
    def scale_up(self) -> Mapping[str, Any] | None:
        """The rules for growth; None for an HPA without `behavior`, which has the older limit."""
        if not self.behavior:
            return None
        return {**DEFAULT_SCALE_UP, **(self.behavior.get("scaleUp") or {})}

    @property
    def scale_down(self) -> Mapping[str, Any]:
        """The rules for scale-in, without `stabilizationWindowSeconds` unless the HPA sets it."""
        return {**DEFAULT_SCALE_DOWN, **((self.behavior or {}).get("scaleDown") or {})}

    @property
    def stabilization(self) -> float:
        """The seconds for which the highest recommendation delays scale-in; the HPA's own field wins."""
        own = self.scale_down.get("stabilizationWindowSeconds")
        return self.downscale_stabilization if own is None else float(own)

    @property
    def up_tolerance(self) -> float:
        """The share by which a metric may exceed its target before the HPA grows; the HPA's own field wins."""
        return self._tolerance("scaleUp")

    @property
    def down_tolerance(self) -> float:
        """The share by which a metric may fall below its target before the HPA shrinks; the HPA's own field wins."""
        return self._tolerance("scaleDown")

    def _tolerance(self, direction: str) -> float:
        own = ((self.behavior or {}).get(direction) or {}).get("tolerance")
        return self.tolerance if own is None or not self.has_tolerance_field else quantities.parse_quantity(own)

    @property
    def has_tolerance_field(self) -> bool:
        """Whether an HPA of this version has a tolerance of its own."""
        return self.version >= _TOLERANCE_FIELD_VERSION


def is_within_tolerance(config: HpaConfig, usage_ratio: float) -> bool:
    """Whether a metric of `usage_ratio` times its target changes nothing.

    Source: pkg/controller/podautoscaler/replica_calculator.go; 1.25: GetExternalPerPodMetricReplicas; current:
    Tolerances.isWithin. They differ in the last bit of a double: 11 at a target of 10 is outside in 1.25, inside now.
    """
    if config.has_tolerance_field:
        return 1.0 - config.down_tolerance <= usage_ratio <= 1.0 + config.up_tolerance
    return abs(1.0 - usage_ratio) <= config.tolerance


def proposed_replicas(config: HpaConfig, metric: Metric, value: float, current: int, ready: int | None = None) -> int:
    """Return the replicas that one metric asks for, before any limit.

    :param value: the metric's value, summed over its series, in its unit
    :param current: replicas now, at least 1
    :param ready: how many of them are Ready, by which a Value target multiplies; default: all
    :raises ValueError: the metric's target or current out of range

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/replica_calculator.go,
    GetExternalPerPodMetricReplicas (AverageValue), GetExternalMetricReplicas (Value).
    """
    if metric.target <= 0:
        raise ValueError(f"the target must be greater than 0, not {metric.target}")
    if current < 1:
        raise ValueError(f"current must be at least 1, not {current}: an HPA does nothing at 0 replicas")
    per_pod = metric.kind == AVERAGE_VALUE
    # The controller computes with whole thousandths.
    value, goal = math.floor(round(value * 1000, 6)), round(metric.target * 1000)
    usage_ratio = value / (goal * current) if per_pod else value / goal
    if is_within_tolerance(config, usage_ratio):
        return current
    return math.ceil(value / goal) if per_pod else math.ceil(usage_ratio * (current if ready is None else ready))


def desired_replicas(config: HpaConfig, total: float, current: int, ready: int | None = None) -> int:
    """Return the highest count that any metric asks for, before any limit.

    :param total: the value of the metric that the load drives; the other metrics have their constant values

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetrics.
    """
    return max(
        proposed_replicas(config, metric, total if metric.by_load else metric.value, current, ready)
        for metric in config.metrics
    )


def next_replicas(
    config: HpaConfig, total: float, current: int, scale_ups: Sequence[ScaleEvent] = (), now: float = 0.0
) -> int:
    """Return the replicas after one sync of a growing HPA; never fewer than `current`.

    Scale-in is left out on purpose: its stabilization keeps the highest recommendation of some minutes, so an HPA does
    not shrink while a load grows.

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, normalizeDesiredReplicas.
    """
    desired = desired_replicas(config, total, current)
    limit = min(scaling_limits.scale_up_limit(current, config.scale_up, scale_ups, now), config.max_replicas)
    return max(current, min(desired, limit))
