# SPDX-License-Identifier: MIT
"""What is checked before a proof begins, against a small API server and sockets of this machine."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import trigger_requests
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.tls import Trust
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.resources import STATEFULSET
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.request import Request
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import prerequisites
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.target import find_target
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, SCALEDOBJECT, TRIGGER
from ansible_collections.shkatara.keda_demo.tests.support.proof_api import LISTS, REVIEWS, proof_api
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import DISCOVERY, FLEET, scale, scales

SCALEDOBJECTS = "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects"
TARGET = find_target(Objects(scaledobjects=[SCALEDOBJECT], deployments=[DEPLOYMENT]), "test", "scaledobject-py")
COUNTED = replace(TARGET, counter='python_request_operations_total{namespace="test"}')
PARAMS = {"namespace": "test", "name": "scaledobject-py", "trigger": None, "counter_metric": None}


@pytest.fixture
def cluster_of(tmp_path):
    """Return a cluster of a kubeconfig for an API server."""
    return lambda api: Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)


# The load's URL


def test_a_url_that_does_not_answer():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        url = f"http://user:secret@{address}/"
        with pytest.raises(
            prerequisites.Refused, match=rf"load\.http\.url .*{re.escape(address)}/ .*refused"
        ) as raised:
            prerequisites.check_url_answers(url)
        assert str(prerequisites.refusal([url])) == str(raised.value)
        # Later it may answer.
        unused.listen()
        assert prerequisites.refusal([url]) is None
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "no..name"])
def test_a_host_without_an_address_does_not_answer(host):
    with pytest.raises(BadInput, match=rf"load\.http\.url http://{re.escape(host)}/ "):
        prerequisites.refusal([f"http://{host}/"])


def test_a_url_that_answers_gets_no_request():
    with socket.create_server(("127.0.0.1", 0)) as server:
        prerequisites.check_url_answers(f"http://127.0.0.1:{server.getsockname()[1]}/")
        connection, _peer = server.accept()
        assert connection.recv(100) == b""
        connection.close()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://192.0.2.11/metrics", ("192.0.2.11", 80)),
        ("http://shop.example/", ("shop.example", 80)),
        ("http://[2001:db8::1]:5000/", ("2001:db8::1", 5000)),
    ],
)
def test_the_address_of_a_url(url, address):
    connections = []

    def connect(to, timeout):
        assert timeout > 0
        connections.append(to)
        return socket.socket()

    prerequisites.check_url_answers(url, connect)
    assert connections == [address]


def test_a_refused_connection_names_the_proxy_that_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://me:s3cret@proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(BadInput, match=r"not use the proxy http://proxy\.example:3128 \(HTTP_PROXY\)") as raised:
        prerequisites.check_url_answers("http://no-such-host.invalid/")
    assert "s3cret" not in str(raised.value)


def tls_server(context):
    """Return the port of a server that takes one TLS connection, and the list of what it reads."""
    listener, requests = socket.create_server(("127.0.0.1", 0)), []

    def run():
        with contextlib.suppress(OSError), listener, listener.accept()[0] as peer:
            requests.append(context.wrap_socket(peer, server_side=True).recv(100))

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1], requests


@pytest.mark.parametrize(
    ("name", "request_of", "message"),
    [
        ("127.0.0.1", lambda path: Request(trust=Trust(ca_path=path)), None),
        ("127.0.0.1", lambda _path: Request(trust=Trust(validate=False)), None),
        (
            "shop.example",
            lambda path: Request("GET", (("Host", "shop.example:8443"),), trust=Trust(ca_path=path)),
            None,
        ),
        ("127.0.0.1", lambda _path: Request(), r"CERTIFICATE_VERIFY_FAILED.*`load\.http\.ca_path`.*`load\.http\.val"),
        (
            "shop.example",
            lambda path: Request(trust=Trust(ca_path=path)),
            r"no TLS connection for 127\.0\.0\.1 .*mismatch",
        ),
    ],
)
def test_a_certificate_is_checked_before_the_load(tmp_path, name, request_of, message):
    authority = Authority(tmp_path)
    port, requests = tls_server(authority.server(name))
    url = f"https://user:secret@127.0.0.1:{port}/"
    if message is None:
        prerequisites.check_url_answers(url, request=request_of(authority.path))
        assert requests in ([], [b""])
        return
    with pytest.raises(BadInput, match=message) as raised:
        prerequisites.check_url_answers(url, request=request_of(authority.path))
    assert "secret" not in str(raised.value)


def test_a_url_that_speaks_no_tls():
    with (
        proof_api() as api,
        pytest.raises(BadInput, match=rf"load\.http\.url https://127\.0\.0\.1:{api.port}/ takes no TLS"),
    ):
        prerequisites.check_url_answers(f"https://127.0.0.1:{api.port}/")


# Prometheus


def target_at(address):
    return replace(TARGET, load_trigger=replace(TARGET.load_trigger, server_address=address), triggers=())


def test_the_namespace_of_prometheus_is_that_of_the_trigger():
    assert prerequisites.check_prometheus(TARGET, None) == "monitoring"
    assert prerequisites.check_prometheus(TARGET, "http://192.0.2.10:9090") is None
    assert prerequisites.check_prometheus(replace(TARGET, load_trigger=None), None) is None, "it is not read"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://prometheus.example.com",
        "tcp://a.b.svc:9090",
        "http://192.0.2.10:9090",
        "http://a.b.svc:99999",
        "http://[::1",
    ],
)
def test_an_address_that_is_no_service_needs_a_url(address):
    with pytest.raises(BadInput, match=r"prometheus_url|serverAddress"):
        prerequisites.check_prometheus(target_at(address), None)
    assert prerequisites.check_prometheus(target_at(address), "http://192.0.2.10:9090") is None


# Permissions


def denied(*pairs):
    """Return a review that denies (verb, resource) pairs."""
    return lambda attributes: (attributes["verb"], attributes["resource"]) in pairs


def missing(error):
    """Return the permissions that an error's message names."""
    return str(error.value).partition(": ")[2].partition(". ")[0].split("; ")


