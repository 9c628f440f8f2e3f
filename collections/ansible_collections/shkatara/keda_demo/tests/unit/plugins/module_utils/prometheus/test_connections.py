# SPDX-License-Identifier: MIT
"""Both kinds of connection, against servers on loopback; kube/test_port_forward.py has more of a port-forward."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import Address
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.connections import (
    DirectConnection,
    NoResponse,
    PodConnection,
    Response,
    connection_to,
)
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.forwarding import PORT, forwarding, frame

HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
SECRET = {"Authorization": "Bearer s3cr3t"}


@pytest.fixture
def raw_server():
    """Return a function that starts a server; each of its connections is answered by the next of the functions."""
    listeners = []

    def start(*answers):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run():
            for answer in answers:
                peer, _address = listener.accept()
                with peer:
                    peer.settimeout(10)
                    answer(peer)

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.close()


def read_request(peer):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.recv(65536)
        if not piece:
            raise ConnectionError("no request")
        data += piece
    return data


def reply(*responses):
    """Return an answer to as many requests over one connection."""

    def answer(peer):
        for response in responses:
            read_request(peer)
            peer.sendall(response)

    return answer


def test_a_connection_is_kept(raw_server):
    connection = DirectConnection("127.0.0.1", raw_server(reply(HELLO, HELLO, HELLO)), timeout=5)
    for _ in range(3):
        assert connection.get("/", {}) == Response(200, "text/plain", b"hello")
    connection.close()


def test_a_connection_that_the_server_has_closed_is_replaced(raw_server):
    closed = threading.Event()

    def once(peer):
        reply(HELLO)(peer)
        peer.close()
        closed.set()

    connection = DirectConnection("127.0.0.1", raw_server(once, reply(HELLO)), timeout=5)
    connection.get("/", {})
    assert closed.wait(5)
    assert connection.get("/", {}).body == b"hello"


def test_a_request_is_not_repeated(raw_server):
    """The connection is closed only after the request: whether it was served is unknown."""
    requests = []

    def drop(peer):
        requests.append(read_request(peer))

    connection = DirectConnection("127.0.0.1", raw_server(drop, drop), timeout=5)
    with pytest.raises(NoResponse, match=r"^Remote end closed connection without response$"):
        connection.get("/", {})
    assert len(requests) == 1


def test_a_redirect_is_not_followed():
    def redirect(handler, _path):
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serve(redirect) as api:
        assert DirectConnection("127.0.0.1", api.port).get("/a", SECRET).status == 302
    assert [path for _verb, path, _query in api.asked] == ["/a"]


@pytest.mark.parametrize("begin", [b"", HELLO[:20], HELLO[:-1]])
def test_a_server_that_stops_is_given_up(raw_server, begin):
    def hang(peer):
        read_request(peer)
        peer.sendall(begin)
        peer.recv(1)  # until the client goes

    connection = DirectConnection("127.0.0.1", raw_server(hang), timeout=0.3)
    start = time.monotonic()
    with pytest.raises(NoResponse, match=r"^timed out$"):
        connection.get("/", SECRET)
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("response", [HELLO[:-1], b"not HTTP\r\n\r\n"])
def test_a_response_that_is_broken(raw_server, response):
    connection = DirectConnection("127.0.0.1", raw_server(reply(response)), timeout=5)
    with pytest.raises(NoResponse, match=r"IncompleteRead|not HTTP"):
        connection.get("/", SECRET)


def test_a_server_that_is_not_there():
    with pytest.raises(NoResponse, match=r"^\[Errno 111\] Connection refused$"):
        DirectConnection("127.0.0.1", 1).get("/", {})


def test_a_name_that_is_not_there():
    with pytest.raises(NoResponse, match=r"^\[Errno -[0-9]+\] "):
        DirectConnection("prometheus.invalid", 9090).get("/", {})


def test_a_pod_is_reached_by_a_port_forward(tmp_path):
    answer, requests = forwarding(frame(0, HELLO[:30]), frame(0, HELLO[30:]))
    address = Address("web-1", PORT, "", namespace="test", pod="web-1")
    with serve(answer) as api:
        connection = connection_to(Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None), address, 5)
        assert isinstance(connection, PodConnection)
        assert connection.get("/api", SECRET) == Response(200, "text/plain", b"hello")
        connection.close()
    assert requests[0].startswith(b"\0GET /api HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer s3cr3t\r\n" in requests[0]


def test_a_pod_that_does_not_answer(tmp_path):
    error = b"failed to connect to localhost:5000 inside namespace: connection refused\n"
    with serve(forwarding(frame(1, error))[0]) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
        connection = PodConnection(cluster, "test", "web-1", PORT, timeout=5)
        with pytest.raises(NoResponse, match=r"^port-forward to pod test/web-1, port 5000: failed to connect"):
            connection.get("/", SECRET)
