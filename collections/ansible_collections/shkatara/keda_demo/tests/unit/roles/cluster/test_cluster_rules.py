# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The rules of the variables for the API server's address and for proxies, and what the roles make of them."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

HOST = {
    "cluster_endpoint": "192.0.2.11:6443",
    "cluster_node_ips": {"control1": "192.0.2.11", "worker1": "192.0.2.21"},
}
PROXY = "http://proxy.example.com:3128"
SECRET = "http://ann:pa55w0rd@proxy.example.com:3128"
GOOD = {
    "none": {},
    "unknown_yet": {"cluster_endpoint": ":6443"},
    "endpoint_name": {"cluster_endpoint": "k8s.example.com:8443"},
    "api_host": {"cluster_api_host": "198.51.100.11"},
    "api_name": {"cluster_api_host": "k8s.example.com", "cluster_api_port": "16443"},
    "tunnel": {"cluster_api_tunnel": True},
    "tunnel_of_text": {"cluster_api_tunnel": "true", "cluster_api_port": 16443},
    "proxy": {"cluster_http_proxy": PROXY},
    "proxy_with_password": {
        "cluster_http_proxy": SECRET,
        "cluster_no_proxy": [".example.com", "203.0.113.0/24", "10.0.0.1:80"],
    },
    "https_alone": {"cluster_https_proxy": "http://10.0.0.1/"},
}
HINT = "give a URL without a path, such as http://proxy.example.com:3128"
BAD = {
    "endpoint_url": (
        {"cluster_endpoint": "https://192.0.2.11:6443"},
        "cluster_endpoint is https://192.0.2.11:6443: give",
    ),
    "endpoint_no_port": (
        {"cluster_endpoint": "k8s.example.com"},
        "cluster_endpoint is k8s.example.com: give an address",
    ),
    "endpoint_ipv6": ({"cluster_endpoint": "[2001:db8::1]:6443"}, "cluster_endpoint is [2001:db8::1]:6443: give"),
    "endpoint_no_host": ({"cluster_endpoint": ":8443"}, "cluster_endpoint is :8443: give an address and a port"),
    "api_host_port": ({"cluster_api_host": "198.51.100.11:6443"}, "The port is set by cluster_api_port"),
    "api_host_url": ({"cluster_api_host": "https://k8s.example.com"}, "give only an IPv4 address or a name"),
    "api_host_ipv6": ({"cluster_api_host": "2001:db8::1"}, "cluster_api_host is 2001:db8::1: give"),
    "api_host_number": ({"cluster_api_host": "198.51.100.300"}, "cluster_api_host is 198.51.100.300: give"),
    "api_port": ({"cluster_api_port": 65536}, "cluster_api_port is 65536: give a port up to 65535"),
    "both_ways": ({"cluster_api_tunnel": True, "cluster_api_host": "k8s.example.com"}, "so set only one of them"),
    "proxy_scheme": (
        {"cluster_http_proxy": "proxy.example.com:3128"},
        f"cluster_http_proxy is proxy.example.com:3128: {HINT}",
    ),
    "proxy_https": (
        {"cluster_https_proxy": "https://proxy:3128"},
        f"cluster_https_proxy is https://proxy:3128: {HINT}",
    ),
    "proxy_path": ({"cluster_http_proxy": f"{SECRET}/path"}, f"is http://***@proxy.example.com:3128/path: {HINT}"),
    "proxy_odd": (
        {"cluster_https_proxy": "http://ann:pa55/w0rd@proxy"},
        "cluster_https_proxy is http://***@proxy: give",
    ),
    "exceptions": ({"cluster_no_proxy": ["a b", "http://x"]}, "cluster_no_proxy is a b, http://x: give a list"),
}


@pytest.fixture(scope="module")
def found(core, tmp_path_factory):
    """Return what the role control_plane has of each good case, and the message of each bad one."""
    cases = {case: HOST | given for case, given in GOOD.items()}
    cases |= {case: HOST | given for case, (given, _says) in BAD.items()}
    expression = """{'environment': __cluster_proxy_environment, 'server': __cluster_api_server,
                     'without': __cluster_without_proxies, 'sans': __control_plane_cert_sans}"""
    return render(core, "control_plane", cases, expression, tmp_path_factory.mktemp("role"))


@pytest.mark.parametrize("case", GOOD)
def test_a_right_value_passes(found, case):
    assert "value" in found[case], found[case]


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_value_is_named_with_what_would_be_right(found, case):
    message = found[case]["failed"]
    assert "control_plane: 1 reason why this run would fail" in message
    assert BAD[case][1] in " ".join(message.split())
    assert "pa55" not in message


def test_without_proxies_the_environment_stays(found):
    assert found["none"]["value"]["environment"] == {}


@pytest.mark.parametrize("case", ["proxy", "https_alone"])
def test_the_cluster_is_never_reached_by_a_proxy(found, case):
    environment = found[case]["value"]["environment"]
    assert environment["no_proxy"] == environment["NO_PROXY"]
    assert environment["no_proxy"].split(",") == [
        "localhost", "127.0.0.1", "192.0.2.11", "192.0.2.21", "10.244.0.0/16", "10.96.0.0/12", ".svc", ".cluster.local",
    ]  # fmt: skip


def test_the_users_exceptions_come_last(found):
    exceptions = found["proxy_with_password"]["value"]["environment"]["no_proxy"].split(",")
    assert exceptions[-3:] == [".example.com", "203.0.113.0/24", "10.0.0.1:80"]


def test_one_proxy_serves_both_schemes_unless_there_are_two(found):
    assert {found["proxy"]["value"]["environment"][name] for name in ("http_proxy", "HTTPS_PROXY")} == {PROXY}
    alone = found["https_alone"]["value"]["environment"]
    assert (alone["http_proxy"], alone["https_proxy"]) == ("", "http://10.0.0.1/")


def test_a_name_in_the_endpoint_is_not_asked_of_a_proxy(core, tmp_path):
    case = {"one": HOST | GOOD["endpoint_name"] | GOOD["proxy"] | {"cluster_api_host": "api.example.com"}}
    found = render(core, "control_plane", case, "__cluster_proxies.no_proxy", tmp_path)
    assert {"k8s.example.com", "api.example.com"} <= set(found["one"]["value"].split(","))


def test_kubeadms_environment_has_every_such_variable_empty(found):
    without = found["none"]["value"]["without"]
    assert {"http_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "FTP_PROXY"} <= set(without)
    assert set(without.values()) == {""}


@pytest.mark.parametrize(
    ("case", "server", "sans"),
    [
        ("none", "https://192.0.2.11:6443", []),
        ("endpoint_name", "https://k8s.example.com:8443", []),
        ("api_host", "https://198.51.100.11:6443", ["198.51.100.11"]),
        ("api_name", "https://k8s.example.com:16443", ["k8s.example.com"]),
        ("tunnel", "https://127.0.0.1:6443", []),
        ("tunnel_of_text", "https://127.0.0.1:16443", []),
    ],
)
def test_the_controllers_server_and_the_certificate(found, case, server, sans):
    assert (found[case]["value"]["server"], found[case]["value"]["sans"]) == (server, sans)
