# SPDX-License-Identifier: MIT
"""The observations of chains at rest, of a scale-out and of a scale-in, as a cluster of the stack `seed` showed them.

The scale-out is that of a real proof with 34.5 requests/s, whose replicas went 1, 2, 4.
"""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import (
    Observation,
    State,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    FROM_ZERO,
    HPA,
    HPA_AT_ZERO,
    NEW,
    PODS,
    REPLICASET,
    SCALEDOBJECT,
    deployed,
    event,
    leaving_pod,
    pod,
    replicaset,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    GATEWAY,
    later,
    metric,
    pod_targets,
    seen,
    series,
    target,
)

# What the first pod had counted before.
COUNTED = 991.0
# The hops of the scale-out in their order, from the metric to the first Ready pod.
SCALE_OUT_HOPS = (
    "metric_over_threshold",
    "deployment_scaled",
    "hpa_metric_over_threshold",
    "hpa_decision",
    "replicaset_scaled",
    "pod_created",
    "pod_scheduled",
    "image_there",
    "container_started",
    "pod_ready",
)

# The replica counts of a scale-out in their real order: the scale subresource first, then the Deployment's status,
# then the HPA's.
START = ReplicaCounts(0, 1, 1, 1, 1)
TO_FOUR = [
    START,
    ReplicaCounts(22.1, 1, 4, 1, 1),
    ReplicaCounts(22.2, 1, 4, 4, 1),
    ReplicaCounts(22.3, 4, 4, 4, 1),
    ReplicaCounts(26.0, 4, 4, 4, 2),
    ReplicaCounts(26.4, 4, 4, 4, 3),
    ReplicaCounts(27.9, 4, 4, 4, 4),
]


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


def state_of(*observations: Observation) -> State:
    """What is known of a ready chain after some more observations."""
    return _state([*ready_chain(), *observations])


def zero_state_of(*observations: Observation) -> State:
    """What is known of a chain without a replica after some more observations."""
    return _state([*zero_chain(), *observations])


def _state(observations: list[Observation]) -> State:
    state = State(metrics=MetricState("0"))
    for observation in observations:
        state.apply(observation)
    return state


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
        metric(46.683, 30.779899999999998, targets=pod_targets(len(PODS))),
    ]
    return [later(item, begin) for item in events]


def scale_in(at: float) -> list[Observation]:
    """What was seen of the way back to 1, from the HPA's decision at `at` on."""
    return [
        seen(at, "deployments", deployed(1, 4, 4)),
        seen(at + 0.02, "horizontalpodautoscalers", scaled(1, "0", current=4)),
        seen(at + 0.05, "replicasets", replicaset(1, 4, 4)),
        *(seen(at + 0.11, "pods", leaving_pod(name)) for name in NEW),
        seen(at + 0.44, "replicasets", replicaset(1, 1, 1)),
        seen(at + 0.51, "deployments", deployed(1, 1, 1)),
    ]
