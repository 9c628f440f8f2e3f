# SPDX-License-Identifier: MIT
"""An HTTP proxy on loopback: it tunnels by CONNECT, passes plain requests on, and notes what it was asked for."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _all_of(source):
    with source:
        return b"".join(iter(lambda: source.recv(65536), b""))


class Proxy:
    """Knows names that no resolver knows: `names` is by host the address to connect to.

    `asked` has the method and the target of each request. With `user` (user:password) it wants that user.
    """

    def __init__(self, names=None, user=""):
        self.names = names or {}
        self.asked = []
        self.wanted = "Basic " + base64.b64encode(user.encode()).decode() if user else ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = peer.recv(65536)
            if not piece:
                return
            data += piece
        head, _end, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        while len(rest) < length:
            rest += peer.recv(65536)
        method, target, _version = first.split(" ")
        self.asked.append((method, target))
        given = next((line.split(": ", 1)[1] for line in lines if line.lower().startswith("proxy-authorization:")), "")
        if self.wanted and given != self.wanted:
            peer.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            peer.close()
            return
        if method == "CONNECT":
            host, _colon, port = target.rpartition(":")
        else:
            authority, _slash, path = target.partition("://")[2].partition("/")
            host, _colon, port = authority.partition(":")
            kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection:"))]
            rest = "\r\n".join([f"{method} /{path} HTTP/1.1", *kept, "Connection: close"]).encode() + b"\r\n\r\n" + rest
        try:
            address = self.names.get(host) or (host.strip("[]"), int(port or 80))
            server = socket.create_connection(address, timeout=5)
            server.settimeout(None)
        except OSError:
            peer.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            peer.close()
            return
        if method != "CONNECT":
            server.sendall(rest)
            # The client has to know that this connection is not kept.
            first, _end, others = _all_of(server).partition(b"\r\n")
            peer.sendall(first + b"\r\nConnection: close\r\n" + others)
            peer.close()
            return
        peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if rest:
            server.sendall(rest)
        threading.Thread(target=_pump, args=(server, peer), daemon=True).start()
        _pump(peer, server)


@contextlib.contextmanager
def proxy(**options):
    running = Proxy(**options)
    try:
        yield running
    finally:
        running.close()
