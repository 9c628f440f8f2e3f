# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A HorizontalPodAutoscaler as a small record, made from its API object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..common import quantities
from ..kube import workloads
from ..kube.workloads import Object


@dataclass(frozen=True)
class HpaView:
    """A HorizontalPodAutoscaler (autoscaling/v2)."""

    name: str
    min_replicas: int
    max_replicas: int
    desired: int
    current: int
    scaling_active: bool
    message: str
    metric_specs: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    has_value: bool = False
    behavior: dict[str, Any] | None = None
    created: str = ""

    @property
    def valid(self) -> bool:
        """Whether the HPA acts on a value of its metric, or would do so at one replica or more."""
        return (self.scaling_active and self.has_value) or self.disabled

    @property
    def disabled(self) -> bool:
        """Whether the HPA does nothing because there are no replicas.

        Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler.
        """
        return self.message.startswith("ScalingDisabled") and self.current == 0


def hpa_view(obj: Object) -> HpaView:
    """Return the record of an HPA.

    `metric_specs` is `spec.metrics` as it is. `values` has the external metrics that the HPA last read, by their names:
    the average a replica for an AverageValue target, the total for a Value target.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    active = workloads.condition(status, "ScalingActive")
    return HpaView(
        name=obj["metadata"]["name"],
        min_replicas=spec.get("minReplicas") or 1,
        max_replicas=spec["maxReplicas"],
        desired=status.get("desiredReplicas") or 0,
        current=status.get("currentReplicas") or 0,
        scaling_active=active.get("status") == "True",
        message=workloads.condition_summary(active, "ScalingActive"),
        metric_specs=list(spec.get("metrics") or []),
        values=_external_values(status),
        # An HPA without a value lists a metric of type "".
        has_value=any(metric.get("type") for metric in status.get("currentMetrics") or []),
        behavior=spec.get("behavior"),
        created=obj["metadata"].get("creationTimestamp") or "",
    )


def _external_values(status: Object) -> dict[str, float]:
    values = {}
    for metric in status.get("currentMetrics") or []:
        if metric.get("type") == "External":
            current = metric["external"].get("current") or {}
            value = current.get("averageValue", current.get("value"))
            if value is not None:
                values[metric["external"]["metric"]["name"]] = quantities.parse_quantity(value)
    return values
