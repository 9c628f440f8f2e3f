# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The metrics of an HPA that have no value now, as pure functions.

An HPA that can't read all of its metrics grows by those that it reads, and never shrinks: if the highest count that
they ask for is below the replicas, or if it reads none, the sync ends without a decision. Such a sync sets the
condition ScalingActive to False, with the first unread metric in its message, and keeps the values of an earlier sync
in the status. So those values say nothing then. A sync that decides lists an unread metric with an empty type.

An idle HPA with an unread metric is in the first state (a metric of 0 asks for 0 replicas), and in the second one under
a load.

Source: Kubernetes 1.25 and 1.30, pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetrics,
reconcileAutoscaler and setCurrentReplicasInStatus.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from . import hpa_object, keda
from .hpa_object import HpaView
from .pausing import KedaVersion
from .scaledobject import ScaledObjectView

_FAILED_RESOURCE = ("FailedGetResourceMetric", "FailedGetContainerResourceMetric")


class Why(StrEnum):
    """How it is known that a metric has no value."""

    NOT_READ = "not_read"
    CANNOT_READ = "cannot_read"
    KEDA_FAILS = "keda_fails"
    TRIGGER_ERROR = "trigger_error"


@dataclass(frozen=True)
class MissingValue:
    """A metric without a value; `detail` is the condition that tells of it, empty if none does."""

    metric: str
    why: Why
    detail: str = ""


def missing_values(
    hpa: HpaView, scaledobject: ScaledObjectView, load_index: int | None, keda_version: KedaVersion | None = None
) -> dict[str, MissingValue]:
    """Return the metrics that have no value, by name. Metrics in fallback have the fallback's.

    :param load_index: the index of the trigger that the load raises, whose query is read by other means; None if there
        is no such trigger
    :param keda_version: KEDA's (major, minor), None if it is not known
    """
    missing: dict[str, MissingValue] = {}
    for spec in hpa.metric_specs:
        name = hpa_object.metric_name(spec)
        is_loads = load_index is not None and name.startswith(f"s{load_index}-")
        kind = ((spec.get("external") or {}).get("target") or {}).get("type")
        is_read = hpa.scaling_active and name in hpa.values
        if keda.is_falling_back(scaledobject, name, kind, keda_version, is_read=is_read):
            continue
        found = _missing(hpa, scaledobject, spec, name, is_loads=is_loads)
        if found is not None:
            missing[name] = found
    return missing


def only_others_are_missing(
    hpa: HpaView, scaledobject: ScaledObjectView, load_index: int | None, keda_version: KedaVersion | None = None
) -> bool:
    """Whether a metric has no value, and none of those that have none is known to be the load's."""
    missing = missing_values(hpa, scaledobject, load_index, keda_version)
    return bool(missing) and not any(name.startswith(f"s{load_index}-") for name in missing)


def _missing(
    hpa: HpaView, scaledobject: ScaledObjectView, spec: dict[str, Any], name: str, *, is_loads: bool
) -> MissingValue | None:
    if name in scaledobject.failures.failing:
        return MissingValue(name, Why.KEDA_FAILS)
    if hpa.disabled:
        # At 0 replicas the HPA reads nothing, and KEDA says only that a trigger fails.
        by_keda = scaledobject.has_trigger_error and "external" in spec and not is_loads
        return MissingValue(name, Why.TRIGGER_ERROR, scaledobject.message) if by_keda else None
    if hpa.scaling_active:
        return None if name in hpa.read_metrics else MissingValue(name, Why.NOT_READ)
    return MissingValue(name, Why.CANNOT_READ, hpa.message) if _is_named(hpa.message, spec, name) else None


def _is_named(message: str, spec: dict[str, Any], name: str) -> bool:
    """Whether the condition ScalingActive blames a metric.

    Source: Kubernetes 1.25, pkg/controller/podautoscaler/replica_calculator.go: "unable to get external metric
    namespace/name/selector"; horizontal.go: "failed to get cpu utilization" and the like.
    """
    if "external" in spec:
        return f"/{name}/" in message
    return message.startswith(_FAILED_RESOURCE) and re.search(rf"\b{re.escape(name)}\b", message) is not None
