# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A second application beside the demo's: /order counts orders, in a metric with another name and a label.

A gauge has the orders in progress.

It runs in the demo's image, because it needs Python and prometheus_client.
"""

from __future__ import annotations

import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

PORT = 8000
DELAY_SECONDS = 0.2

registry = CollectorRegistry()
# The label is set at once, so that the series exists before the first order.
orders = Counter("shop_orders_total", "Orders", ["kind"], registry=registry).labels(kind="book")

in_progress = Gauge("shop_orders_in_progress", "Orders that are being answered", registry=registry)


class Handler(BaseHTTPRequestHandler):
    """Answers in HTTP/1.0, so that every answer closes its connection."""

    def do_GET(self) -> None:
        """Answer a request."""
        if self.path == "/order":
            # Counted at the beginning, so that the metric's rate is the rate of arrival.
            orders.inc()
            with in_progress.track_inprogress():
                time.sleep(DELAY_SECONDS)
            self.answer(200, b"ordered\n", "text/plain")
        elif self.path == "/metrics":
            self.answer(200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4)
        elif self.path == "/healthz":
            self.answer(200, b"ok\n", "text/plain")
        else:
            self.answer(404, b"no such page\n", "text/plain")

    def answer(self, status: int, body: bytes, content_type: str) -> None:
        """Send a complete answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing: a line for each request is too much."""


class Server(ThreadingHTTPServer):
    """Has a thread for each request, and a queue for simultaneous connections."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    # Process 1 of a container receives only signals that it has a handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(("", PORT), Handler).serve_forever()
