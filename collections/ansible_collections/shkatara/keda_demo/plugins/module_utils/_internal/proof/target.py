# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The target of a proof: the ScaledObject, its Deployment and its triggers, checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from ..autoscaling import replica_bounds, scaledobject, triggers
from ..autoscaling.triggers import Trigger
from ..common.errors import BadInput
from ..kube import selectors, workloads
from ..kube.cluster import Cluster
from ..prometheus import promql


@dataclass(frozen=True)
class ProofTarget:
    """The objects by name, and what does not change during a proof; times are in seconds.

    `load_trigger` is the trigger whose metric the load raises, None if no trigger is understood; `counter` is the
    selector of the counter that each request raises, empty if it is not known.
    """

    namespace: str
    scaledobject: str
    hpa: str
    deployment: str
    pod_labels: str
    triggers: tuple[Trigger, ...]
    load_trigger: Trigger | None
    counter: str
    query_window: float
    probe_seconds: float
    grace_seconds: float


def find_target(
    cluster: Cluster, namespace: str, name: str, trigger: str | None = None, counter_metric: str | None = None
) -> ProofTarget:
    """Return what the ScaledObject `name` points to.

    :param trigger: the name or index of the trigger that the load raises, if it was given
    :param counter_metric: the counter that each request raises, if it was given
    :raises BadInput: it does not exist, or is of a form that this module can't observe
    :raises ClusterError: see Cluster.list
    """
    objects, _version = cluster.list("scaledobjects", namespace, name)
    if not objects:
        others, _version = cluster.list("scaledobjects", namespace)
        known = ", ".join(sorted(item["metadata"]["name"] for item in others)) or "none"
        raise BadInput(f"There is no ScaledObject {name} in namespace {namespace} (`name`; it has: {known})")
    replica_bounds.check_bounds(objects[0])
    view = scaledobject.scaledobject_view(objects[0])
    kind, workload = view.scale_target.kind, view.scale_target.name
    if kind != "Deployment":
        raise BadInput(f"ScaledObject {name} scales a {kind}, and this version can only observe a Deployment")
    deployments, _version = cluster.list("deployments", namespace, workload)
    if not deployments:
        raise BadInput(f"ScaledObject {name} scales Deployment {workload}, which does not exist in {namespace}")
    all_triggers = triggers.triggers_of(view)
    load_trigger = triggers.find_load_trigger(all_triggers, trigger, counter_metric, namespace)
    pod_spec = deployments[0]["spec"]["template"]["spec"]
    return ProofTarget(
        namespace=namespace,
        scaledobject=name,
        hpa=scaledobject.hpa_name(objects[0]),
        deployment=workload,
        pod_labels=selectors.label_selector(deployments[0]["spec"]["selector"]),
        triggers=all_triggers,
        load_trigger=load_trigger,
        counter=promql.counter_selector(counter_metric, namespace) if counter_metric else "",
        query_window=promql.query_window(load_trigger.query) if load_trigger else 0.0,
        probe_seconds=workloads.probe_seconds(deployments[0]),
        grace_seconds=float(pod_spec.get("terminationGracePeriodSeconds") or 30),
    )
