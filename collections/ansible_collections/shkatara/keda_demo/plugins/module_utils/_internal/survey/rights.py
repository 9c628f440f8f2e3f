# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The rights that the demo needs to come into a cluster, to prove, and to go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..kube import permissions
from ..kube.permissions import Permission
from . import ways
from .owners import CLAIMS, DEMO_APP, KEDA, KUBE_PROMETHEUS, NAMESPACES
from .snapshot import READS

_VERBS = ("get", "create", "patch", "delete")
_RBAC = ("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "rolebindings")
# The kinds of each part in its own namespace: (group, resource).
INSIDE: dict[str, tuple[tuple[str, str], ...]] = {
    KUBE_PROMETHEUS: (
        ("", "serviceaccounts"),
        ("", "services"),
        ("apps", "deployments"),
        ("apps", "daemonsets"),
        ("networking.k8s.io", "networkpolicies"),
        *_RBAC,
        ("monitoring.coreos.com", "prometheuses"),
        ("monitoring.coreos.com", "servicemonitors"),
    ),
    KEDA: (("", "serviceaccounts"), ("", "services"), ("apps", "deployments"), *_RBAC),
    DEMO_APP: (
        ("apps", "deployments"),
        ("", "services"),
        *_RBAC,
        ("monitoring.coreos.com", "servicemonitors"),
        ("keda.sh", "scaledobjects"),
    ),
}
_FOR_PROXY = (("", "serviceaccounts"), ("", "secrets"))


def of_present(parts: Iterable[str], way: str, prometheus_namespace: str, version: str) -> list[Permission]:
    """Return the rights to install parts, to prove that the application scales, and to remove them again.

    :param parts: the parts that the demo installs
    :param way: of the load, see ways
    :param prometheus_namespace: that of the Prometheus that the proof asks
    """
    app = NAMESPACES[DEMO_APP]
    needed = [Permission(verb, group, resource, "") for verb, group, resource in READS]
    needed += of_parts(parts)
    if way == ways.API:
        needed += [Permission(verb, group, resource, app) for group, resource in _FOR_PROXY for verb in _VERBS]
        needed.append(Permission("get", "", "services", app, "proxy"))
    needed += permissions.required_permissions(
        app, prometheus_namespace=prometheus_namespace, counters=True, version=version
    )
    return list(dict.fromkeys(needed))


def of_parts(parts: Iterable[str]) -> list[Permission]:
    """Return the rights on the objects of parts."""
    places = [
        place
        for part in parts
        for place in (
            ("", "namespaces", ""),
            *((claim.group, claim.plural, claim.namespace) for claim in CLAIMS[part]),
            *((group, resource, NAMESPACES[part]) for group, resource in INSIDE[part]),
        )
    ]
    unique = list(dict.fromkeys(places))
    needed = [Permission(verb, group, resource, place) for group, resource, place in unique for verb in _VERBS]
    # What is to be removed is found by its label, in all namespaces.
    lists = dict.fromkeys((group, resource) for group, resource, _place in unique)
    return needed + [Permission("list", group, resource, "") for group, resource in lists]


def problem(missing: Sequence[Permission]) -> list[str]:
    """Return one sentence with all rights that a user lacks, by namespace and verbs, or nothing."""
    if not missing:
        return []
    verbs: dict[tuple[str, str], list[str]] = {}
    for right in missing:
        resource = f"{right.resource}/{right.subresource}" if right.subresource else right.resource
        group = f".{right.group}" if right.group else ""
        verbs.setdefault((right.namespace, f"{resource}{group}"), []).append(right.verb)
    resources: dict[str, dict[str, list[str]]] = {}
    for (namespace, resource), each in verbs.items():
        resources.setdefault(namespace, {}).setdefault(", ".join(each), []).append(resource)
    named = "; ".join(
        (f"in namespace {namespace}: " if namespace else "")
        + ", and ".join(f"{each} on {', '.join(names)}" for each, names in by_verbs.items())
        for namespace, by_verbs in resources.items()
    )
    number = "a right" if len(missing) == 1 else f"{len(missing)} rights"
    return [
        f"the user of cluster_kubeconfig lacks {number}: {named}. Give them by a ClusterRole and by Roles, "
        "or use an administrator's kubeconfig"
    ]
