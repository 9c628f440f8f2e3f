# SPDX-License-Identifier: MIT
"""A watch that is dropped, expires, or finds the API down, and the poller of Prometheus."""

from __future__ import annotations

import queue
import threading

from ansible_collections.shkatara.keda_demo.plugins.module_utils._cluster import GONE, OPENED, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._observe import PrometheusPoller, Watcher
from ansible_collections.shkatara.keda_demo.plugins.module_utils._prometheus import PrometheusError


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


class Answers:
    """A Prometheus with scripted values."""

    def __init__(self, *values):
        self.values = list(values)
        self.targets_read = 0
        self.done = threading.Event()

    def version(self):
        return "2.41.0"

    def targets(self):
        self.targets_read += 1
        return ["target"]

    def query(self, expression):
        assert expression == "sum(a)"
        if not self.values:
            self.done.set()
            threading.Event().wait()
        value = self.values.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    def close(self):
        pass


def test_poller_tells_values_targets_and_errors():
    answers, sink = Answers(1.0, PrometheusError("gone"), KeyError("data"), None), queue.Queue()
    poller = PrometheusPoller(answers, sink, "sum(a)", interval=0.01)
    poller.start()
    assert answers.done.wait(10)
    poller.stop()
    seen = [sink.get_nowait() for _ in range(sink.qsize())]
    assert [(item.event, item.data) for item in seen] == [
        ("MODIFIED", {"version": "2.41.0", "targets": ["target"], "value": 1.0}),
        ("ERROR", {"message": "gone"}),
        ("ERROR", {"message": "KeyError: 'data'"}),
        ("MODIFIED", {"targets": ["target"], "value": None}),
    ]


def test_poller_reads_settled_targets_only_now_and_then():
    answers, sink = Answers(*[1.0] * 20), queue.Queue()
    poller = PrometheusPoller(answers, sink, "sum(a)", interval=0.01)
    poller.targets_settled()
    poller.start()
    assert answers.done.wait(10)
    poller.stop()
    assert answers.targets_read == 1
