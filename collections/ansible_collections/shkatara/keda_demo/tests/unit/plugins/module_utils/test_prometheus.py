# SPDX-License-Identifier: MIT
"""Prometheus' HTTP API against a server on loopback that answers as Prometheus 2.41 does."""

from __future__ import annotations

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._prometheus import (
    Prometheus,
    PrometheusError,
    direct_address,
)

TARGET = {
    "discoveredLabels": {"__meta_kubernetes_namespace": "test", "__meta_kubernetes_pod_name": "test-1"},
    "labels": {"job": "test", "namespace": "test", "pod": "test-1"},
    "scrapePool": "serviceMonitor/test/py-app/0",
    "scrapeUrl": "http://10.244.1.5:5000/metrics",
    "lastError": "",
    "health": "up",
    "scrapeInterval": "5s",
    "scrapeTimeout": "5s",
}


def vector(*values):
    result = [{"metric": {}, "value": [1795510739.3, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: dict[str, tuple[int, dict]]
    asked: list[tuple[str, dict]]
    closes = False

    def do_GET(self):
        parts = urlsplit(self.path)
        self.asked.append((parts.path, parse_qs(parts.query)))
        status, document = self.answers.get(parts.path, (404, {}))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        # Without a word, as a server does whose keep-alive time is over.
        self.close_connection = self.closes

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    handler = type("OneHandler", (Handler,), {"answers": {}, "asked": [], "closes": False})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield handler, running.server_address[1]
        running.shutdown()


def prometheus(port, path=""):
    return Prometheus(None, lambda: direct_address(f"http://127.0.0.1:{port}{path}"))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (vector("36.8"), 36.8),
        (vector(), None),
        (vector("NaN"), None),
        ({"status": "success", "data": {"resultType": "scalar", "result": [1795510739.3, "5"]}}, 5),
    ],
)
def test_query(server, document, expected):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, document)
    assert prometheus(port).query("sum(a)") == expected
    assert handler.asked == [("/api/v1/query", {"query": ["sum(a)"]})]


def test_a_query_with_many_series_is_an_error_as_it_is_for_keda(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("1", "2"))
    with pytest.raises(PrometheusError, match="returns 2 series, and KEDA takes one: a"):
        prometheus(port).query("a")


def test_a_wrong_query_is_told_in_prometheus_words(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (
        400,
        {"status": "error", "errorType": "bad_data", "error": "parse error"},
    )
    with pytest.raises(PrometheusError, match="refused /api/v1/query: parse error"):
        prometheus(port).query("sum(")


def test_targets(server):
    handler, port = server
    down = {**TARGET, "health": "down", "lastError": "connection refused", "discoveredLabels": {}}
    handler.answers["/api/v1/targets"] = (
        200,
        {"status": "success", "data": {"activeTargets": [TARGET, down]}},
    )
    first, second = prometheus(port).targets()
    assert (first.namespace, first.pod, first.up, first.interval) == ("test", "test-1", True, 5)
    assert (second.pod, second.up, second.error) == ("test-1", False, "connection refused")


def test_a_path_before_the_api(server):
    handler, port = server
    handler.answers["/prom/api/v1/status/buildinfo"] = (
        200,
        {"status": "success", "data": {"version": "2.41.0"}},
    )
    assert prometheus(port, "/prom/").version() == "2.41.0"
    assert prometheus(port).version() is None


def test_a_connection_that_was_closed_meanwhile_is_made_anew(server):
    handler, port = server
    handler.closes = True
    handler.answers["/api/v1/query"] = (200, vector("1"))
    asked = prometheus(port)
    assert [asked.query("a") for _ in range(3)] == [1, 1, 1]


def test_what_is_no_prometheus(server):
    _handler, port = server
    with pytest.raises(PrometheusError, match=f"http://127.0.0.1:{port} refused /api/v1/query: HTTP 404"):
        prometheus(port).query("a")


def test_nothing_there():
    with pytest.raises(PrometheusError, match=r"http://127.0.0.1:1 does not answer: .*refused"):
        prometheus(1).query("a")


@pytest.mark.parametrize("url", ["prometheus:9090", "ftp://host/", "http://"])
def test_a_wrong_prometheus_url(url):
    with pytest.raises(PrometheusError, match=r"`prometheus_url` .* is not a URL"):
        direct_address(url)
