# SPDX-License-Identifier: MIT
"""A watch that is dropped, expires, or finds the API server down."""

from __future__ import annotations

import json
import queue
import re
import threading
import time

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import (
    GONE,
    OPENED,
    Cluster,
    ClusterError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.watcher import (
    ObjectEvent,
    Watcher,
    WatchFailed,
    WatchRecovered,
)
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
    observations = [sink.get_nowait() for _ in range(sink.qsize())]
    assert {(item.at, item.kind) for item in observations} == {(7.0, "pods")}
    return cluster.calls, [summary(item) for item in observations]


def summary(observation):
    """An object's event and version, or `failed` and the message, or `recovered`."""
    match observation:
        case ObjectEvent():
            return observation.event, observation.object["metadata"]["resourceVersion"]
        case WatchFailed():
            return "failed", observation.message
        case WatchRecovered():
            return "recovered", None


def test_watch_goes_on_from_the_last_version_when_the_server_ends_it():
    calls, observed = watch(
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
    assert observed == [("ADDED", "5"), ("MODIFIED", "12"), ("ADDED", "25"), ("DELETED", "26")]


def test_a_broken_connection_is_reported_and_mended():
    calls, observed = watch(
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
    assert observed == [
        ("ADDED", "5"),
        ("MODIFIED", "12"),
        ("failed", "the connection broke"),
        ("failed", "The API server does not answer"),
        ("recovered", None),
        ("MODIFIED", "30"),
    ]


def test_an_expired_version_lists_again_and_reports_the_difference():
    calls, observed = watch(
        ([obj("a", "5"), obj("b", "6"), obj("c", "7")], "9"),
        [ClusterError("too old resource version", GONE)],
        ([obj("a", "5"), obj("b", "40"), obj("d", "41")], "50"),
        [("DELETED", obj("d", "51"))],
    )
    assert [call[0] for call in calls] == ["list", "watch", "list", "watch", "watch"]
    assert observed[:3] == [("ADDED", "5"), ("ADDED", "6"), ("ADDED", "7")]
    assert observed[3:] == [("DELETED", "7"), ("MODIFIED", "40"), ("ADDED", "41"), ("DELETED", "51")]


def test_the_first_list_is_tried_until_the_api_is_there():
    calls, observed = watch(ClusterError("down"), ([obj("a", "5")], "9"), [])
    assert [call[0] for call in calls] == ["list", "list", "watch", "watch"]
    assert observed == [("failed", "down"), ("ADDED", "5"), ("recovered", None)]


def test_a_silent_watch_reports_its_recovery():
    _calls, observed = watch(([obj("a", "5")], "9"), [ClusterError("the connection broke")], [])
    assert observed == [("ADDED", "5"), ("failed", "the connection broke"), ("recovered", None)]


def test_an_unexpected_exception_is_reported_and_the_watch_goes_on():
    calls, observed = watch(
        ([obj("a", "5")], "9"),
        [("MODIFIED", {"metadata": {}})],  # without a version: a KeyError
        ([obj("a", "7")], "12"),
        [],
    )
    assert [call[0] for call in calls] == ["list", "watch", "list", "watch", "watch"]
    assert observed == [
        ("ADDED", "5"),
        ("failed", "KeyError: 'resourceVersion'"),
        ("MODIFIED", "7"),
        ("recovered", None),
    ]


def a_pod(uid, version):
    return {"apiVersion": "v1", "kind": "Pod", **obj(uid, version)}


class Script:
    """An API server that answers each list and each watch with its next step; the last step is kept up."""

    def __init__(self, lists, watches):
        self.steps = {"list": list(lists), "watch": list(watches)}
        self.watched = []
        self.finished = threading.Event()

    def __call__(self, handler, _path):
        kind = "watch" if handler.query.get("watch") else "list"
        if kind == "watch":
            self.watched.append(handler.query["resourceVersion"])
        if not self.steps[kind]:
            self.finished.set()
            threading.Event().wait(5)
            return
        self.steps[kind].pop(0)(handler)


def listed(version, *objects):
    return lambda handler: handler.send({"metadata": {"resourceVersion": version}, "items": list(objects)})


def streamed(*events, ends="well"):
    def step(handler):
        handler.begin_stream()
        for event, data in events:
            handler.send_piece(json.dumps({"type": event, "object": data}) + "\n")
        if ends == "well":
            handler.end_stream()
        elif ends == "in the middle":
            handler.wfile.write(b'40\r\n{"type": "MODIFIED", "obj')
            handler.close_connection = True
        elif ends == "never":  # as behind a connection that is half open: no data, no end
            threading.Event().wait(5)

    return step


def refused(code):
    document = {"kind": "Status", "status": "Failure", "message": "too old resource version: 9 (40)", "code": code}
    return lambda handler: handler.send(document, code)


def watch_server(tmp_path, script):
    """Return what a Watcher observes of a real server until its script has ended."""
    sink = queue.Queue()
    with serve(script) as api:
        watcher = Watcher(Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None), sink, "pods", namespace="test")
        watcher.start()
        assert script.finished.wait(10)
        watcher.stop()
    return summaries(sink)


def summaries(sink):
    return [summary(sink.get_nowait()) for _ in range(sink.qsize())]


def test_a_connection_that_is_dropped_in_the_middle_of_an_event(tmp_path):
    script = Script(
        [listed("9", a_pod("a", "5"))],
        [streamed(("MODIFIED", a_pod("a", "12")), ends="in the middle"), streamed(("MODIFIED", a_pod("a", "13")))],
    )
    observed = watch_server(tmp_path, script)
    assert script.watched[:2] == ["9", "12"]
    assert [event for event, _detail in observed] == ["ADDED", "MODIFIED", "failed", "recovered", "MODIFIED"]
    assert "pods" in observed[2][1]


def test_a_server_that_hangs_is_noticed_within_the_read_timeout(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WATCH_READ_SECONDS", 0.3)
    script = Script(
        [listed("9", a_pod("a", "5"))],
        [streamed(("MODIFIED", a_pod("a", "12")), ends="never"), streamed(("MODIFIED", a_pod("a", "13")))],
    )
    begun = time.monotonic()
    observed = watch_server(tmp_path, script)
    assert [event for event, _detail in observed] == ["ADDED", "MODIFIED", "failed", "recovered", "MODIFIED"]
    assert re.search(r"pods.*Read timed out", observed[2][1])
    assert time.monotonic() - begun < 4  # the server itself is silent for longer


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
    observed = watch_server(tmp_path, script)
    assert script.watched[:2] == ["9", "40"]
    assert observed == [("ADDED", "5"), ("ADDED", "33"), ("DELETED", "41")]


def test_a_version_that_expires_again_and_again_is_reported(tmp_path):
    script = Script([listed("9"), listed("9"), listed("9", a_pod("a", "5"))], [refused(410), refused(410), streamed()])
    observed = watch_server(tmp_path, script)
    assert [event for event, _detail in observed] == ["failed", "ADDED", "recovered"]
    assert "too old resource version" in observed[0][1]


def test_an_api_server_that_is_away_for_a_while(tmp_path):
    """Its port refuses connections, and it comes up again with the events of the meantime."""
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
    until(lambda: any(isinstance(item, WatchFailed) and "refused" in item.message for item in list(sink.queue)))
    again = Script([], [streamed(("DELETED", a_pod("a", "20")))])
    api.answer = again
    api.start()
    assert again.finished.wait(10)
    watcher.stop()
    api.stop()
    observed = summaries(sink)
    assert again.watched[0] == "12"
    assert observed[:2] == [("ADDED", "5"), ("MODIFIED", "12")]
    assert {event for event, _detail in observed[2:-2]} == {"failed"}
    assert observed[-2:] == [("recovered", None), ("DELETED", "20")]


def until(condition):
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("the condition did not hold within 10 s")
