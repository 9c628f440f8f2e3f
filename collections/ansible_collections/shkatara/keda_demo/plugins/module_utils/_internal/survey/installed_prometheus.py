# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether a cluster has a Prometheus of an operator, whose it is, and how the application gets into it.

An object of the kind Prometheus says which ServiceMonitors of which namespaces it takes, and as which ServiceAccount it
looks for pods. KEDA asks it by a Service in its namespace, which the object does not name: it is found by the labels
that the operator gives to the pods.
Source: prometheus-operator 0.62, pkg/prometheus/statefulset.go, makeStatefulSetSpec (podLabels, selectors);
Documentation/api.md (an empty selector takes all, and one that is not set takes none, or of namespaces its own alone).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import owners
from .label_selectors import CannotMatch, labels_for
from .owners import DEMO_APP, KUBE_PROMETHEUS, NAMESPACES
from .parts import ABSENT, EXISTING, PRESENT, Part
from .snapshot import Snapshot

VARIABLE = "demo_prometheus"
_PORT, _PORT_NAME = 9090, "web"
_APP_NAMESPACE = NAMESPACES[DEMO_APP]
# Labels that the application's objects have, which templates of the role demo_app set.
_MONITOR_LABELS = {"app": "test", "app.kubernetes.io/part-of": "keda-demo"}
_NAMESPACE_LABELS = {"app.kubernetes.io/part-of": "keda-demo", "kubernetes.io/metadata.name": _APP_NAMESPACE}


@dataclass(frozen=True)
class Monitoring:
    """A Prometheus of the cluster's own, and what the application's objects need for it; empty for the demo's own."""

    name: str = ""
    namespace: str = ""
    service_account: str = ""
    url: str = ""
    monitor_labels: Mapping[str, str] = field(default_factory=dict)
    namespace_labels: Mapping[str, str] = field(default_factory=dict)


def decide(snapshot: Snapshot, asked: str, wanted: str, field_manager: str, url: str = "") -> tuple[Part, Monitoring]:
    """Return what the demo does about the monitoring.

    :param asked: `detect`, `present`, `existing` or `absent`
    :param wanted: the Prometheus to use, `namespace/name`; empty to have it found
    :param url: the URL by which KEDA asks it, empty to have it found
    """
    all_of_them = snapshot.prometheuses or ()
    foreign = [item for item in all_of_them if not owners.is_ours(item, field_manager)]
    if asked == ABSENT:
        return _problem(
            "kube_prometheus_state is absent, and KEDA asks Prometheus: leave it out, or give demo_state: absent"
        )
    if asked == PRESENT and foreign:
        return _problem(
            f"kube_prometheus_state is {asked}, and the cluster has {_named(foreign)} of somebody else's: give "
            "kube_prometheus_state: existing, or leave it out"
        )
    if wanted or (foreign and len(foreign) == len(all_of_them)) or (foreign and asked == EXISTING):
        return _existing(snapshot, foreign, wanted, url)
    if asked == EXISTING:
        return _problem(
            "kube_prometheus_state is existing, and the cluster has no object of the kind Prometheus: create one, or "
            "give kube_prometheus_state: present"
        )
    if others := snapshot.foreign(KUBE_PROMETHEUS, field_manager):
        return _problem(
            "the cluster has no Prometheus object, and parts of a monitoring that is somebody else's: "
            f"{', '.join(map(str, others))}. Create an object of the kind Prometheus, or delete what is left"
        )
    return Part(KUBE_PROMETHEUS, PRESENT), Monitoring()


