# SPDX-License-Identifier: MIT
"""An object and its Scale: when the Scale is read, and what happens if it can't be."""

from __future__ import annotations

import queue
import threading

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import OPENED, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.scale_watcher import (
    SCALES,
    ScaleWatcher,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.watcher import ObjectEvent
from ansible_collections.shkatara.keda_demo.tests.support.objects import changed
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import FLEET, FLEETS, scale

OBJECT = FLEETS.name


class Scripted:
    """A cluster whose watches and Scales are the next of a script; then it waits for the end of the test."""

    def __init__(self, watches, scales):
        self.watches, self.scales = list(watches), list(scales)
        self.done = threading.Event()

    def list(self, kind, namespace, name=None, labels=None):
        assert (kind, namespace, name, labels) == (OBJECT, "test", "test", None)
        return [FLEET], "22"

    def watch(self, *_arguments, **_selection):
        if not self.watches:
            self.done.set()
            threading.Event().wait()
        yield OPENED, {}
        for item in self.watches.pop(0):
            if isinstance(item, Exception):
                raise item
            yield item

    def read(self, subject, namespace, method, *names):
        del method
        assert (subject, namespace, names[-1]) == (FLEETS.scale_name, "test", "test")
        # After the script the Scale stays as it is.
        item = self.scales.pop(0) if len(self.scales) > 1 else self.scales[0]
        if isinstance(item, Exception):
            raise item
        return item


def watch(watches, scales):
    """Return what is observed: the kind and the event, with the replicas for a Scale; failures by their class."""
    cluster, sink = Scripted(watches, scales), queue.Queue()
    watcher = ScaleWatcher(cluster, sink, FLEETS, namespace="test", name="test", clock=lambda: 7.0)
    watcher.start()
    assert cluster.done.wait(10)
    watcher.stop()
    return [summary(sink.get_nowait()) for _ in range(sink.qsize())]


def summary(observation):
    if not isinstance(observation, ObjectEvent):
        return type(observation).__name__, observation.kind
    replicas = observation.object["spec"].get("replicas", 0)
    return (observation.kind, replicas) if observation.kind == SCALES else (observation.kind, observation.event)


def test_the_scale_is_read_after_each_event_and_when_a_watch_begins():
    changed_twice = [("MODIFIED", changed(FLEET, "metadata.resourceVersion", str(version))) for version in (23, 24)]
    assert watch([changed_twice], [scale(1, 1), scale(1, 1), scale(3, 1), scale(3, 3)]) == [
        (OBJECT, "ADDED"),
        (SCALES, 1),
        (SCALES, 1),
        (OBJECT, "MODIFIED"),
        (SCALES, 3),
        (OBJECT, "MODIFIED"),
        (SCALES, 3),
    ]


def test_a_bookmark_and_a_deletion_read_no_scale():
    watches = [[("BOOKMARK", {"metadata": {"resourceVersion": "30"}}), ("DELETED", FLEET)]]
    assert watch(watches, [scale(1, 1)]) == [(OBJECT, "ADDED"), (SCALES, 1), (SCALES, 1), (OBJECT, "DELETED")]


def test_an_object_without_a_scale_is_seen_alone():
    assert watch([[]], [None]) == [(OBJECT, "ADDED")]


def test_a_scale_that_can_not_be_read_is_a_broken_watch_that_recovers():
    refused = ClusterError("Missing permission: verb get on fleets/scale.shop.example", 403)
    observed = watch([[("MODIFIED", FLEET)], []], [scale(1, 1), scale(1, 1), refused, scale(2, 1)])
    assert observed == [
        (OBJECT, "ADDED"),
        (SCALES, 1),
        (SCALES, 1),
        (OBJECT, "MODIFIED"),
        ("WatchFailed", OBJECT),
        # What the broken read missed comes before the recovery.
        (SCALES, 2),
        ("WatchRecovered", OBJECT),
    ]
