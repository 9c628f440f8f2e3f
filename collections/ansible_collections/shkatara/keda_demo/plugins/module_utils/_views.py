# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof needs of each Kubernetes object, as small records made by pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._units import parse_quantity

Object = Mapping[str, Any]


def condition(status: Object, kind: str) -> Object:
    """Return the condition of a type, empty where there is none."""
    found = (item for item in status.get("conditions") or [] if item.get("type") == kind)
    return next(found, {})


def _condition_words(found: Object, kind: str) -> str:
    reason, message = found.get("reason") or f"no condition {kind} yet", found.get("message")
    return f"{reason}: {message}" if message else str(reason)


@dataclass(frozen=True)
class ScaledObjectView:
    """A KEDA ScaledObject (keda.sh/v1alpha1)."""

    name: str
    target_kind: str
    target_name: str
    hpa_name: str
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
    def resting_replicas(self) -> int:
        """The replicas without any active trigger: 0 where KEDA takes away the last one."""
        return self.min_replicas if self.idle_replicas is None else self.idle_replicas

    def no_data_is_zero(self, index: int) -> bool:
        """Whether KEDA takes a trigger's query without data for 0; otherwise it is an error, and the HPA gets no value.

        :param index: the trigger's

        Source: KEDA 2.10, pkg/scalers/prometheus_scaler.go, ignoreNullValues, which is read by Go's
        strconv.ParseBool and on by default.
        """
        metadata = (self.triggers[index].get("metadata") or {}) if index < len(self.triggers) else {}
        return metadata.get("ignoreNullValues") not in ("0", "f", "F", "false", "False", "FALSE")


def scaledobject_view(obj: Object) -> ScaledObjectView:
    """Return the record of a ScaledObject.

    The defaults are those of KEDA: minReplicaCount 0, pollingInterval 30, cooldownPeriod 300, HPA `keda-hpa-<name>`.
    `falling_back` are the external metrics that have failed more often than `fallback.failureThreshold`.
    Source: KEDA 2.10, apis/keda/v1alpha1/scaledobject_types.go; controllers/keda/hpa.go, getHPAName;
    pkg/scaling/executor/scale_executor.go; pkg/fallback/fallback.go.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    name = obj["metadata"]["name"]
    target = spec["scaleTargetRef"]
    ready = condition(status, "Ready")
    fallback = spec.get("fallback")
    failed = [
        metric
        for metric, health in (status.get("health") or {}).items()
        if fallback and (health.get("numberOfFailures") or 0) > (fallback.get("failureThreshold") or 0)
    ]
    cooldown = spec.get("cooldownPeriod")
    return ScaledObjectView(
        name=name,
        target_kind=target.get("kind") or "Deployment",
        target_name=target["name"],
        hpa_name=hpa_name(obj),
        min_replicas=spec.get("minReplicaCount") or 0,
        idle_replicas=spec.get("idleReplicaCount"),
        ready=ready.get("status") == "True",
        active=condition(status, "Active").get("status") == "True",
        paused=is_paused(obj),
        message=_condition_words(ready, "Ready"),
        polling_interval=float(spec.get("pollingInterval") or 30),
        cooldown=300.0 if cooldown is None else float(cooldown),
        formula=((spec.get("advanced") or {}).get("scalingModifiers") or {}).get("formula") or "",
        fallback_replicas=(fallback or {}).get("replicas"),
        falling_back=failed,
        triggers=list(spec.get("triggers") or []),
        metric_names=list(status.get("externalMetricNames") or []),
    )


def hpa_name(scaledobject: Object) -> str:
    """Return the name of the HPA that KEDA makes for a ScaledObject."""
    config = (scaledobject["spec"].get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    given = (scaledobject.get("status") or {}).get("hpaName") or config.get("name")
    return str(given or f"keda-hpa-{scaledobject['metadata']['name']}")


def is_paused(scaledobject: Object) -> bool:
    """Whether KEDA has paused a ScaledObject.

    Its condition says so since KEDA 2.11; before, the annotation `paused-replicas` is all there is. What the
    annotation `paused` is worth depends on its value and on KEDA's version, so KEDA's own word is taken.
    Source: KEDA 2.10, pkg/scaling/executor/scale_scaledobjects.go, GetPausedReplicaCount.
    """
    said = condition(scaledobject.get("status") or {}, "Paused").get("status")
    if said in ("True", "False"):
        return bool(said == "True")
    return "autoscaling.keda.sh/paused-replicas" in (scaledobject["metadata"].get("annotations") or {})


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
    targets: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    has_value: bool = False
    behavior: dict[str, Any] | None = None

    @property
    def valid(self) -> bool:
        """True when the HPA acts on a value of its metric, or would if there were any replica."""
        return (self.scaling_active and self.has_value) or self.disabled

    @property
    def disabled(self) -> bool:
        """True while an HPA does nothing since there are no replicas.

        Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler.
        """
        return self.message.startswith("ScalingDisabled") and self.current == 0


def hpa_view(obj: Object) -> HpaView:
    """Return the record of an HPA.

    `values` are the external metrics as the HPA last saw them: of an AverageValue target the value a replica, of a
    Value target all of it.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    active = condition(status, "ScalingActive")
    return HpaView(
        name=obj["metadata"]["name"],
        min_replicas=spec.get("minReplicas") or 1,
        max_replicas=spec["maxReplicas"],
        desired=status.get("desiredReplicas") or 0,
        current=status.get("currentReplicas") or 0,
        scaling_active=active.get("status") == "True",
        message=_condition_words(active, "ScalingActive"),
        targets=list(spec.get("metrics") or []),
        values=_external_values(status),
        # While it has no value, the HPA lists a metric of type "".
        has_value=any(metric.get("type") for metric in status.get("currentMetrics") or []),
        behavior=spec.get("behavior"),
    )


