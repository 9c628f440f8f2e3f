# SPDX-License-Identifier: MIT
"""A watch that is dropped, expires, or finds the API down, and the poller of Prometheus."""

from __future__ import annotations

import json
import queue
import threading
import time
from itertools import pairwise

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import (
    GONE,
    OPENED,
    Cluster,
    ClusterError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.watcher import Watcher
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import PrometheusError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.client import QueryError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PrometheusPoller
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Api, serve


def obj(uid, version):
    return {"metadata": {"uid": uid, "name": uid, "resourceVersion": version}}


class Scripted:
    """A cluster that answers each call with the next of its steps, and then waits for the end of the test."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.calls = []
        self.done = threading.Event()

    def _next(self, call):
        self.calls.append(call)
        if not self.steps:
            self.done.set()
            threading.Event().wait()  # a daemon thread: it ends with the test run
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def list(self, kind, namespace, name=None, labels=None):
        return self._next(("list", kind, namespace, name, labels))

    def watch(self, kind, namespace, version, name=None, labels=None):
        del kind, namespace, name, labels
        for item in [(OPENED, {}), *self._next(("watch", version))]:
            if isinstance(item, Exception):
                raise item
            yield item


def watch(*steps):
    cluster, sink = Scripted(*steps), queue.Queue()
    watcher = Watcher(cluster, sink, "pods", namespace="test", labels="app=test", clock=lambda: 7.0)
    watcher.start()
    assert cluster.done.wait(10)
    watcher.stop()
    seen = [sink.get_nowait() for _ in range(sink.qsize())]
    assert {(item.at, item.source) for item in seen} == {(7.0, "pods")}
    return cluster.calls, [
        (item.event, item.data.get("message") or item.data.get("metadata", {}).get("resourceVersion")) for item in seen
    ]


def test_watch_goes_on_from_the_last_version_when_the_server_ends_it():
    calls, seen = watch(
        ([obj("a", "5")], "9"),
        [("MODIFIED", obj("a", "12")), ("BOOKMARK", {"metadata": {"resourceVersion": "20"}})],
        [("ADDED", obj("b", "25")), ("DELETED", obj("a", "26"))],
    )
    assert calls == [
        ("list", "pods", "test", None, "app=test"),
        ("watch", "9"),
        ("watch", "20"),
        ("watch", "26"),
    ]
    assert seen == [("ADDED", "5"), ("MODIFIED", "12"), ("ADDED", "25"), ("DELETED", "26")]


def test_a_broken_connection_is_told_and_mended():
    calls, seen = watch(
        ([obj("a", "5")], "9"),
        [("MODIFIED", obj("a", "12")), ClusterError("the connection broke")],
        ClusterError("The API server does not answer"),
        [("MODIFIED", obj("a", "30"))],
    )
    assert [call for call in calls if call[0] == "watch"] == [
        ("watch", "9"),
        ("watch", "12"),
        ("watch", "12"),
        ("watch", "30"),
    ]
    assert seen == [
        ("ADDED", "5"),
        ("MODIFIED", "12"),
        ("ERROR", "the connection broke"),
        ("ERROR", "The API server does not answer"),
        ("RECOVERED", None),
        ("MODIFIED", "30"),
    ]


def test_an_expired_version_lists_again_and_tells_the_difference():
    calls, seen = watch(
        ([obj("a", "5"), obj("b", "6"), obj("c", "7")], "9"),
        [ClusterError("too old resource version", GONE)],
        ([obj("a", "5"), obj("b", "40"), obj("d", "41")], "50"),
        [("DELETED", obj("d", "51"))],
    )
    assert [call[0] for call in calls] == ["list", "watch", "list", "watch", "watch"]
    assert seen[:3] == [("ADDED", "5"), ("ADDED", "6"), ("ADDED", "7")]
    assert seen[3:] == [("DELETED", "7"), ("MODIFIED", "40"), ("ADDED", "41"), ("DELETED", "51")]


def test_the_first_list_is_tried_until_the_api_is_there():
    calls, seen = watch(ClusterError("down"), ([obj("a", "5")], "9"), [])
    assert [call[0] for call in calls] == ["list", "list", "watch", "watch"]
    assert seen == [("ERROR", "down"), ("ADDED", "5"), ("RECOVERED", None)]


def test_a_watch_that_goes_on_in_silence_is_told():
    _calls, seen = watch(([obj("a", "5")], "9"), [ClusterError("the connection broke")], [])
    assert seen == [("ADDED", "5"), ("ERROR", "the connection broke"), ("RECOVERED", None)]


def test_an_unexpected_exception_is_told_and_the_watch_goes_on():
    calls, seen = watch(
        ([obj("a", "5")], "9"),
        [("MODIFIED", {"metadata": {}})],  # without a version: a KeyError
        ([obj("a", "7")], "12"),
        [],
    )
    assert [call[0] for call in calls] == ["list", "watch", "list", "watch", "watch"]
    assert seen == [("ADDED", "5"), ("ERROR", "KeyError: 'resourceVersion'"), ("MODIFIED", "7"), ("RECOVERED", None)]


def a_pod(uid, version):
    return {"apiVersion": "v1", "kind": "Pod", **obj(uid, version)}


class Script:
    """An API server that answers each list and each watch with its next step; the last step is kept up."""

    def __init__(self, lists, watches):
        self.steps = {"list": list(lists), "watch": list(watches)}
        self.watched = []
        self.over = threading.Event()

    def __call__(self, handler, _path):
        kind = "watch" if handler.query.get("watch") else "list"
        if kind == "watch":
            self.watched.append(handler.query["resourceVersion"])
        if not self.steps[kind]:
            self.over.set()
            threading.Event().wait(5)
            return
        self.steps[kind].pop(0)(handler)


def listed(version, *objects):
    return lambda handler: handler.send({"metadata": {"resourceVersion": version}, "items": list(objects)})


def streamed(*events, ends="well"):
    def step(handler):
        handler.begin_stream()
        for kind, what in events:
            handler.send_piece(json.dumps({"type": kind, "object": what}) + "\n")
        if ends == "well":
            handler.end_stream()
        elif ends == "in the middle":
            handler.wfile.write(b'40\r\n{"type": "MODIFIED", "obj')
            handler.close_connection = True
        elif ends == "never":  # as behind a connection that is half open: no word, no end
            threading.Event().wait(5)

    return step


def refused(code):
    document = {"kind": "Status", "status": "Failure", "message": "too old resource version: 9 (40)", "code": code}
    return lambda handler: handler.send(document, code)


def watch_server(tmp_path, script):
    """Return what a Watcher sees of a real server until its script is over."""
    sink = queue.Queue()
    with serve(script) as api:
        watcher = Watcher(Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None), sink, "pods", namespace="test")
        watcher.start()
        assert script.over.wait(10)
        watcher.stop()
    return told(sink)


def told(sink):
    seen = [sink.get_nowait() for _ in range(sink.qsize())]
    return [
        (item.event, item.data.get("message") or item.data.get("metadata", {}).get("resourceVersion")) for item in seen
    ]


def test_a_connection_that_is_dropped_in_the_middle_of_an_event(tmp_path):
    script = Script(
        [listed("9", a_pod("a", "5"))],
        [streamed(("MODIFIED", a_pod("a", "12")), ends="in the middle"), streamed(("MODIFIED", a_pod("a", "13")))],
    )
    seen = watch_server(tmp_path, script)
    assert script.watched[:2] == ["9", "12"]
    assert [event for event, _what in seen] == ["ADDED", "MODIFIED", "ERROR", "RECOVERED", "MODIFIED"]
    assert seen[2][1].startswith("watch of pods: the connection broke")


def test_a_server_that_hangs_is_noticed_within_the_read_timeout(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WATCH_READ_SECONDS", 0.3)
    script = Script(
        [listed("9", a_pod("a", "5"))],
        [streamed(("MODIFIED", a_pod("a", "12")), ends="never"), streamed(("MODIFIED", a_pod("a", "13")))],
    )
    begun = time.monotonic()
    seen = watch_server(tmp_path, script)
    assert [event for event, _what in seen] == ["ADDED", "MODIFIED", "ERROR", "RECOVERED", "MODIFIED"]
    assert seen[2][1] == "watch of pods: the connection broke: Read timed out."
    assert time.monotonic() - begun < 4  # the server itself holds its tongue for longer


@pytest.mark.parametrize(
    "gone",
    [refused(410), streamed(("ERROR", {"kind": "Status", "message": "too old resource version", "code": 410}))],
    ids=["the watch is refused", "the watch ends by it"],
)
def test_an_expired_version_of_a_real_server(tmp_path, gone):
    script = Script(
        [listed("9", a_pod("a", "5")), listed("40", a_pod("a", "5"), a_pod("b", "33"))],
        [gone, streamed(("DELETED", a_pod("b", "41")))],
    )
    seen = watch_server(tmp_path, script)
    assert script.watched[:2] == ["9", "40"]
    assert seen == [("ADDED", "5"), ("ADDED", "33"), ("DELETED", "41")]


def test_a_version_that_is_expired_again_and_again_is_told(tmp_path):
    script = Script([listed("9"), listed("9"), listed("9", a_pod("a", "5"))], [refused(410), refused(410), streamed()])
    seen = watch_server(tmp_path, script)
    assert [event for event, _what in seen] == ["ERROR", "ADDED", "RECOVERED"]
    assert "too old resource version" in seen[0][1]


def test_an_api_server_that_is_away_for_a_while(tmp_path):
    """Its port refuses connections, and then it is there again with what happened meanwhile."""
    sink = queue.Queue()
    first = Script([listed("9", a_pod("a", "5"))], [streamed(("MODIFIED", a_pod("a", "12")))])
    api = Api(first)
    api.start()
    cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
    away = threading.Event()
    first.steps["watch"].append(lambda handler: (api.stop(), away.set(), setattr(handler, "close_connection", True)))
    watcher = Watcher(cluster, sink, "pods", namespace="test")
    watcher.start()
    assert away.wait(10)
    until(lambda: any("refused" in str(item.data.get("message")) for item in list(sink.queue)))
    again = Script([], [streamed(("DELETED", a_pod("a", "20")))])
    api.answer = again
    api.start()
    assert again.over.wait(10)
    watcher.stop()
    api.stop()
    seen = told(sink)
    assert again.watched[0] == "12"
    assert seen[:2] == [("ADDED", "5"), ("MODIFIED", "12")]
    assert {event for event, _what in seen[2:-2]} == {"ERROR"}
    assert seen[-2:] == [("RECOVERED", None), ("DELETED", "20")]


def until(condition):
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to pass within 10 s")


class Answers:
    """A Prometheus with scripted answers to each query; the first query that finds none ends the script."""

    offset, offset_error = 0.25, 0.001

    def __init__(self, no_targets=(), **values):
        self.values = {key: list(items) for key, items in values.items()}
        self.no_targets = list(no_targets)
        self.asked_feeds = []
        self.targets_read = 0
        self.windows = []
        self.done = threading.Event()

    def version(self):
        return "2.41.0"

    def targets(self):
        self.targets_read += 1
        error = self.no_targets.pop(0) if self.no_targets else None
        if error:
            raise error
        return ["target"]

    def feeds(self, selectors):
        self.asked_feeds.append(selectors)
        if selectors == ["refused"]:
            raise PrometheusError("HTTP 403", 403)
        return {("job", "instance")}

    def query(self, expression):
        return self._next(expression)

    def series(self, selector, seconds):
        self.windows.append(seconds)
        return self._next(selector)

    def _next(self, key):
        if not self.values[key]:
            self.done.set()
            threading.Event().wait()  # a daemon thread: it ends with the test run
        value = self.values[key].pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    def close(self):
        pass


def poll(answers, queries, counter=None, interval=lambda: 0.01, settled=False, **options):
    sink = queue.Queue()
    poller = PrometheusPoller(answers, sink, queries, counter, interval, **options)
    if settled:
        poller.targets_settled()
    poller.start()
    assert answers.done.wait(10)
    poller.stop()
    return [sink.get_nowait() for _ in range(sink.qsize())]


CLOCK = {"offset": 0.25, "offset_error": 0.001}


def test_poller_tells_values_targets_and_errors():
    answers = Answers(a=[1.0, PrometheusError("gone"), KeyError("data"), None])
    seen = poll(answers, {"s0": "a"})
    assert {item.source for item in seen} == {"prometheus"}
    assert [(item.event, item.data) for item in seen] == [
        ("MODIFIED", {"values": {"s0": 1.0}, **CLOCK, "version": "2.41.0", "targets": ["target"]}),
        ("ERROR", {"message": "gone"}),
        ("ERROR", {"message": "KeyError: 'data'"}),
        ("MODIFIED", {"values": {"s0": None}, **CLOCK, "targets": ["target"]}),
    ]


def test_a_query_that_is_wrong_is_an_error_of_its_trigger_alone():
    answers = Answers(a=[QueryError("two series", 200), 3.0], b=[2.0, 4.0])
    first, second = poll(answers, {"s0": "a", "s1": "b"}, settled=True)
    assert first.data["values"] == {"s0": None, "s1": 2.0}
    assert first.data["errors"] == {"s0": "two series"}
    assert second.data == {"values": {"s0": 3.0, "s1": 4.0}, **CLOCK}


def test_no_answer_to_one_query_is_no_answer():
    (only,) = poll(Answers(a=[1.0], b=[PrometheusError("gone")]), {"s0": "a", "s1": "b"})
    assert (only.event, only.data) == ("ERROR", {"message": "gone"})


def test_a_prometheus_without_targets_has_values_all_the_same():
    refusal = PrometheusError("refused /api/v1/targets: HTTP 404", 404)
    answers = Answers(no_targets=[refusal] * 2, a=[1.0, 2.0])
    first, second = poll(answers, {"s0": "a"})
    assert (first.data["targets"], first.data["targets_error"]) == (None, "refused /api/v1/targets: HTTP 404")
    assert second.data == {"values": {"s0": 2.0}, **CLOCK}
    assert answers.targets_read == 1  # it will have none a moment later either


def test_targets_that_come_too_late_for_once_are_as_they_were():
    answers = Answers(no_targets=[None, PrometheusError("timed out")], a=[1.0, 2.0, 3.0])
    seen = poll(answers, {"s0": "a"})
    assert [item.data.get("targets", "untold") for item in seen] == [["target"], "untold", ["target"]]


def test_targets_that_never_came_are_told_as_missing():
    answers = Answers(no_targets=[PrometheusError("timed out")], a=[1.0])
    assert poll(answers, {"s0": "a"})[0].data["targets_error"] == "timed out"


@pytest.mark.parametrize(
    ("feeding", "asked", "expected"),
    [
        ("sum(rate(b{c='d'}[30s]))", [["b{c='d'}"]], {("job", "instance")}),
        ("refused", [["refused"]], None),
        ("", [], None),
    ],
)
def test_feeding_targets_are_asked_for_with_the_targets(feeding, asked, expected):
    answers = Answers(a=[1.0, 2.0])
    first, second = poll(answers, {"s0": "a"}, settled=True, feeding=feeding)
    assert answers.asked_feeds == asked
    assert first.data.get("feeds") == expected
    assert "feeds" not in second.data


def test_the_counter_is_read_over_three_intervals_and_over_a_gap():
    now = [100.0]

    def advance():
        now[0] += 2.0
        return 0.01

    answers = Answers(c=[["series"], PrometheusError("gone"), ["more"], QueryError("no selector", 400)])
    seen = poll(answers, {}, "c", advance, settled=True, clock=lambda: now[0])
    assert [item.data.get("counter") for item in seen] == [["series"], None, ["more"], []]
    assert [item.data.get("counter_error") for item in seen] == [None, None, None, "no selector"]
    assert [round(window, 2) for window in answers.windows[:4]] == [2.03, 2.03, 4.03, 2.03]


def test_poller_asks_at_the_interval_that_holds_at_the_time():
    asked = []

    def interval():
        asked.append(time.monotonic())
        return 0.3 if len(asked) == 1 else 0.01

    poll(Answers(a=[1.0] * 4), {"s0": "a"}, interval=interval)
    first, *rest = [later - earlier for earlier, later in pairwise(asked)]
    assert first >= 0.3
    assert min(rest) < 0.3


def test_poller_reads_settled_targets_only_now_and_then():
    answers = Answers(a=[1.0] * 20)
    poll(answers, {"s0": "a"}, settled=True)
    assert answers.targets_read == 1
