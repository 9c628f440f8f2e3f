# SPDX-License-Identifier: MIT
"""Official origins on loopback: an HTTP or HTTPS server with a folder a host, and faults for single requests.

The file at https://dl.k8s.io/release/x is `<folder>/dl.k8s.io/release/x`. A fault is for the next request of a path.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CHUNK = 65536


class Fault:
    """What is done instead of a plain answer.

    :param status: a status and nothing else, with further headers
    :param after: bytes of the body after which the connection is closed, or with `stall` nothing comes any more
    :param ignores_range: the whole file, although a part of it is asked for
    :param per_second: the rate of the body, in bytes
    """

    def __init__(self, status=0, headers=None, after=None, stall=False, ignores_range=False, per_second=0):
        self.status = status
        self.headers = headers or {}
        self.after = after
        self.stall = stall
        self.ignores_range = ignores_range
        self.per_second = per_second


PLAIN = Fault()


class Origin:
    """`faults` has by path, which begins with the host, a fault a request; `asked` the path and headers of requests."""

    def __init__(self, folder, tls=None, etags=True):
        self.folder = folder
        self.faults = {}
        self.asked = []
        self.released = threading.Event()
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    origin._answer(self, etags)

            def log_message(self, *_arguments):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, _request, _client_address):
                """Say nothing: clients that end a connection early are what these tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            # The handshake is made by the thread of the connection, when it first reads.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.address = ("127.0.0.1", self.port)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def paths(self):
        return [path for path, _headers in self.asked]

    def _answer(self, handler, etags):
        host = handler.headers["Host"].partition(":")[0]
        path = f"{host}{urlsplit(handler.path).path}"
        self.asked.append((path, dict(handler.headers)))
        waiting = self.faults.get(path)
        fault = waiting.pop(0) if waiting else PLAIN
        file = self.folder / path
        if fault.status or not file.is_file():
            self._status(handler, fault.status or 404, fault.headers)
            return
        data = file.read_bytes()
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        begin = self._begin(handler, etag, etags) if not fault.ignores_range else 0
        if begin and begin >= len(data):
            self._status(handler, 416, {"Content-Range": f"bytes */{len(data)}"})
            return
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        if etags:
            handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(data) - begin))
        handler.end_headers()
        self._send(handler, data[begin:], fault)

    @staticmethod
    def _status(handler, status, headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @staticmethod
    def _begin(handler, etag, etags):
        match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        condition = handler.headers.get("If-Range")
        if match is None or (etags and condition is not None and condition != etag):
            return 0
        return int(match[1])

    def _send(self, handler, data, fault):
        end = len(data) if fault.after is None else fault.after
        for begin in range(0, min(end, len(data)), CHUNK):
            piece = data[begin : min(begin + CHUNK, end)]
            handler.wfile.write(piece)
            if fault.per_second:
                time.sleep(len(piece) / fault.per_second)
        if fault.stall:
            self.released.wait(60)
        if end < len(data):
            handler.close_connection = True


@contextlib.contextmanager
def origin(folder, **options):
    running = Origin(folder, **options)
    try:
        yield running
    finally:
        running.close()
