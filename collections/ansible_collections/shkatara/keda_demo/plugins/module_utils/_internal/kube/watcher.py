# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Threads that watch the cluster and ask Prometheus; each puts what it sees into one queue.

Objects' own times have a resolution of 1 s, so the arrival of a watch event is the time of a change.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .cluster import GONE, OPENED, Cluster, ClusterError

_SHORTEST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 2.0


class Watcher(threading.Thread):
    """Watches one kind for ever: goes on after a dropped connection, lists again when it must."""

    def __init__(
        self,
        cluster: Cluster,
        sink: queue.Queue[Observation],
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
        """Report nothing more; the thread ends with its connection."""
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
                    if not self._expired:  # once is nothing: list again at once
                        self._expired = True
                        continue
                self._tell_error(str(error))
            except Exception as error:  # a thread that ended would look like a cluster in which nothing happens
                self._version = None
                self._tell_error(f"{type(error).__name__}: {error}")
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
                self._tell_recovery()
                continue
            self._expired = False
            self._version = obj["metadata"]["resourceVersion"]
            if event != "BOOKMARK":
                self._put(event, obj)
        if self._clock() - begun < 1:  # something in between ends every watch at once
            self._ended.wait(_SHORTEST_PAUSE_SECONDS)

    def _tell_error(self, message: str) -> None:
        self._in_error = True
        self._emit("ERROR", {"message": message})

    def _tell_recovery(self) -> None:
        # What was listed again may be the same as before, and a watch be silent: nothing else would tell.
        if self._in_error:
            self._in_error = False
            self._pause = _SHORTEST_PAUSE_SECONDS
            self._emit("RECOVERED", {})

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
        self._emit(event, obj)

    def _emit(self, event: str, data: dict[str, Any]) -> None:
        if not self._ended.is_set():
            self._sink.put(Observation(self._clock(), self._kind, event, data))


@dataclass(frozen=True)
class Observation:
    """One thing seen; `source` is a plural kind or `prometheus`, `at` is on the monotonic clock.

    `event` is ADDED, MODIFIED, DELETED, ERROR or RECOVERED. `data` is the object as the API has it; for `prometheus`
    it is {value} and now and then {targets, version}; for ERROR it is {message}. RECOVERED has none: a watch that was
    in error has gone on, and what was missed in between comes as events of its own.
    """

    at: float
    source: str
    event: str
    data: dict[str, Any]
