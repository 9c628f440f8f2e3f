# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A KEDA ScaledObject as a small record, made from its API object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..kube import workloads
from ..kube.workloads import Object


@dataclass(frozen=True)
class ScaleTargetRef:
    """The workload that a ScaledObject scales."""

    kind: str
    name: str
    api_version: str = "apps/v1"


@dataclass(frozen=True)
class ScaledObjectView:
    """A KEDA ScaledObject (keda.sh/v1alpha1)."""

    name: str
    scale_target: ScaleTargetRef
    min_replicas: int
    idle_replicas: int | None
    ready: bool
    active: bool
    paused: bool
    message: str
    polling_interval: float
    cooldown: float = 300.0
    formula: str = ""
    fallback_replicas: int | None = None
    falling_back: list[str] = field(default_factory=list)
    triggers: list[dict[str, Any]] = field(default_factory=list)
    metric_names: list[str] = field(default_factory=list)

    @property
    def inactive_replicas(self) -> int:
        """The replicas while no trigger is active: 0 if KEDA takes the last one away."""
        return self.min_replicas if self.idle_replicas is None else self.idle_replicas

    def no_data_is_zero(self, index: int) -> bool:
        """Whether KEDA reads 0 from a query without data; otherwise it is an error, and the HPA gets no value.

        :param index: the trigger's index

        Source: KEDA 2.10, pkg/scalers/prometheus_scaler.go, ignoreNullValues, which Go's strconv.ParseBool parses and
        which is true by default.
        """
        metadata = (self.triggers[index].get("metadata") or {}) if index < len(self.triggers) else {}
        return metadata.get("ignoreNullValues") not in ("0", "f", "F", "false", "False", "FALSE")


def scaledobject_view(obj: Object) -> ScaledObjectView:
    """Return the record of a ScaledObject.

    The defaults are KEDA's: minReplicaCount 0, pollingInterval 30, cooldownPeriod 300. `falling_back` has the names of
    the external metrics that have failed more often than `fallback.failureThreshold`.
    Source: KEDA 2.10, apis/keda/v1alpha1/scaledobject_types.go; pkg/scaling/executor/scale_executor.go;
    pkg/fallback/fallback.go.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    target = spec["scaleTargetRef"]
    ready = workloads.condition(status, "Ready")
    fallback = spec.get("fallback")
    falling_back = [
        metric
        for metric, health in (status.get("health") or {}).items()
        if fallback and (health.get("numberOfFailures") or 0) > (fallback.get("failureThreshold") or 0)
    ]
    cooldown = spec.get("cooldownPeriod")
    return ScaledObjectView(
        name=obj["metadata"]["name"],
        scale_target=ScaleTargetRef(
            target.get("kind") or "Deployment", target["name"], target.get("apiVersion") or "apps/v1"
        ),
        min_replicas=spec.get("minReplicaCount") or 0,
        idle_replicas=spec.get("idleReplicaCount"),
        ready=ready.get("status") == "True",
        active=workloads.condition(status, "Active").get("status") == "True",
        paused=is_paused(obj),
        message=workloads.condition_summary(ready, "Ready"),
        polling_interval=float(spec.get("pollingInterval") or 30),
        cooldown=300.0 if cooldown is None else float(cooldown),
        formula=((spec.get("advanced") or {}).get("scalingModifiers") or {}).get("formula") or "",
        fallback_replicas=(fallback or {}).get("replicas"),
        falling_back=falling_back,
        triggers=list(spec.get("triggers") or []),
        metric_names=list(status.get("externalMetricNames") or []),
    )


def hpa_name(scaledobject: Object) -> str:
    """Return the name of the HPA that KEDA makes for a ScaledObject.

    Source: KEDA 2.10, controllers/keda/hpa.go, getHPAName.
    """
    config = (scaledobject["spec"].get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    name = (scaledobject.get("status") or {}).get("hpaName") or config.get("name")
    return str(name or f"keda-hpa-{scaledobject['metadata']['name']}")


def is_paused(scaledobject: Object) -> bool:
    """Whether KEDA has paused a ScaledObject.

    KEDA 2.11 and later have a condition for it. Older versions only have the annotation `paused-replicas`. The effect
    of the annotation `paused` depends on its value and on KEDA's version, so the condition counts and not the
    annotation.
    Source: KEDA 2.10, pkg/scaling/executor/scale_scaledobjects.go, GetPausedReplicaCount.
    """
    paused = workloads.condition(scaledobject.get("status") or {}, "Paused").get("status")
    if paused in ("True", "False"):
        return bool(paused == "True")
    return "autoscaling.keda.sh/paused-replicas" in (scaledobject["metadata"].get("annotations") or {})
