# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a kind's name, as a ScaledObject has it, to its place in the API.

The API server lists the kinds of each group and version, with the plural name, whether the kind is in a namespace, and
its subresources. KEDA looks a kind up in the same lists, by its exact name: `deployment` is no kind. A kind that it
does not find leaves the ScaledObject without an HPA.
Source: KEDA 2.10, apis/keda/v1alpha1/gvkr.go, ParseGVKR; controllers/keda/scaledobject_controller.go,
checkTargetResourceIsScalable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..common.errors import BadInput
from . import resources
from .cluster import Cluster, ClusterError
from .resources import Resource

try:
    from kubernetes import client
except ImportError:  # the module reports it
    client = None

Entry = Mapping[str, Any]
_GROUPS_MESSAGE = "the API's groups"


class _Kind(NamedTuple):
    """A kind in a list of the API."""

    api_version: str
    entry: Entry
    has_scale: bool


def find_resource(cluster: Cluster, api_version: str, kind: str) -> Resource:
    """Return the place of a kind that can be scaled, and make it known to the cluster.

    :param api_version: a ScaledObject's `scaleTargetRef.apiVersion`, with KEDA's default if it has none
    :param kind: its `scaleTargetRef.kind`
    :raises BadInput: there is no such kind, or it can't be scaled
    :raises ClusterError: no answer or no permission
    """
    group, _slash, version = api_version.rpartition("/")
    own = next((own for own in resources.OWN_KINDS if (own.group, own.kind) == (group, kind)), None)
    if own is not None:
        # KEDA and the HPA read these by group and kind, whatever the version.
        return own
    if "/" in group or not version:
        raise BadInput(f"scaleTargetRef.apiVersion is {api_version!r}, and a group and version were expected: apps/v1")
    found = list(_kinds(cluster, api_version))
    exact = next((one for one in found if one.entry["kind"] == kind), None)
    if exact is None:
        raise BadInput(_unknown(cluster, api_version, kind, found))
    if not exact.entry.get("namespaced"):
        raise BadInput(f"scaleTargetRef.kind is {kind}, which is not namespaced, and KEDA scales only namespaced kinds")
    if not exact.has_scale:
        raise BadInput(_unscalable(kind))
    resource = Resource(kind, group, version, exact.entry["name"])
    cluster.add_kind(resource.name, group, version, resource.plural)
    return resource


def read_scale(cluster: Cluster, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
    """Return the Scale of an object; None if the object does not exist.

    :raises ClusterError: no answer or no permission
    """
    scale: dict[str, Any] | None = cluster.read(
        resource.scale_name,
        namespace,
        lambda api_client: client.CustomObjectsApi(api_client).get_namespaced_custom_object_scale,
        resource.group,
        resource.version,
        namespace,
        resource.plural,
        name,
    )
    return scale


def _kinds(cluster: Cluster, api_version: str) -> Iterator[_Kind]:
    """Yield the kinds of a group and version; none if the API does not have it."""
    group, _slash, version = api_version.rpartition("/")
    if group:
        # With an empty plural this is the path of the list itself, in every version of the library.
        found = cluster.read(
            f"the kinds of {api_version}",
            "",
            lambda api_client: client.CustomObjectsApi(api_client).list_cluster_custom_object,
            group,
            version,
            "",
        )
    else:
        found = cluster.read(
            f"the kinds of {api_version}", "", lambda api_client: client.CoreV1Api(api_client).get_api_resources
        )
    entries = (found or {}).get("resources") or []
    names = {entry["name"] for entry in entries}
    for entry in entries:
        if "/" not in entry["name"]:
            yield _Kind(api_version, entry, f"{entry['name']}/scale" in names)


def _unscalable(kind: str) -> str:
    message = f"scaleTargetRef.kind is {kind}, which has no subresource scale, so that no HPA can scale it"
    if kind in ("Job", "CronJob"):
        return f"{message}: KEDA runs Jobs with a ScaledJob"
    return f"{message}: scale a Deployment, a StatefulSet or another kind with that subresource"


def _unknown(cluster: Cluster, api_version: str, kind: str, found: list[_Kind]) -> str:
    """Return why KEDA finds no such kind, and what would be right."""
    subject = f"scaleTargetRef.kind is {kind!r}"
    meant = next((one for one in found if _is_meant(one.entry, kind)), None)
    if meant is not None:
        return f"{subject}, and KEDA takes a kind by its exact name: write {meant.entry['kind']}"
    elsewhere = list(_search(cluster, kind))
    group = api_version.rpartition("/")[0]
    versions = [one.api_version for one in elsewhere if one.api_version.rpartition("/")[0] == group]
    if versions and not found:
        return f"scaleTargetRef.apiVersion is {api_version}, and the cluster has {kind} in {versions[0]}"
    if elsewhere:
        places = " or ".join(f"{one.api_version}, kind {one.entry['kind']}" for one in elsewhere)
        return (
            f"{subject}, which is not in {api_version} (scaleTargetRef.apiVersion, by default apps/v1): give {places}"
        )
    return (
        f"{subject} of {api_version}, and the cluster knows no such kind: install its CustomResourceDefinition, or "
        "correct scaleTargetRef"
    )


def _search(cluster: Cluster, kind: str) -> Iterator[_Kind]:
    """Yield the kinds of this name in the preferred version of each group; the case of letters does not matter."""
    try:
        groups = cluster.read(_GROUPS_MESSAGE, "", lambda api_client: client.ApisApi(api_client).get_api_versions)
        versions = [group["preferredVersion"]["groupVersion"] for group in (groups or {}).get("groups") or []]
    except ClusterError:
        return
    for api_version in versions:
        try:
            yield from (one for one in _kinds(cluster, api_version) if _is_meant(one.entry, kind))
        except ClusterError:  # an API service that is down must not hide the others
            continue


def _is_meant(entry: Entry, kind: str) -> bool:
    names = {entry["kind"], entry["name"], entry.get("singularName") or "", *(entry.get("shortNames") or [])}
    return kind.casefold() in {name.casefold() for name in names}
