# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What somebody else has in a Namespace, or of a CustomResourceDefinition's kind: it would go with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from .cluster import Cluster
from .labelled import Key

try:
    from kubernetes import client
except ImportError:  # the module reports it by missing_required_lib
    client = None

# What people put into a namespace. Secrets, ConfigMaps and accounts are also made by Kubernetes itself.
_WORKLOADS = (
    ("apps", "v1", "deployments", "Deployment"),
    ("apps", "v1", "statefulsets", "StatefulSet"),
    ("apps", "v1", "daemonsets", "DaemonSet"),
    ("batch", "v1", "jobs", "Job"),
    ("batch", "v1", "cronjobs", "CronJob"),
)
_CORE = (("service", "Service"), ("persistent_volume_claim", "PersistentVolumeClaim"), ("pod", "Pod"))


def of_namespace(cluster: Cluster, namespace: str, labels: Sequence[str]) -> Iterator[Key]:
    """Yield what is in a namespace, has none of the labels, and belongs to no other object.

    :param labels: each with its value, such as ``example.com/owner=me``
    :raises ClusterError: no answer or no permission
    """
    for group, version, plural, kind in _WORKLOADS:
        yield from _foreign(
            cluster.read(
                plural,
                namespace,
                lambda own: client.CustomObjectsApi(own).list_namespaced_custom_object,
                group,
                version,
                namespace,
                plural,
            ),
            kind,
            labels,
        )
    for name, kind in _CORE:
        found = cluster.read(name, namespace, partial(_core_lister, f"list_namespaced_{name}"), namespace)
        yield from _foreign(found, kind, labels)


def _core_lister(method: str, api_client: Any) -> Any:
    return getattr(client.CoreV1Api(api_client), method)


def of_definition(cluster: Cluster, definition: Mapping[str, Any], labels: Sequence[str]) -> Iterator[Key]:
    """Yield the objects of a CustomResourceDefinition's kind that have none of the labels.

    :raises ClusterError: no answer or no permission
    """
    spec = definition["spec"]
    version = next((each["name"] for each in spec["versions"] if each.get("served")), "")
    plural = spec["names"]["plural"]
    if version:
        found = cluster.read(
            plural,
            "",
            lambda own: client.CustomObjectsApi(own).list_cluster_custom_object,
            spec["group"],
            version,
            plural,
        )
        yield from _foreign(found, spec["names"]["kind"], labels)


def _foreign(found: Mapping[str, Any] | None, kind: str, labels: Sequence[str]) -> Iterator[Key]:
    for item in (found or {}).get("items") or []:
        metadata = item["metadata"]
        given = {f"{name}={value}" for name, value in (metadata.get("labels") or {}).items()}
        if not metadata.get("ownerReferences") and given.isdisjoint(labels):
            yield Key(kind, metadata.get("namespace") or "", metadata["name"])
