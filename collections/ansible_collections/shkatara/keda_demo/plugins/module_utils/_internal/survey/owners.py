# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whose an object is, and the objects outside of its namespaces that each part of the demo installs.

An object is the demo's own if it has the label that the roles set, or if the roles' field manager has applied fields of
it. Installations by older versions of the collection have no such label on all objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

ROLE_LABEL = "keda-demo/role"
_PART_OF = ("app.kubernetes.io/part-of", "keda-demo")

KEDA, KUBE_PROMETHEUS, DEMO_APP = "keda", "kube_prometheus", "demo_app"
# The namespace of each part, in the order of installation.
NAMESPACES = {KUBE_PROMETHEUS: "monitoring", KEDA: "keda", DEMO_APP: "test"}


class Claim(NamedTuple):
    """An object that a part installs outside of its own namespace; `namespace` is empty for an object in none."""

    group: str
    version: str
    plural: str
    namespace: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def _claims(group: str, plural: str, kind: str, names: str, namespace: str = "") -> tuple[Claim, ...]:
    return tuple(Claim(group, "v1", plural, namespace, name, kind) for name in names.split())


_OPERATORS = (
    "alertmanagerconfigs",
    "alertmanagers",
    "podmonitors",
    "probes",
    "prometheuses",
    "prometheusrules",
    "servicemonitors",
    "thanosrulers",
)
_RBAC = "rbac.authorization.k8s.io"
API_SERVICE = Claim("apiregistration.k8s.io", "v1", "apiservices", "", "v1beta1.external.metrics.k8s.io", "APIService")
CLAIMS: dict[str, tuple[Claim, ...]] = {
    KEDA: (
        *_claims(
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "CustomResourceDefinition",
            "clustertriggerauthentications.keda.sh scaledjobs.keda.sh scaledobjects.keda.sh "
            "triggerauthentications.keda.sh",
        ),
        *_claims(_RBAC, "clusterroles", "ClusterRole", "keda-external-metrics-reader keda-operator"),
        *_claims(
            _RBAC,
            "clusterrolebindings",
            "ClusterRoleBinding",
            "keda-hpa-controller-external-metrics keda-operator keda-system-auth-delegator",
        ),
        *_claims(_RBAC, "rolebindings", "RoleBinding", "keda-auth-reader", "kube-system"),
        *_claims(
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            "ValidatingWebhookConfiguration",
            "keda-admission",
        ),
        API_SERVICE,
    ),
    KUBE_PROMETHEUS: (
        *_claims(
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "CustomResourceDefinition",
            " ".join(f"{plural}.monitoring.coreos.com" for plural in _OPERATORS),
        ),
        *_claims(
            _RBAC, "clusterroles", "ClusterRole", "kube-state-metrics node-exporter prometheus-k8s prometheus-operator"
        ),
        *_claims(
            _RBAC,
            "clusterrolebindings",
            "ClusterRoleBinding",
            "kube-state-metrics node-exporter prometheus-k8s prometheus-operator",
        ),
        *(
            claim
            for namespace in ("default", "kube-system")
            for claim in (
                *_claims(_RBAC, "roles", "Role", "prometheus-k8s", namespace),
                *_claims(_RBAC, "rolebindings", "RoleBinding", "prometheus-k8s", namespace),
            )
        ),
    ),
    DEMO_APP: (),
}


def is_ours(obj: Mapping[str, Any], field_manager: str) -> bool:
    """Return whether the demo has installed an object.

    :param field_manager: the roles' field manager of server-side apply
    """
    metadata = obj["metadata"]
    labels = metadata.get("labels") or {}
    return (
        ROLE_LABEL in labels
        or labels.get(_PART_OF[0]) == _PART_OF[1]
        or any(entry.get("manager") == field_manager for entry in metadata.get("managedFields") or [])
    )
