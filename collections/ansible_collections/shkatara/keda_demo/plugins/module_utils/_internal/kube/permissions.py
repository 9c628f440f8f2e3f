# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The permissions that a proof needs, and those of them that the kubeconfig's user lacks.

The API server answers a SelfSubjectAccessReview for each permission, so that all that is missing is known before the
proof begins, and nothing is tried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..common import urls, versions
from .cluster import Cluster
from .errors import ClusterError, no_answer_message
from .resources import DEPLOYMENT, REPLICASET, Resource

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    ApiException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

_THREADS = 8
_SECONDS = (5, 10)  # to connect, to answer
_WATCHED = (
    ("keda.sh", "scaledobjects"),
    ("autoscaling", "horizontalpodautoscalers"),
)
_WATCHED_WITH_ANY_KIND = (("", "pods"), ("", "events"))


@dataclass(frozen=True)
class Permission:
    """A verb on a resource; `group` is empty for the core group, `name` for all objects, `namespace` for all."""

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
        place = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} on {resource}{group}{name}{place}"


def required_permissions(
    namespace: str,
    workload: Resource | None = DEPLOYMENT,
    *,
    prometheus_namespace: str | None,
    counters: bool,
    version: str = "",
) -> list[Permission]:
    """Return the permissions for the reads of a proof, each once.

    :param namespace: the ScaledObject's
    :param workload: the kind that it scales, None if that is not known
    :param prometheus_namespace: that of the Service of Prometheus, which is reached by a port-forward; None if
        Prometheus has a URL
    :param counters: whether the pods' own counters are read
    :param version: the API server's, such as ``v1.25.0``, on which the verbs of a port-forward depend; empty for the
        verb that all versions require
    """
    kinds = (*_WATCHED, *_workload_kinds(workload), *_WATCHED_WITH_ANY_KIND)
    required = [Permission(verb, group, kind, namespace) for group, kind in kinds for verb in ("list", "watch")]
    if workload is not None and not workload.has_scale_fields:
        required.append(Permission("get", workload.group, workload.plural, namespace, "scale"))
    forwarded = [namespace] if counters else []
    if prometheus_namespace:
        required += [Permission("list", "", kind, prometheus_namespace) for kind in ("services", "endpoints")]
        forwarded.append(prometheus_namespace)
    for each in dict.fromkeys(forwarded):
        required += [Permission(verb, "", "pods", each, "portforward") for verb in _forward_verbs(version)]
    return required


def _workload_kinds(workload: Resource | None) -> tuple[tuple[str, str], ...]:
    if workload is None:
        return ()
    if workload == DEPLOYMENT:
        return ((workload.group, workload.plural), (REPLICASET.group, REPLICASET.plural))
    return ((workload.group, workload.plural),)


def credential_permissions(namespace: str) -> list[Permission]:
    """Return the permissions to read the credentials of a TriggerAuthentication in a namespace."""
    return [
        Permission("list", "keda.sh", "triggerauthentications", namespace),
        Permission("list", "", "secrets", namespace),
    ]


def remedy(missing: Sequence[Permission]) -> str:
    """Return what mends the lack of permissions, as sentences; empty if nothing is missing."""
    sentences = []
    scale = next((permission for permission in missing if permission.subresource == "scale"), None)
    if scale is not None:
        sentences.append(
            "The replicas of this kind are read from its subresource scale: add a rule with apiGroups "
            f"[{scale.group}], resources [{scale.resource}/scale] and verbs [get] to a Role of the user in namespace "
            f"{scale.namespace}"
        )
    if any(permission.resource in ("triggerauthentications", "secrets") for permission in missing):
        sentences.append(
            "The credentials with which the trigger asks Prometheus are in a Secret: allow it to be read, or give the "
            "header in prometheus_headers"
        )
    if missing:
        sentences.append("The playbook shkatara.keda_demo.manifests writes Roles for a proof (proof-rbac.yaml)")
    return ". ".join(sentences)


def _forward_verbs(version: str) -> tuple[str, ...]:
    """Return the verbs that a port-forward over a WebSocket needs.

    It is an HTTP GET, which is the verb get. Kubernetes 1.35 and later require create too.
    Source: https://github.com/kubernetes/kubernetes/pull/134577, and Kubernetes 1.36,
    pkg/registry/core/pod/rest/subresources.go, PortForwardREST.Connect (feature gate
    AuthorizePodWebsocketUpgradeCreatePermission, on by default).
    """
    return ("get", "create") if versions.minor_version(version) >= (1, 35) else ("get",)


def missing_permissions(cluster: Cluster, required: Sequence[Permission]) -> list[Permission]:
    """Return the required permissions that the user lacks, in their order.

    If the user may not ask for a review (which Kubernetes' default roles allow everybody), nothing is missing: the
    call that needs the permission will fail with its name.

    :raises ClusterError: no answer, or the credentials are not accepted
    """
    if not required:
        return []
    api_client = cluster.new_client()
    with ThreadPoolExecutor(min(_THREADS, len(required)), "access") as pool:
        allowed = list(pool.map(lambda permission: _is_allowed(api_client, permission), required))
    return [permission for permission, is_allowed in zip(required, allowed, strict=True) if not is_allowed]


def _is_allowed(api_client: Any, permission: Permission) -> bool:
    attributes = client.V1ResourceAttributes(
        verb=permission.verb,
        group=permission.group,
        resource=permission.resource,
        subresource=permission.subresource or None,
        namespace=permission.namespace or None,
        name=permission.name or None,
    )
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    host = urls.without_user(api_client.configuration.host)
    try:
        answer = client.AuthorizationV1Api(api_client).create_self_subject_access_review(
            review, _request_timeout=_SECONDS
        )
    except ApiException as error:
        if error.status == 401:
            raise ClusterError(f"The API server {host} does not accept the kubeconfig's credentials", 401) from error
        if not error.status:
            raise ClusterError(no_answer_message(host, error)) from error
        return True
    except (HTTPError, OSError) as error:
        raise ClusterError(no_answer_message(host, error)) from error
    return bool(answer.status.allowed)
