# SPDX-License-Identifier: MIT
"""Objects as a cluster of the stack `seed` shows them, cut to what is read; the tests change a field or two."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Observation, Target

QUERY = 'sum(rate(python_request_operations_total{namespace="test"}[30s]))'

SCALEDOBJECT: dict[str, Any] = {
    "metadata": {"name": "scaledobject-py", "namespace": "test", "uid": "so", "resourceVersion": "10"},
    "spec": {
        "minReplicaCount": 1,
        "maxReplicaCount": 10,
        "scaleTargetRef": {"name": "test"},
        "triggers": [
            {
                "type": "prometheus",
                "metadata": {
                    "serverAddress": "http://prometheus-k8s.monitoring.svc:9090",
                    "metricName": "python_request_operations_total",
                    "query": QUERY,
                    "threshold": "10",
                },
            }
        ],
    },
    "status": {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "ScaledObjectReady",
                "message": "ScaledObject is defined correctly and is ready for scaling",
            },
            {"type": "Active", "status": "False", "reason": "ScalerNotActive"},
        ],
        "externalMetricNames": ["s0-prometheus-python_request_operations_total"],
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
                    "metric": {"name": "s0-prometheus-python_request_operations_total"},
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
                "external": {
                    "metric": {"name": "s0-prometheus-python_request_operations_total"},
                    "current": {"averageValue": "0"},
                },
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
                        "name": "test",
                        "readinessProbe": {
                            "initialDelaySeconds": 1,
                            "periodSeconds": 2,
                            "successThreshold": 1,
                        },
                    }
                ],
            }
        },
    },
    "status": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
}


def pod(name: str, ready: bool = True, **status: Any) -> dict[str, Any]:
    """A pod of the Deployment, on worker1."""
    return {
        "metadata": {"name": name, "namespace": "test", "uid": name, "resourceVersion": "13"},
        "spec": {"nodeName": "worker1"},
        "status": {
            "phase": "Running" if ready else "Pending",
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "True" if ready else "False"},
            ],
            **status,
        },
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


def target(pod_name: str, up: bool = True, error: str = "") -> Target:
    """A scrape target of a pod."""
    return Target("test", pod_name, f"http://10.244.1.5:5000/metrics#{pod_name}", up, error, 5.0)


def seen(at: float, source: str, data: dict[str, Any], event: str = "MODIFIED") -> Observation:
    """An observation."""
    return Observation(at, source, event, data)


def ready_chain(at: float = 0.0) -> list[Observation]:
    """What is seen of a chain that is ready and at rest."""
    return [
        seen(at, "scaledobjects", SCALEDOBJECT, "ADDED"),
        seen(at, "horizontalpodautoscalers", HPA, "ADDED"),
        seen(at, "deployments", DEPLOYMENT, "ADDED"),
        seen(at, "pods", pod("test-1"), "ADDED"),
        seen(at + 0.1, "prometheus", {"value": 0.0, "targets": [target("test-1")], "version": "2.41.0"}),
    ]


def scaled(desired: int, average: str) -> dict[str, Any]:
    """The HPA after a decision."""
    hpa = changed(HPA, "status.desiredReplicas", desired)
    return changed(hpa, "status.currentMetrics.0.external.current.averageValue", average)


def deployed(spec: int, replicas: int, ready: int) -> dict[str, Any]:
    """The Deployment with these counts."""
    return changed(changed(DEPLOYMENT, "spec.replicas", spec), "status", {"replicas": replicas, "readyReplicas": ready})
