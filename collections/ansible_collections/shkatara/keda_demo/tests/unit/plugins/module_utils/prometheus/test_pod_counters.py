# SPDX-License-Identifier: MIT
"""Counters on pods' own metrics pages, from servers on loopback that stand for the pods."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.connections import (
    DirectConnection,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.pod_counters import (
    count,
    read_counters,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.promql import parse_selectors
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.scrapes import ScrapeTarget
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

PAGE = """\
# HELP requests_total Requests that began.
# TYPE requests_total counter
requests_total{path="/",code="200"} 40.0
requests_total{path="/",code="500"} 2.0
requests_total{path="/x",code="200"} 1e+02
# HELP requests_created Requests that began.
# TYPE requests_created gauge
requests_created{path="/",code="200"} 1.7955107e+09
# TYPE requests_other counter
requests_other 9.0
"""


def send(handler, text, status=200):
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "text/plain; version=0.0.4")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


def target(pod, url="http://10.244.1.5:5000/metrics"):
    return ScrapeTarget("test", pod, url, True, "", 5.0)


def read(targets, metric, answer=lambda handler, _path: send(handler, PAGE), **options):
    """Return the counts, the arguments of each connection, and the requests to the pods."""
    connected = []
    with serve(answer) as api:

        def connect(namespace, pod, port):
            connected.append((namespace, pod, port))
            return DirectConnection("127.0.0.1", api.port)

        return read_counters(None, targets, metric, connect=connect, **options), connected, api.asked


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("requests_total", 142),
        ('requests_total{namespace="test", job="test", pod=~"a.*"}', 142),  # only Prometheus has these labels
        ('requests_total{path="/"}', 42),
        ('requests_total{path="/", code!~"5.."}', 40),
        ('{__name__="requests_total", code="500"}', 2),
        ("requests", 142),
        ("requests_other", 9),
        ("requests_other_total", 9),
        ("nothing_total", 0),
        ('requests_total{path="/y"}', 0),
    ],
)
def test_a_page(metric, expected):
    (selector,) = parse_selectors(metric)
    assert count(PAGE, selector) == expected


def test_a_pod_gets_the_request_that_prometheus_sends():
    hosts = []

    def answer(handler, _path):
        hosts.append(handler.headers["Host"])
        send(handler, PAGE)

    counts, connected, requests = read([target("a", "http://10.244.1.5:8080/m?x=1")], "requests_total", answer)
    assert counts == {"a": 142.0}
    assert connected == [("test", "a", 8080)]
    assert requests == [("GET", "/m", {"x": "1"})]
    assert hosts == ["10.244.1.5:8080"]


def test_pods_are_read_at_the_same_time():
    together = threading.Barrier(3, timeout=10)

    def answer(handler, _path):
        together.wait()
        send(handler, PAGE)

    counts, _connected, _asked = read([target("a"), target("b"), target("c")], "requests_total", answer, threads=3)
    assert counts == {"a": 142.0, "b": 142.0, "c": 142.0}


def test_two_pages_of_a_pod_are_summed_and_one_that_is_scraped_twice_is_not():
    again = ScrapeTarget("test", "a", "http://10.244.1.5:5000/metrics", True, "", 5.0, "another job")
    counts, _connected, requests = read([target("a"), again, target("a", "http://10.244.1.5:81/m")], "requests_total")
    assert counts == {"a": 284.0}
    assert len(requests) == 2


def test_a_pod_that_cannot_be_read_says_why_and_the_others_are_read():
    def answer(handler, path):
        pages = {
            "/404": ("", 404),
            "/html": ("<html>{</html>", 200),
            "/nan": ("requests_total NaN\n", 200),
            "/inf": ('requests_total 1\nrequests_total{a="b"} +Inf\n', 200),
        }
        send(handler, *pages.get(path, (PAGE, 200)))

    targets = [
        target("good"),
        target("tls", "https://10.244.1.5:5000/metrics"),
        target("missing", "http://10.244.1.5:5000/404"),
        target("page", "http://10.244.1.5:5000/html"),
        target("nan", "http://10.244.1.5:5000/nan"),
        target("inf", "http://10.244.1.5:5000/inf"),
        target("port", "http://10.244.1.5:99999/metrics"),
    ]
    counts, connected, _asked = read(targets, "requests_total", answer)
    assert counts["good"] == 142.0
    why = "only http is supported, and this is https"
    assert counts["tls"] == f"its metrics at https://10.244.1.5:5000/metrics can't be read: {why}"
    assert counts["missing"] == "its metrics at port 5000, path /404 can't be read: HTTP 404"
    assert counts["page"].startswith("its metrics are not in Prometheus' text format")
    assert counts["nan"] == "its metrics give nan for requests_total, which is not a count"
    assert counts["inf"] == "its metrics give inf for requests_total, which is not a count"
    assert "99999/metrics can't be read: Port out of range" in counts["port"]
    assert len(connected) == 5


def test_a_pod_that_does_not_answer():
    def connect(_namespace, _pod, _port):
        return DirectConnection("127.0.0.1", 1)

    counts = read_counters(None, [target("a")], "requests_total", connect=connect)
    assert "can't be read: [Errno 111] Connection refused" in counts["a"]


def test_no_pods():
    assert read_counters(None, [], "requests_total") == {}


@pytest.mark.parametrize("metric", ["", "a + b"])
def test_text_that_is_not_a_metric(metric):
    with pytest.raises(ValueError, match="not a metric's name or selector"):
        read_counters(None, [target("a")], metric)
