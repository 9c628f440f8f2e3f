# SPDX-License-Identifier: MIT
"""A scripted API server on loopback with a kubeconfig for it, and a cluster that only holds objects."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from urllib.parse import parse_qsl, urlsplit

import yaml


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(size)) if size else None
        self.query = dict(parse_qsl(parts.query))
        self.api.asked.append((self.command, parts.path, self.query))
        self.api.authorizations.add(self.headers.get("Authorization") or "")
        self.api.answer(self, parts.path)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def send(self, document, status=200):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send_piece(self, text):
        self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
        self.wfile.flush()

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away: that is what the tests are about."""


class Api:
    """Answers by `answer(handler, path)`; may be stopped and started again on the same port.

    `tls` are the settings of TLS, None without. `authorizations` are the headers of that name that came.
    """

    def __init__(self, answer, port=0, tls=None):
        self.answer = answer
        self.asked = []
        self.authorizations = set()
        self.port = port
        self.tls = tls
        self._server = None

    def start(self):
        handler = type("OneHandler", (Handler,), {"api": self})
        self._server = Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        """Refuse connections from now on; those that are open stay open."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def kubeconfig(self, path, name="lab", user=None, **cluster):
        """Write a kubeconfig with one context; `cluster` are other fields of the cluster."""
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": self.url, **cluster}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": f"admin-{name}"}}],
            "users": [{"name": f"admin-{name}", "user": {"token": "not-a-secret"} if user is None else user}],
            "current-context": name,
        }
        path.write_text(yaml.safe_dump(document))
        return str(path)


@contextlib.contextmanager
def serve(answer, tls=None):
    api = Api(answer, tls=tls)
    api.start()
    try:
        yield api
    finally:
        api.stop()


class Objects:
    """Stands for a cluster that holds these objects by kind, and these documents by what is read."""

    def __init__(self, documents=(), **kinds):
        self.kinds = kinds
        self.documents = dict(documents)

    def add_kind(self, kind, group, version, plural):
        assert kind == f"{plural}.{group}"
        del version

    def read(self, subject, namespace, method, *names):
        del namespace, method, names
        return self.documents.get(subject)

    def list(self, kind, namespace, name=None, labels=None):
        del namespace, labels
        found = self.kinds.get(kind, [])
        return [obj for obj in found if name in (None, obj["metadata"]["name"])], "1"
