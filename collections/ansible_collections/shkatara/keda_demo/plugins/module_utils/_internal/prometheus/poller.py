# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A thread that asks Prometheus once a scrape interval, and puts each answer into a queue."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import problems, promql
from .addresses import PrometheusError
from .client import Prometheus
from .problems import Problem
from .query_errors import QueryError
from .recording_rules import RulesReading
from .scrapes import ScrapeTarget, Series

_INTERVAL_SECONDS = 2.0
_TARGETS_SECONDS = 15.0


@dataclass(frozen=True)
class TargetsReading:
    """The active scrape targets, None with an `error` where the server does not list them.

    `unlisted` says that the server has no such list at all, as a managed Prometheus. `feeds` are the series of the
    query by (job, instance) of their target, None if they are not known.
    """

    targets: list[ScrapeTarget] | None
    error: str = ""
    feeds: Counter[tuple[str, str]] | None = None
    unlisted: bool = False


@dataclass(frozen=True)
class Reading:
    """The answers of one round of questions; `at` is on the monotonic clock.

    `values` are the queries' values by trigger key, None without data. `errors` say why a trigger's query has no value,
    only for queries that are at fault themselves, and `problems` of what kind these errors are. `counter` has the
    counter's series with the samples of at least the last three intervals, so that none is missed. `offset` is the
    server's clock less ours in seconds, None before it is known. `targets` and `version` are read now and then only,
    `rules` once.
    """

    at: float
    values: Mapping[str, float | None]
    errors: Mapping[str, str] = field(default_factory=dict)
    counter: list[Series] = field(default_factory=list)
    offset: float | None = None
    targets: TargetsReading | None = None
    version: str | None = None
    rules: RulesReading | None = None
    problems: Mapping[str, Problem] = field(default_factory=dict)


@dataclass(frozen=True)
class PollFailed:
    """Prometheus did not answer, or refused to."""

    at: float
    message: str
    problem: Problem = Problem.NO_ANSWER


class PrometheusPoller(threading.Thread):
    """Asks Prometheus for the triggers' own queries, the counter's raw samples, and the scrape targets.

    The targets of a large Prometheus are megabytes: they are read each time only until `settle` is called, and now and
    then afterwards.

    :param queries: PromQL by trigger key
    :param counter: the counter's selector
    :param interval: returns the seconds between two rounds; it is called before each
    :param feeding: the query whose targets `feeds` names; empty for none
    :param reads_rules: whether the recording rules are read
    """

    def __init__(
        self,
        prometheus: Prometheus,
        sink: queue.Queue[Any],
        queries: Mapping[str, str],
        counter: str | None = None,
        interval: Callable[[], float] = lambda: _INTERVAL_SECONDS,
        *,
        feeding: str = "",
        reads_rules: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="prometheus", daemon=True)
        self._prometheus = prometheus
        self._sink = sink
        self._queries = dict(queries)
        self._counter = counter
        self._interval = interval
        self._feeding = promql.selectors(feeding)
        self._wants_rules = reads_rules
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

    def settle(self) -> None:
        """Read the targets less often from now on."""
        self._settled = True

    def run(self) -> None:
        """Ask until stopped; a failure is put into the queue like an answer."""
        while not self._ended.is_set():
            begun = self._clock()
            interval = _INTERVAL_SECONDS
            try:
                interval = self._interval()
                self._sink.put(self._ask(begun, interval))
            except PrometheusError as error:
                self._sink.put(PollFailed(self._clock(), str(error), problems.problem_of(error)))
            except Exception as error:  # a thread that ended would look like a metric that stays as it is
                self._sink.put(PollFailed(self._clock(), f"{type(error).__name__}: {error}"))
            self._ended.wait(max(0.0, begun + interval - self._clock()))
        self._prometheus.close()

    def _ask(self, begun: float, interval: float) -> Reading:
        """Return the answers of one round.

        :raises PrometheusError: no answer
        """
        values: dict[str, float | None] = dict.fromkeys(self._queries)
        errors: dict[str, str] = {}
        kinds: dict[str, Problem] = {}
        for key, query in self._queries.items():
            try:
                values[key] = self._prometheus.query(query)
            except QueryError as error:
                errors[key], kinds[key] = str(error), problems.problem_of(error)
        rules = self._prometheus.rules() if self._wants_rules else None
        self._wants_rules = False
        counter = self._ask_counter(interval) if self._counter else []
        targets = self._ask_targets(begun, interval) if begun >= self._next_targets else None
        return Reading(
            self._clock(),
            values,
            errors,
            counter,
            offset=self._prometheus.offset,
            targets=targets,
            version=self._version,
            rules=rules,
            problems=kinds,
        )

    def _ask_counter(self, interval: float) -> list[Series]:
        """Return the counter's samples since the last answer; none where Prometheus refuses its selector."""
        now = self._clock()
        try:
            series = self._prometheus.series(self._counter or "", now - self._answered + 3 * interval)
        except QueryError:
            return []
        self._answered = now
        return series

    def _ask_targets(self, begun: float, interval: float) -> TargetsReading | None:
        """Return the targets; None where the server was only too slow this time, and has listed them before."""
        pause = _TARGETS_SECONDS if self._settled else interval
        if self._version is None:
            self._version = self._prometheus.version()
        targets, problem, unlisted = None, "", False
        try:
            targets = self._prometheus.targets()
            self._had_targets = True
        except PrometheusError as error:
            problem = str(error)
            # A managed Prometheus has values and no list of targets.
            keeps_silent = bool(error.status) or not self._had_targets
            unlisted = error.status in (403, 404)
            if unlisted:
                pause = _TARGETS_SECONDS
            if not keeps_silent:
                self._next_targets = begun + pause
                return None
        feeds = None
        if self._feeding:
            with contextlib.suppress(PrometheusError):  # not known then, as before the first series
                feeds = self._prometheus.feeds(self._feeding)
        self._next_targets = begun + pause
        return TargetsReading(targets, problem, feeds, unlisted)
