# SPDX-License-Identifier: MIT
"""Snapshots of clusters, with objects as KEDA, prometheus-operator and others publish them."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.owners import CLAIMS, KEDA
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.snapshot import Snapshot

MANAGER = "keda_demo"
OURS = {"keda-demo/role": "keda"}


def obj(name, namespace=None, labels=None, manager=None, **fields):
    """Return an object of the API, cut down."""
    metadata = {
        "name": name,
        **({"labels": labels} if labels else {}),
        **({"namespace": namespace} if namespace else {}),
    }
    if manager:
        metadata["managedFields"] = [{"manager": manager, "operation": "Apply"}]
    return {"metadata": metadata, **fields}


def api_service(name="keda-metrics-apiserver", namespace="keda", **options):
    """Return an APIService of external metrics that leads to a Service."""
    backend = {"name": name, "namespace": namespace, "port": 443}
    return obj("v1beta1.external.metrics.k8s.io", spec={"service": backend}, **options)


def keda_claims(**options):
    """Return all that KEDA has outside of its namespace."""
    return {claim: obj(claim.name, claim.namespace or None, **options) for claim in CLAIMS[KEDA]}


def prometheus(name, namespace, **spec):
    return obj(name, namespace, spec={"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {}, **spec})


def service(name, namespace, selector, *ports, cluster_ip="10.96.0.7"):
    return obj(name, namespace, spec={"selector": selector, "ports": list(ports), "clusterIP": cluster_ip})


def node(*addresses, ready="True"):
    return obj(
        "node",
        status={
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}],
            "addresses": [{"type": kind, "address": address} for kind, address in addresses],
        },
    )


def snapshot(**fields):
    """Return a cluster that has nothing of the demo, but for `fields`."""
    empty = {"version": "v1.25.0", "namespaces": {}, "claims": {}}
    return Snapshot(**{**empty, **fields})
