# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a cluster has of the demo's parts, read once as plain data.

Of most objects only the metadata is read: the API server leaves out the rest if a client asks for
PartialObjectMetadata, and a CustomResourceDefinition has half a megabyte of schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..kube.cluster import Cluster, ClusterError
from . import owners
from .owners import API_SERVICE, CLAIMS, NAMESPACES, Claim

try:
    from kubernetes import client
except ImportError:  # the module reports it by missing_required_lib
    client = None

Object = Mapping[str, Any]
_FORBIDDEN = 403
_THREADS = 8
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
_OPERATOR = ("monitoring.coreos.com", "v1", "prometheuses")
# What a review of rights calls these reads: (verb, group, resource), all without a namespace.
READS = (
    ("get", "", "namespaces"),
    ("list", "", "services"),
    ("list", "", "nodes"),
    *dict.fromkeys(("get", claim.group, claim.plural) for claims in CLAIMS.values() for claim in claims),
    ("list", _OPERATOR[0], _OPERATOR[2]),
)


@dataclass(frozen=True)
class Snapshot:
    """The objects by which the demo decides. `prometheuses` is None if the cluster does not know the kind.

    `refusals` are the reads that the user may not do; what they would have read counts as missing.
    """

    version: str
    namespaces: Mapping[str, Object | None]
    claims: Mapping[Claim, Object | None]
    api_service: Object | None = None
    prometheuses: Sequence[Object] | None = None
    services: Sequence[Object] = ()
    nodes: Sequence[Object] = ()
    refusals: Sequence[ClusterError] = ()

    def foreign(self, part: str, field_manager: str) -> list[Claim]:
        """Return the objects that a part would install and that somebody else has installed."""
        return [
            claim
            for claim in CLAIMS[part]
            if (found := self.claims.get(claim)) is not None and not owners.is_ours(found, field_manager)
        ]


def read(cluster: Cluster) -> Snapshot:
    """Read a cluster.

    :raises ClusterError: no answer, or the credentials are not accepted
    """
    version = cluster.server_version()
    reader = _Reader(cluster)
    jobs: dict[tuple[str, Any], Callable[[], Any]] = {
        **{("namespace", name): partial(reader.namespace, name) for name in NAMESPACES.values()},
        **{("claim", claim): partial(reader.claim, claim) for claims in CLAIMS.values() for claim in claims},
        ("api_service", ""): partial(reader.whole, API_SERVICE),
        ("prometheuses", ""): reader.prometheuses,
        ("services", ""): partial(reader.core_list, "services", "list_service_for_all_namespaces"),
        ("nodes", ""): partial(reader.core_list, "nodes", "list_node"),
    }
    with ThreadPoolExecutor(_THREADS, "survey") as pool:
        started = {key: pool.submit(job) for key, job in jobs.items()}
        found = {key: future.result() for key, future in started.items()}
    return Snapshot(
        version,
        {name: found["namespace", name] for name in NAMESPACES.values()},
        {key[1]: value for key, value in found.items() if key[0] == "claim"},
        found["api_service", ""],
        found["prometheuses", ""],
        found["services", ""] or (),
        found["nodes", ""] or (),
        tuple(reader.refusals),
    )


class _Reader:
    """Reads from several threads; a read that is forbidden is noted and gives None."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._metadata = cluster.new_client()
        self._metadata.set_default_header("Accept", _METADATA)
        self.refusals: list[ClusterError] = []

    def namespace(self, name: str) -> Any:
        return self._read("namespaces", "", lambda _own: client.CoreV1Api(self._metadata).read_namespace, name)

    def claim(self, claim: Claim) -> Any:
        return self._get(claim, self._metadata)

    def whole(self, claim: Claim) -> Any:
        """Return an object with all of its fields."""
        return self._get(claim, None)

    def prometheuses(self) -> Any:
        """Return all objects of the kind Prometheus; None if the cluster does not know it."""
        found = self._read(
            "prometheuses", "", lambda own: client.CustomObjectsApi(own).list_cluster_custom_object, *_OPERATOR
        )
        return None if found is None else found["items"]

    def core_list(self, subject: str, method: str) -> Any:
        found = self._read(subject, "", lambda own: getattr(client.CoreV1Api(own), method))
        return None if found is None else found["items"]

    def _get(self, claim: Claim, api_client: Any) -> Any:
        method = "get_namespaced_custom_object" if claim.namespace else "get_cluster_custom_object"
        place = [claim.namespace] if claim.namespace else []
        names = [claim.group, claim.version, *place, claim.plural, claim.name]
        return self._read(
            claim.plural,
            claim.namespace,
            lambda own: getattr(client.CustomObjectsApi(api_client or own), method),
            *names,
        )

    def _read(self, subject: str, namespace: str, method: Any, *names: str) -> Any:
        try:
            return self._cluster.read(subject, namespace, method, *names)
        except ClusterError as error:
            if error.status != _FORBIDDEN:
                raise
            self.refusals.append(error)
            return None
