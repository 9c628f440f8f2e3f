# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The times at which a load's hops are first observed.

A hop that is a change of an object is found by hops.py. The first request and the load's end are on the sender's clock,
and the counter's samples have the scraping server's time, which is converted to the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..common.times import Clock
from ..load.external import ExternalSpec
from ..load.stats import LoadStats
from .judgement import hops
from .judgement.hops import COUNTER, HopContext
from .observed.cluster_state import Change
from .observed.state import State
from .plan import Plan


@dataclass(frozen=True)
class HopTime:
    """When a hop was first observed: `seconds` since the first request, and the monotonic time `at`.

    It may have happened up to `resolution_seconds` earlier.
    """

    name: str
    at: float
    seconds: float
    source: str
    resolution_seconds: float


@dataclass(frozen=True)
class LoadHops:
    """The names of a load's begin and end, and by whose clock they are."""

    begin: str
    end: str
    source: str


OWN_LOAD = LoadHops("first_request", "load_ended", "the sender's clock")
# Nobody knows when others began to send, and when they end.
LOAD_OF_OTHERS = LoadHops("load_begun", "observation_ended", "the observation's clock")


class HopTracker:
    """Records the hops of one load; it is made right before the load starts.

    :param record: called with each hop when it is first observed
    """

    def __init__(self, plan: Plan, state: State, clock: Clock, record: Callable[[HopTime], None]) -> None:
        self.times: dict[str, HopTime] = {}
        self.first_request: float | None = None
        self.load_ended: float | None = None
        self._plan = plan
        of_others = plan.scale_out is not None and isinstance(plan.scale_out.spec, ExternalSpec)
        self._names = LOAD_OF_OTHERS if of_others else OWN_LOAD
        self._clock = clock
        self._record = record
        self._pods_before = set(state.cluster.pods)
        # By series: the time and the count of the last sample before the load, or of the counter's last restart.
        self._counts_before = {series: (at, value) for series, _pod, at, value in _samples(state)}
        # The replicas that the workload was to have when the load ended.
        self._replicas_at_end: int | None = None

    def note_load(self, stats: LoadStats) -> None:
        """Take in the sender's counts."""
        if self.first_request is None and stats.first_sent is not None:
            self.first_request = stats.first_sent
            self._add(self._names.begin, stats.first_sent, self._names.source)

    def end_load(self, stats: LoadStats, state: State) -> None:
        """Take in that all requests were sent."""
        if stats.last_sent is None:
            return
        self.load_ended = stats.last_sent
        self._add(self._names.end, stats.last_sent, self._names.source)
        self._replicas_at_end = state.cluster.last_counts.spec if state.cluster.history else None

    def note_change(self, change: Change, state: State) -> None:
        """Record the hops that a change shows."""
        plan = self._plan
        if plan.scale_out is None or plan.scale_out.aim is None or self.first_request is None:
            return
        scaledobject = state.cluster.scaledobject
        context = HopContext(
            change,
            state,
            plan.scale_out.aim,
            self._pods_before,
            metric_name=plan.metric_name,
            inactive_replicas=(scaledobject or plan.rules).inactive_replicas,
            replicas_after=plan.scale_in.replicas if plan.scale_in else None,
            replicas_at_end=self._replicas_at_end,
            load_ended=self.load_ended is not None,
        )
        for hop in hops.shown_hops(context):
            resolution = state.scrape_interval if hop.kind == "prometheus" else 0.0
            source = hop.source.format(kind=state.cluster.subject.resource.kind)
            self._add(hop.name, change.at, source, resolution)

    def note_samples(self, state: State) -> None:
        """Record the first sample that counts the load, and the first one that counts it in a new pod."""
        for series, pod, at, value in _samples(state):
            is_new = pod not in self._pods_before and pod in state.cluster.pods
            since, before = self._counts_before.get(series, (0.0, 0.0))
            if at <= since:
                continue
            if value < before:  # its container was started anew, and counts from 0
                before = 0.0
                self._counts_before[series] = at, before
            # A StatefulSet's new pod has the name of an earlier one, whose count it does not continue.
            if value <= (0.0 if is_new else before):
                continue
            when = self._clock.monotonic_at(at - state.metrics.clock_offset)
            self._add("load_scraped", when, COUNTER, state.scrape_interval)
            if is_new:
                self._add("new_pod_counted", when, COUNTER, state.scrape_interval)

    @property
    def is_scraped(self) -> bool | None:
        """Whether Prometheus' samples of the counter show the load; None if there were none before it."""
        return "load_scraped" in self.times if self._counts_before else None

    def _add(self, name: str, at: float, source: str, resolution_seconds: float = 0.0) -> None:
        """Record the first time of a hop; a time before the first request belongs to something else."""
        if self.first_request is None or name in self.times or at < self.first_request:
            return
        hop = HopTime(name, at, round(at - self.first_request, 3), source, round(resolution_seconds, 3))
        self.times[name] = hop
        self._record(hop)


def _samples(state: State) -> Iterator[tuple[str, str, float, float]]:
    """Yield (series, pod, unix time, value) of all samples of the counter."""
    for series in state.metrics.counter:
        for at, value in series.samples:
            yield str(sorted(series.labels.items())), series.labels.get("pod", ""), at, value
