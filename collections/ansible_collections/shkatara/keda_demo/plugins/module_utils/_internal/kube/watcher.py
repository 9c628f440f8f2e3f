# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A thread that watches one kind of object and puts each change into a queue.

The API gives a list with a resourceVersion, and a watch from a resourceVersion on. A watch ends after a while, may
break, and may be refused as too old (410 Gone); then the thread goes on from the last version or lists again, and
reports each object that differs. The arrival of a watch event is the time of a change: the objects' own times have a
resolution of 1 s.

The kubernetes library's own Watch parses each line into typed models, has no bookmarks of the caller's, and does not
report when a watch is open again, which a proof must know: no change is seen while a watch is broken.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .cluster import GONE, OPENED, Cluster, ClusterError

_SHORTEST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class ObjectEvent:
    """An object of `kind` (its plural name) was ADDED, MODIFIED or DELETED; `at` is on the monotonic clock."""

    at: float
    kind: str
    event: str
    object: Mapping[str, Any]


@dataclass(frozen=True)
class WatchFailed:
    """The watch of `kind` is broken; changes are not seen until it has recovered."""

    at: float
    kind: str
    message: str


@dataclass(frozen=True)
class WatchRecovered:
    """The watch of `kind` is open again; what it missed follows as events of its own."""

    at: float
    kind: str


WatchObservation = ObjectEvent | WatchFailed | WatchRecovered


class Watcher(threading.Thread):
    """Watches the objects of one kind until it is stopped."""

    def __init__(
        self,
        cluster: Cluster,
        sink: queue.Queue[Any],
        kind: str,
        *,
        namespace: str,
        name: str | None = None,
        labels: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name=f"watch {kind}", daemon=True)
        self._cluster = cluster
        self._sink = sink
        self._kind = kind
        self._selection: dict[str, Any] = {"namespace": namespace, "name": name, "labels": labels}
        self._clock = clock
        self._ended = threading.Event()
        self._known: dict[str, dict[str, Any]] = {}
        self._version: str | None = None
        self._in_error = False
        self._expired = False
        self._pause = _SHORTEST_PAUSE_SECONDS

    def stop(self) -> None:
        """Report no more events; the thread ends with its connection."""
        self._ended.set()

    def run(self) -> None:
        """List once, then watch; a broken watch goes on from the last version seen."""
        while not self._ended.is_set():
            try:
                self._list_and_watch()
                self._expired = False
            except ClusterError as error:
                if error.status == GONE:
                    self._version = None
                    if not self._expired:  # the first time is normal: list again at once
                        self._expired = True
                        continue
                self._report_failure(str(error))
            except Exception as error:  # a thread that ended would look like a cluster in which nothing happens
                self._version = None
                self._report_failure(f"{type(error).__name__}: {error}")
            if self._in_error:
                self._ended.wait(self._pause)
                self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def _list_and_watch(self) -> None:
        """Watch until the server ends it, which it does after WATCH_SECONDS."""
        begun = self._clock()
        if self._version is None:
            self._version = self._list()
        for event, obj in self._cluster.watch(self._kind, version=self._version, **self._selection):
            if event == OPENED:
                self._opened()
                continue
            self._expired = False
            self._version = obj["metadata"]["resourceVersion"]
            if event != "BOOKMARK":
                self._put(event, obj)
        if self._clock() - begun < 1:  # a proxy in between ends every watch at once
            self._ended.wait(_SHORTEST_PAUSE_SECONDS)

    def _report_failure(self, message: str) -> None:
        self._in_error = True
        self._emit(WatchFailed(self._clock(), self._kind, message))

    def _opened(self) -> None:
        self._report_recovery()

    def _report_recovery(self) -> None:
        # A new list may equal the old one and the watch stay silent: nothing else would report the recovery.
        if self._in_error:
            self._in_error = False
            self._pause = _SHORTEST_PAUSE_SECONDS
            self._emit(WatchRecovered(self._clock(), self._kind))

    def _list(self) -> str:
        objects, version = self._cluster.list(self._kind, **self._selection)
        present = {obj["metadata"]["uid"]: obj for obj in objects}
        for uid in set(self._known) - set(present):
            self._put("DELETED", self._known[uid])
        for uid, obj in present.items():
            known = self._known.get(uid)
            if known is None:
                self._put("ADDED", obj)
            elif known["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
                self._put("MODIFIED", obj)
        return version

    def _put(self, event: str, obj: dict[str, Any]) -> None:
        uid = obj["metadata"]["uid"]
        if event == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = obj
        self._emit(ObjectEvent(self._clock(), self._kind, event, obj))

    def _emit(self, observation: WatchObservation) -> None:
        if not self._ended.is_set():
            self._sink.put(observation)
