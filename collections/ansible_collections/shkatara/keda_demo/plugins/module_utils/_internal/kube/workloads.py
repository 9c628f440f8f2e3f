# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Views of Kubernetes objects: small records of the fields that a proof reads, made by pure functions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import field_managers
from .field_managers import UNKNOWN, FieldManager

Object = Mapping[str, Any]


def condition(status: Object, kind: str) -> Object:
    """Return the condition of a type; empty if the status does not have it."""
    matches = (item for item in status.get("conditions") or [] if item.get("type") == kind)
    return next(matches, {})


def condition_summary(state: Object, kind: str) -> str:
    """Return the reason and the message of a condition of the type `kind`, for people; `state` is empty without one."""
    reason, message = state.get("reason") or f"no condition {kind} yet", state.get("message")
    return f"{reason}: {message}" if message else str(reason)


@dataclass(frozen=True)
class WorkloadView:
    """A workload of any kind that can be scaled, or a ReplicaSet.

    `writer` is who wrote `spec_replicas`. `revision` names the template of its pods, empty if that is not known. It
    changes when a rollout begins. `rolling_out` says whether pods of an older template are being replaced.
    """

    name: str
    spec_replicas: int
    replicas: int
    ready: int
    revision: str = ""
    rolling_out: bool = False
    writer: FieldManager = UNKNOWN


def replicaset_view(obj: Object) -> WorkloadView:
    """Return the view of a ReplicaSet, whose template never changes."""
    status = obj.get("status") or {}
    replicas = obj["spec"].get("replicas")
    return WorkloadView(
        name=obj["metadata"]["name"],
        spec_replicas=1 if replicas is None else replicas,
        replicas=status.get("replicas") or 0,
        ready=status.get("readyReplicas") or 0,
        writer=field_managers.replicas_writer(obj),
    )


def workload_view(obj: Object) -> WorkloadView:
    """Return the view of a workload of one of Kubernetes' own kinds. The API leaves out counts of 0."""
    return replace(replicaset_view(obj), revision=revision(obj), rolling_out=_is_rolling_out(obj))


def scaled_view(obj: Object, scale: Object, ready_pods: int) -> WorkloadView:
    """Return the view of a workload of any other kind, whose replicas its Scale (autoscaling/v1) has.

    :param ready_pods: the Ready pods of its selector, for a kind without `status.readyReplicas`
    """
    ready = (obj.get("status") or {}).get("readyReplicas")
    return WorkloadView(
        name=obj["metadata"]["name"],
        # A count of 0 is left out here.
        spec_replicas=(scale.get("spec") or {}).get("replicas") or 0,
        replicas=(scale.get("status") or {}).get("replicas") or 0,
        ready=ready if isinstance(ready, int) and not isinstance(ready, bool) else ready_pods,
        revision=revision(obj),
        rolling_out=_is_promoting(obj),
    )


def revision(obj: Object) -> str:
    """Return a name of the template of a workload's pods; empty if the object does not show its template.

    A Deployment has the number of its rollout, a StatefulSet the name of its ControllerRevision, and a Rollout of Argo
    the hash of its ReplicaSet. For any other kind it is a hash of `spec.template`.
    Source: Kubernetes 1.25, pkg/controller/deployment/util/deployment_util.go, RevisionAnnotation;
    pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet. Argo Rollouts 1.6,
    pkg/apis/rollouts/v1alpha1/types.go, RolloutStatus.
    """
    annotations, status = obj["metadata"].get("annotations") or {}, obj.get("status") or {}
    given = (
        annotations.get("deployment.kubernetes.io/revision")
        or status.get("updateRevision")
        or status.get("currentPodHash")
    )
    if given:
        return str(given)
    template = (obj.get("spec") or {}).get("template")
    if not template:
        return ""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def _is_rolling_out(obj: Object) -> bool:
    """Whether a Deployment or a StatefulSet replaces pods of an older template.

    Pods that stay old on purpose (`paused`, `partition`, OnDelete) are left out.
    """
    spec, status = obj["spec"], obj.get("status") or {}
    replicas, updated = status.get("replicas") or 0, status.get("updatedReplicas") or 0
    if "updateRevision" not in status:
        # Only a Deployment has a strategy. While none of its pods is new, the API leaves the count of those out.
        is_deployment = "strategy" in spec or "updatedReplicas" in status
        return is_deployment and updated < replicas and not spec.get("paused")
    strategy = spec.get("updateStrategy") or {}
    if status["updateRevision"] == status.get("currentRevision") or strategy.get("type") == "OnDelete":
        return False
    return updated < replicas - ((strategy.get("rollingUpdate") or {}).get("partition") or 0)


def _is_promoting(obj: Object) -> bool:
    """Whether a Rollout of Argo replaces pods of an older template; a canary that is paused stays as it is.

    Source: Argo Rollouts 1.6, pkg/apis/rollouts/v1alpha1/types.go, RolloutStatus and RolloutPhase.
    """
    status = obj.get("status") or {}
    if "currentPodHash" not in status or status.get("phase") != "Progressing":
        return False
    return (status.get("updatedReplicas") or 0) < (status.get("replicas") or 0)


def starts_in_order(kind: str, obj: Object) -> bool:
    """Whether each new pod waits until the one before it is Ready, as a StatefulSet's do by default.

    Source: Kubernetes 1.25, pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet.
    """
    by_default = "OrderedReady" if kind == "StatefulSet" else ""
    return bool(((obj.get("spec") or {}).get("podManagementPolicy") or by_default) == "OrderedReady")


def probe_seconds(pod_spec: Object) -> float:
    """Return the longest delay of a pod's readiness by its own probes, in seconds.

    A container is Ready after its startup probe, then the initial delay, then `successThreshold` successes, each a
    period apart; the kubelet adds up to one period before the first. Containers start side by side.
    Source: Kubernetes 1.25, pkg/kubelet/prober/worker.go.
    """
    longest = 0.0
    for container in pod_spec.get("containers") or []:
        seconds = 0.0
        for name in ("startupProbe", "readinessProbe"):
            probe = container.get(name)
            if probe:
                period = probe.get("periodSeconds") or 10
                seconds += (probe.get("initialDelaySeconds") or 0) + period * (1 + (probe.get("successThreshold") or 1))
        longest = max(longest, seconds)
    return longest


def controller(obj: Object) -> Object:
    """Return the reference to the object that controls another; empty if none does."""
    owners = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


@dataclass(frozen=True)
class PodView:
    """A Pod (v1); `waiting` is the reason why it does not run yet, such as ErrImageNeverPull.

    `controller` is the uid of the object that controls it, empty if none does.
    """

    name: str
    phase: str
    scheduled: bool
    ready: bool
    leaving: bool
    node: str
    waiting: str
    started: bool = False
    restarts: int = 0
    controller: str = ""


def pod_view(obj: Object) -> PodView:
    """Return the view of a Pod."""
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
        controller=controller(obj).get("uid") or "",
    )


@dataclass(frozen=True)
class EventView:
    """An Event (v1): a component's message about an object, and the number of its repetitions."""

    name: str
    kind: str
    object: str
    reason: str
    message: str
    count: int


def event_view(obj: Object) -> EventView:
    """Return the view of an Event."""
    involved = obj.get("involvedObject") or {}
    return EventView(
        name=obj["metadata"]["name"],
        kind=involved.get("kind") or "",
        object=involved.get("name") or "",
        reason=obj.get("reason") or "",
        message=obj.get("message") or "",
        count=obj.get("count") or (obj.get("series") or {}).get("count") or 1,
    )
