# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A HorizontalPodAutoscaler as a small record, made from its API object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..common import quantities
from ..kube import workloads
from ..kube.workloads import Object
from . import demands


@dataclass(frozen=True)
class HpaView:
    """A HorizontalPodAutoscaler (autoscaling/v2). `read_metrics` are the names of the metrics that it last read."""

    name: str
    min_replicas: int
    max_replicas: int
    desired: int
    current: int
    scaling_active: bool
    message: str
    metric_specs: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    read_metrics: tuple[str, ...] = ()
    behavior: dict[str, Any] | None = None
    demands: dict[str, int] = field(default_factory=dict)
    created: str = ""

    @property
    def has_value(self) -> bool:
        """Whether the HPA has a value of any metric."""
        return bool(self.read_metrics)

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
    the average a replica for an AverageValue target, the total for a Value target. `demands` has the replicas that each
    metric asked for then.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    active, able = workloads.condition(status, "ScalingActive"), workloads.condition(status, "AbleToScale")
    # A sync ends there and leaves ScalingActive as it was.
    # Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler.
    is_lost = able.get("status") == "False" and able.get("reason") == "FailedGetScale"
    return HpaView(
        name=obj["metadata"]["name"],
        min_replicas=spec.get("minReplicas") or 1,
        max_replicas=spec["maxReplicas"],
        desired=status.get("desiredReplicas") or 0,
        current=status.get("currentReplicas") or 0,
        scaling_active=active.get("status") == "True" and not is_lost,
        message=workloads.condition_summary(able if is_lost else active, "ScalingActive"),
        metric_specs=list(spec.get("metrics") or []),
        values=_external_values(status),
        # An HPA without a value lists a metric of type "".
        read_metrics=tuple(map(metric_name, filter(_has_type, status.get("currentMetrics") or []))),
        behavior=spec.get("behavior"),
        demands=demands.demands(obj),
        created=obj["metadata"].get("creationTimestamp") or "",
    )


def metric_name(metric: Object) -> str:
    """Return the name of a metric of an HPA's spec or status: the external metric's, or the resource's."""
    source = metric.get("external") or metric.get("resource") or metric.get("containerResource") or {}
    return str((source.get("metric") or {}).get("name") or source.get("name") or metric.get("type"))


def _has_type(metric: Object) -> bool:
    return bool(metric.get("type"))


@dataclass(frozen=True)
class HpaTarget:
    """What an HPA scales, and the ScaledObject that it was made for; empty if it was made by hand."""

    kind: str
    workload: str
    scaledobject: str = ""


def hpa_target(obj: Object) -> HpaTarget:
    """Return what an HPA scales."""
    target = obj["spec"].get("scaleTargetRef") or {}
    owners = obj["metadata"].get("ownerReferences") or []
    owner = next((item.get("name") for item in owners if item.get("kind") == "ScaledObject"), "")
    return HpaTarget(target.get("kind") or "", target.get("name") or "", owner or "")


def _external_values(status: Object) -> dict[str, float]:
    values = {}
    for metric in status.get("currentMetrics") or []:
        if metric.get("type") == "External":
            current = metric["external"].get("current") or {}
            value = current.get("averageValue", current.get("value"))
            if value is not None:
                values[metric["external"]["metric"]["name"]] = quantities.parse_quantity(value)
    return values
