# SPDX-License-Identifier: MIT
"""The ScaledObject, HPA and Deployment of a lab with the stack `seed` at rest, recorded from its API.

The managedFields, the pod template's contents and the times of conditions are cut. Tests that need other objects, such
as metrics of other types, change these after the types in KEDA's and Kubernetes' source.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.shkatara.keda_demo.tests.support.objects import METRIC, TRIGGER

SCALEDOBJECT: dict[str, Any] = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {
        "creationTimestamp": "2026-11-25T02:34:12Z",
        "finalizers": ["finalizer.keda.sh"],
        "generation": 1,
        "labels": {
            "app": "test",
            "app.kubernetes.io/part-of": "keda-demo",
            "scaledobject.keda.sh/name": "scaledobject-py",
        },
        "name": "scaledobject-py",
        "namespace": "test",
        "resourceVersion": "910",
        "uid": "c28df166-c84a-44f8-8590-a05c354c3e62",
    },
    "spec": {
        "maxReplicaCount": 10,
        "minReplicaCount": 1,
        "pollingInterval": 5,
        "scaleTargetRef": {"name": "test"},
        "triggers": [TRIGGER],
    },
    "status": {
        "conditions": [
            {
                "message": "ScaledObject is defined correctly and is ready for scaling",
                "reason": "ScaledObjectReady",
                "status": "True",
                "type": "Ready",
            },
            {
                "message": "Scaling is not performed because triggers are not active",
                "reason": "ScalerNotActive",
                "status": "False",
                "type": "Active",
            },
            {
                "message": "No fallbacks are active on this scaled object",
                "reason": "NoFallbackFound",
                "status": "False",
                "type": "Fallback",
            },
        ],
        "externalMetricNames": [METRIC],
        "health": {METRIC: {"numberOfFailures": 0, "status": "Happy"}},
        "hpaName": "keda-hpa-scaledobject-py",
        "originalReplicaCount": 1,
        "scaleTargetGVKR": {"group": "apps", "kind": "Deployment", "resource": "deployments", "version": "v1"},
        "scaleTargetKind": "apps/v1.Deployment",
    },
}

SELECTOR = {"matchLabels": {"scaledobject.keda.sh/name": "scaledobject-py"}}
HPA_MESSAGE = (
    "the HPA was able to successfully calculate a replica count from external metric "
    "s0-prometheus-python_request_operations(&LabelSelector{MatchLabels:map[string]string{scaledobject.keda.sh/name: "
    "scaledobject-py,},MatchExpressions:[]LabelSelectorRequirement{},})"
)

HPA: dict[str, Any] = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {
        "creationTimestamp": "2026-11-25T02:34:23Z",
        "labels": {
            "app": "test",
            "app.kubernetes.io/managed-by": "keda-operator",
            "app.kubernetes.io/name": "keda-hpa-scaledobject-py",
            "app.kubernetes.io/part-of": "keda-demo",
            "app.kubernetes.io/version": "2.10.0",
            "scaledobject.keda.sh/name": "scaledobject-py",
        },
        "name": "keda-hpa-scaledobject-py",
        "namespace": "test",
        "resourceVersion": "1519",
        "uid": "09b97ca4-505b-486a-912b-2e1fb13767e3",
    },
    "spec": {
        "maxReplicas": 10,
        "metrics": [
            {
                "external": {
                    "metric": {"name": METRIC, "selector": SELECTOR},
                    "target": {"averageValue": "10", "type": "AverageValue"},
                },
                "type": "External",
            }
        ],
        "minReplicas": 1,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "test"},
    },
    "status": {
        "conditions": [
            {
                "message": "recommended size matches current size",
                "reason": "ReadyForNewScale",
                "status": "True",
                "type": "AbleToScale",
            },
            {"message": HPA_MESSAGE, "reason": "ValidMetricFound", "status": "True", "type": "ScalingActive"},
            {
                "message": "the desired replica count is less than the minimum replica count",
                "reason": "TooFewReplicas",
                "status": "True",
                "type": "ScalingLimited",
            },
        ],
        "currentMetrics": [
            {
                "external": {
                    "current": {"averageValue": "0", "value": "0"},
                    "metric": {"name": METRIC, "selector": SELECTOR},
                },
                "type": "External",
            }
        ],
        "currentReplicas": 1,
        "desiredReplicas": 1,
    },
}

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "annotations": {"deployment.kubernetes.io/revision": "1"},
        "creationTimestamp": "2026-11-25T02:34:12Z",
        "generation": 1,
        "labels": {"app": "test", "app.kubernetes.io/part-of": "keda-demo"},
        "name": "test",
        "namespace": "test",
        "resourceVersion": "757",
        "uid": "bb367176-3ee2-4987-b3d5-453e47b319e2",
    },
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "test"}}, "template": {"spec": {"containers": []}}},
    "status": {
        "availableReplicas": 1,
        "observedGeneration": 1,
        "readyReplicas": 1,
        "replicas": 1,
        "updatedReplicas": 1,
    },
}
