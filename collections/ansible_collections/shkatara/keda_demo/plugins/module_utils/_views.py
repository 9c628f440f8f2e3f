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
    triggers: list[dict[str, Any]] = field(default_factory=list)
    metric_names: list[str] = field(default_factory=list)

    @property
    def no_data_is_zero(self) -> bool:
        """True when KEDA takes a query without data for 0; otherwise it is an error, and the HPA gets no value.

        Source: KEDA 2.10, pkg/scalers/prometheus_scaler.go, ignoreNullValues, which is read by Go's
        strconv.ParseBool and on by default.
        """
        metadata = (self.triggers[0].get("metadata") or {}) if self.triggers else {}
        return metadata.get("ignoreNullValues") not in ("0", "f", "F", "false", "False", "FALSE")


def scaledobject_view(obj: Object) -> ScaledObjectView:
    """Return the record of a ScaledObject.

    The defaults are those of KEDA: minReplicaCount 0, pollingInterval 30, HPA `keda-hpa-<name>`.
    Source: KEDA 2.10, apis/keda/v1alpha1/scaledobject_types.go; controllers/keda/hpa.go, getHPAName.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    name = obj["metadata"]["name"]
    target = spec["scaleTargetRef"]
    ready = condition(status, "Ready")
    annotations = obj["metadata"].get("annotations") or {}
    return ScaledObjectView(
        name=name,
        target_kind=target.get("kind") or "Deployment",
        target_name=target["name"],
        hpa_name=status.get("hpaName") or f"keda-hpa-{name}",
        min_replicas=spec.get("minReplicaCount") or 0,
        idle_replicas=spec.get("idleReplicaCount"),
        ready=ready.get("status") == "True",
        active=condition(status, "Active").get("status") == "True",
        paused=any(key.startswith("autoscaling.keda.sh/paused") for key in annotations),
        message=_condition_words(ready, "Ready"),
        polling_interval=float(spec.get("pollingInterval") or 30),
        triggers=list(spec.get("triggers") or []),
        metric_names=list(status.get("externalMetricNames") or []),
    )


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
    average: float | None = None
    behavior: dict[str, Any] | None = None

    @property
    def valid(self) -> bool:
        """True when the HPA acts on a value of its metric."""
        return self.scaling_active and self.average is not None


def hpa_view(obj: Object) -> HpaView:
    """Return the record of an HPA; `average` is the external metric a replica, as the HPA last saw it."""
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
        average=_external_average(status),
        behavior=spec.get("behavior"),
    )


def _external_average(status: Object) -> float | None:
    # While it has no value, the HPA lists a metric of type "".
    for metric in status.get("currentMetrics") or []:
        if metric.get("type") == "External":
            value = (metric["external"].get("current") or {}).get("averageValue")
            return None if value is None else parse_quantity(value)
    return None


@dataclass(frozen=True)
class DeploymentView:
    """A Deployment (apps/v1)."""

    name: str
    spec_replicas: int
    replicas: int
    ready: int


def deployment_view(obj: Object) -> DeploymentView:
    """Return the record of a Deployment."""
    status = obj.get("status") or {}
    replicas = obj["spec"].get("replicas")
    return DeploymentView(
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
    )
