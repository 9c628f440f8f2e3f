# SPDX-License-Identifier: MIT
"""Objects and a scale-out as a cluster of the stack `seed` showed them, cut to what is read.

The scale-out is that of a real proof with 34.5 requests/s, whose replicas went 1, 2, 4.
The tests change a field or two.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.watcher import (
    ObjectEvent,
    WatchFailed,
    WatchRecovered,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    Reading,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.scrapes import (
    ScrapeTarget,
    Series,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import (
    Observation,
    State,
)

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
# What the first pod had counted before.
COUNTED = 991.0
# The time of day at which each script begins, 2026-11-24 09:00:00 UTC in unix seconds.
NOON = 1795510800.0

SCALEDOBJECT: dict[str, Any] = {
    "metadata": {"name": "scaledobject-py", "namespace": "test", "uid": "so", "resourceVersion": "10"},
    "spec": {
        "minReplicaCount": 1,
        "maxReplicaCount": 10,
        "pollingInterval": 5,
        "scaleTargetRef": {"name": "test"},
        "triggers": [
            {
                "type": "prometheus",
                "metadata": {
                    "ignoreNullValues": "false",
                    "metricName": "python_request_operations",
                    "query": QUERY,
                    "serverAddress": "http://prometheus-k8s.monitoring.svc:9090",
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


def pod(name: str, ready: bool = True, **status: Any) -> dict[str, Any]:
    """A pod of the Deployment on worker1, which is Ready or whose container is being made."""
    state = (
        {"running": {"startedAt": "2026-11-25T03:05:45Z"}} if ready else {"waiting": {"reason": "ContainerCreating"}}
    )
    return {
        "metadata": {"name": name, "namespace": "test", "uid": name, "resourceVersion": "13"},
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


def replicaset(spec: int, replicas: int, ready: int) -> dict[str, Any]:
    """The Deployment's only ReplicaSet with these counts."""
    return {
        "metadata": {"name": REPLICASET, "namespace": "test", "uid": "replicaset", "resourceVersion": "14"},
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


def target(pod_name: str = FIRST, up: bool = True, error: str = "") -> ScrapeTarget:
    """A scrape target of a pod."""
    instance = f"{PODS.get(pod_name, '10.244.1.99')}:5000"
    return ScrapeTarget("test", pod_name, f"http://{instance}/metrics", up, error, 5.0, "test", instance)


# A target that is no pod of the Deployment, as an ingress or a queue would be.
GATEWAY = ScrapeTarget(
    "ingress", "gateway-0", "http://10.244.1.40:9113/metrics", True, "", 15.0, "gateway", "10.244.1.40:9113"
)

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


def seen(at: float, kind: str, obj: dict[str, Any], event: str = "MODIFIED") -> ObjectEvent:
    """An event of an object."""
    return ObjectEvent(at, kind, event, obj)


def failed(at: float, kind: str, message: str = "the connection broke") -> WatchFailed:
    """A watch that is broken."""
    return WatchFailed(at, kind, message)


def recovered(at: float, kind: str) -> WatchRecovered:
    """A watch that is open again."""
    return WatchRecovered(at, kind)


def metric(
    at: float, value: float | None, *, targets: Any = None, feeds: Any = None, targets_error: str = "", **more: Any
) -> Reading:
    """The only trigger's query returned a value; `targets` were read too where they or their error are given."""
    read = None if targets is None and not targets_error else TargetsReading(targets, targets_error, feeds)
    return Reading(at, **{"values": {"0": value}, "targets": read, **more})


def series(pod_name: str, *samples: tuple[float, float]) -> Series:
    """A pod's raw samples, (seconds since NOON, value)."""
    return Series({"namespace": "test", "pod": pod_name}, [(NOON + at, value) for at, value in samples])


def ready_chain(at: float = 0.0) -> list[Observation]:
    """What is seen of a chain that is ready and at rest."""
    return [
        seen(at, "scaledobjects", SCALEDOBJECT, "ADDED"),
        seen(at, "horizontalpodautoscalers", HPA, "ADDED"),
        seen(at, "replicasets", replicaset(1, 1, 1), "ADDED"),
        seen(at, "pods", pod(FIRST), "ADDED"),
        seen(at, "deployments", DEPLOYMENT, "ADDED"),
        metric(
            at + 0.1,
            0.0,
            targets=[target()],
            feeds={("test", target().instance)},
            version="2.41.0",
            counter=[series(FIRST, (at - 4.0, COUNTED))],
        ),
    ]


def state_of(*observations: Observation) -> State:
    """What is known of a ready chain after some more observations."""
    state = State(metrics=MetricState("0"))
    for observation in (*ready_chain(), *observations):
        state.apply(observation)
    return state


def zero_chain(at: float = 0.0) -> list[Observation]:
    """What is seen of a chain without a replica, whose metric comes from a gateway."""
    feeds = {(GATEWAY.job, GATEWAY.instance)}
    return [
        seen(at, "scaledobjects", FROM_ZERO, "ADDED"),
        seen(at, "horizontalpodautoscalers", HPA_AT_ZERO, "ADDED"),
        seen(at, "replicasets", replicaset(0, 0, 0), "ADDED"),
        seen(at, "deployments", deployed(0, 0, 0), "ADDED"),
        metric(at + 0.1, 0.0, targets=[GATEWAY], feeds=feeds, version="2.41.0"),
    ]


def source(observation: Observation) -> str:
    """The kind of an object's observation, or `prometheus`."""
    return getattr(observation, "kind", "prometheus")


def later(observation: Observation, seconds: float) -> Observation:
    """The observation so many seconds later."""
    return replace(observation, at=observation.at + seconds)


def without(observations: list[Observation], *sources: str) -> list[Observation]:
    """The observations that are of none of these sources."""
    return [item for item in observations if source(item) not in sources]


def scaled(desired: int, average: str, current: int = 1) -> dict[str, Any]:
    """The HPA after a decision."""
    hpa = changed(HPA, "status.desiredReplicas", desired)
    hpa = changed(hpa, "status.currentReplicas", current)
    return changed(hpa, "status.currentMetrics.0.external.current.averageValue", average)


def deployed(spec: int, replicas: int, ready: int) -> dict[str, Any]:
    """The Deployment with these counts."""
    return changed(changed(DEPLOYMENT, "spec.replicas", spec), "status", {"replicas": replicas, "readyReplicas": ready})


def _new_pod(at: float, name: str, ready: float) -> list[Observation]:
    unscheduled = {"conditions": [{"type": "PodScheduled", "status": "False"}], "containerStatuses": []}
    running = [
        {"name": "app", "ready": False, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-25T03:05:45Z"}}}
    ]
    image = "docker.io/shkatara/python-custom-metrics-prometheus:1.0.0"
    pulled = f'Container image "{image}" already present on machine'
    return [
        seen(at, "pods", pod(name, ready=False, **unscheduled), "ADDED"),
        seen(at + 0.03, "pods", pod(name, ready=False)),
        seen(at + 0.04, "events", event("ReplicaSet", REPLICASET, "SuccessfulCreate", f"Created pod: {name}"), "ADDED"),
        seen(at + 0.37, "events", event("Pod", name, "Pulled", pulled), "ADDED"),
        seen(ready - 0.1, "pods", pod(name, ready=False, phase="Running", containerStatuses=running)),
        seen(ready, "pods", pod(name)),
    ]


def scale_out(begin: float = 0.3) -> list[Observation]:
    """What was seen of the scale-out to 4, whose first request came at `begin`."""
    second, *others = NEW
    events = [
        metric(6.676, 6.154878666666667, counter=[series(FIRST, (begin - 0.009, COUNTED), (begin + 4.991, 1142.0))]),
        metric(11.677, 12.274180000000001),
        seen(16.241, "deployments", deployed(2, 1, 1)),
        seen(16.254, "horizontalpodautoscalers", scaled(2, "18060m")),
        seen(16.265, "replicasets", replicaset(2, 1, 1)),
        *_new_pod(16.315, second, 17.805),
        seen(16.47, "deployments", deployed(2, 2, 1)),
        metric(16.702, 18.431130666666668),
        seen(17.84, "deployments", deployed(2, 2, 2)),
        metric(21.68, 23.020259999999997),
        metric(
            26.676,
            26.292634666666668,
            counter=[series(FIRST, (begin + 24.991, 1741.0)), series(second, (begin + 25.274, 75.0))],
        ),
        seen(31.331, "deployments", deployed(4, 2, 2)),
        seen(31.347, "horizontalpodautoscalers", scaled(4, "15478m", current=2)),
        seen(31.354, "replicasets", replicaset(4, 2, 2)),
        *_new_pod(31.376, others[0], 32.922),
        *_new_pod(31.456, others[1], 32.968),
        seen(31.716, "deployments", deployed(4, 4, 2)),
        metric(31.774, 31.28297333333333, targets=[target(FIRST), target(second)]),
        seen(33.017, "deployments", deployed(4, 4, 3)),
        seen(33.056, "deployments", deployed(4, 4, 4)),
        metric(36.678, 29.32414),
        metric(41.679, 27.380271111111114),
        seen(46.375, "horizontalpodautoscalers", scaled(4, "7528m", current=4)),
        metric(46.683, 30.779899999999998, targets=[target(name) for name in PODS]),
    ]
    return [later(item, begin) for item in events]


def scale_in(at: float) -> list[Observation]:
    """What was seen of the way back to 1, from the HPA's decision at `at` on."""
    return [
        seen(at, "deployments", deployed(1, 4, 4)),
        seen(at + 0.02, "horizontalpodautoscalers", scaled(1, "0", current=4)),
        seen(at + 0.05, "replicasets", replicaset(1, 4, 4)),
        *(
            seen(at + 0.11, "pods", changed(pod(name), "metadata.deletionTimestamp", "2026-11-25T03:10:45Z"))
            for name in NEW
        ),
        seen(at + 0.44, "replicasets", replicaset(1, 1, 1)),
        seen(at + 0.51, "deployments", deployed(1, 1, 1)),
    ]
