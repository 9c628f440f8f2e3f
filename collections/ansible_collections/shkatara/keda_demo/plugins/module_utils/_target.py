# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof is about: the ScaledObject, its Deployment and its trigger, checked before all else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils import _views
from ansible_collections.shkatara.keda_demo.plugins.module_utils._cluster import Cluster, label_selector
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import HpaTarget
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import ProofTarget
from ansible_collections.shkatara.keda_demo.plugins.module_utils._units import parse_quantity, query_window


class BadInput(Exception):
    """The proof can't begin: the message says what is wrong and what would be right."""


def find_target(cluster: Cluster, namespace: str, name: str) -> ProofTarget:
    """Return what the ScaledObject `name` points to.

    :raises BadInput: it does not exist, or is of a form that this module can't prove yet
    :raises ClusterError: see Cluster.list
    """
    found, _version = cluster.list("scaledobjects", namespace, name)
    if not found:
        others, _version = cluster.list("scaledobjects", namespace)
        known = ", ".join(sorted(item["metadata"]["name"] for item in others)) or "none"
        raise BadInput(f"There is no ScaledObject {name} in namespace {namespace} (`name`; it has: {known})")
    view = _views.scaledobject_view(found[0])
    metadata = check_scaledobject(view)
    if view.target_kind != "Deployment":
        raise BadInput(
            f"ScaledObject {name} scales a {view.target_kind}, and this version can only observe a Deployment"
        )
    deployments, _version = cluster.list("deployments", namespace, view.target_name)
    if not deployments:
        raise BadInput(f"ScaledObject {name} scales Deployment {view.target_name}, which does not exist in {namespace}")
    query = metadata["query"]
    cached = any(trigger.get("useCachedMetrics") for trigger in view.triggers)
    pod_spec = deployments[0]["spec"]["template"]["spec"]
    return ProofTarget(
        namespace=namespace,
        scaledobject=name,
        hpa=view.hpa_name,
        deployment=view.target_name,
        pod_labels=label_selector(deployments[0]["spec"]["selector"]),
        server_address=metadata.get("serverAddress") or "",
        query=query,
        query_window=query_window(query),
        keda_polling=view.polling_interval if cached else 0.0,
        probe_seconds=_views.probe_seconds(deployments[0]),
        grace_seconds=float(pod_spec.get("terminationGracePeriodSeconds") or 30),
    )


def check_scaledobject(view: _views.ScaledObjectView) -> Mapping[str, Any]:
    """Return the metadata of the ScaledObject's one Prometheus trigger.

    :raises BadInput: what the ScaledObject has can't be predicted, so nothing is guessed
    """
    types = [trigger.get("type") for trigger in view.triggers]
    if types != ["prometheus"]:
        raise BadInput(
            f"ScaledObject {view.name} has the triggers {', '.join(map(str, types)) or '(none)'}, and this "
            "version predicts exactly one of type prometheus"
        )
    if view.min_replicas < 1 or view.idle_replicas is not None:
        raise BadInput(
            f"ScaledObject {view.name} may scale to zero (minReplicaCount or idleReplicaCount 0), which "
            "this version does not predict: set minReplicaCount to at least 1"
        )
    metadata: Mapping[str, Any] = view.triggers[0].get("metadata") or {}
    if not metadata.get("query"):
        raise BadInput(f"The trigger of ScaledObject {view.name} has no `query`")
    return metadata


def hpa_target(view: _views.HpaView, tolerance: float) -> HpaTarget:
    """Return what the HPA was really told, which is what counts.

    :raises BadInput: not one external metric with an AverageValue target
    """
    targets = [metric.get("external", {}).get("target", {}) for metric in view.targets]
    if len(targets) != 1 or targets[0].get("type") != "AverageValue":
        kinds = ", ".join(
            f"{metric['type']}/{target.get('type')}" for metric, target in zip(view.targets, targets, strict=True)
        )
        raise BadInput(
            f"HPA {view.name} has the metrics {kinds or '(none)'}, and this version predicts exactly one "
            "External/AverageValue (the trigger's metricType AverageValue, KEDA's default)"
        )
    return HpaTarget(
        threshold=parse_quantity(targets[0]["averageValue"]),
        min_replicas=view.min_replicas,
        max_replicas=view.max_replicas,
        tolerance=tolerance,
        behavior=view.behavior,
    )
