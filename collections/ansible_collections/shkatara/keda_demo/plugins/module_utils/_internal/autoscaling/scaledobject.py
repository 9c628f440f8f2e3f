# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A KEDA ScaledObject as a small record, made from its API object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..kube import workloads
from ..kube.workloads import Object
from . import pausing

# The fallback's behavior that KEDA takes if none is given, and the only one before 2.17.
STATIC = "static"


@dataclass(frozen=True)
class ScaleTargetRef:
    """The workload that a ScaledObject scales."""

    kind: str
    name: str
    api_version: str = "apps/v1"


@dataclass(frozen=True)
class Fallback:
    """The replicas that a ScaledObject falls back to if a trigger fails more than `threshold` times in a row.

    `behavior` says how they and the current replicas combine, see keda.fallback_count.
    """

    threshold: int
    replicas: int
    behavior: str


@dataclass(frozen=True)
class Failures:
    """The external metrics that KEDA failed to get at its last attempt, by name, as its status has them.

    `falling_back` are those that have failed more often than the threshold of the fallback. KEDA 2.10 notes failures of
    every metric, and later versions only where the ScaledObject has a fallback.
    Source: KEDA 2.10 and 2.17, pkg/fallback/fallback.go, GetMetricsWithFallback and updateStatus.
    """

    failing: list[str] = field(default_factory=list)
    falling_back: list[str] = field(default_factory=list)
    fallback: Fallback | None = None


@dataclass(frozen=True)
class ScaledObjectView:
    """A KEDA ScaledObject (keda.sh/v1alpha1). `pause` has what tells of a pause, see pausing.pause_signs."""

    name: str
    scale_target: ScaleTargetRef
    min_replicas: int
    idle_replicas: int | None
    ready: bool
    active: bool
    message: str
    polling_interval: float
    cooldown: float = 300.0
    initial_cooldown: float = 0.0
    formula: str = ""
    failures: Failures = field(default_factory=Failures)
    pause: dict[str, str] = field(default_factory=dict)
    triggers: list[dict[str, Any]] = field(default_factory=list)
    metric_names: list[str] = field(default_factory=list)

    @property
    def has_trigger_error(self) -> bool:
        """Whether KEDA says that a trigger fails, without saying which.

        Source: KEDA 2.10 and current, pkg/scaling/executor/scale_scaledobjects.go, RequestScale: TriggerError if no
        trigger is active, PartialTriggerError if one is.
        """
        return not self.ready and self.message.startswith(("TriggerError", "PartialTriggerError"))

    @property
    def inactive_replicas(self) -> int:
        """The replicas while no trigger is active: 0 if KEDA takes the last one away.

        No trigger counts as inactive while the annotation `force-activation` is set. A KEDA before 2.18 does not know
        it, and nobody gives it to one.
        """
        if pausing.pausing(self.pause, None).forced:
            return max(1, self.min_replicas)
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

    The defaults are KEDA's: minReplicaCount 0, pollingInterval 30, cooldownPeriod 300, initialCooldownPeriod 0 (a field
    of 2.14 and later).
    Source: KEDA 2.10, apis/keda/v1alpha1/scaledobject_types.go; pkg/scaling/executor/scale_executor.go.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    target = spec["scaleTargetRef"]
    ready = workloads.condition(status, "Ready")
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
        message=workloads.condition_summary(ready, "Ready"),
        polling_interval=float(spec.get("pollingInterval") or 30),
        cooldown=300.0 if cooldown is None else float(cooldown),
        initial_cooldown=float(spec.get("initialCooldownPeriod") or 0),
        formula=((spec.get("advanced") or {}).get("scalingModifiers") or {}).get("formula") or "",
        failures=_failures(spec.get("fallback"), status.get("health") or {}),
        pause=pausing.pause_signs(obj),
        triggers=list(spec.get("triggers") or []),
        metric_names=list(status.get("externalMetricNames") or []),
    )


def _failures(fallback: Object | None, health: Object) -> Failures:
    numbers = {metric: entry.get("numberOfFailures") or 0 for metric, entry in health.items()}
    threshold = (fallback or {}).get("failureThreshold") or 0
    return Failures(
        failing=[metric for metric, number in numbers.items() if number > 0],
        falling_back=[metric for metric, number in numbers.items() if fallback and number > threshold],
        fallback=Fallback(threshold, fallback.get("replicas") or 0, str(fallback.get("behavior") or STATIC))
        if fallback
        else None,
    )


def hpa_name(scaledobject: Object) -> str:
    """Return the name of the HPA that KEDA makes for a ScaledObject.

    Source: KEDA 2.10, controllers/keda/hpa.go, getHPAName.
    """
    config = (scaledobject["spec"].get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    name = (scaledobject.get("status") or {}).get("hpaName") or config.get("name")
    return str(name or f"keda-hpa-{scaledobject['metadata']['name']}")
