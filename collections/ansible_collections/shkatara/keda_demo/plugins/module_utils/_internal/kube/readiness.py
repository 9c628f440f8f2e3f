# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The readiness of Kubernetes objects and the reasons against it, as pure functions of the API's objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]

# The group, version and plural name of each kind, and whether it is in a namespace.
KINDS: dict[str, tuple[str, str, str, bool]] = {
    "APIService": ("apiregistration.k8s.io", "v1", "apiservices", False),
    "CustomResourceDefinition": ("apiextensions.k8s.io", "v1", "customresourcedefinitions", False),
    "DaemonSet": ("apps", "v1", "daemonsets", True),
    "Deployment": ("apps", "v1", "deployments", True),
    "Prometheus": ("monitoring.coreos.com", "v1", "prometheuses", True),
    "ScaledObject": ("keda.sh", "v1alpha1", "scaledobjects", True),
    "StatefulSet": ("apps", "v1", "statefulsets", True),
}
# The condition for readiness of the kinds that have one.
_CONDITIONS = {
    "APIService": "Available",
    "CustomResourceDefinition": "Established",
    "Prometheus": "Available",
    "ScaledObject": "Ready",
}

_NOT_OBSERVED = "its controller has not seen its last change yet"


def unready_reason(kind: str, obj: Object | None) -> str | None:
    """Return the reason why an object is not ready yet; None if it is ready.

    :param kind: one of KINDS
    :param obj: the object; None if it does not exist
    """
    if obj is None:
        return "it does not exist"
    status = obj.get("status") or {}
    generation = obj["metadata"].get("generation") or 0
    if "observedGeneration" in status and status["observedGeneration"] < generation:
        return _NOT_OBSERVED
    return _RULES.get(kind, _by_condition)(kind, obj, status)


def _by_condition(kind: str, obj: Object, status: Object) -> str | None:
    name = _CONDITIONS[kind]
    condition = next((item for item in status.get("conditions") or [] if item.get("type") == name), None)
    if condition is None:
        return f"it has no condition {name} yet"
    generation = obj["metadata"].get("generation") or 0
    if condition.get("observedGeneration", generation) < generation:
        return _NOT_OBSERVED
    if condition.get("status") == "True":
        return None
    reason = condition.get("message") or condition.get("reason") or "without a reason"
    return f"{name} is {condition.get('status')}: {reason}"


def _deployment(_kind: str, obj: Object, status: Object) -> str | None:
    """Source of this and the next two functions: Kubernetes 1.25, kubectl/pkg/polymorphichelpers/rollout_status.go."""
    replicas = obj["spec"].get("replicas", 1)
    updated, available = status.get("updatedReplicas") or 0, status.get("availableReplicas") or 0
    if "observedGeneration" not in status:
        return _NOT_OBSERVED
    if updated < replicas:
        return f"{updated} of {replicas} pods have its current template"
    if (status.get("replicas") or 0) > updated:
        return f"{status['replicas'] - updated} old pods still exist"
    return None if available >= replicas else f"{available} of {replicas} pods are available"


def _daemon_set(_kind: str, _obj: Object, status: Object) -> str | None:
    replicas = status.get("desiredNumberScheduled") or 0
    if "observedGeneration" not in status:
        return _NOT_OBSERVED
    updated, available = status.get("updatedNumberScheduled") or 0, status.get("numberAvailable") or 0
    if updated < replicas:
        return f"{updated} of {replicas} pods have its current template"
    if available < replicas:
        return f"{available} of {replicas} pods are available"
    return None if replicas else "it has no node to run on"


def _stateful_set(_kind: str, obj: Object, status: Object) -> str | None:
    replicas = obj["spec"].get("replicas", 1)
    ready = status.get("readyReplicas") or 0
    if "observedGeneration" not in status:
        return _NOT_OBSERVED
    if ready < replicas:
        return f"{ready} of {replicas} pods are ready"
    if status.get("updateRevision") != status.get("currentRevision"):
        return f"{status.get('updatedReplicas') or 0} of {replicas} pods have its current template"
    return None


_RULES: dict[str, Callable[[str, Object, Object], str | None]] = {
    "Deployment": _deployment,
    "DaemonSet": _daemon_set,
    "StatefulSet": _stateful_set,
}


def pod_troubles(pod: Object) -> list[str]:
    """Return the reasons why a pod is not ready; none for a pod that is ready or being deleted."""
    if pod["metadata"].get("deletionTimestamp"):
        return []
    return list(_pod_troubles(pod.get("status") or {}))


def _pod_troubles(status: Object) -> Iterator[str]:
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            yield f"it has no node: {condition.get('message') or condition.get('reason')}"
    initial = [item for item in status.get("initContainerStatuses") or [] if not _is_done(item)]
    # While an init container runs, the other containers wait for it and have no state of their own.
    for container in initial[:1] or status.get("containerStatuses") or []:
        if initial or not container.get("ready"):
            yield f"container {container['name']} {_container_state(container)}"


def _is_done(container: Object) -> bool:
    terminated = (container.get("state") or {}).get("terminated") or {}
    return terminated.get("exitCode") == 0


def _container_state(container: Object) -> str:
    state = container.get("state") or {}
    last = (container.get("lastState") or {}).get("terminated") or {}
    restarts = container.get("restartCount") or 0
    ended = f", ended {restarts} times, last with exit code {last['exitCode']}" if last and restarts else ""
    if state.get("waiting"):
        waiting = state["waiting"]
        reason = ": ".join(part for part in (waiting.get("reason"), waiting.get("message")) if part)
        return f"waits ({reason or 'to be started'}){ended}"
    if state.get("terminated"):
        return f"has ended with exit code {state['terminated'].get('exitCode')}{ended}"
    return f"runs and its probes don't succeed{ended}"