def test_missing_permissions_are_named_at_once(cluster_of):
    with proof_api(is_denied=denied(("watch", "replicasets"), ("list", "services"), ("get", "pods"))) as api:
        cluster = cluster_of(api)
        with pytest.raises(BadInput, match=re.escape(cluster.access.source)) as raised:
            prerequisites.check_permissions(cluster, COUNTED, "monitoring", "v1.25.0")
    assert missing(raised) == [
        "watch on replicasets.apps in namespace test",
        "list on services in namespace monitoring",
        "get on pods/portforward in namespace test",
        "get on pods/portforward in namespace monitoring",
    ]


def test_the_verbs_of_a_port_forward_depend_on_the_version(cluster_of):
    with proof_api(is_denied=denied(("create", "pods"))) as api:
        cluster = cluster_of(api)
        prerequisites.check_permissions(cluster, TARGET, "monitoring", "v1.34.0")
        with pytest.raises(BadInput) as raised:
            prerequisites.check_permissions(cluster, TARGET, "monitoring", "v1.35.0")
    assert missing(raised) == ["create on pods/portforward in namespace monitoring"]


def asking(metadata=None, **fields):
    """Return the target with another load trigger: TRIGGER with more metadata and fields."""
    trigger = {**TRIGGER, "metadata": {**TRIGGER["metadata"], **(metadata or {})}, **fields}
    return replace(TARGET, load_trigger=replace(TARGET.load_trigger, request=trigger_requests.request_of(trigger)))


SECRETS = denied(("list", "secrets"), ("list", "triggerauthentications"))
BEARER = asking({"authModes": "bearer"}, authenticationRef={"name": "prometheus"})


def test_the_permissions_for_a_trigger_s_credentials_are_named_with_the_others(cluster_of):
    with proof_api(is_denied=SECRETS) as api, pytest.raises(BadInput, match="prometheus_headers") as raised:
        prerequisites.check_permissions(cluster_of(api), BEARER, "monitoring", "v1.25.0", {})
    assert missing(raised) == [
        "list on triggerauthentications.keda.sh in namespace test",
        "list on secrets in namespace test",
    ]


@pytest.mark.parametrize(
    ("target", "namespace", "given"),
    [
        (TARGET, "monitoring", {}),
        (BEARER, "monitoring", {"Authorization": "Bearer abc"}),
        # The URL that was given may need none.
        (BEARER, None, {}),
        # Its Secrets are where KEDA is.
        (
            asking({"authModes": "bearer"}, authenticationRef={"name": "a", "kind": "ClusterTriggerAuthentication"}),
            "monitoring",
            {},
        ),
        (asking({"authModes": "tls"}, authenticationRef={"name": "prometheus"}), "monitoring", {}),
    ],
)
def test_permissions_for_credentials_that_are_not_read_are_not_reviewed(cluster_of, target, namespace, given):
    with proof_api(is_denied=SECRETS) as api:
        prerequisites.check_permissions(cluster_of(api), target, namespace, "v1.25.0", given)


def test_permissions_that_the_proof_does_not_need_are_not_reviewed(cluster_of):
    with proof_api(is_denied=denied(("get", "pods"), ("list", "services"))) as api:
        prerequisites.check_permissions(cluster_of(api), TARGET, None, "v1.25.0")
        # list and watch of six kinds
        assert [path for _method, path, _query in api.asked] == [REVIEWS] * 12


# The target


def test_the_target_of_a_cluster(cluster_of):
    with proof_api() as api:
        assert prerequisites.find_target(cluster_of(api), PARAMS) == TARGET
        assert [path for _method, path, _query in api.asked] == list(LISTS)