def _external_values(status: Object) -> dict[str, float]:
    values = {}
    for metric in status.get("currentMetrics") or []:
        if metric.get("type") == "External":
            current = metric["external"].get("current") or {}
            value = current.get("averageValue", current.get("value"))
            if value is not None:
                values[metric["external"]["metric"]["name"]] = parse_quantity(value)
    return values


@dataclass(frozen=True)
class WorkloadView:
    """A Deployment or a ReplicaSet (apps/v1)."""

    name: str
    spec_replicas: int
    replicas: int
    ready: int


def workload_view(obj: Object) -> WorkloadView:
    """Return the record of a Deployment or a ReplicaSet."""
    status = obj.get("status") or {}
    replicas = obj["spec"].get("replicas")
    return WorkloadView(
        name=obj["metadata"]["name"],
        spec_replicas=1 if replicas is None else replicas,
        replicas=status.get("replicas") or 0,
        ready=status.get("readyReplicas") or 0,
    )


def probe_seconds(obj: Object) -> float:
    """Return how long a Deployment's own probes delay the readiness of a pod at most, in seconds.

    A container is Ready after its startup probe, then the initial delay, then so many successes, each a
    period apart; the kubelet adds up to one period before the first. Containers start side by side.
    Source: Kubernetes 1.25, pkg/kubelet/prober/worker.go.
    """
    longest = 0.0
    for container in obj["spec"]["template"]["spec"].get("containers") or []:
        seconds = 0.0
        for name in ("startupProbe", "readinessProbe"):
            probe = container.get(name)
            if probe:
                period = probe.get("periodSeconds") or 10
                seconds += (probe.get("initialDelaySeconds") or 0) + period * (1 + (probe.get("successThreshold") or 1))
        longest = max(longest, seconds)
    return longest


@dataclass(frozen=True)
class PodView:
    """A Pod (v1)."""

    name: str
    phase: str
    scheduled: bool
    ready: bool
    leaving: bool
    node: str
    waiting: str
    started: bool = False
    restarts: int = 0


def pod_view(obj: Object) -> PodView:
    """Return the record of a Pod; `waiting` is why it does not run yet, such as ErrImageNeverPull."""
    status = obj.get("status") or {}
    states = [item.get("state") or {} for item in status.get("containerStatuses") or []]
    reasons = [state["waiting"].get("reason") or "" for state in states if state.get("waiting")]
    scheduled = condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        reasons.append(scheduled.get("message") or scheduled.get("reason") or "")
    return PodView(
        name=obj["metadata"]["name"],
        phase=status.get("phase") or "",
        scheduled=scheduled.get("status") == "True",
        ready=condition(status, "Ready").get("status") == "True",
        leaving=bool(obj["metadata"].get("deletionTimestamp")),
        node=obj["spec"].get("nodeName") or "",
        waiting=", ".join(reason for reason in reasons if reason),
        started=bool(states) and all(state.get("running") for state in states),
        restarts=sum(item.get("restartCount") or 0 for item in status.get("containerStatuses") or []),
    )


@dataclass(frozen=True)
class EventView:
    """An Event (v1): what a component says of an object, and how often."""

    name: str
    kind: str
    object: str
    reason: str
    message: str
    count: int


def event_view(obj: Object) -> EventView:
    """Return the record of an Event."""
    about = obj.get("involvedObject") or {}
    return EventView(
        name=obj["metadata"]["name"],
        kind=about.get("kind") or "",
        object=about.get("name") or "",
        reason=obj.get("reason") or "",
        message=obj.get("message") or "",
        count=obj.get("count") or (obj.get("series") or {}).get("count") or 1,
    )
