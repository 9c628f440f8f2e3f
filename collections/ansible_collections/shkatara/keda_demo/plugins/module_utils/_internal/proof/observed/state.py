# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is known of the chain at a moment: the cluster's objects and Prometheus' answers together.

Pure: no cluster, no clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ...kube.watcher import WatchObservation
from ...prometheus.poller import PollFailed, Reading
from ...prometheus.scrapes import ScrapeTarget
from .cluster_state import Change, ClusterState
from .metric_state import SOURCE, MetricState

Observation = WatchObservation | Reading | PollFailed


@dataclass
class State:
    """The newest observations."""

    cluster: ClusterState = field(default_factory=ClusterState)
    metrics: MetricState = field(default_factory=MetricState)

    def apply(self, observation: Observation) -> list[Change]:
        """Take in an observation; return what it changed."""
        if isinstance(observation, PollFailed):
            return self.metrics.fail(observation)
        if isinstance(observation, Reading):
            return self._apply_reading(observation)
        return self.cluster.apply(observation)

    def _apply_reading(self, reading: Reading) -> list[Change]:
        changes = []
        if reading.targets is not None:
            before = {target.url: target.up for target in self.metrics.targets or []}
            self.metrics.update_targets(reading.targets)
            # Two jobs may scrape the same URL, which is one row.
            now = {target.url: target.up for target in self.feeding_targets}
            changes = [Change(reading.at, SOURCE, url, "up", up) for url, up in now.items() if before.get(url) != up]
        return changes + self.metrics.update(reading)

    @property
    def own_targets(self) -> list[ScrapeTarget]:
        """The scrape targets that are pods of the workload, of the jobs that feed the metric if these are known."""
        feeds = self.metrics.feeds or Counter()
        own = [target for target in self.metrics.targets or [] if target.pod in self.cluster.pods]
        jobs = {target.job for target in own if (target.job, target.instance) in feeds}
        return [target for target in own if not jobs or target.job in jobs]

    @property
    def feeding_targets(self) -> list[ScrapeTarget]:
        """The scrape targets that the load trigger's metric is made of.

        They are taken to be the workload's pods where the series do not say (there are none yet, or they have other
        labels).
        """
        feeds = self.metrics.feeds or Counter()
        named = [target for target in self.metrics.targets or [] if (target.job, target.instance) in feeds]
        return named if named and not any(target.pod in self.cluster.pods for target in named) else self.own_targets

    @property
    def jobs_per_pod(self) -> int:
        """How many scrape jobs read one and the same page of a pod, so that the metric has its series as often.

        It is 1 while it is not known which targets feed the metric.
        """
        if not self.metrics.feeds:
            return 1
        return max(Counter(target.url for target in self.feeding_targets).values(), default=1)

    @property
    def series_per_target(self) -> int:
        """The most series that the metric has of one target; 1 while they are not known."""
        return max(Counter(self.metrics.feeds or ()).values(), default=1)

    @property
    def own_pods_feed(self) -> bool:
        """Whether the metric comes from the pods that are scaled; assumed where it is not known, as the worse case."""
        return self.feeding_targets == self.own_targets

    @property
    def scrape_interval(self) -> float:
        """The longest scrape interval of the targets that feed the metric, in seconds; 0 while it is not known.

        The interval that the user gave takes precedence.
        """
        longest = max((target.interval for target in self.feeding_targets), default=0.0)
        return self.metrics.given_interval or longest

    @property
    def errors(self) -> dict[str, str]:
        """Why a source can't be observed now, by source."""
        failure = {SOURCE: self.metrics.failure} if self.metrics.failure else {}
        return {**self.cluster.errors, **failure}
