# SPDX-License-Identifier: MIT
"""Access to a cluster: bad input in plain words, selectors, and what is predicted of which ScaledObject."""

from __future__ import annotations

import socket

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils import _prometheus, _target, _views
from ansible_collections.shkatara.keda_demo.plugins.module_utils._cluster import (
    Cluster,
    ClusterError,
    label_selector,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._prometheus import PrometheusError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import BadInput
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.objects import (
    DEPLOYMENT,
    HPA,
    QUERY,
    SCALEDOBJECT,
    changed,
)


@pytest.fixture
def kubeconfig(tmp_path):
    """A kubeconfig of a server that is not there."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}],
        "users": [{"name": "admin", "user": {}}],
        "current-context": "lab",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_missing_kubeconfig(tmp_path):
    with pytest.raises(ClusterError, match=r"nowhere does not exist: give the path .* in `kubeconfig`"):
        Cluster(str(tmp_path / "nowhere"), None)


def test_an_unknown_context_names_the_known_ones(kubeconfig):
    with pytest.raises(ClusterError, match=r"staging.*`context`; the file has: lab\)"):
        Cluster(str(kubeconfig), "staging")


@pytest.mark.parametrize("text", ["", "a: [", "just words", "clusters: 5"])
def test_a_broken_kubeconfig(tmp_path, text):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ClusterError, match=r"kubeconfig .*kubeconfig"):
        Cluster(str(path), None)


def test_a_server_that_is_not_there(kubeconfig):
    cluster = Cluster(str(kubeconfig), "lab")
    with pytest.raises(ClusterError, match=r"The API server http://127\.0\.0\.1:\d+ does not answer: .*refused"):
        cluster.list("pods", "test")
    with pytest.raises(ClusterError, match="does not answer"):
        cluster.server_version()
    assert cluster.keda_version() is None


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"matchLabels": {"app": "test", "tier": "web"}}, "app=test,tier=web"),
        (
            {
                "matchExpressions": [
                    {"key": "a", "operator": "In", "values": ["1", "2"]},
                    {"key": "b", "operator": "NotIn", "values": ["3"]},
                    {"key": "c", "operator": "Exists"},
                    {"key": "d", "operator": "DoesNotExist"},
                ]
            },
            "a in (1,2),b notin (3),c,!d",
        ),
        ({}, ""),
    ],
)
def test_label_selector(selector, expected):
    assert label_selector(selector) == expected


class Objects:
    """Stands for a cluster that holds these objects."""

    def __init__(self, **kinds):
        self.kinds = kinds

    def list(self, kind, namespace, name=None, labels=None):
        del namespace, labels
        found = self.kinds.get(kind, [])
        return [obj for obj in found if name in (None, obj["metadata"]["name"])], "1"


def test_target_of_the_demo():
    cluster = Objects(scaledobjects=[SCALEDOBJECT], deployments=[DEPLOYMENT])
    found = _target.find_target(cluster, "test", "scaledobject-py")
    assert (found.hpa, found.deployment, found.pod_labels) == ("keda-hpa-scaledobject-py", "test", "app=test")
    assert (found.query, found.query_window) == (QUERY, 30)
    assert (found.keda_polling, found.probe_seconds, found.grace_seconds) == (0, 5, 30)


def test_cached_metrics_cost_a_polling_interval():
    cached = changed(SCALEDOBJECT, "spec.triggers.0.useCachedMetrics", True)
    cached = changed(cached, "spec.pollingInterval", 20)
    found = _target.find_target(Objects(scaledobjects=[cached], deployments=[DEPLOYMENT]), "test", "scaledobject-py")
    assert found.keda_polling == 20


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "metadata.name",
            "other",
            r"no ScaledObject scaledobject-py in namespace test \(`name`; it has: other\)",
        ),
        ("spec.scaleTargetRef", {"name": "test", "kind": "StatefulSet"}, "scales a StatefulSet"),
        ("spec.scaleTargetRef", {"name": "gone"}, "Deployment gone, which does not exist in test"),
        ("spec.minReplicaCount", None, "may scale to zero"),
        ("spec.idleReplicaCount", 0, "may scale to zero"),
        ("spec.triggers.0.type", "kafka", "has the triggers kafka, and this version predicts exactly one"),
        ("spec.triggers", [], r"has the triggers \(none\)"),
        ("spec.triggers.0.metadata.query", None, "has no `query`"),
    ],
)
def test_a_target_that_cannot_be_proven_is_refused(path, value, words):
    cluster = Objects(scaledobjects=[changed(SCALEDOBJECT, path, value)], deployments=[DEPLOYMENT])
    with pytest.raises(BadInput, match=words):
        _target.find_target(cluster, "test", "scaledobject-py")


def test_hpa_target_is_what_the_hpa_was_told():
    told = changed(HPA, "spec.metrics.0.external.target.averageValue", "7500m")
    told = changed(told, "spec.behavior", {"scaleDown": {"stabilizationWindowSeconds": 60}})
    found = _target.hpa_target(_views.hpa_view(told), 0.2)
    assert (found.threshold, found.min_replicas, found.max_replicas, found.tolerance) == (7.5, 1, 10, 0.2)
    assert found.scale_down["stabilizationWindowSeconds"] == 60


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ([], r"has the metrics \(none\)"),
        (HPA["spec"]["metrics"] * 2, "External/AverageValue, External/AverageValue"),
        ([{"type": "External", "external": {"target": {"type": "Value", "value": "5"}}}], "External/Value"),
        ([{"type": "Resource", "resource": {"name": "cpu"}}], "Resource/None"),
    ],
)
def test_other_metrics_are_refused(metrics, words):
    with pytest.raises(BadInput, match=words):
        _target.hpa_target(_views.hpa_view(changed(HPA, "spec.metrics", metrics)), 0.1)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://prometheus-k8s.monitoring.svc:9090", ("prometheus-k8s", "monitoring", 9090, "")),
        (
            "http://prometheus-k8s.monitoring.svc.cluster.local:9090/",
            ("prometheus-k8s", "monitoring", 9090, ""),
        ),
        ("http://prometheus.monitoring/prom/", ("prometheus", "monitoring", 80, "/prom")),
        ("prometheus.monitoring:9090", ("prometheus", "monitoring", 9090, "")),
    ],
)
def test_service_of(address, expected):
    assert _prometheus.service_of(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://prometheus:9090",
        "https://prometheus.monitoring.svc",
        "http://prometheus.example.com",
        "http://10.96.0.5",
    ],
)
def test_other_addresses_need_a_prometheus_url(address):
    with pytest.raises(PrometheusError, match="give a `prometheus_url`"):
        _prometheus.service_of(address)


SERVICE = {
    "metadata": {"name": "prometheus-k8s"},
    "spec": {"ports": [{"name": "web", "port": 9090, "targetPort": "web"}]},
}
ENDPOINTS = {
    "metadata": {"name": "prometheus-k8s"},
    "subsets": [
        {
            "addresses": [
                {
                    "ip": "10.244.1.9",
                    "targetRef": {"kind": "Pod", "name": "prometheus-k8s-0", "namespace": "monitoring"},
                }
            ],
            "ports": [{"name": "reloader-web", "port": 8080}, {"name": "web", "port": 19090}],
        }
    ],
}


def test_find_pod():
    cluster = Objects(services=[SERVICE], endpoints=[ENDPOINTS])
    found = _prometheus.find_pod(cluster, "http://prometheus-k8s.monitoring.svc:9090")
    assert (found.namespace, found.pod, found.port) == ("monitoring", "prometheus-k8s-0", 19090)
    assert str(found) == "pod monitoring/prometheus-k8s-0, port 19090"


@pytest.mark.parametrize(
    ("services", "endpoints", "words"),
    [
        ([], [], "Service monitoring/prometheus-k8s .* does not exist"),
        ([changed(SERVICE, "spec.ports.0.port", 80)], [], r"has no port 9090 \(it has: 80\)"),
        ([SERVICE], [], "no ready pod behind port 9090"),
        ([SERVICE], [changed(ENDPOINTS, "subsets.0.addresses", None)], "no ready pod"),
    ],
)
def test_find_pod_says_what_is_missing(services, endpoints, words):
    with pytest.raises(PrometheusError, match=words):
        _prometheus.find_pod(
            Objects(services=services, endpoints=endpoints), "http://prometheus-k8s.monitoring.svc:9090"
        )
