# SPDX-License-Identifier: MIT
"""ScaledObjects as later versions of KEDA leave them, and the HPA of two triggers of which one has no source any more.

They are the demo's objects with the fields that the sources of KEDA 2.12 to 2.20 write, and the HPA's conditions as
Kubernetes 1.25 to 1.30 writes them.
"""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, METRIC, SCALEDOBJECT, changed

PREFIX = "autoscaling.keda.sh/"
PAUSED = {
    "type": "Paused",
    "status": "True",
    "reason": "ScaledObjectPaused",
    "message": "ScaledObject is paused",
}
UNPAUSED = {
    "type": "Paused",
    "status": "False",
    "reason": "ScaledObjectUnpaused",
    "message": "pause annotation removed for ScaledObject",
}
# A ScaledObject that was never paused.
NEVER_PAUSED = {"type": "Paused", "status": "Unknown"}

KAFKA_METRIC = "s1-kafka-orders"
KAFKA: dict[str, Any] = {
    "type": "kafka",
    "name": "lag",
    "metadata": {
        "bootstrapServers": "kafka.shop.svc:9092",
        "consumerGroup": "orders",
        "topic": "orders",
        "lagThreshold": "5",
    },
}
_SELECTOR = (
    "&LabelSelector{MatchLabels:map[string]string{scaledobject.keda.sh/name: scaledobject-py,},"
    "MatchExpressions:[]LabelSelectorRequirement{},}"
)
# The first metric that the HPA could not read is in the message, and the sync ended without a decision.
CANNOT_READ = {
    "type": "ScalingActive",
    "status": "False",
    "reason": "FailedGetExternalMetric",
    "message": (
        "the HPA was unable to compute the replica count: unable to get external metric "
        f"test/{KAFKA_METRIC}/{_SELECTOR}: unable to fetch metrics from external metrics API: rpc error: "
        "code = Unknown desc = error when getting metric values for scaledobject: kafka: client has run out of "
        "available brokers"
    ),
}
NO_CPU = {
    "type": "ScalingActive",
    "status": "False",
    "reason": "FailedGetResourceMetric",
    "message": (
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
        "resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested "
        "resource (get pods.metrics.k8s.io)"
    ),
}
TRIGGER_ERROR = {
    "type": "Ready",
    "status": "False",
    "reason": "TriggerError",
    "message": "Triggers defined in ScaledObject are not working correctly",
}
PARTIAL_ERROR = {
    "type": "Ready",
    "status": "Unknown",
    "reason": "PartialTriggerError",
    "message": "Some triggers defined in ScaledObject are not working correctly",
}


def annotated(condition: dict[str, str] | None = None, obj: dict[str, Any] = SCALEDOBJECT, **annotations: str) -> Any:
    """A ScaledObject with annotations, such as ``paused_scale_in="true"``, and a condition Paused."""
    named = {PREFIX + name.replace("_", "-"): value for name, value in annotations.items()}
    obj = changed(obj, "metadata.annotations", named)
    if condition:
        obj["status"]["conditions"].append(condition)
    return obj


def with_kafka(*, health: bool, ready: dict[str, str] | None = None) -> dict[str, Any]:
    """The ScaledObject with a second trigger whose source is gone.

    :param health: whether KEDA notes the failures of each metric, as 2.10 does
    :param ready: the condition Ready
    """
    obj = changed(SCALEDOBJECT, "spec.triggers", [*SCALEDOBJECT["spec"]["triggers"], KAFKA])
    obj["status"]["externalMetricNames"] = [METRIC, KAFKA_METRIC]
    if health:
        obj["status"]["health"][KAFKA_METRIC] = {"numberOfFailures": 7, "status": "Failing"}
    else:
        obj["status"]["health"] = {}
    if ready:
        obj["status"]["conditions"][0] = ready
    return obj


def hpa_without_kafka(hpa: dict[str, Any] = HPA) -> dict[str, Any]:
    """An HPA of both triggers whose last sync decided without the second one's metric."""
    hpa = copy.deepcopy(hpa)
    external = {"metric": {"name": KAFKA_METRIC}, "target": {"type": "AverageValue", "averageValue": "5"}}
    hpa["spec"]["metrics"].append({"type": "External", "external": external})
    hpa["status"]["currentMetrics"].append({"type": ""})
    return hpa


def idle_hpa_without_kafka(hpa: dict[str, Any] = HPA, current: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """An HPA of both triggers whose last sync ended without a decision, as the first metric asks for no replicas.

    :param current: the values of the last sync that decided; none if there was no such sync
    """
    hpa = hpa_without_kafka(hpa)
    hpa["status"]["conditions"][1] = CANNOT_READ
    return changed(hpa, "status.currentMetrics", current)
