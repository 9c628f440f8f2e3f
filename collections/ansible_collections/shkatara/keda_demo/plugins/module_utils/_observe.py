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
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._cluster import (
    GONE,
    OPENED,
    Cluster,
    ClusterError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._prometheus import (
    Prometheus,
    PrometheusError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Observation

_SHORTEST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 5.0
_TARGETS_SECONDS = 15.0


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

    def stop(self) -> None:
        """Report nothing more; the thread ends with its connection."""
        self._ended.set()

    def run(self) -> None:
        """List once, then watch; a broken watch goes on from the last version seen."""
        pause = _SHORTEST_PAUSE_SECONDS
        while not self._ended.is_set():
            try:
                self._list_and_watch()
                pause = _SHORTEST_PAUSE_SECONDS
            except ClusterError as error:
                if error.status == GONE:
                    self._version = None
                    continue
                self._tell_error(str(error))
            except Exception as error:  # a thread that ended would look like a cluster in which nothing happens
                self._version = None
                self._tell_error(f"{type(error).__name__}: {error}")
            if self._in_error:
                self._ended.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _list_and_watch(self) -> None:
        """Watch until the server ends it, which it does after a minute."""
        if self._version is None:
            self._version = self._list()
        for event, obj in self._cluster.watch(self._kind, version=self._version, **self._selection):
            if event == OPENED:
                self._tell_recovery()
                continue
            self._version = obj["metadata"]["resourceVersion"]
            if event != "BOOKMARK":
                self._put(event, obj)

    def _tell_error(self, message: str) -> None:
        self._in_error = True
        self._emit("ERROR", {"message": message})

    def _tell_recovery(self) -> None:
        # What was listed again may be the same as before, and a watch be silent: nothing else would tell.
        if self._in_error:
            self._in_error = False
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


class PrometheusPoller(threading.Thread):
    """Evaluates the trigger's own query every `interval` seconds, and reads the scrape targets.

    The targets of a large Prometheus are megabytes: they are read each time only until `targets_settled` is
    called, and now and then afterwards.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        sink: queue.Queue[Observation],
        query: str,
        interval: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="prometheus", daemon=True)
        self._prometheus = prometheus
        self._sink = sink
        self._query = query
        self._interval = interval
        self._clock = clock
        self._ended = threading.Event()
        self._settled = False

    def stop(self) -> None:
        """Ask nothing more."""
        self._ended.set()

    def targets_settled(self) -> None:
        """Read the targets less often from now on."""
        self._settled = True

    def run(self) -> None:
        """Ask until stopped; an error is an observation like any other."""
        next_targets = self._clock()
        version: str | None = None
        while not self._ended.is_set():
            begun = self._clock()
            try:
                data: dict[str, Any] = {}
                if not version:
                    data["version"] = version = self._prometheus.version()
                if begun >= next_targets:
                    data["targets"] = self._prometheus.targets()
                    next_targets = begun + (_TARGETS_SECONDS if self._settled else self._interval)
                data["value"] = self._prometheus.query(self._query)
                self._sink.put(Observation(self._clock(), "prometheus", "MODIFIED", data))
            except PrometheusError as error:
                self._tell_error(str(error))
            except Exception as error:  # a thread that ended would look like a metric that stays as it is
                self._tell_error(f"{type(error).__name__}: {error}")
            self._ended.wait(max(0.0, begun + self._interval - self._clock()))
        self._prometheus.close()

    def _tell_error(self, message: str) -> None:
        self._sink.put(Observation(self._clock(), "prometheus", "ERROR", {"message": message}))
