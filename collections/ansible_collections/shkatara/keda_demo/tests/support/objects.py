# SPDX-License-Identifier: MIT
"""Objects as a cluster of the stack `seed` has them, cut to the fields that are read.

The tests change a field or two.
"""

from __future__ import annotations

import copy
from typing import Any

QUERY = 'sum(rate(python_request_operations_total{namespace="test"}[30s]))'
METRIC = "s0-prometheus-python_request_operations"
REPLICASET = "test-8694f75cd4"
# The pods of the scale-out, the first of which was there before, and their addresses.
PODS = {
    f"{REPLICASET}-mtb98": "10.244.1.2",
    f"{REPLICASET}-mp728": "10.244.1.11",
    f"{REPLICASET}-2jn2j": "10.244.1.12",
    f"{REPLICASET}-d6gsg": "10.244.1.13",
}
FIRST, *NEW = PODS

TRIGGER: dict[str, Any] = {
    "type": "prometheus",
    "metadata": {
        "ignoreNullValues": "false",
        "metricName": "python_request_operations",
        "query": QUERY,
        "serverAddress": "http://prometheus-k8s.monitoring.svc:9090",
        "threshold": "10",
    },
}

SCALEDOBJECT: dict[str, Any] = {
    "metadata": {"name": "scaledobject-py", "namespace": "test", "uid": "so", "resourceVersion": "10"},
    "spec": {
        "minReplicaCount": 1,
        "maxReplicaCount": 10,
        "pollingInterval": 5,
        "scaleTargetRef": {"name": "test"},
        "triggers": [TRIGGER],
    },
    "status": {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "ScaledObjectReady",
                "message": "ScaledObject is defined correctly and is ready for scaling",
            },
            {
                "type": "Active",
                "status": "False",
                "reason": "ScalerNotActive",
                "message": "Scaling is not performed because triggers are not active",
            },
            {
                "type": "Fallback",
                "status": "False",
                "reason": "NoFallbackFound",
                "message": "No fallbacks are active on this scaled object",
            },
        ],
        "externalMetricNames": [METRIC],
        "health": {METRIC: {"numberOfFailures": 0, "status": "Happy"}},
        "hpaName": "keda-hpa-scaledobject-py",
    },
}

HPA: dict[str, Any] = {
    "metadata": {
        "name": "keda-hpa-scaledobject-py",
        "namespace": "test",
        "uid": "hpa",
        "resourceVersion": "11",
    },
    "spec": {
        "minReplicas": 1,
        "maxReplicas": 10,
        "metrics": [
            {
                "type": "External",
                "external": {
                    "metric": {
                        "name": METRIC,
                        "selector": {"matchLabels": {"scaledobject.keda.sh/name": "scaledobject-py"}},
                    },
                    "target": {"type": "AverageValue", "averageValue": "10"},
                },
            }
        ],
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "test"},
    },
    "status": {
        "currentReplicas": 1,
        "desiredReplicas": 1,
        "conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
            {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
        ],
        "currentMetrics": [
            {
                "type": "External",
                "external": {"metric": {"name": METRIC}, "current": {"averageValue": "0", "value": "0"}},
            }
        ],
    },
}

DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "test", "namespace": "test", "uid": "deployment", "resourceVersion": "12"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "test"}},
        "template": {
            "spec": {
                "terminationGracePeriodSeconds": 30,
                "containers": [
                    {
                        "name": "app",
                        "readinessProbe": {
                            "failureThreshold": 5,
                            "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
                            "periodSeconds": 1,
                            "successThreshold": 1,
                            "timeoutSeconds": 3,
                        },
                    }
                ],
            }
        },
    },
    "status": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
}


def owner(kind: str, name: str, uid: str, api_version: str = "apps/v1") -> dict[str, Any]:
    """The reference to the object that controls another."""
    return {
        "apiVersion": api_version,
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": kind,
        "name": name,
        "uid": uid,
    }


def pod(name: str, ready: bool = True, **status: Any) -> dict[str, Any]:
    """A pod of the Deployment on worker1, which is Ready or whose container is being made."""
    state = (
        {"running": {"startedAt": "2026-11-25T03:05:45Z"}} if ready else {"waiting": {"reason": "ContainerCreating"}}
    )
    return {
        "metadata": {
            "name": name,
            "namespace": "test",
            "uid": name,
            "resourceVersion": "13",
            "ownerReferences": [owner("ReplicaSet", REPLICASET, "replicaset")],
        },
        "spec": {"nodeName": "worker1"},
        "status": {
            "phase": "Running" if ready else "Pending",
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "True" if ready else "False"},
            ],
            "containerStatuses": [{"name": "app", "ready": ready, "restartCount": 0, "state": state}],
            **status,
        },
    }


def leaving_pod(name: str = NEW[0]) -> dict[str, Any]:
    """A Ready pod of the Deployment that is being deleted."""
    return changed(pod(name), "metadata.deletionTimestamp", "2026-11-25T03:10:45Z")


def replicaset(spec: int, replicas: int, ready: int) -> dict[str, Any]:
    """The Deployment's only ReplicaSet with these counts."""
    return {
        "metadata": {
            "name": REPLICASET,
            "namespace": "test",
            "uid": "replicaset",
            "resourceVersion": "14",
            "ownerReferences": [owner("Deployment", "test", "deployment")],
        },
        "spec": {"replicas": spec},
        "status": {"replicas": replicas, "readyReplicas": ready, "observedGeneration": 7},
    }


def event(kind: str, name: str, reason: str, message: str, count: int = 1) -> dict[str, Any]:
    """An Event about an object."""
    return {
        "metadata": {
            "name": f"{name}.{reason}",
            "namespace": "test",
            "uid": f"{name}.{reason}",
            "resourceVersion": "15",
        },
        "involvedObject": {"kind": kind, "name": name, "namespace": "test"},
        "reason": reason,
        "message": message,
        "count": count,
    }


def changed(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `obj` with another value at a dotted path."""
    copied = copy.deepcopy(obj)
    *parents, last = path.split(".")
    inner: Any = copied
    for key in parents:
        inner = inner[int(key) if key.isdigit() else key]
    if value is None:
        inner.pop(last, None)
    else:
        inner[int(last) if last.isdigit() else last] = value
    return copied


FROM_ZERO = changed(SCALEDOBJECT, "spec.minReplicaCount", 0)
# Source: Kubernetes 1.25, pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler: no replicas at all.
DISABLED = {
    "type": "ScalingActive",
    "status": "False",
    "reason": "ScalingDisabled",
    "message": "scaling is disabled since the replica count of the target is zero",
}
HPA_AT_ZERO = changed(changed(HPA, "status.conditions.1", DISABLED), "status.currentMetrics", None)
HPA_AT_ZERO = changed(changed(HPA_AT_ZERO, "status.currentReplicas", 0), "status.desiredReplicas", 0)


def scaled(desired: int, average: str, current: int = 1) -> dict[str, Any]:
    """The HPA after a decision."""
    hpa = changed(HPA, "status.desiredReplicas", desired)
    hpa = changed(hpa, "status.currentReplicas", current)
    return changed(hpa, "status.currentMetrics.0.external.current.averageValue", average)


def deployed(spec: int, replicas: int, ready: int) -> dict[str, Any]:
    """The Deployment with these counts."""
    return changed(changed(DEPLOYMENT, "spec.replicas", spec), "status", {"replicas": replicas, "readyReplicas": ready})
