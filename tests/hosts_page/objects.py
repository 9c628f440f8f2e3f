# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The Kubernetes objects of the roles with their default variables, as far as permissions go.

The templates are rendered without Ansible, by the few filters that they use, so that the page is written within a
second. A filter that is missing here is an error. `full` has the release's own manifests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import read_manifests

from tests.hosts_page.roles import ROLES, variables
from tests.hosts_page.tables import COLLECTION, ROOT

STACK: dict[str, Any] = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text(encoding="utf-8"))
RELEASE = ROOT / "tests" / "recorded" / "upstream" / "kube-prometheus-0.12.0.tar.gz"
# Accounts, roles and bindings of manifests/keda.yaml in a bundle of the stack; a test compares it with the bundle.
KEDA = ROOT / "tests" / "recorded" / "upstream" / "keda-2.10.0-permissions.yaml"
PERMISSIONS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet", "Prometheus", "Alertmanager")
_LEAN = ("operator", "prometheus_access", "prometheus", "kube_state_metrics", "node_exporter", "additions")
_APPLICATION = ("application", "monitoring", "keda_monitoring")


def _combine(first: Mapping[str, Any], *more: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for item in (first, *more) for key, value in item.items()}


def _difference(items: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    left_out = list(others)
    return [item for item in items if item not in left_out]


def _environment(role: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROLES / role / "templates"),
        # Ansible's settings.
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    environment.filters |= {
        "to_json": json.dumps,
        "from_json": json.loads,
        "combine": _combine,
        "difference": _difference,
        "bool": bool,
    }
    return environment


def _render(role: str, templates: Iterable[str], more: Mapping[str, Any]) -> list[dict[str, Any]]:
    environment = _environment(role)
    known = variables(role) | {"cluster_stack_data": STACK} | more
    texts = [environment.get_template(f"{name}.yml.j2").render(known) for name in templates]
    return [item for text in texts for item in yaml.safe_load_all(text) if item]


def _kept(objects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in objects if item["kind"] in (*PERMISSIONS, *WORKLOADS)]


def lean() -> list[dict[str, Any]]:
    """Return the objects of the profile `lean`."""
    own = {}
    for path in sorted((ROLES / "kube_prometheus" / "vars" / "main").glob("*.yml")):
        own |= yaml.safe_load(path.read_text(encoding="utf-8"))
    own["__kube_prometheus_startup_probe"] = {}
    return _kept(_render("kube_prometheus", _LEAN, own))


def full() -> list[dict[str, Any]]:
    """Return the objects of the profile `full`, all components."""
    return _kept(read_manifests(RELEASE, ["manifests/*.yaml"]))


def keda() -> list[dict[str, Any]]:
    """Return the objects of KEDA."""
    return _kept(yaml.safe_load_all(KEDA.read_text(encoding="utf-8")))


def application() -> list[dict[str, Any]]:
    """Return the objects of the application, in a play that has the role keda, too."""
    more = {"demo_app_keda_namespace": "keda", "demo_app_image": STACK["images"]["app"], "__demo_app_image_digest": ""}
    return _kept(_render("demo_app", _APPLICATION, more))


def permissions_of(manifest: Path) -> list[dict[str, Any]]:
    """Return accounts, roles, bindings and workloads of a manifest."""
    return _kept(read_manifests(manifest))
