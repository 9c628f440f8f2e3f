# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Objects that a label marks as somebody's own: which of them are there, and their deletion.

Controllers copy labels: the endpoints of a Service have the Service's, and prometheus-operator gives a StatefulSet
those of its Prometheus. An object that another object owns goes with its owner, so it is never counted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from .errors import ClusterError
from .requests import NOT_FOUND, Requests, Response, path_of

# One label with its value. A selector of another form, or none, could name objects of others.
LABEL = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*=[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_RBAC, _OPERATOR = "rbac.authorization.k8s.io/v1", "monitoring.coreos.com/v1"
# The apiVersion and the plural name of each kind, in the order of deletion: what starts pods before what the pods use.
KINDS: dict[str, tuple[str, str]] = {
    "APIService": ("apiregistration.k8s.io/v1", "apiservices"),
    "ServiceMonitor": (_OPERATOR, "servicemonitors"),
    "PodMonitor": (_OPERATOR, "podmonitors"),
    "Probe": (_OPERATOR, "probes"),
    "PrometheusRule": (_OPERATOR, "prometheusrules"),
    "Alertmanager": (_OPERATOR, "alertmanagers"),
    "Prometheus": (_OPERATOR, "prometheuses"),
    "Deployment": ("apps/v1", "deployments"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "Service": ("v1", "services"),
    "ConfigMap": ("v1", "configmaps"),
    "Secret": ("v1", "secrets"),
    "RoleBinding": (_RBAC, "rolebindings"),
    "Role": (_RBAC, "roles"),
    "ClusterRoleBinding": (_RBAC, "clusterrolebindings"),
    "ClusterRole": (_RBAC, "clusterroles"),
    "ServiceAccount": ("v1", "serviceaccounts"),
}

_KEDA = "keda.sh/v1alpha1"
_ADMISSION = "admissionregistration.k8s.io/v1"
# First: objects with finalizers, which only the running KEDA removes. Last: what takes all in it along. An APIService
# without its pods would keep the API server from ending a Namespace, so it is among the first.
ALL_KINDS: dict[str, tuple[str, str]] = {
    "ScaledObject": (_KEDA, "scaledobjects"),
    "ScaledJob": (_KEDA, "scaledjobs"),
    "TriggerAuthentication": (_KEDA, "triggerauthentications"),
    "ClusterTriggerAuthentication": (_KEDA, "clustertriggerauthentications"),
    "ValidatingWebhookConfiguration": (_ADMISSION, "validatingwebhookconfigurations"),
    "MutatingWebhookConfiguration": (_ADMISSION, "mutatingwebhookconfigurations"),
    **KINDS,
    "Namespace": ("v1", "namespaces"),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions"),
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

    def __init__(self, requests: Requests, selector: str) -> None:
        self._requests = requests
        self._selector = selector

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
        api_version, plural = ALL_KINDS[kind]
        response = self._requests.send("GET", path_of(api_version, plural), {"labelSelector": self._selector})
        return [] if self._is_missing(kind, response) else response.document.get("items") or []

    def delete(self, key: Key) -> None:
        """Delete an object, if it is still there, and in the background what it owns.

        :raises ClusterError: no answer or no permission
        """
        api_version, plural = ALL_KINDS[key.kind]
        # In these groups no kind orphans its dependents by default.
        self._is_missing(key.kind, self._requests.send("DELETE", path_of(api_version, plural, key.namespace, key.name)))

    def _is_missing(self, kind: str, response: Response) -> bool:
        """Return whether the API server answers that there is no such thing.

        :raises ClusterError: another refusal
        """
        if response.is_refusal and response.status != NOT_FOUND:
            raise ClusterError(
                f"The API server {self._requests.server} answered {response.status} for {kind}: {response.reason}",
                response.status,
            )
        return response.is_refusal
