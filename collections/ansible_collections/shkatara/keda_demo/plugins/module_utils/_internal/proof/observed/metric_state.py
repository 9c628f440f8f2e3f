# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The newest answers of Prometheus: the triggers' values, the counter's samples, and the scrape targets.

Pure: no cluster, no clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ...prometheus.poller import PollFailed, Reading, TargetsReading
from ...prometheus.scrapes import ScrapeTarget, Series
from .cluster_state import Change

SOURCE = "prometheus"


@dataclass
class MetricState:
    """`load_trigger` is the key of the trigger that the load raises, `load_trigger_index` its index.

    `given_interval` is the scrape interval that the user gave in seconds, 0 if none was: some servers list no targets.
    `feeds` are the series that the load trigger's query reads by (job, instance) of their target, None while they are
    not known.
    `values` are by trigger key. `readings` are (monotonic seconds, the load trigger's value).
    `query_error` is why the load trigger has no value now; `failure` is set while Prometheus does not answer at all.
    """

    load_trigger: str = ""
    load_trigger_index: int = 0
    given_interval: float = 0.0
    targets: list[ScrapeTarget] | None = None
    targets_error: str = ""
    feeds: Counter[tuple[str, str]] | None = None
    values: dict[str, float | None] = field(default_factory=dict)
    readings: list[tuple[float, float | None]] = field(default_factory=list)
    counter: list[Series] = field(default_factory=list)
    clock_offset: float = 0.0
    query_error: str = "no answer yet"
    failure: str = ""
    version: str | None = None

    @property
    def value(self) -> float | None:
        """The last value of the load trigger's query."""
        return self.values.get(self.load_trigger)

    @property
    def counted(self) -> float:
        """The sum of the counter's newest samples."""
        return sum(series.samples[-1][1] for series in self.counter if series.samples)

    def fail(self, failure: PollFailed) -> list[Change]:
        """Take in that Prometheus did not answer; return what that changed."""
        self.query_error = failure.message
        if self.failure == failure.message:
            return []
        self.failure = failure.message
        return [Change(failure.at, SOURCE, "", "error", failure.message)]

    def update_targets(self, reading: TargetsReading) -> None:
        """Take in the scrape targets."""
        self.targets, self.targets_error = reading.targets, reading.error
        if reading.feeds is not None:
            self.feeds = reading.feeds

    def update(self, reading: Reading) -> list[Change]:
        """Take in an answer without its targets; return what it changed."""
        changes = []
        if self.failure:
            self.failure = ""
            changes.append(Change(reading.at, SOURCE, "", "error", ""))
        self.query_error = reading.errors.get(self.load_trigger, "")
        self.version = reading.version or self.version
        changes += [
            Change(reading.at, SOURCE, key, "value", value)
            for key, value in reading.values.items()
            if key not in self.values or value != self.values[key]
        ]
        self.values.update(reading.values)
        self.readings.append((reading.at, self.value))
        counted_before, self.counter = self.counted, reading.counter
        self.clock_offset = reading.offset or 0.0
        if self.counter and self.counted != counted_before:
            changes.append(Change(reading.at, SOURCE, "counter", "total", self.counted))
        return changes
