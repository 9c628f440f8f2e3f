# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Threads that watch the cluster and ask Prometheus; each puts what it sees into one queue.

Objects' own times have a resolution of 1 s, so the arrival of a watch event is the time of a change.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping
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
    QueryError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._promql import selectors
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Observation

_SHORTEST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 2.0
_INTERVAL_SECONDS = 2.0
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


class PrometheusPoller(threading.Thread):
    """Asks Prometheus once a scrape: the triggers' own queries, the counter's raw samples, and the scrape targets.

    Each answer is an observation whose data has

    * `values`: {trigger key: the query's value, None without data};
    * `errors`: {trigger key: why its query has no value}, of those alone whose own query is at fault;
    * `counter`: the counter's series with their samples of the last three intervals at least, so that none is missed,
      or `counter_error`, where a counter was asked for;
    * `offset` and `offset_error`: the server's clock less ours and how far that may be off, in seconds, or None;
    * now and then `targets`, None with a `targets_error` where the server does not tell them, with them `feeds`,
      (job, instance) of those that feed a query, and `version`.

    The targets of a large Prometheus are megabytes: they are read each time only until `targets_settled` is called,
    and now and then afterwards.

    :param queries: PromQL by trigger key
    :param counter: the counter's selector
    :param interval: gives the seconds between two questions, which is asked for each time
    :param feeding: the query whose targets `feeds` names; empty for none
    """

    def __init__(
        self,
        prometheus: Prometheus,
        sink: queue.Queue[Observation],
        queries: Mapping[str, str],
        counter: str | None = None,
        interval: Callable[[], float] = lambda: _INTERVAL_SECONDS,
        *,
        feeding: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="prometheus", daemon=True)
        self._prometheus = prometheus
        self._sink = sink
        self._queries = dict(queries)
        self._counter = counter
        self._interval = interval
        self._feeding = selectors(feeding)
        self._clock = clock
        self._ended = threading.Event()
        self._settled = False
        self._next_targets = clock()
        self._had_targets = False
        self._version: str | None = None
        self._answered = clock()  # when the counter was last there

    def stop(self) -> None:
        """Ask nothing more."""
        self._ended.set()

    def targets_settled(self) -> None:
        """Read the targets less often from now on."""
        self._settled = True

    def run(self) -> None:
        """Ask until stopped; an error is an observation like any other."""
        while not self._ended.is_set():
            begun = self._clock()
            interval = _INTERVAL_SECONDS
            try:
                interval = self._interval()
                data = self._ask(begun, interval)
                self._sink.put(Observation(self._clock(), "prometheus", "MODIFIED", data))
            except PrometheusError as error:
                self._tell_error(str(error))
            except Exception as error:  # a thread that ended would look like a metric that stays as it is
                self._tell_error(f"{type(error).__name__}: {error}")
            self._ended.wait(max(0.0, begun + interval - self._clock()))
        self._prometheus.close()

    def _ask(self, begun: float, interval: float) -> dict[str, Any]:
        """Return an observation's data.

        :raises PrometheusError: no answer
        """
        data: dict[str, Any] = {"values": dict.fromkeys(self._queries)}
        errors: dict[str, str] = {}
        for key, query in self._queries.items():
            try:
                data["values"][key] = self._prometheus.query(query)
            except QueryError as error:
                errors[key] = str(error)
        if errors:
            data["errors"] = errors
        if self._counter:
            self._ask_counter(data, interval)
        data |= {"offset": self._prometheus.offset, "offset_error": self._prometheus.offset_error}
        if begun >= self._next_targets:
            self._ask_targets(data, begun, interval)
        return data

    def _ask_counter(self, data: dict[str, Any], interval: float) -> None:
        now = self._clock()
        try:
            data["counter"] = self._prometheus.series(self._counter or "", now - self._answered + 3 * interval)
            self._answered = now
        except QueryError as error:
            data |= {"counter": [], "counter_error": str(error)}

    def _ask_targets(self, data: dict[str, Any], begun: float, interval: float) -> None:
        pause = _TARGETS_SECONDS if self._settled else interval
        if self._version is None:
            self._version = self._prometheus.version()
            data["version"] = self._version
        try:
            data["targets"] = self._prometheus.targets()
            self._had_targets = True
        except PrometheusError as error:
            # A managed Prometheus may have values and nothing else. One that was only too slow for once has them yet.
            if error.status or not self._had_targets:
                data |= {"targets": None, "targets_error": str(error)}
            if error.status in (403, 404):
                pause = _TARGETS_SECONDS
        if self._feeding:
            with contextlib.suppress(PrometheusError):  # nothing is known then, as where there are no series yet
                data["feeds"] = self._prometheus.feeds(self._feeding)
        self._next_targets = begun + pause

    def _tell_error(self, message: str) -> None:
        self._sink.put(Observation(self._clock(), "prometheus", "ERROR", {"message": message}))
