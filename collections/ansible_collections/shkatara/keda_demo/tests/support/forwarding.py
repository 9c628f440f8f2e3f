# SPDX-License-Identifier: MIT
"""The answer of an API server that opens a port-forward, in the WebSocket protocol of `pods/portforward`."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import struct
import threading

PATH = "/api/v1/namespaces/test/pods/web-1/portforward"
PORT = 5000
KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def frame(channel, payload):
    """Return a binary frame of the server for a channel: 0 is data, 1 is errors."""
    data = bytes([channel]) + payload
    size = bytes([len(data)]) if len(data) < 126 else bytes([126]) + struct.pack(">H", len(data))
    assert len(data) < 2**16
    return b"\x82" + size + data


def read_frame(file):
    """Return a client's frame; nothing at the end of the connection or for a frame that closes it."""
    head = file.read(2)
    if len(head) < 2 or head[0] & 15 == 8:
        return b""
    size = head[1] & 127
    if size >= 126:
        (size,) = struct.unpack(">H" if size == 126 else ">Q", file.read(2 if size == 126 else 8))
    mask = file.read(4)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(file.read(size)))


def open_forward(handler, port):
    """Answer a request for a port-forward as an API server does."""
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
        handler.wfile.write(frame(channel, struct.pack("<H", port)))
    handler.wfile.flush()


def relay(handler, server):
    """Open a port-forward whose bytes go to a server on this machine, until either side ends."""
    open_forward(handler, int(handler.query["ports"]))
    with socket.create_connection(("127.0.0.1", server)) as connection:

        def answer():
            with contextlib.suppress(OSError, ValueError):  # the other side has closed
                while data := connection.recv(16384):
                    handler.wfile.write(frame(0, data))
                    handler.wfile.flush()
                handler.connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=answer, daemon=True).start()
        while data := read_frame(handler.rfile):
            connection.sendall(data[1:])
    handler.close_connection = True


def forwarding(*frames):
    """Return an API server's answer that opens a port-forward, takes a request and answers it by `frames`."""
    requests = []

    def answer(handler, path):
        assert (path, handler.query) == (PATH, {"ports": str(PORT)})
        open_forward(handler, PORT)
        requests.append(read_frame(handler.rfile))
        for piece in frames:
            handler.wfile.write(piece)
        handler.wfile.flush()
        handler.rfile.read(1)  # until the client goes
        handler.close_connection = True

    return answer, requests
