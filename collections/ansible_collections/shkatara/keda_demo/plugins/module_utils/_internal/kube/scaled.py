# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The replicas of workloads of any kind at one moment, for a summary that does without what it may not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..common.errors import BadInput
from . import discovery, workloads
from .cluster import Cluster, ClusterError
from .resources import Resource

Counts = dict[str, int | None]


def replica_counts(cluster: Cluster, namespace: str, api_version: str, kind: str, names: set[str]) -> dict[str, Counts]:
    """Return `spec_replicas`, `replicas` and `ready_replicas` of the workloads of a kind, by name.

    A workload that does not exist, can't be scaled or may not be read is left out.

    :raises ClusterError: the API server does not answer
    """
    try:
        resource = discovery.find_resource(cluster, api_version, kind)
        objects, _version = cluster.list(resource.name, namespace, next(iter(names)) if len(names) == 1 else None)
        found = {obj["metadata"]["name"]: obj for obj in objects if obj["metadata"]["name"] in names}
        counts = {name: _counts(cluster, resource, namespace, obj) for name, obj in sorted(found.items())}
    except BadInput:
        return {}
    except ClusterError as error:
        if not error.status:
            raise
        return {}
    return {name: one for name, one in counts.items() if one is not None}


def _counts(cluster: Cluster, resource: Resource, namespace: str, obj: Mapping[str, Any]) -> Counts | None:
    if resource.has_scale_fields:
        view = workloads.workload_view(obj)
        return {"spec_replicas": view.spec_replicas, "replicas": view.replicas, "ready_replicas": view.ready}
    scale = discovery.read_scale(cluster, resource, namespace, obj["metadata"]["name"])
    if scale is None:
        return None
    # No pods are counted here.
    view = workloads.scaled_view(obj, scale, -1)
    ready = None if view.ready < 0 else view.ready
    return {"spec_replicas": view.spec_replicas, "replicas": view.replicas, "ready_replicas": ready}