def test_a_forbidden_read_names_all_missing_permissions(cluster_of):
    review = denied(("list", "scaledobjects"), ("watch", "events"), ("get", "pods"))
    with proof_api(forbidden=[SCALEDOBJECTS], is_denied=review) as api, pytest.raises(BadInput) as raised:
        prerequisites.find_target(cluster_of(api), {**PARAMS, "counter_metric": "python_request_operations_total"})
    assert missing(raised) == [
        "list on scaledobjects.keda.sh in namespace test",
        "watch on events in namespace test",
        "get on pods/portforward in namespace test",
    ]


DEPLOYMENTS = "/apis/apps/v1/namespaces/test/deployments"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["list on services in namespace monitoring", "create on pods/portforward in namespace monitoring"]),
        ({"prometheus_url": "http://192.0.2.10:9090"}, []),
    ],
)
def test_a_scaledobject_that_can_be_read_names_the_namespace_of_prometheus(cluster_of, given, expected):
    review = denied(("list", "deployments"), ("list", "services"), ("create", "pods"))
    with (
        proof_api(forbidden=[DEPLOYMENTS], is_denied=review, version="v1.36.0") as api,
        pytest.raises(BadInput) as raised,
    ):
        prerequisites.find_target(cluster_of(api), {**PARAMS, **given})
    assert missing(raised) == ["list on deployments.apps in namespace test", *expected]
    assert "once it can be read" not in str(raised.value)


def test_a_forbidden_scaledobject_says_that_more_may_be_missing(cluster_of):
    review = denied(("list", "scaledobjects"))
    with (
        proof_api(forbidden=[SCALEDOBJECTS], is_denied=review) as api,
        pytest.raises(BadInput, match=r"names the workload and Prometheus: .* once it can be read"),
    ):
        prerequisites.find_target(cluster_of(api), PARAMS)


def test_a_forbidden_read_without_a_review_is_named_itself(cluster_of):
    """A webhook may forbid what the review allows."""
    with proof_api(forbidden=[SCALEDOBJECTS]) as api, pytest.raises(BadInput, match=r"list on scaledobjects\b.*test"):
        prerequisites.find_target(cluster_of(api), PARAMS)


def test_an_error_that_is_no_refusal_is_raised_as_it_is(cluster_of):
    with proof_api(lists={}) as api, pytest.raises(ClusterError) as raised:
        prerequisites.find_target(cluster_of(api), PARAMS)
    assert raised.value.status == 404
    assert REVIEWS not in [path for _method, path, _query in api.asked]


# Workloads of other kinds

FLEET_LISTS = {
    SCALEDOBJECTS: [scales("Fleet", "shop.example/v1")],
    "/apis/shop.example/v1/namespaces/test/fleets": [FLEET],
    "/api/v1/namespaces/test/pods": [],
}
SCALE = "/apis/shop.example/v1/namespaces/test/fleets/test/scale"
FLEET_DOCUMENTS = {"/apis/shop.example/v1/": DISCOVERY["/apis/shop.example/v1/"], SCALE: scale(1, 1)}


def test_a_custom_resource_of_a_cluster_with_its_scale(cluster_of):
    with proof_api(lists=FLEET_LISTS, documents=FLEET_DOCUMENTS) as api:
        target = prerequisites.find_target(cluster_of(api), PARAMS)
    assert (target.workload.title, target.workload.pod_labels) == ("Fleet test", "app=test")


def test_a_scale_that_may_not_be_read_is_named_with_the_remedy(cluster_of):
    review = denied(("get", "fleets"))
    with (
        proof_api(lists=FLEET_LISTS, documents=FLEET_DOCUMENTS, forbidden=[SCALE], is_denied=review) as api,
        pytest.raises(BadInput, match=r"\[shop\.example\], resources \[fleets/scale\] and verbs \[get\]") as raised,
    ):
        prerequisites.find_target(cluster_of(api), PARAMS)
    assert "get on fleets/scale.shop.example in namespace test" in str(raised.value)


def test_permissions_are_those_of_the_workloads_kind(cluster_of):
    stateful = replace(TARGET.workload, resource=STATEFULSET)
    with (
        proof_api(is_denied=denied(("watch", "statefulsets"), ("watch", "replicasets"))) as api,
        pytest.raises(BadInput) as raised,
    ):
        prerequisites.check_permissions(cluster_of(api), replace(TARGET, workload=stateful), None, "v1.25.0")
    assert missing(raised) == ["watch on statefulsets.apps in namespace test"]


def test_without_the_scaledobject_the_kind_is_not_known(cluster_of):
    review = denied(("list", "scaledobjects"), ("list", "deployments"))
    with proof_api(forbidden=[SCALEDOBJECTS], is_denied=review) as api, pytest.raises(BadInput) as raised:
        prerequisites.find_target(cluster_of(api), PARAMS)
    assert missing(raised) == ["list on scaledobjects.keda.sh in namespace test"]
