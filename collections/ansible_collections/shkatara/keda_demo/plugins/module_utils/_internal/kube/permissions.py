# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which permissions a proof needs, and which of them the kubeconfig's user lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .cluster import Cluster, ClusterError, no_answer

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:  # the module says so by missing_required_lib
    ApiException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

_THREADS = 8
_SECONDS = (5, 10)  # to connect, to answer
_WATCHED = (
    ("keda.sh", "scaledobjects"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("", "pods"),
    ("", "events"),
)


@dataclass(frozen=True)
class Permission:
    """A verb on a resource in a namespace; `group` is empty for the core group, `name` for all objects."""

    verb: str
    group: str
    resource: str
    namespace: str
    subresource: str = ""
    name: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        group = f".{self.group}" if self.group else ""
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} on {resource}{group}{name} in namespace {self.namespace}"


def required_permissions(
    namespace: str, *, prometheus_namespace: str | None, counters: bool, version: str = ""
) -> list[Permission]:
    """Return what a proof reads.

    :param namespace: where the ScaledObject is
    :param prometheus_namespace: where Prometheus is found by its Service and reached by a port-forward; None where it
        has a URL of its own
    :param counters: whether the pods' own counters are read
    :param version: the API server's, such as ``v1.25.0``, which says what a port-forward needs; empty for the verb that
        all versions ask for

    Each namespace is asked for once: a permission that is needed twice is named once.
    """
    found = [Permission(verb, group, kind, namespace) for group, kind in _WATCHED for verb in ("list", "watch")]
    forwarded = [namespace] if counters else []
    if prometheus_namespace:
        found += [Permission("list", "", kind, prometheus_namespace) for kind in ("services", "endpoints")]
        forwarded.append(prometheus_namespace)
    for place in dict.fromkeys(forwarded):
        found += [Permission(verb, "", "pods", place, "portforward") for verb in _forward_verbs(version)]
    return found


def _forward_verbs(version: str) -> tuple[str, ...]:
    """Return the verbs that a port-forward over a WebSocket needs.

    It is an HTTP GET, which is the verb get. From Kubernetes 1.35 on create is needed too.
    Source: https://github.com/kubernetes/kubernetes/pull/134577, and Kubernetes 1.36,
    pkg/registry/core/pod/rest/subresources.go, PortForwardREST.Connect (feature gate
    AuthorizePodWebsocketUpgradeCreatePermission, on by default).
    """
    numbers = re.match(r"v?([0-9]+)\.([0-9]+)", version)
    late = numbers is not None and (int(numbers[1]), int(numbers[2])) >= (1, 35)
    return ("get", "create") if late else ("get",)


def missing_access(cluster: Cluster, wanted: Sequence[Permission]) -> list[str]:
    """Return each permission that is missing, in words, in the order in which they were asked for.

    Where the API server does not let the user ask (which Kubernetes' own roles let everybody), nothing is missing:
    the call that needs the permission will tell.

    :raises ClusterError: no answer, or the credentials are not accepted
    """
    if not wanted:
        return []
    api_client = cluster.new_client()
    with ThreadPoolExecutor(min(_THREADS, len(wanted)), "access") as pool:
        allowed = list(pool.map(lambda need: _is_allowed(api_client, need), wanted))
    return [str(need) for need, yes in zip(wanted, allowed, strict=True) if not yes]


def _is_allowed(api_client: Any, need: Permission) -> bool:
    attributes = client.V1ResourceAttributes(
        verb=need.verb,
        group=need.group,
        resource=need.resource,
        subresource=need.subresource or None,
        namespace=need.namespace,
        name=need.name or None,
    )
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    host = api_client.configuration.host
    try:
        answer = client.AuthorizationV1Api(api_client).create_self_subject_access_review(
            review, _request_timeout=_SECONDS
        )
    except ApiException as error:
        if error.status == 401:
            raise ClusterError(f"The API server {host} does not accept the kubeconfig's credentials", 401) from error
        return True
    except (HTTPError, OSError) as error:
        raise ClusterError(no_answer(host, error)) from error
    return bool(answer.status.allowed)
