# SPDX-License-Identifier: MIT
"""Prometheus behind a private authority, a proxy or a user, direct and by a port-forward: real servers on loopback."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.tls import Trust
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus import addresses
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import PrometheusError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.client import Prometheus
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.forwarding import relay
from ansible_collections.shkatara.keda_demo.tests.support.proxy import proxy

SERVICE = "prometheus.monitoring.svc"
NAME = "prometheus.example.test"  # which only a test's proxy can resolve
NO_CHECK = Trust(validate=False)
ANSWER = {
    "status": "success",
    "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1795510739.3, "36.8"]}]},
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """An environment without proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def answer_as_prometheus(handler, _path):
    handler.api.hosts.add(handler.headers["Host"])
    handler.send(ANSWER)


def prometheus_server(tls=None):
    return serve(answer_as_prometheus, tls=tls)


def ask(url, trust=Trust(), headers=None):  # noqa: B008
    asking = Prometheus(None, lambda: addresses.direct_address(url), headers, timeout=5, trust=trust)
    try:
        return asking.query("up")
    finally:
        asking.close()


# Direct


def test_a_private_authority(authority, monkeypatch):
    with prometheus_server(authority.server("127.0.0.1")) as server:
        server.hosts = set()
        assert ask(server.url, Trust(ca_path=authority.path)) == 36.8
        assert ask(server.url, NO_CHECK) == 36.8
        with pytest.raises(PrometheusError, match=r"CERTIFICATE_VERIFY_FAILED.*`prometheus_ca_path`.*_validate_certs"):
            ask(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", authority.path)
        assert ask(server.url) == 36.8


def test_a_certificate_of_another_name(authority):
    with prometheus_server(authority.server("other.example")) as server:
        server.hosts = set()
        with pytest.raises(PrometheusError, match=r"IP address mismatch.*prometheus_validate_certs"):
            ask(server.url, Trust(ca_path=authority.path))
        assert ask(server.url, NO_CHECK) == 36.8


@pytest.mark.parametrize("tls", [True, False])
def test_the_proxy_of_the_environment(authority, monkeypatch, tls):
    with (
        prometheus_server(authority.server(NAME) if tls else None) as server,
        proxy(names={NAME: ("127.0.0.1", server.port)}, user="me:word") as used,
    ):
        server.hosts = set()
        monkeypatch.setenv("HTTPS_PROXY" if tls else "HTTP_PROXY", used.url.replace("//", "//me:word@"))
        url = f"{'https' if tls else 'http'}://{NAME}:{server.port}"
        assert ask(url, Trust(ca_path=authority.path) if tls else Trust(), {"X-Scope-OrgID": "7"}) == 36.8
        assert [method for method, _target in used.asked] == ["CONNECT" if tls else "GET"]
        monkeypatch.setenv("NO_PROXY", "example.test")
        with pytest.raises(PrometheusError, match=r"does not answer: \[Errno -"):
            ask(url)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("http://me:s3cr3t@127.0.0.1:1", r"through the proxy http://127\.0\.0\.1:1 \(HTTP_PROXY\): .*refused"),
        ("http://127.0.0.1:port", r"HTTP_PROXY is 'http://127\.0\.0\.1:port' and must be a proxy"),
        ("socks5://me:s3cr3t@127.0.0.1", r"socks5://127\.0\.0\.1:1080 \(HTTP_PROXY\) is a SOCKS proxy"),
        ("{proxy}", r"through the proxy http://127.* \(HTTP_PROXY\): it requires a user and a password \(407\)"),
    ],
)
def test_a_proxy_that_is_no_help_is_named_without_its_password(monkeypatch, variable, message):
    with proxy(user="me:word") as used:
        monkeypatch.setenv("HTTP_PROXY", variable.format(proxy=used.url))
        with pytest.raises(PrometheusError, match=message) as caught:
            ask(f"http://{NAME}:9090")
    assert "s3cr3t" not in str(caught.value)


# By a port-forward


