# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A thread that asks Prometheus once a scrape, and puts each answer into a queue."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..kube.watcher import Observation
from . import promql
from .addresses import PrometheusError
from .client import Prometheus, QueryError

_INTERVAL_SECONDS = 2.0


_TARGETS_SECONDS = 15.0


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
        self._feeding = promql.selectors(feeding)
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
