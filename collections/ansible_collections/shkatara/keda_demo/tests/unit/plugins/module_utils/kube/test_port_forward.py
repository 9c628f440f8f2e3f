# SPDX-License-Identifier: MIT
"""HTTP over a port-forward, against a server that speaks the WebSocket protocol of `pods/portforward`."""

from __future__ import annotations

import time

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.port_forward import (
    ForwardedConnection,
    ForwardError,
)
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.forwarding import PORT, forwarding, frame


def connection(api, tmp_path, **options):
    cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
    return ForwardedConnection(cluster.new_client(), "test", "web-1", PORT, **options)


@pytest.mark.parametrize("header", ["Content-Length: 5\r\n", "Content-Length: 5\r\nConnection: close\r\n"])
def test_a_request_and_its_answer(tmp_path, header):
    reply = f"HTTP/1.1 200 OK\r\n{header}\r\nhello".encode()
    answer, requests = forwarding(frame(0, reply[:20]), frame(0, reply[20:]))
    with serve(answer) as api:
        pod = connection(api, tmp_path, timeout=5)
        pod.request("GET", "/metrics")
        response = pod.getresponse()
        assert (response.status, response.read()) == (200, b"hello")
        pod.close()
    assert requests[0].startswith(b"\0GET /metrics HTTP/1.1\r\n")


def test_the_kubelets_error_of_a_port_on_which_nothing_listens_is_in_the_message(tmp_path):
    error = b"failed to connect to localhost:5000 inside namespace: connection refused\n"
    with serve(forwarding(frame(1, error))[0]) as api:
        pod = connection(api, tmp_path, timeout=5)
        pod.request("GET", "/")
        with pytest.raises(ForwardError) as caught:
            pod.getresponse()
        pod.close()
    assert str(caught.value) == f"port-forward to pod test/web-1, port 5000: {error.decode().strip()}"


def test_a_pod_that_does_not_answer(tmp_path):
    with serve(forwarding()[0]) as api:
        pod = connection(api, tmp_path, timeout=0.3)
        pod.request("GET", "/")
        with pytest.raises(ForwardError, match="port 5000: timed out"):
            pod.getresponse()
        pod.close()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, r"missing permission: verb get .* on pods/portforward in namespace test \(pods \"web-1\" is special\)"),
        (404, r"port 5000: pods \"web-1\" is special$"),
    ],
)
def test_the_api_servers_reason_of_a_refusal_is_in_the_message(tmp_path, status, message):
    document = {"kind": "Status", "message": 'pods "web-1" is special', "code": status}
    with serve(lambda handler, _path: handler.send(document, status)) as api:
        pod = connection(api, tmp_path)
        with pytest.raises(ForwardError, match=message):
            pod.request("GET", "/")


def test_an_api_server_that_hangs_is_given_up(tmp_path):
    with serve(lambda _handler, _path: time.sleep(5)) as api:
        pod = connection(api, tmp_path, timeout=0.3)
        begun = time.monotonic()
        with pytest.raises(ForwardError, match=r"the API server does not answer within 0\.3 s"):
            pod.connect()
        assert time.monotonic() - begun < 3


def test_an_api_server_that_is_not_there(tmp_path):
    with serve(lambda _handler, _path: None) as api:
        pod = connection(api, tmp_path)
    with pytest.raises(ForwardError, match="refused"):
        pod.connect()
