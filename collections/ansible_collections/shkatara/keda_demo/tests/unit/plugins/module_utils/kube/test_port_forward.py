# SPDX-License-Identifier: MIT
"""HTTP over a port-forward, against a server that speaks the WebSocket protocol of `pods/portforward`."""

from __future__ import annotations

import base64
import hashlib
import struct
import time

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.port_forward import (
    ForwardedConnection,
    ForwardError,
)
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

PATH = "/api/v1/namespaces/test/pods/web-1/portforward"
PORT = 5000
KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def frame(channel, payload):
    """Return a binary frame of the server for a channel: 0 is data, 1 is errors."""
    data = bytes([channel]) + payload
    size = bytes([len(data)]) if len(data) < 126 else bytes([126]) + struct.pack(">H", len(data))
    return b"\x82" + size + data


def read_frame(file):
    """Return a client's frame, of which http.client's requests are all short."""
    _first, size = file.read(2)
    size &= 127
    if size == 126:
        (size,) = struct.unpack(">H", file.read(2))
    mask = file.read(4)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(file.read(size)))


def forwarding(*frames):
    """Return an API server's answer that opens a port-forward, takes a request and answers it by `frames`."""
    requests = []

    def answer(handler, path):
        assert (path, handler.query) == (PATH, {"ports": str(PORT)})
        accept = base64.b64encode(hashlib.sha1(handler.headers["Sec-WebSocket-Key"].encode() + KEY).digest())
        handler.send_response(101)
        for name, value in {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept.decode(),
            "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        for channel in (0, 1):
            handler.wfile.write(frame(channel, struct.pack("<H", PORT)))
        handler.wfile.flush()
        requests.append(read_frame(handler.rfile))
        for piece in frames:
            handler.wfile.write(piece)
        handler.wfile.flush()
        handler.rfile.read(1)  # until the client goes
        handler.close_connection = True

    return answer, requests


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


def test_a_port_on_which_nothing_listens_is_told_in_the_kubelets_words(tmp_path):
    words = b"failed to connect to localhost:5000 inside namespace: connection refused\n"
    with serve(forwarding(frame(1, words))[0]) as api:
        pod = connection(api, tmp_path, timeout=5)
        pod.request("GET", "/")
        with pytest.raises(ForwardError) as caught:
            pod.getresponse()
        pod.close()
    assert str(caught.value) == f"port-forward to pod test/web-1, port 5000: {words.decode().strip()}"


def test_a_pod_that_does_not_answer(tmp_path):
    with serve(forwarding()[0]) as api:
        pod = connection(api, tmp_path, timeout=0.3)
        pod.request("GET", "/")
        with pytest.raises(ForwardError, match="port 5000: timed out"):
            pod.getresponse()
        pod.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, r"missing permission: verb get .* on pods/portforward in namespace test \(pods \"web-1\" is special\)"),
        (404, r"port 5000: pods \"web-1\" is special$"),
    ],
)
def test_a_refusal_is_told_in_the_api_servers_words(tmp_path, status, words):
    document = {"kind": "Status", "message": 'pods "web-1" is special', "code": status}
    with serve(lambda handler, _path: handler.send(document, status)) as api:
        pod = connection(api, tmp_path)
        with pytest.raises(ForwardError, match=words):
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
