# SPDX-License-Identifier: MIT
"""Prometheus' HTTP API against a server on loopback that answers as Prometheus 2.41 does."""

from __future__ import annotations

import http.server
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import (
    PrometheusError,
    direct_address,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.client import (
    Prometheus,
    QueryError,
    QueryRefused,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.recording_rules import (
    Rule,
    RulesReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.scrapes import Series
from ansible_collections.shkatara.keda_demo.tests.support import apiserver

TARGET = {
    "discoveredLabels": {"__meta_kubernetes_namespace": "test", "__meta_kubernetes_pod_name": "test-1"},
    "labels": {"instance": "10.244.1.5:5000", "job": "test", "namespace": "test", "pod": "test-1"},
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


class Handler(apiserver.Handler):
    answers: dict[str, tuple[int, dict]]
    requests: list[tuple[str, dict]]
    request_headers: list[dict]
    closes = False

    def send_text(self, text, status):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        parts = urlsplit(self.path)
        self.requests.append((parts.path, parse_qs(parts.query)))
        self.request_headers.append(dict(self.headers))
        answer = self.answers.get(parts.path, (404, {}))
        status, document = answer() if callable(answer) else answer
        if isinstance(document, str):
            self.send_text(document, status)
        else:
            self.send(document, status)
        # Without a header that says so, as a server does whose keep-alive time is over.
        self.close_connection = self.closes


@pytest.fixture
def server():
    handler = type("OneHandler", (Handler,), {"answers": {}, "requests": [], "request_headers": [], "closes": False})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield handler, running.server_address[1]
        running.shutdown()


def prometheus(port, path="", **options):
    return Prometheus(None, lambda: direct_address(f"http://127.0.0.1:{port}{path}"), **options)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (vector("36.8"), 36.8),
        (vector(), None),
        (vector("NaN"), None),
        (vector("+Inf"), None),
        (vector("-Inf"), None),
    ],
)
def test_query(server, document, expected):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, document)
    assert prometheus(port).query("sum(a)") == expected
    assert handler.requests == [("/api/v1/query", {"query": ["sum(a)"]})]


def test_a_query_with_many_series_is_an_error_as_it_is_for_keda(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("1", "2"))
    with pytest.raises(QueryError, match="returns 2 series, and KEDA takes one: a"):
        prometheus(port).query("a")


def test_prometheus_error_of_a_wrong_query_is_in_the_message(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (
        400,
        {"status": "error", "errorType": "bad_data", "error": "parse error"},
    )
    with pytest.raises(QueryRefused, match="refused /api/v1/query: parse error"):
        prometheus(port).query("sum(")


def test_an_error_of_an_evaluation_is_no_refusal(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (
        422,
        {"status": "error", "errorType": "execution", "error": "found duplicate series"},
    )
    with pytest.raises(QueryError, match="duplicate series") as raised:
        prometheus(port).query("a / b")
    assert not isinstance(raised.value, QueryRefused)


@pytest.mark.parametrize("kind", ["scalar", "string", "matrix"])
def test_only_a_vector_is_a_value_for_keda(server, kind):
    handler, port = server
    handler.answers["/api/v1/query"] = (
        200,
        {"status": "success", "data": {"resultType": kind, "result": [1795510739.3, "5"]}},
    )
    with pytest.raises(QueryRefused, match=rf"\b{kind}\b"):
        prometheus(port).query("scalar(a)")


def test_nan_is_a_number_for_an_older_keda(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("NaN"))
    assert prometheus(port, nan_is_zero=True).query("a") == 0.0
    handler.answers["/api/v1/query"] = (200, vector("+Inf"))
    assert prometheus(port, nan_is_zero=True).query("a") is None


def test_the_parameters_of_a_trigger_are_sent_with_each_query(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("1"))
    handler.answers["/api/v1/series"] = (200, {"status": "success", "data": []})
    api = prometheus(port, parameters=[("namespace", "shop"), ("max_source_resolution", "5m")])
    api.query("a")
    api.feeds(["a"])
    for _path, parameters in handler.requests:
        assert (parameters["namespace"], parameters["max_source_resolution"]) == (["shop"], ["5m"])


def test_the_words_of_a_gateway_are_in_the_message(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (401, "no org id\n")
    with pytest.raises(PrometheusError, match=r"HTTP 401 \(no org id\)") as raised:
        prometheus(port).query("a")
    assert raised.value.status == 401


RULES = {
    "groups": [
        {
            "name": "shop",
            "interval": 30,
            "rules": [
                {"type": "recording", "name": "ns:requests:rate5m", "query": "sum(rate(a[5m]))", "labels": {"t": "x"}},
                {"type": "alerting", "name": "Down", "query": "up == 0"},
            ],
        }
    ]
}


@pytest.mark.parametrize(
    ("configuration", "interval"),
    [
        ("global:\n  scrape_interval: 15s\n  evaluation_interval: 1m30s\nscrape_configs: []\n", 90.0),
        ("global:\n  scrape_interval: 15s\nrule_files:\n- /etc/rules\n", 60.0),
        ("scrape_configs:\n- job_name: a\n  evaluation_interval: 7s\n", 60.0),
    ],
)
def test_rules_and_the_evaluation_interval(server, configuration, interval):
    handler, port = server
    handler.answers["/api/v1/rules"] = (200, {"status": "success", "data": RULES})
    handler.answers["/api/v1/status/config"] = (200, {"status": "success", "data": {"yaml": configuration}})
    rule = Rule("ns:requests:rate5m", "sum(rate(a[5m]))", 30.0, {"t": "x"})
    assert prometheus(port).rules() == RulesReading((rule,), interval)


def test_rules_without_the_configuration(server):
    handler, port = server
    handler.answers["/api/v1/rules"] = (200, {"status": "success", "data": RULES})
    reading = prometheus(port).rules()
    assert (len(reading.rules), reading.evaluation_interval) == (1, None)


def test_rules_that_may_not_be_read(server):
    handler, port = server
    handler.answers["/api/v1/rules"] = (403, {})
    reading = prometheus(port).rules()
    assert (reading.rules, reading.evaluation_interval) == (None, None)
    assert "403" in reading.error


def test_targets(server):
    handler, port = server
    down = {**TARGET, "health": "down", "lastError": "connection refused", "discoveredLabels": {}}
    handler.answers["/api/v1/targets"] = (
        200,
        {"status": "success", "data": {"activeTargets": [TARGET, down]}},
    )
    first, second = prometheus(port).targets()
    assert (first.namespace, first.pod, first.up, first.interval) == ("test", "test-1", True, 5)
    assert (first.job, first.instance) == ("test", "10.244.1.5:5000")
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
    api = prometheus(port)
    assert [api.query("a") for _ in range(3)] == [1, 1, 1]


def test_a_server_that_is_not_prometheus(server):
    _handler, port = server
    with pytest.raises(PrometheusError, match=f"http://127.0.0.1:{port} refused /api/v1/query: HTTP 404") as caught:
        prometheus(port).query("a")
    assert (caught.type, caught.value.status) == (PrometheusError, 404)


@pytest.mark.parametrize("document", [[], {"status": "success"}, {"status": "success", "data": []}])
def test_json_that_is_not_prometheus(server, document):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, document)
    with pytest.raises(PrometheusError):
        prometheus(port).query("a")


def test_nothing_there():
    with pytest.raises(PrometheusError, match=r"http://127.0.0.1:1 does not answer: .*refused") as caught:
        prometheus(1).query("a")
    assert caught.value.status == 0


@pytest.mark.parametrize("url", ["prometheus:9090", "ftp://host/", "http://"])
def test_a_wrong_prometheus_url(url):
    with pytest.raises(PrometheusError, match=r"`prometheus_url` .* is not a URL"):
        direct_address(url)


def test_credentials_in_the_url_are_refused_and_not_shown():
    with pytest.raises(PrometheusError, match=r"give them in `prometheus_headers`") as caught:
        direct_address("http://user:hidden@host")
    assert "hidden" not in str(caught.value)


def test_series_are_raw_samples_with_their_own_times(server):
    handler, port = server
    result = [
        {"metric": {"__name__": "a", "pod": "p"}, "values": [[1795510739.301, "5"], [1795510744.301, "12"]]},
        {"metric": {"__name__": "a", "pod": "q"}, "histograms": []},
        {"metric": {"pod": "r"}, "values": [[1795510739.3, "NaN"], [1795510744.3, "+Inf"], [1795510749.3, "3"]]},
    ]
    handler.answers["/api/v1/query"] = (200, {"status": "success", "data": {"resultType": "matrix", "result": result}})
    api = prometheus(port)
    assert api.series('a{namespace="test"}', 14.2) == [
        Series({"__name__": "a", "pod": "p"}, [(1795510739.301, 5.0), (1795510744.301, 12.0)]),
        Series({"pod": "r"}, [(1795510749.3, 3.0)]),
    ]
    assert handler.requests == [("/api/v1/query", {"query": ['a{namespace="test"}[15s]']})]
    assert api.offset is None  # a matrix has no time of evaluation


def test_feeds_are_the_targets_of_the_selectors(server):
    handler, port = server
    data = [
        {"__name__": "a", "job": "test", "instance": "10.244.1.5:5000", "path": "/"},
        {"__name__": "a", "job": "test", "instance": "10.244.1.5:5000", "path": "/x"},
        {"__name__": "recorded"},
    ]
    handler.answers["/api/v1/series"] = (200, {"status": "success", "data": data})
    api = prometheus(port, clock=lambda: 1000.0)
    assert api.feeds(['a{b="c"}', "recorded"]) == {("test", "10.244.1.5:5000"): 2}
    assert handler.requests == [
        ("/api/v1/series", {"match[]": ['a{b="c"}', "recorded"], "start": ["700.000"], "end": ["1000.000"]})
    ]
    assert api.feeds([]) == {}
    assert len(handler.requests) == 1


def test_the_offset_is_that_of_the_shortest_round_trip(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("1"))  # evaluated at 1795510739.3
    # The clock is read before each call, then at the request and at its response.
    times = iter(
        [0.0, 1795510729.0, 1795510731.0, 0.0, 1795510740.0, 1795510740.2, 0.0, 1795510700.0, 1795510701.0],
    )
    api = prometheus(port, clock=lambda: next(times))
    offsets = []
    for _ in range(3):
        api.query("a")
        offsets.append((round(api.offset, 3), round(api.offset_error, 3)))
    assert offsets == [(9.3, 1.0), (-0.8, 0.1), (-0.8, 0.1)]


def test_the_offset_of_a_server_with_another_clock(server):
    """The real clock and a real round trip: the true offset lies within `offset_error`."""
    handler, port = server

    def answer():
        time.sleep(0.05)
        at = time.time() + 7.0
        time.sleep(0.02)
        return 200, {
            "status": "success",
            "data": {"resultType": "vector", "result": [{"metric": {}, "value": [at, "1"]}]},
        }

    handler.answers["/api/v1/query"] = answer
    api = prometheus(port)
    api.query("time()")
    assert abs(api.offset - 7.0) <= api.offset_error
    assert 0.035 <= api.offset_error < 1


def test_another_server_has_another_clock(server):
    handler, port = server
    handler.answers["/api/v1/query"] = handler.answers["/prom/api/v1/query"] = (200, vector("1"))
    times, paths = iter([0.0, 10.0, 10.1, 0.0, 20.0, 30.0]), iter(["", "/prom"])
    api = Prometheus(None, lambda: direct_address(f"http://127.0.0.1:{port}{next(paths)}"), clock=lambda: next(times))
    api.query("a")
    api.close()
    api.query("a")
    assert api.offset_error == 5.0  # not the 0.05 s of the first


def test_headers_are_sent_with_each_request_and_are_in_no_message(server):
    handler, port = server
    headers = {"Authorization": "Bearer s3cr3t", "X-Scope-OrgID": "tenant-7"}
    handler.answers["/api/v1/query"] = (
        401,
        {"status": "error", "error": "bad token s3cr3t (Bearer s3cr3t) of tenant-7"},
    )
    api = prometheus(port, headers=headers)
    with pytest.raises(PrometheusError) as caught:
        api.query("a")
    assert str(caught.value).endswith("refused /api/v1/query: bad token *** (***) of ***")
    assert api.version() is None
    assert [headers["Authorization"] for headers in handler.request_headers] == ["Bearer s3cr3t"] * 2
    assert [headers["X-Scope-OrgID"] for headers in handler.request_headers] == ["tenant-7"] * 2


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"X-Key": "hidden\r\nX: y"}, "the value of X-Key in `prometheus_headers`"),
        ({"X-Key": "hidden\u2026"}, "the value of X-Key in `prometheus_headers`"),
        ({"X Key": "hidden"}, "has the name 'X Key'"),
    ],
)
def test_a_header_that_cannot_be_sent(headers, message):
    with pytest.raises(PrometheusError, match=message) as caught:
        prometheus(1, headers=headers)
    assert "hidden" not in str(caught.value)


def test_a_refused_request_is_not_sent_again(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("1"))
    api = prometheus(port)
    api.query("a")
    with pytest.raises(PrometheusError):
        api.targets()
    assert [path for path, _query in handler.requests] == ["/api/v1/query", "/api/v1/targets"]


def test_a_server_that_hangs_is_asked_once(server):
    handler, port = server
    handler.answers["/api/v1/query"] = (200, vector("1"))
    api = prometheus(port, timeout=1.2)
    api.query("a")
    handler.answers["/api/v1/query"] = lambda: (time.sleep(3), (200, vector("1")))[1]
    begun = time.monotonic()
    with pytest.raises(PrometheusError, match=r"does not answer: timed out"):
        api.query("a")
    assert time.monotonic() - begun < 2.3
    assert len(handler.requests) == 2


def test_https_is_spoken_to_an_https_url(server):
    _handler, port = server
    api = Prometheus(None, lambda: direct_address(f"https://127.0.0.1:{port}"))
    with pytest.raises(PrometheusError, match=rf"^https://127.0.0.1:{port} does not answer: \[SSL"):
        api.query("a")
