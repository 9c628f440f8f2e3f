# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof is about: the ScaledObject, its Deployment and its triggers, checked before all else."""

from __future__ import annotations

from ..autoscaling import scaledobject
from ..autoscaling.triggers import find_load_trigger, triggers_of
from ..common.errors import BadInput
from ..kube import selectors, workloads
from ..kube.cluster import Cluster
from ..prometheus import promql
from .records import ProofTarget


def find_target(
    cluster: Cluster, namespace: str, name: str, trigger: str | None = None, counter_metric: str | None = None
) -> ProofTarget:
    """Return what the ScaledObject `name` points to.

    :param trigger: the name or index of the trigger that the load moves, where it was given
    :param counter_metric: the counter that each request raises, where it was given
    :raises BadInput: it does not exist, or is of a form that this module can't observe
    :raises ClusterError: see Cluster.list
    """
    found, _version = cluster.list("scaledobjects", namespace, name)
    if not found:
        others, _version = cluster.list("scaledobjects", namespace)
        known = ", ".join(sorted(item["metadata"]["name"] for item in others)) or "none"
        raise BadInput(f"There is no ScaledObject {name} in namespace {namespace} (`name`; it has: {known})")
    view = scaledobject.scaledobject_view(found[0])
    if view.target_kind != "Deployment":
        raise BadInput(
            f"ScaledObject {name} scales a {view.target_kind}, and this version can only observe a Deployment"
        )
    deployments, _version = cluster.list("deployments", namespace, view.target_name)
    if not deployments:
        raise BadInput(f"ScaledObject {name} scales Deployment {view.target_name}, which does not exist in {namespace}")
    triggers = triggers_of(view)
    moved = find_load_trigger(triggers, trigger, counter_metric, namespace)
    pod_spec = deployments[0]["spec"]["template"]["spec"]
    return ProofTarget(
        namespace=namespace,
        scaledobject=name,
        hpa=view.hpa_name,
        deployment=view.target_name,
        pod_labels=selectors.label_selector(deployments[0]["spec"]["selector"]),
        triggers=triggers,
        load_trigger=moved,
        counter=promql.counter_selector(counter_metric, namespace) if counter_metric else "",
        query_window=promql.query_window(moved.query) if moved else 0.0,
        probe_seconds=workloads.probe_seconds(deployments[0]),
        grace_seconds=float(pod_spec.get("terminationGracePeriodSeconds") or 30),
    )
