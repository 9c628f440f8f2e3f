# SPDX-License-Identifier: MIT
"""The address of Prometheus: a trigger's serverAddress, and the pod behind it."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import (
    PrometheusError,
    direct_address,
    find_pod,
    service_of,
)
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import changed


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
        ("https://prometheus.monitoring.svc", ("prometheus", "monitoring", 443, "")),
        ("https://me:word@prometheus.monitoring.svc:9090/prom", ("prometheus", "monitoring", 9090, "/prom")),
        ("me:word@prometheus.monitoring:9090", ("prometheus", "monitoring", 9090, "")),
    ],
)
def test_service_of(address, expected):
    assert service_of(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://prometheus:9090",
        "https://prometheus.example.com",
        "http://me:s3cr3t@prometheus.example.com",
        "tcp://prometheus.monitoring.svc:9090",
        "http://10.96.0.5",
        "http://[fd00::1]:9090",
        "http://prometheus-0.prometheus-operated.monitoring.svc:9090",
        "http://prometheus..svc:9090",
    ],
)
def test_other_addresses_need_a_prometheus_url(address):
    with pytest.raises(PrometheusError, match="give a `prometheus_url`") as caught:
        service_of(address)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://grafana.example/api/datasources/proxy/1/", "https://grafana.example:443/api/datasources/proxy/1"),
        ("http://[fd00::1]:9090/prometheus", "http://[fd00::1]:9090/prometheus"),
    ],
)
def test_an_address_of_a_url_is_shown_as_a_url(url, expected):
    assert str(direct_address(url)) == expected


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
    address = find_pod(cluster, "http://prometheus-k8s.monitoring.svc:9090")
    assert (address.namespace, address.pod, address.port) == ("monitoring", "prometheus-k8s-0", 19090)
    assert str(address) == "pod monitoring/prometheus-k8s-0, port 19090"


def test_a_pod_is_asked_as_keda_asks_the_service():
    cluster = Objects(services=[SERVICE], endpoints=[ENDPOINTS])
    address = find_pod(cluster, "https://me:w%40rd@prometheus-k8s.monitoring.svc:9090/prom")
    assert (address.tls, address.service, address.path) == (True, "prometheus-k8s.monitoring.svc:9090", "/prom")
    assert address.authorization == "Basic bWU6d0ByZA=="
    shown = f"{address} {address!r}"
    assert "pod monitoring/prometheus-k8s-0, port 19090 (https)" in shown
    assert not any(secret in shown for secret in ("w%40rd", "w@rd", "bWU6"))


HEADLESS = changed(changed(SERVICE, "spec.clusterIP", "None"), "spec.ports.0.port", 80)


@pytest.mark.parametrize(
    "service",
    [HEADLESS, changed(HEADLESS, "spec.ports", None)],
)
def test_the_port_of_a_headless_service_is_the_pods(service):
    """Its name leads to the pods, so that no port is translated: port 80 is one that they do not listen on."""
    cluster = Objects(services=[service], endpoints=[ENDPOINTS])
    for port in (19090, 80):
        assert find_pod(cluster, f"http://prometheus-k8s.monitoring.svc:{port}").port == port


def test_a_port_of_another_protocol_is_not_the_right_one():
    dns = {"name": "gossip", "port": 9090, "protocol": "UDP"}
    service = changed(SERVICE, "spec.ports", [dns, *SERVICE["spec"]["ports"]])
    ports = [{**dns, "port": 9094}, {"name": "web", "port": 19090, "protocol": "TCP"}]
    cluster = Objects(services=[service], endpoints=[changed(ENDPOINTS, "subsets.0.ports", ports)])
    assert find_pod(cluster, "http://prometheus-k8s.monitoring.svc:9090").port == 19090


SELECTING = changed(SERVICE, "spec.selector", {"app": "prometheus"})
OUTSIDE = changed(ENDPOINTS, "subsets.0.addresses", [{"ip": "192.0.2.9"}])
EXTERNAL_NAME = {**SERVICE, "spec": {"type": "ExternalName", "externalName": "prometheus.example.com"}}


@pytest.mark.parametrize(
    ("services", "endpoints", "message"),
    [
        ([], [], "Service monitoring/prometheus-k8s .* does not exist"),
        ([changed(SERVICE, "spec.ports.0.port", 80)], [], r"has no port 9090 \(it has: 80\)"),
        ([], [], "does not exist: give a `prometheus_url` .* if it is not a Service"),
        ([EXTERNAL_NAME], [], r"is of type ExternalName and stands for prometheus\.example\.com.*`prometheus_url`"),
        ([SERVICE], [OUTSIDE], "has no selector, and no pod behind port 9090: give a `prometheus_url`"),
        ([SELECTING], [], "has no ready pod behind port 9090"),
        ([SELECTING], [changed(ENDPOINTS, "subsets.0.addresses", None)], "no ready pod"),
    ],
)
def test_find_pod_names_the_missing_object(services, endpoints, message):
    with pytest.raises(PrometheusError, match=message):
        find_pod(Objects(services=services, endpoints=endpoints), "http://prometheus-k8s.monitoring.svc:9090")
