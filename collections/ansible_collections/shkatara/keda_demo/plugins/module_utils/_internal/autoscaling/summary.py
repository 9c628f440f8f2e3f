# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A ScaledObject, its HPA and its workload as one summary: pure functions from the API's objects."""

from __future__ import annotations

from collections.abc import Mapping

from ..common.versions import known_version
from ..kube import workloads
from ..kube.workloads import Object
from . import hpa_object, metric_summary, missing_values, pausing
from .metric_summary import Info
from .pausing import Pausing
from .scaledobject import scaledobject_view

_VERSION, _MANAGER = "app.kubernetes.io/version", "app.kubernetes.io/managed-by"


def scale_target(scaledobject: Object) -> Info:
    """Return `kind`, `name` and `api_version` of the workload that a ScaledObject scales."""
    target = scaledobject["spec"]["scaleTargetRef"]
    return {
        "kind": target.get("kind") or "Deployment",
        "name": target["name"],
        "api_version": target.get("apiVersion") or "apps/v1",
    }


def deployment_name(scaledobject: Object) -> str | None:
    """Return the name of the Deployment that a ScaledObject scales; None if it scales another kind."""
    target = scale_target(scaledobject)
    is_deployment = target["kind"] == "Deployment" and target["api_version"].startswith("apps/")
    return target["name"] if is_deployment else None


def scaledobject_info(
    scaledobject: Object, hpa: Object | None, deployment: Object | None, counts: Mapping[str, int | None] | None = None
) -> Info:
    """Return a ScaledObject with its HPA and its workload; RETURN of scaledobject_info explains each key.

    :param counts: the replicas of a workload of another kind than Deployment; None if they are not known

    The defaults are KEDA's: minReplicaCount 0, maxReplicaCount 100, pollingInterval 30 and
    cooldownPeriod 300 seconds.
    Source: KEDA 2.10, apis/keda/v1alpha1/scaledobject_types.go, withtriggers_types.go;
    controllers/keda/hpa.go; pkg/scaling/executor/scale_executor.go.
    """
    spec, status = scaledobject["spec"], scaledobject.get("status") or {}
    view = scaledobject_view(scaledobject)
    metrics = metric_summary.hpa_metrics(hpa)
    keda_version = keda_label(scaledobject, hpa)
    known = known_version(keda_version)
    pause = pausing.pausing(view.pause, known)
    missing = missing_values.missing_values(hpa_object.hpa_view(hpa), view, None, known) if hpa else {}
    advanced = spec.get("advanced") or {}
    return {
        "name": scaledobject["metadata"]["name"],
        "namespace": scaledobject["metadata"]["namespace"],
        "ready": view.ready,
        "active": view.active,
        "paused": pause.whole,
        "pause": _pause(pause),
        "keda_version": keda_version,
        "fallback": workloads.condition(status, "Fallback").get("status") == "True",
        "message": view.message,
        "min_replicas": spec.get("minReplicaCount", 0),
        "max_replicas": spec.get("maxReplicaCount", 100),
        "idle_replicas": spec.get("idleReplicaCount"),
        "polling_interval": spec.get("pollingInterval", 30),
        "cooldown_period": spec.get("cooldownPeriod", 300),
        "initial_cooldown_period": spec.get("initialCooldownPeriod", 0),
        "restore_to_original_replica_count": bool(advanced.get("restoreToOriginalReplicaCount")),
        "fallback_spec": _fallback(spec.get("fallback")),
        "target": scale_target(scaledobject),
        "hpa": hpa_info(hpa),
        "deployment": deployment_info(deployment),
        "workload": workload_info(scaledobject, deployment, counts),
        "triggers": metric_summary.triggers(scaledobject, metrics, missing),
        "scaling_modifiers": metric_summary.scaling_modifiers(scaledobject, metrics),
    }


def keda_label(scaledobject: Object, hpa: Object | None) -> str | None:
    """Return the version of the KEDA that made an HPA; None if its labels do not tell it.

    KEDA writes it to a label, over which the ScaledObject's own labels go.
    Source: KEDA 2.10 and current, controllers/keda/hpa.go, newHPAForScaledObject.
    """
    labels = ((hpa or {}).get("metadata") or {}).get("labels") or {}
    if _VERSION in (scaledobject["metadata"].get("labels") or {}) or labels.get(_MANAGER) != "keda-operator":
        return None
    return labels.get(_VERSION)


def _pause(pause: Pausing) -> Info:
    return {
        "annotation": pause.annotation or None,
        "condition": pause.condition or None,
        "scale_in": pause.whole or pause.scale_in,
        "scale_out": pause.whole or pause.scale_out,
        "forced_activation": pause.forced,
    }


def _fallback(fallback: Object | None) -> Info | None:
    if not fallback:
        return None
    return {
        "failure_threshold": fallback.get("failureThreshold"),
        "replicas": fallback.get("replicas"),
        "behavior": fallback.get("behavior") or "static",
    }


def hpa_info(hpa: Object | None) -> Info | None:
    """Return the state of an HPA; None if the HPA does not exist."""
    if hpa is None:
        return None
    view = hpa_object.hpa_view(hpa)
    return {
        "name": view.name,
        "min_replicas": view.min_replicas,
        "max_replicas": view.max_replicas,
        "desired_replicas": view.desired,
        "current_replicas": view.current,
        "scaling_active": view.scaling_active,
        "message": view.message,
        "behavior": view.behavior,
    }


def workload_info(
    scaledobject: Object, deployment: Object | None, counts: Mapping[str, int | None] | None
) -> Info | None:
    """Return the workload and its replicas; None if these are not known."""
    info = deployment_info(deployment)
    known = {key: info[key] for key in ("spec_replicas", "replicas", "ready_replicas")} if info else counts
    return None if known is None else {**scale_target(scaledobject), **known}


def deployment_info(deployment: Object | None) -> Info | None:
    """Return the counts of a Deployment; None if it does not exist. The API leaves out counts of 0."""
    if deployment is None:
        return None
    status = deployment.get("status") or {}
    return {
        "name": deployment["metadata"]["name"],
        "spec_replicas": deployment["spec"].get("replicas", 1),
        "replicas": status.get("replicas", 0),
        "updated_replicas": status.get("updatedReplicas", 0),
        "ready_replicas": status.get("readyReplicas", 0),
        "available_replicas": status.get("availableReplicas", 0),
    }