def forwarded(api, tmp_path, server_address, trust=Trust(), headers=None):  # noqa: B008
    cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
    asking = Prometheus(cluster, lambda: addresses.find_pod(cluster, server_address), headers, timeout=5, trust=trust)
    try:
        return asking.query("up")
    finally:
        asking.close()


def cluster_of(server):
    """Return an API server's answer that has a Service of Prometheus, whose pod is a server on this machine."""
    pod = {"kind": "Pod", "name": "prometheus-0", "namespace": "monitoring"}
    lists = {
        "services": [{"metadata": {"name": "prometheus"}, "spec": {"ports": [{"name": "web", "port": 9090}]}}],
        "endpoints": [
            {
                "metadata": {"name": "prometheus"},
                "subsets": [{"addresses": [{"targetRef": pod}], "ports": [{"name": "web", "port": 9091}]}],
            }
        ],
    }

    def answer(handler, path):
        if path.endswith("/portforward"):
            assert (path.split("/")[-2], handler.query) == ("prometheus-0", {"ports": "9091"})
            relay(handler, server.port)
        else:
            handler.send({"items": lists[path.rpartition("/")[2]], "metadata": {"resourceVersion": "1"}})

    return serve(answer)


@pytest.mark.parametrize("name", [SERVICE, "*.monitoring.svc"])
def test_tls_inside_of_a_port_forward_is_for_the_name_of_the_service(tmp_path, authority, name):
    with prometheus_server(authority.server(name)) as server, cluster_of(server) as api:
        server.hosts = set()
        address = f"https://{SERVICE}:9090"
        for trust in (Trust(ca_path=authority.path), NO_CHECK):
            assert forwarded(api, tmp_path, address, trust) == 36.8
        assert server.hosts == {f"{SERVICE}:9090"}, "as KEDA asks"
        with pytest.raises(PrometheusError, match=r"pod monitoring/prometheus-0.*CERTIFICATE_VERIFY_FAILED.*ca_path"):
            forwarded(api, tmp_path, address)


def test_a_certificate_that_is_not_the_services(tmp_path, authority):
    with prometheus_server(authority.server("prometheus-0.monitoring")) as server, cluster_of(server) as api:
        server.hosts = set()
        with pytest.raises(PrometheusError, match=f"certificate is not valid for '{SERVICE}'"):
            forwarded(api, tmp_path, f"https://{SERVICE}:9090", Trust(ca_path=authority.path))


def test_a_server_that_speaks_no_tls(tmp_path):
    with prometheus_server() as server, cluster_of(server) as api:
        server.hosts = set()
        with pytest.raises(PrometheusError, match=r"port-forward to pod monitoring/prometheus-0, port 9091: .*SSL"):
            forwarded(api, tmp_path, f"https://{SERVICE}:9090")


def test_a_user_in_the_servers_address_is_sent_and_not_shown(tmp_path):
    """Go sends the user of a URL as basic authentication, percent-decoded."""
    address = f"http://me:s3c%40ret@{SERVICE}:9090"
    with prometheus_server() as server, cluster_of(server) as api:
        server.hosts = set()
        assert forwarded(api, tmp_path, address) == 36.8
        assert server.authorizations == {"Basic " + base64.b64encode(b"me:s3c@ret").decode()}
        server.authorizations.clear()
        assert forwarded(api, tmp_path, address, headers={"authorization": "Bearer t0ken"}) == 36.8
        assert server.authorizations == {"Bearer t0ken"}, "an option takes precedence"


def test_a_user_that_is_refused_is_not_shown(tmp_path):
    def refuse(handler, _path):
        given = handler.headers["Authorization"]
        handler.send({"status": "error", "errorType": "unauthorized", "error": f"no such user: {given}"}, 401)

    with (
        serve(refuse) as server,
        cluster_of(server) as api,
        pytest.raises(PrometheusError, match=r"refused /api/v1/query: no such user: ") as caught,
    ):
        forwarded(api, tmp_path, f"http://me:s3c%40ret@{SERVICE}:9090")
    assert not any(secret in str(caught.value) for secret in ("s3c", base64.b64encode(b"me:s3c@ret").decode()))