def _existing(snapshot: Snapshot, foreign: list[Any], wanted: str, url: str) -> tuple[Part, Monitoring]:
    chosen = [item for item in foreign if _place(item) == wanted] if wanted else foreign
    if not chosen:
        return _problem(
            f"{VARIABLE} is {wanted}, and the cluster has {_named(foreign) or 'no Prometheus of its own'}: give the "
            "namespace and the name of one, such as monitoring/main, or leave it out"
        )
    if len(chosen) > 1:
        return _problem(
            f"the cluster has {_named(chosen)}: give one of them as {VARIABLE}, such as {_place(chosen[0])}"
        )
    prometheus = chosen[0]
    spec, place = prometheus.get("spec") or {}, _place(prometheus)
    problems: list[str] = []
    labels: dict[str, dict[str, str]] = {}
    for name, fixed, unset in (
        ("serviceMonitorSelector", _MONITOR_LABELS, "it takes no ServiceMonitor at all"),
        ("serviceMonitorNamespaceSelector", _NAMESPACE_LABELS, "it takes ServiceMonitors of its own namespace alone"),
    ):
        labels[name] = {}
        if spec.get(name) is None:
            problems.append(f"Prometheus {place} has no {name}, so {unset}: set one, such as {{}} for all")
            continue
        try:
            labels[name] = labels_for(spec[name], fixed)
        except CannotMatch as error:
            problems.append(f"{name} of Prometheus {place} can't take the application, since it requires: {error}")
    found = url or _service_url(prometheus, snapshot.services)
    if not found:
        problems.append(
            f"Prometheus {place} has no Service in its namespace: give the URL by which pods reach it as "
            "demo_app_prometheus_url"
        )
    namespace = prometheus["metadata"]["namespace"]
    return (
        Part(KUBE_PROMETHEUS, EXISTING, namespace, tuple(problems)),
        Monitoring(
            prometheus["metadata"]["name"],
            namespace,
            spec.get("serviceAccountName") or "default",
            found,
            labels["serviceMonitorSelector"],
            labels["serviceMonitorNamespaceSelector"],
        ),
    )


def _problem(sentence: str) -> tuple[Part, Monitoring]:
    return Part(KUBE_PROMETHEUS, EXISTING, problems=(sentence,)), Monitoring()


def _place(prometheus: Mapping[str, Any]) -> str:
    return f"{prometheus['metadata']['namespace']}/{prometheus['metadata']['name']}"


def _named(prometheuses: Sequence[Mapping[str, Any]]) -> str:
    kind = "the Prometheus" if len(prometheuses) == 1 else "several Prometheuses:"
    return f"{kind} {', '.join(sorted(map(_place, prometheuses)))}" if prometheuses else ""


def _service_url(prometheus: Mapping[str, Any], services: Sequence[Mapping[str, Any]]) -> str:
    """Return the URL of a Service before a Prometheus; empty if there is none.

    The operator's own Service is headless and stands before all Prometheuses of its namespace, so it comes last.
    """
    metadata, spec = prometheus["metadata"], prometheus.get("spec") or {}
    name = metadata["name"]
    pods = {
        **((spec.get("podMetadata") or {}).get("labels") or {}),
        "app.kubernetes.io/name": "prometheus",
        "app.kubernetes.io/managed-by": "prometheus-operator",
        "app.kubernetes.io/instance": name,
        "operator.prometheus.io/name": name,
        "prometheus": name,
    }
    port_name = spec.get("portName") or _PORT_NAME
    found = []
    for service in services:
        selector = service["spec"].get("selector") or {}
        is_near = service["metadata"]["namespace"] == metadata["namespace"]
        if not is_near or not selector or not selector.items() <= pods.items():
            continue
        headless = service["spec"].get("clusterIP") == "None"
        found += [
            (headless, service["metadata"]["name"], port["port"])
            for port in service["spec"].get("ports") or []
            if port.get("targetPort", port["port"]) in (port_name, _PORT)
        ]
    if not found:
        return ""
    _headless, service_name, port = min(found)
    scheme = "https" if (spec.get("web") or {}).get("tlsConfig") else "http"
    prefix = (spec.get("routePrefix") or "").rstrip("/")
    return f"{scheme}://{service_name}.{metadata['namespace']}.svc:{port}{prefix}"
