# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a snapshot of a cluster to what the demo does there, and to all that is against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..kube.permissions import Permission
from . import installed_keda, installed_prometheus, owners, rights, versions_window, ways
from .installed_prometheus import Monitoring
from .owners import DEMO_APP, KEDA, KUBE_PROMETHEUS, NAMESPACES
from .parts import PRESENT, Part
from .snapshot import Snapshot
from .ways import Reaches, Way

Review = Callable[[Sequence[Permission]], Sequence[Permission]]


@dataclass(frozen=True)
class Wishes:
    """What the user has asked for; empty texts where it is to be found.

    :param keda: `detect`, `present`, `existing` or `absent`, and so `kube_prometheus`
    :param prometheus: the Prometheus to use, `namespace/name`
    :param prometheus_url: the URL by which KEDA asks it
    :param way: `auto`, `node_port` or `api`
    :param has_load_url: whether the load has a URL of the user's
    """

    keda: str
    kube_prometheus: str
    prometheus: str
    prometheus_url: str
    way: str
    has_load_url: bool
    node_port: int
    field_manager: str


@dataclass(frozen=True)
class Survey:
    """What the demo does in a cluster. With `problems` it does nothing."""

    version: str
    keda: Part
    kube_prometheus: Part
    monitoring: Monitoring
    way: Way
    problems: tuple[str, ...]

    def result(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "version": self.version,
            "keda": {"state": self.keda.state, "namespace": self.keda.namespace},
            "kube_prometheus": {"state": self.kube_prometheus.state, **asdict(self.monitoring)},
            "load": {"way": self.way.name, "url": self.way.url, "message": self.way.message},
            "problems": list(self.problems),
        }


def decide(
    snapshot: Snapshot,
    wishes: Wishes,
    stack: Mapping[str, Any],
    server: str,
    *,
    reaches: Reaches,
    review: Review,
) -> Survey:
    """Return what the demo does in a cluster.

    :param stack: the stack's data, with the windows of Kubernetes versions
    :param server: the URL of the API server
    :param reaches: whether this machine reaches a port of an address
    :param review: gives those of some rights that the user lacks
    """
    keda = installed_keda.decide(snapshot, wishes.keda, wishes.field_manager)
    kube_prometheus, monitoring = installed_prometheus.decide(
        snapshot, wishes.kube_prometheus, wishes.prometheus, wishes.field_manager, wishes.prometheus_url
    )
    installed = [part.name for part in (kube_prometheus, keda) if part.state == PRESENT]
    way = ways.decide(
        wishes.way, wishes.node_port, snapshot.nodes, server, given_url=wishes.has_load_url, reaches=reaches
    )
    needed = rights.of_present(
        [*installed, DEMO_APP], way.name, monitoring.namespace or NAMESPACES[KUBE_PROMETHEUS], snapshot.version
    )
    missing = rights.problem(review(needed))
    if snapshot.refusals and not missing:
        # The reviews were refused, too, or are wrong.
        missing = [str(snapshot.refusals[0])]
    window_parts = [part for part in (KEDA, KUBE_PROMETHEUS) if part in installed]
    problems = (
        *versions_window.problems(snapshot.version, versions_window.windows_of(stack, window_parts)),
        *keda.problems,
        *kube_prometheus.problems,
        *_namespace_problems(snapshot, [*installed, DEMO_APP], wishes.field_manager),
        *ways.port_problems(snapshot.services, wishes.node_port),
        *way.problems,
        *missing,
    )
    return Survey(snapshot.version, keda, kube_prometheus, monitoring, way, problems)


def _namespace_problems(snapshot: Snapshot, parts: Sequence[str], field_manager: str) -> list[str]:
    found = []
    for part in parts:
        name = NAMESPACES[part]
        namespace = snapshot.namespaces.get(name)
        if namespace is not None and not owners.is_ours(namespace, field_manager):
            found.append(
                f"the namespace {name} exists and is not the demo's, which installs its part {part} there: delete it, "
                "or use another cluster"
            )
    return found
