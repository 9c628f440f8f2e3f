# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The methods of the kubernetes library that list and watch the objects of a kind in a namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import keda_objects

try:
    from kubernetes import client
except ImportError:  # the module reports it
    client = None

Lister = Callable[..., Any]


def listers(api_client: Any) -> dict[str, Lister]:
    """Return the method of each kind that every cluster with KEDA has, by its plural name."""
    apps, core = client.AppsV1Api(api_client), client.CoreV1Api(api_client)
    return {
        "deployments": apps.list_namespaced_deployment,
        "statefulsets": apps.list_namespaced_stateful_set,
        "replicasets": apps.list_namespaced_replica_set,
        "replicationcontrollers": core.list_namespaced_replication_controller,
        "horizontalpodautoscalers": client.AutoscalingV2Api(api_client).list_namespaced_horizontal_pod_autoscaler,
        "pods": core.list_namespaced_pod,
        "events": core.list_namespaced_event,
        "services": core.list_namespaced_service,
        "endpoints": core.list_namespaced_endpoints,
        "secrets": core.list_namespaced_secret,
        **keda_objects.listers(api_client),
    }


def lister(api_client: Any, group: str, version: str, plural: str) -> Lister:
    """Return the method for a kind of a group; the core group, which has another path, is not among them."""
    method = client.CustomObjectsApi(api_client).list_namespaced_custom_object

    def list_objects(namespace: str, **options: Any) -> Any:
        return method(group, version, namespace, plural, **options)

    return list_objects
