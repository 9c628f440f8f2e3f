# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The arithmetic of a HorizontalPodAutoscaler, as pure functions.

Nothing here reads a cluster or a clock. The names are those of the autoscaling/v2 API. "Current" in the sources is
Kubernetes 1.36, whose results differ from 1.25's in two places: the tolerance, and the events that a limit counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..common import quantities

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
AVERAGE_VALUE, VALUE = "AverageValue", "Value"
# From here on an HPA has `behavior.scaleUp.tolerance`, and compares with 1 + tolerance instead of a difference.
_TOLERANCE_FIELD_VERSION = (1, 33)


@dataclass(frozen=True)
class ScaleEvent:
    """A change that the HPA made: `seconds` on the clock of the caller, `change` in replicas (positive)."""

    seconds: float
    change: int


@dataclass(frozen=True)
class Metric:
    """An external metric of an HPA: `kind` is AverageValue or Value, `value` what it has without any load of ours.

    `target` and `value` are in the metric's own unit. `moved` is true for the one that the load moves.
    """

    name: str
    target: float
    kind: str = AVERAGE_VALUE
    value: float = 0.0
    by_load: bool = True

    def goal(self, replicas: int) -> float:
        """Return the value for which so many replicas are just right."""
        return self.target * replicas if self.kind == AVERAGE_VALUE else self.target


@dataclass(frozen=True)
class HpaConfig:
    """What an HPA was told, as far as it can be computed; `version` is the cluster's (major, minor).

    `tolerance` and `downscale_stabilization` (seconds) are the controller manager's flags. Of `metrics` exactly one is
    moved.
    """

    metrics: tuple[Metric, ...]
    min_replicas: int
    max_replicas: int
    tolerance: float = 0.1
    behavior: Mapping[str, Any] | None = None
    downscale_stabilization: float = 300.0
    version: tuple[int, int] = (1, 25)

    @property
    def load_metric(self) -> Metric:
        """The metric that the load moves."""
        return next(metric for metric in self.metrics if metric.by_load)

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

    @property
    def stabilization(self) -> float:
        """For how many seconds the highest recommendation is kept before it shrinks; the HPA's own field wins."""
        own = self.scale_down.get("stabilizationWindowSeconds")
        return self.downscale_stabilization if own is None else float(own)

    @property
    def up_tolerance(self) -> float:
        """The part over its target by which a metric may be before the HPA grows; the HPA's own field wins."""
        return self._tolerance("scaleUp")

    @property
    def down_tolerance(self) -> float:
        """The part under its target by which a metric may be before the HPA shrinks; the HPA's own field wins."""
        return self._tolerance("scaleDown")

    def _tolerance(self, direction: str) -> float:
        own = ((self.behavior or {}).get(direction) or {}).get("tolerance")
        return self.tolerance if own is None or not self.has_tolerance_field else quantities.parse_quantity(own)

    @property
    def has_tolerance_field(self) -> bool:
        """Whether this version's HPA has a tolerance of its own."""
        return self.version >= _TOLERANCE_FIELD_VERSION


def is_within_tolerance(target: HpaConfig, usage_ratio: float) -> bool:
    """Whether a metric of `usage_ratio` times its target changes nothing.

    Source: pkg/controller/podautoscaler/replica_calculator.go; 1.25: GetExternalPerPodMetricReplicas; current:
    Tolerances.isWithin. They differ in the last bit of a double: 11 at a target of 10 is outside in 1.25, inside now.
    """
    if target.has_tolerance_field:
        return 1.0 - target.down_tolerance <= usage_ratio <= 1.0 + target.up_tolerance
    return abs(1.0 - usage_ratio) <= target.tolerance


def proposed_replicas(target: HpaConfig, metric: Metric, value: float, current: int, ready: int | None = None) -> int:
    """Return the replicas that one metric asks for, before any bound.

    :param value: the metric's value, summed over its series, in its unit
    :param current: replicas now, at least 1
    :param ready: of these the Ready ones, which a Value target is multiplied with; default: all
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
    if is_within_tolerance(target, usage_ratio):
        return current
    return math.ceil(value / goal) if per_pod else math.ceil(usage_ratio * (current if ready is None else ready))


def desired_replicas(target: HpaConfig, total: float, current: int, ready: int | None = None) -> int:
    """Return the highest of what all metrics ask for, before any bound.

    :param total: the value of the metric that the load moves; the others have theirs

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetrics.
    """
    return max(
        proposed_replicas(target, metric, total if metric.by_load else metric.value, current, ready)
        for metric in target.metrics
    )


def scale_up_limit(
    current: int,
    rules: Mapping[str, Any] | None = None,
    events: Sequence[ScaleEvent] = (),
    now: float = 0.0,
    shrinks: Sequence[ScaleEvent] = (),
) -> int:
    """Return the replicas that one sync may reach at most.

    :param current: replicas now
    :param rules: the HPA's complete `behavior.scaleUp`; None for an HPA without `behavior`
    :param events: the growth so far, on the clock of `now` (seconds)
    :param shrinks: what it shrank by, which only current versions count

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, calculateScaleUpLimit (no
    `behavior`) and calculateScaleUpLimitWithScalingRules.
    """
    if rules is None:
        return max(2 * current, 4)
    if rules["selectPolicy"] == "Disabled":
        return current
    proposals = []
    for policy in rules["policies"]:
        start = current - _changed(events, policy, now) + _changed(shrinks, policy, now)
        if policy["type"] == "Pods":
            proposals.append(start + policy["value"])
        else:
            proposals.append(math.ceil(start * (1 + policy["value"] / 100)))
    chosen: int = min(proposals) if rules["selectPolicy"] == "Min" else max(proposals)
    return max(chosen, current)


def scale_down_limit(
    current: int,
    rules: Mapping[str, Any],
    events: Sequence[ScaleEvent] = (),
    now: float = 0.0,
    growths: Sequence[ScaleEvent] = (),
) -> int:
    """Return the replicas to which one sync may shrink at most; the HPA's minimum comes on top.

    :param events: what it shrank by so far (positive), on the clock of `now` (seconds)
    :param growths: what it grew by, which only current versions count

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go,
    calculateScaleDownLimitWithBehaviors.
    """
    if rules["selectPolicy"] == "Disabled":
        return current
    proposals = []
    for policy in rules["policies"]:
        start = current + _changed(events, policy, now) - _changed(growths, policy, now)
        if policy["type"] == "Pods":
            proposals.append(start - policy["value"])
        else:
            proposals.append(int(start * (1 - policy["value"] / 100)))
    chosen: int = max(proposals) if rules["selectPolicy"] == "Min" else min(proposals)
    return min(chosen, current)


def _changed(events: Sequence[ScaleEvent], policy: Mapping[str, Any], now: float) -> int:
    return sum(event.change for event in events if event.seconds > now - policy["periodSeconds"])


def next_replicas(
    target: HpaConfig, total: float, current: int, events: Sequence[ScaleEvent] = (), now: float = 0.0
) -> int:
    """Return the replicas after one sync of a growing HPA; never fewer than `current`.

    Shrinking is left out on purpose: the stabilization of scale-in keeps the highest recommendation of some
    minutes, so nothing shrinks while a load grows.

    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, normalizeDesiredReplicas.
    """
    wanted = desired_replicas(target, total, current)
    limit = min(scale_up_limit(current, target.scale_up, events, now), target.max_replicas)
    return max(current, min(wanted, limit))
