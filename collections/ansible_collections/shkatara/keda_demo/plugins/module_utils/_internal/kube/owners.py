# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The pods of other workloads that a workload's selector selects, too.

A selector may select more pods than the workload has: those of a canary with the same label, for example. A pod names
the object that controls it in its `ownerReferences`, and that object may be controlled by another. A pod belongs to the
workload if the workload is on this way. What can't be read on the way is taken to belong to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import workloads
from .cluster import Cluster, ClusterError
from .resources import DEPLOYMENT, OWN_KINDS, Resource
from .workloads import Object

# A Deployment's or a Rollout's pods are controlled by a ReplicaSet, and operators add a step or two.
_LONGEST_WAY = 5
_READABLE = {(own.api_version, own.kind): own.plural for own in OWN_KINDS}
# Kinds that control pods and are controlled by no workload that can be scaled.
_ROOTS = ("DaemonSet", "Job", "Node")
_NO_CONTROLLER = "no workload"


def other_owners(cluster: Cluster, resource: Resource, workload: Object, pods: Sequence[Object]) -> dict[str, str]:
    """Return the controllers that make pods of other workloads: uid and the workload in words.

    The uid is empty for pods without a controller.

    :param pods: the pods that the workload's selector selects
    :raises ClusterError: the API server does not answer
    """
    namespace, uid = workload["metadata"]["namespace"], workload["metadata"]["uid"]
    found: dict[str, str] = {}
    for pod in pods:
        reference = workloads.controller(pod)
        key = reference.get("uid") or ""
        if key in found:
            continue
        if not reference:
            # A controller of another kind may make pods without a reference.
            if resource.has_scale_fields:
                found[key] = _NO_CONTROLLER
            continue
        owner = _other_owner(cluster, resource, namespace, reference, uid)
        if owner:
            found[key] = owner
    return found


def _other_owner(cluster: Cluster, resource: Resource, namespace: str, reference: Object, uid: str) -> str:
    """Return the workload at the end of the way from a reference; empty if `uid` is on it, or if it is not known."""
    for _step in range(_LONGEST_WAY):
        if reference["uid"] == uid:
            return ""
        named = f"{reference['kind']} {reference['name']}"
        is_direct = resource.has_scale_fields and resource != DEPLOYMENT
        if is_direct or reference["kind"] in _ROOTS:
            return named
        kind = _READABLE.get((reference["apiVersion"], reference["kind"]))
        owner = _read(cluster, kind, namespace, reference) if kind else None
        if owner is None:
            return ""
        reference = workloads.controller(owner)
        if not reference:
            return named
    return ""


def _read(cluster: Cluster, kind: str, namespace: str, reference: Object) -> Mapping[str, object] | None:
    try:
        objects, _version = cluster.list(kind, namespace, reference["name"])
    except ClusterError as error:
        if not error.status:
            raise
        return None
    return next((obj for obj in objects if obj["metadata"]["uid"] == reference["uid"]), None)
