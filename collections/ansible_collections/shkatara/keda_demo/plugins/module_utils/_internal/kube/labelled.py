# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Objects that a label marks as somebody's own: which of them are there, and their deletion.

Controllers copy labels: the endpoints of a Service have the Service's, and prometheus-operator gives a StatefulSet
those of its Prometheus. An object that another object owns goes with its owner, so it is never counted here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from . import responses
from .access import Access
from .errors import ClusterError, no_answer_message

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    ApiException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

# One label with its value. A selector of another form, or none, could name objects of others.
LABEL = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*=[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_TIMEOUT = (5, 20)  # to connect, to read; in seconds
_NOT_FOUND = 404
_RBAC, _OPERATOR = ("rbac.authorization.k8s.io", "v1"), ("monitoring.coreos.com", "v1")
# The group and version, the plural name, and whether the kind is in a namespace, in the order of deletion: what starts
# pods before what the pods use.
KINDS: dict[str, tuple[tuple[str, str], str, bool]] = {
    "APIService": (("apiregistration.k8s.io", "v1"), "apiservices", False),
    "ServiceMonitor": (_OPERATOR, "servicemonitors", True),
    "PodMonitor": (_OPERATOR, "podmonitors", True),
    "Probe": (_OPERATOR, "probes", True),
    "PrometheusRule": (_OPERATOR, "prometheusrules", True),
    "Alertmanager": (_OPERATOR, "alertmanagers", True),
    "Prometheus": (_OPERATOR, "prometheuses", True),
    "Deployment": (("apps", "v1"), "deployments", True),
    "DaemonSet": (("apps", "v1"), "daemonsets", True),
    "PodDisruptionBudget": (("policy", "v1"), "poddisruptionbudgets", True),
    "NetworkPolicy": (("networking.k8s.io", "v1"), "networkpolicies", True),
    "Service": (("", "v1"), "service", True),
    "ConfigMap": (("", "v1"), "config_map", True),
    "Secret": (("", "v1"), "secret", True),
    "RoleBinding": (_RBAC, "rolebindings", True),
    "Role": (_RBAC, "roles", True),
    "ClusterRoleBinding": (_RBAC, "clusterrolebindings", False),
    "ClusterRole": (_RBAC, "clusterroles", False),
    "ServiceAccount": (("", "v1"), "service_account", True),
}

_KEDA = ("keda.sh", "v1alpha1")
_ADMISSION = ("admissionregistration.k8s.io", "v1")
# First: objects with finalizers, which only the running KEDA removes. Last: what takes all in it along. An APIService
# without its pods would keep the API server from ending a Namespace, so it is among the first.
ALL_KINDS: dict[str, tuple[tuple[str, str], str, bool]] = {
    "ScaledObject": (_KEDA, "scaledobjects", True),
    "ScaledJob": (_KEDA, "scaledjobs", True),
    "TriggerAuthentication": (_KEDA, "triggerauthentications", True),
    "ClusterTriggerAuthentication": (_KEDA, "clustertriggerauthentications", False),
    "ValidatingWebhookConfiguration": (_ADMISSION, "validatingwebhookconfigurations", False),
    "MutatingWebhookConfiguration": (_ADMISSION, "mutatingwebhookconfigurations", False),
    **KINDS,
    "Namespace": (("", "v1"), "namespace", False),
    "CustomResourceDefinition": (("apiextensions.k8s.io", "v1"), "customresourcedefinitions", False),
}
# A deleted object of these kinds may stay for a while, and what comes after it depends on its end.
SLOW_KINDS = ("ScaledObject", "ScaledJob", "Namespace", "CustomResourceDefinition")


class Key(NamedTuple):
    """What tells an object from all others; the namespace is empty for an object in none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Labelled:
    """The objects of a cluster that have a label."""

    def __init__(self, access: Access, selector: str) -> None:
        self._server = access.server
        self._selector = selector
        self._client = access.new_client()
        # Despite its name, it reads objects of every group but the core's.
        self._objects = client.CustomObjectsApi(self._client)

    def find(self, kind: str) -> Iterator[Key]:
        """Yield the objects of a kind that have the label and no owner; none if the cluster does not know the kind.

        :raises ClusterError: no answer or no permission
        """
        for item in self.read(kind):
            metadata = item["metadata"]
            if not metadata.get("ownerReferences"):
                yield Key(kind, metadata.get("namespace") or "", metadata["name"])

    def read(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind that have the label, as they are.

        :raises ClusterError: no answer or no permission
        """
        (group, version), plural, namespaced = ALL_KINDS[kind]
        options = {"label_selector": self._selector, "_preload_content": False, "_request_timeout": _TIMEOUT}
        if group:
            response = self._send(kind, self._objects.list_cluster_custom_object, group, version, plural, **options)
        else:
            method = f"list_{plural}_for_all_namespaces" if namespaced else f"list_{plural}"
            response = self._send(kind, self._core(method), **options)
        return [] if response is None else json.loads(response.data).get("items") or []

    def delete(self, key: Key) -> None:
        """Delete an object, if it is still there, and in the background what it owns.

        :raises ClusterError: no answer or no permission
        """
        (group, version), plural, namespaced = ALL_KINDS[key.kind]
        # In these groups no kind orphans its dependents by default.
        options = {"_preload_content": False, "_request_timeout": _TIMEOUT}
        if not group and namespaced:
            self._send(key.kind, self._core(f"delete_namespaced_{plural}"), key.name, key.namespace, **options)
        elif not group:
            self._send(key.kind, self._core(f"delete_{plural}"), key.name, **options)
        elif namespaced:
            method = self._objects.delete_namespaced_custom_object
            self._send(key.kind, method, group, version, key.namespace, plural, key.name, **options)
        else:
            self._send(
                key.kind, self._objects.delete_cluster_custom_object, group, version, plural, key.name, **options
            )

    def _core(self, method: str) -> Callable[..., Any]:
        return getattr(client.CoreV1Api(self._client), method)  # type: ignore[no-any-return]

    def _send(self, kind: str, method: Callable[..., Any], *names: str, **options: Any) -> Any:
        """Return the response; None if the server answers that there is no such thing."""
        try:
            response = method(*names, **options)
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            if not error.status:
                raise ClusterError(no_answer_message(self._server, error)) from error
            raise ClusterError(self._refusal(kind, error.status, error.body), error.status) from error
        except (HTTPError, OSError) as error:
            raise ClusterError(no_answer_message(self._server, error)) from error
        if response.status == _NOT_FOUND:  # newer clients don't raise for a response that they don't read
            return None
        if response.status >= 400:
            raise ClusterError(self._refusal(kind, response.status, response.data), response.status)
        return response

    def _refusal(self, kind: str, status: int, body: Any) -> str:
        return f"The API server {self._server} answered {status} for {kind}: {responses.refusal_reason(body)}"
