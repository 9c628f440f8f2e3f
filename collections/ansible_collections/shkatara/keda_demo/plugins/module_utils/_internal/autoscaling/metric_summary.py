# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A ScaledObject's triggers with their metrics' targets and values, as plain data.

The ScaledObject has the triggers, and the HPA has the metrics: the targets in its spec, the values that it last read in
its status. Both sides share only the metrics' names, which KEDA writes to the ScaledObject's status.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..common import quantities, urls
from ..kube.workloads import Object
from .missing_values import MissingValue

# The metric that KEDA gives the HPA in place of all external metrics if a formula combines them.
# Source: KEDA 2.17, apis/keda/v1alpha1/scaledobject_types.go, CompositeMetricName.
COMPOSITE = "composite-metric"
_SOURCES = {"External": "external", "Resource": "resource", "ContainerResource": "containerResource"}
_NO_VALUES = {"threshold": None, "value": None, "average_value": None}
Info = dict[str, Any]
# Keyed by the metric's name and its container's name, which is empty for a metric of whole pods.
Metrics = Mapping[tuple[str, str], Info]


def hpa_metrics(hpa: Object | None) -> Metrics:
    """Return `metric_type`, `threshold`, `value` and `average_value` of each metric of an HPA.

    For an AverageValue target the HPA's status has only the average, rounded up to a thousandth. An external metric's
    value is that average times the replicas of the same sync. A `value` of 0 next to the average is no value: an API
    server that stores HPAs as autoscaling/v1, as Kubernetes 1.25 does, turns an absent value into it.
    Source: Kubernetes 1.25, pkg/controller/podautoscaler/horizontal.go, setStatus;
    replica_calculator.go, GetExternalPerPodMetricReplicas; pkg/apis/autoscaling/v1/conversion.go.
    """
    if hpa is None:
        return {}
    status = hpa.get("status") or {}
    current = {_key(metric): _body(metric)["current"] for metric in status.get("currentMetrics") or []}
    replicas = status.get("currentReplicas") or 0
    metrics = {}
    for metric in hpa["spec"].get("metrics") or []:
        target = _body(metric)["target"]
        metrics[_key(metric)] = _values(metric["type"], target, current.get(_key(metric)) or {}, replicas)
    return metrics


def _values(source: str, target: Object, current: Object, replicas: int) -> Info:
    kind = target["type"]
    average = _number(current.get("averageValue"))
    if kind == "AverageValue":
        threshold = target.get("averageValue")
        # A resource's average is over the pods that are Ready and measured, so the total is unknown.
        value = round(average * replicas, 3) if source == "External" and average is not None else None
    elif kind == "Utilization":
        threshold, value = target.get("averageUtilization"), _number(current.get("averageUtilization"))
    else:
        threshold, value = target.get("value"), _number(current.get("value"))
    return {"metric_type": kind, "threshold": _number(threshold), "value": value, "average_value": average}


def _number(quantity: str | float | None) -> float | None:
    # A quantity has no digits below 1n, so smaller ones are errors of floating point, as in 9 * 0.001.
    return None if quantity is None else round(quantities.parse_quantity(quantity), 9)


def _body(metric: Object) -> Info:
    # KEDA makes metrics of these three types only, and the status lists a metric without a value with the type "".
    # A metric that somebody added by hand must not end in an error.
    field = _SOURCES.get(metric["type"], "")
    return {"name": metric["type"], "target": {"type": ""}, "current": {}} | dict(metric.get(field) or {})


def _key(metric: Object) -> tuple[str, str]:
    body = _body(metric)
    return (body["metric"]["name"] if metric["type"] == "External" else body["name"], body.get("container") or "")


def triggers(scaledobject: Object, metrics: Metrics, missing: Mapping[str, MissingValue]) -> list[Info]:
    """Return a ScaledObject's triggers with their metrics, one entry a metric.

    :param missing: the metrics without a value, by name

    KEDA names the external metrics of the trigger at index N `sN-...`; a trigger of type `external` may have
    several. A `cpu` or `memory` trigger has the resource metric of that name, which Kubernetes itself measures.
    Source: KEDA 2.10, pkg/scalers/scaler.go, GenerateMetricNameWithIndex; cpu_memory_scaler.go.
    """
    status = scaledobject.get("status") or {}
    entries = []
    for index, trigger in enumerate(scaledobject["spec"].get("triggers") or []):
        metadata = trigger.get("metadata") or {}
        resource = trigger["type"] in ("cpu", "memory")
        external = [name for name in status.get("externalMetricNames") or [] if name.startswith(f"s{index}-")]
        default = metadata.get("type") if resource else "AverageValue"
        for name in [trigger["type"]] if resource else external or [None]:
            container = metadata.get("containerName") or "" if resource else ""
            values = metrics.get((name, container)) if name else None
            entries.append(
                {
                    "index": index,
                    "name": trigger.get("name"),
                    "type": trigger["type"],
                    "metric_type": trigger.get("metricType") or default,
                    "metric_name": name,
                    **(values or _NO_VALUES),
                    "value_missing": missing[name].why.value if name in missing else None,
                    "active": _activity(status, name),
                    "health": _health(status, name),
                    "use_cached_metrics": bool(trigger.get("useCachedMetrics")),
                    "authentication_ref": _authentication(trigger.get("authenticationRef")),
                    **_prometheus(trigger["type"], metadata),
                }
            )
    return entries


def _prometheus(kind: str, metadata: Object) -> Info:
    if kind != "prometheus":
        return {"query": None, "server_address": None, "activation_threshold": None}
    address = metadata.get("serverAddress")
    return {
        "query": metadata.get("query"),
        "server_address": address and urls.without_user(address),
        "activation_threshold": _float(metadata.get("activationThreshold") or "0"),
    }


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:  # the ScaledObject is not Ready then, and KEDA says why
        return None
    return number if math.isfinite(number) else None  # JSON has no inf and no nan


def _authentication(reference: Object | None) -> Info | None:
    if not reference:
        return None
    return {"kind": reference.get("kind") or "TriggerAuthentication", "name": reference.get("name")}


def _activity(status: Object, metric_name: str | None) -> bool | None:
    """Return whether KEDA says that a metric's trigger is active; None where it says nothing of single triggers.

    Source: KEDA, current, apis/keda/v1alpha1/scaledobject_types.go, TriggersActivity (pull request #7346).
    """
    entry = (status.get("triggersActivity") or {}).get(metric_name)
    return None if entry is None else bool(entry.get("isActive"))


def _health(status: Object, metric_name: str | None) -> Info | None:
    health = (status.get("health") or {}).get(metric_name)
    if not health:
        return None
    return {"status": health.get("status"), "number_of_failures": health.get("numberOfFailures", 0)}


def scaling_modifiers(scaledobject: Object, metrics: Metrics) -> Info | None:
    """Return the formula that combines all triggers into one metric; None without a formula.

    Source: KEDA 2.17, controllers/keda/hpa.go, getScaledObjectMetricSpecs.
    """
    modifiers = (scaledobject["spec"].get("advanced") or {}).get("scalingModifiers")
    if not modifiers:
        return None
    status = scaledobject.get("status") or {}
    name = status.get("compositeScalerName") or COMPOSITE
    return {
        "formula": modifiers.get("formula"),
        "activation_target": _float(modifiers.get("activationTarget") or "0"),
        "metric_name": name,
        "metric_type": modifiers.get("metricType") or "AverageValue",
        **(metrics.get((name, "")) or _NO_VALUES),
        "health": _health(status, name),
    }
