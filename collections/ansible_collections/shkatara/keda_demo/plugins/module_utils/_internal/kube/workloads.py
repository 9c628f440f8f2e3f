# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Views of Kubernetes objects: small records of the fields that a proof reads, made by pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    """A Deployment or a ReplicaSet (apps/v1); `writer` is who wrote `spec_replicas`."""

    name: str
    spec_replicas: int
    replicas: int
    ready: int
    writer: FieldManager = UNKNOWN


def workload_view(obj: Object) -> WorkloadView:
    """Return the view of a Deployment or a ReplicaSet."""
    status = obj.get("status") or {}
    replicas = obj["spec"].get("replicas")
    return WorkloadView(
        name=obj["metadata"]["name"],
        spec_replicas=1 if replicas is None else replicas,
        replicas=status.get("replicas") or 0,
        ready=status.get("readyReplicas") or 0,
        writer=field_managers.replicas_writer(obj),
    )


def probe_seconds(obj: Object) -> float:
    """Return the longest delay of a pod's readiness by a Deployment's own probes, in seconds.

    A container is Ready after its startup probe, then the initial delay, then `successThreshold` successes, each a
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
    """A Pod (v1); `waiting` is the reason why it does not run yet, such as ErrImageNeverPull."""

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
