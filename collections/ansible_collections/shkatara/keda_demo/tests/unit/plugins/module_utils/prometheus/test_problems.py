# SPDX-License-Identifier: MIT
"""The kind of each problem, by real answers of servers over a real connection."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import (
    Address,
    PrometheusError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.client import Prometheus
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import (
    Problem,
    problem_of,
)


def refused(error_type, error):
    return json.dumps({"status": "error", "errorType": error_type, "error": error})


def vector(*values):
    result = [{"metric": {"pod": str(index)}, "value": [1.0, value]} for index, value in enumerate(values)]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


MATCHING = "found duplicate series for the match group {} on the right hand-side of the operation"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "problem"),
    [
        (400, "application/json", refused("bad_data", "1:5: parse error: unclosed left parenthesis"), "invalid_query"),
        (422, "application/json", refused("execution", MATCHING), "query_failed"),
        (503, "application/json", refused("timeout", "query timed out in expression evaluation"), "query_failed"),
        (200, "application/json", vector("1", "2", "3", "4"), "several_series"),
        # Servers of many tenants, proxies and login pages.
        (401, "text/plain", "no org id", "refused"),
        (400, "text/plain", "no org id", "refused"),
        (403, "text/html", "<html>Forbidden</html>", "refused"),
        (302, "text/html", "<a href='https://login.example.com/'>Found</a>", "refused"),
        (200, "text/html", "<html>Sign in</html>", "refused"),
        # A server that starts, or an ingress whose server does.
        (503, "text/plain", "Service Unavailable", "no_answer"),
        (404, "text/plain", "default backend - 404", "no_answer"),
        (500, "application/json", refused("internal", "something broke"), "no_answer"),
    ],
)
def test_an_answer_without_a_value(status, content_type, body, problem):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Prometheus(None, lambda: Address("127.0.0.1", server.server_port, ""))
        try:
            with pytest.raises(PrometheusError) as error:
                client.query("sum(requests_total")
        finally:
            client.close()
            server.shutdown()
    assert problem_of(error.value) is Problem(problem)


def test_a_server_that_is_not_there():
    client = Prometheus(None, lambda: Address("127.0.0.1", 1, ""))
    with pytest.raises(PrometheusError) as error:
        client.query("up")
    assert problem_of(error.value) is Problem.NO_ANSWER
