# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Roles, bindings and service accounts of Kubernetes objects, one row each: of manifests, or of a running cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.hosts_page.tables import Row

Object = Mapping[str, Any]
KINDS = ("ClusterRole", "Role")
# What a cluster has by kubeadm alone: the API server marks most of its own, and the controllers have accounts here.
_BOOTSTRAPPED = "kubernetes.io/bootstrapping"
_OF_KUBEADM = ("kubeadm:", "system:coredns", "kube-proxy")
_ACCOUNTS_OF_KUBEADM = ("bootstrap-signer", "coredns", "default", "kube-proxy", "token-cleaner")


def role_rows(objects: Iterable[Object]) -> list[Row]:
    """Return `role | bound to | rules` of each role and of each foreign role that is bound, sorted by the key.

    The rules of a role that is not among the objects are Kubernetes' own, and have `built in`.
    """
    items = [_without_nulls(item) for item in objects]
    roles = {_key(item["kind"], item["metadata"]): item for item in items if item["kind"] in KINDS}
    bound: dict[str, list[str]] = {key: [] for key in roles}
    for item in items:
        if item["kind"] in ("ClusterRoleBinding", "RoleBinding"):
            key = _key(item["roleRef"]["kind"], {**item["metadata"], "name": item["roleRef"]["name"]})
            inside = f" in `{item['metadata']['namespace']}`" if item["kind"] == "RoleBinding" else ""
            name = f"`{item['metadata']['name']}`{inside}: {', '.join(sorted(_subjects(item)))}"
            bound.setdefault(key, []).append(name)
    return [
        (key, "; ".join(sorted(bound[key])) or "nobody", _rules(roles[key]) if key in roles else "built in")
        for key in sorted(bound)
    ]


def _without_nulls(item: Object) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value is not None}


def _key(kind: str, metadata: Mapping[str, Any]) -> str:
    place = f"{metadata['namespace']}/" if kind == "Role" else ""
    return f"`{kind} {place}{metadata['name']}`"


def _subjects(binding: Object) -> Iterator[str]:
    for subject in binding.get("subjects", []):
        place = f"{subject['namespace']}/" if subject.get("namespace") else ""
        yield f"{subject['kind']} `{place}{subject['name']}`"


def _rules(role: Object) -> str:
    return "<br>".join(sorted(_rule(rule) for rule in role.get("rules", []))) or "none"


def _rule(rule: Mapping[str, Sequence[str]]) -> str:
    """Return a rule as verbs and resources, with the group of the resources unless that is the core's."""
    verbs = f"`{', '.join(sorted(rule['verbs']))}`"
    if rule.get("nonResourceURLs"):
        return f"{verbs} the URL `{', '.join(rule['nonResourceURLs'])}`"
    named = f"`{', '.join(sorted(rule.get('resources', [])))}`"
    only = f" named `{', '.join(rule['resourceNames'])}`" if rule.get("resourceNames") else ""
    groups = [group for group in rule.get("apiGroups", []) if group]
    return f"{verbs} {named}{only}" + (f" of `{', '.join(groups)}`" if groups else "")


def account_rows(objects: Iterable[Object]) -> list[Row]:
    """Return `account | workloads` of each ServiceAccount and each workload that has one."""
    items = list(objects)
    used: dict[str, list[str]] = {
        f"`{item['metadata']['namespace']}/{item['metadata']['name']}`": []
        for item in items
        if item["kind"] == "ServiceAccount"
    }
    for item in items:
        pod = _pod(item)
        if pod and pod.get("serviceAccountName"):
            account = f"`{item['metadata']['namespace']}/{pod['serviceAccountName']}`"
            used.setdefault(account, []).append(f"{item['kind']} `{item['metadata']['name']}`")
    return [(account, ", ".join(sorted(names)) or "nothing") for account, names in sorted(used.items())]


def _pod(item: Object) -> Mapping[str, Any] | None:
    if item["kind"] in ("Deployment", "DaemonSet", "StatefulSet"):
        pod: Mapping[str, Any] = item["spec"]["template"]["spec"]
        return pod
    # The operators' own kinds have the field themselves.
    return item["spec"] if item["kind"] in ("Prometheus", "Alertmanager") else None


def of_nobody_else(objects: Iterable[Object]) -> list[Object]:
    """Return the objects of a running cluster without those that kubeadm and the control plane make."""
    return [item for item in objects if not _is_kubeadms(item)]


def _is_kubeadms(item: Object) -> bool:
    metadata = item["metadata"]
    if _BOOTSTRAPPED in (metadata.get("labels") or {}):
        return True
    if item["kind"] == "ServiceAccount":
        name = metadata["name"]
        return name in _ACCOUNTS_OF_KUBEADM or (
            metadata["namespace"] == "kube-system" and (name.endswith("-controller") or name in _CONTROLLERS)
        )
    return str(metadata["name"]).startswith(_OF_KUBEADM)


# Controllers whose accounts have other names.
_CONTROLLERS = (
    "bootstrap-signer",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "root-ca-cert-publisher",
    "token-cleaner",
)
