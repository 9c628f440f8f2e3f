# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is known of the chain at a moment, and how the replicas came there.

Pure: no cluster, no clock. Times are monotonic seconds, as the observations have them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..autoscaling import hpa_object
from ..autoscaling.hpa_object import HpaView
from ..autoscaling.scaledobject import ScaledObjectView, scaledobject_view
from ..kube import workloads
from ..kube.watcher import Observation
from ..kube.workloads import EventView, PodView, WorkloadView
from ..prometheus.scrapes import ScrapeTarget, Series
from .records import Change, Replicas

_VIEWS = {
    "scaledobjects": scaledobject_view,
    "horizontalpodautoscalers": hpa_object.hpa_view,
    "deployments": workloads.workload_view,
    "replicasets": workloads.workload_view,
    "pods": workloads.pod_view,
    "events": workloads.event_view,
}
# Of these there are several: they are kept by their name.
_MANY = ("pods", "replicasets", "events")
# What never tells anything in a timeline.
_UNTOLD = {
    "name",
    "targets",
    "triggers",
    "behavior",
    "fallback_replicas",
    "metric_names",
    "target_kind",
    "target_name",
    "hpa_name",
}
# What a verdict is made of: it can't be given while one of these is not watched.
_COUNTED = ("horizontalpodautoscalers", "deployments")
# What happened while a watch was broken comes at once when it goes on, one event after the other.
_CATCH_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Gap:
    """The time in which a watch was broken: from `begin` on, until what it missed was there after `recovered`."""

    begin: float
    recovered: float = math.inf

    def lasts(self, now: float) -> bool:
        """Whether something of it may still come."""
        return now < self.recovered + _CATCH_UP_SECONDS


@dataclass
class State:
    """The newest view of each object, and the replicas' history. `moved` is the key of the trigger that the load moves,
    `moved_index` its index.

    `feeds` are (job, instance) of the scrape targets that the moved trigger's query is made of, None while they are not
    known; `counter` is the newest raw samples of the counter. `given_interval` is a scrape interval that
    the user gave, in seconds, 0 where none was: some servers tell no targets.
    """

    load_trigger: str = ""
    moved_index: int = 0
    scaledobject: ScaledObjectView | None = None
    hpa: HpaView | None = None
    deployment: WorkloadView | None = None
    pods: dict[str, PodView] = field(default_factory=dict)
    replicasets: dict[str, WorkloadView] = field(default_factory=dict)
    events: dict[str, EventView] = field(default_factory=dict)
    targets: list[ScrapeTarget] | None = None
    feeds: set[tuple[str, str]] | None = None
    values: dict[str, float | None] = field(default_factory=dict)
    metrics: list[tuple[float, float | None]] = field(default_factory=list)
    counter: list[Series] = field(default_factory=list)
    clock_offset: float = 0.0
    prometheus_error: str = "no answer yet"
    targets_error: str = ""
    given_interval: float = 0.0
    prometheus_version: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    history: list[Replicas] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    gaps: dict[str, Gap] = field(default_factory=dict)

    @property
    def metric(self) -> float | None:
        """What the moved trigger's query returned last."""
        return self.values.get(self.load_trigger)

    def apply(self, seen: Observation) -> list[Change]:
        """Take in an observation; return what it changed."""
        if seen.event == "ERROR":
            return self._apply_error(seen)
        recovered = self.errors.pop(seen.source, None) is not None
        changes = [Change(seen.at, seen.source, "", "error", "")] if recovered else []
        if seen.event == "RECOVERED":
            if seen.source in self.gaps:
                self.gaps[seen.source] = Gap(self.gaps[seen.source].begin, seen.at)
        else:
            self.seen.add(seen.source)
            changes += self._apply_news(seen)
        return changes

    def _apply_news(self, seen: Observation) -> list[Change]:
        if seen.source == "prometheus":
            return self._apply_prometheus(seen)
        changes = self._apply_object(seen)
        self._remember_replicas(seen)
        return changes

    def _apply_error(self, seen: Observation) -> list[Change]:
        message = seen.data["message"]
        if seen.source in _COUNTED:
            gap = self.gaps.get(seen.source)
            self.gaps[seen.source] = Gap(gap.begin if gap and gap.lasts(seen.at) else seen.at)
        if seen.source == "prometheus":
            self.prometheus_error = message
        if self.errors.get(seen.source) == message:
            return []
        self.errors[seen.source] = message
        return [Change(seen.at, seen.source, "", "error", message)]

    def _apply_prometheus(self, seen: Observation) -> list[Change]:
        changes: list[Change] = []
        self.prometheus_error = (seen.data.get("errors") or {}).get(self.load_trigger) or ""
        self.prometheus_version = seen.data.get("version") or self.prometheus_version
        if "targets" in seen.data:
            before = {target.url: target.up for target in self.targets or []}
            self.targets = seen.data["targets"]
            self.targets_error = seen.data.get("targets_error") or ""
            self.feeds = seen.data.get("feeds", self.feeds)
            now = {target.url: target.up for target in self.feeding_targets}
            changes += [
                Change(seen.at, "prometheus", url, "up", up) for url, up in now.items() if before.get(url) != up
            ]
        values = seen.data["values"]
        changes += [
            Change(seen.at, "prometheus", key, "value", value)
            for key, value in values.items()
            if key not in self.values or value != self.values[key]
        ]
        self.values.update(values)
        self.metrics.append((seen.at, self.metric))
        before_count, self.counter = self.counted, seen.data.get("counter") or []
        self.clock_offset = seen.data.get("offset") or 0.0
        if self.counter and self.counted != before_count:
            changes.append(Change(seen.at, "prometheus", "counter", "total", self.counted))
        return changes

    @property
    def counted(self) -> float:
        """The sum of the counter's newest samples."""
        return sum(series.samples[-1][1] for series in self.counter if series.samples)

    def _apply_object(self, seen: Observation) -> list[Change]:
        view: Any = _VIEWS[seen.source](seen.data)
        gone = seen.event == "DELETED"
        if seen.source in _MANY:
            known: dict[str, Any] = getattr(self, seen.source)
            before: Any = known.get(view.name)
            if gone:
                known.pop(view.name, None)
            else:
                known[view.name] = view
        else:
            attribute = seen.source.removesuffix("s").replace("horizontalpodautoscaler", "hpa")
            before = getattr(self, attribute)
            setattr(self, attribute, None if gone else view)
        if seen.source == "events":
            return self._event_changes(seen, view, before)
        if gone:
            return [Change(seen.at, seen.source, view.name, "exists", False)]
        old = asdict(before) if before is not None else {}
        return [
            Change(seen.at, seen.source, view.name, name, value)
            for name, value in asdict(view).items()
            if name not in _UNTOLD and (before is None or old[name] != value)
        ]

    def _event_changes(self, seen: Observation, view: EventView, before: EventView | None) -> list[Change]:
        """Return what is said of the proof's own objects; that an event is forgotten tells nothing."""
        if seen.event == "DELETED" or view == before or not self._is_own(view):
            return []
        return [Change(seen.at, "events", f"{view.kind}/{view.object}", view.reason, view.message)]

    def _is_own(self, event: EventView) -> bool:
        single = (self.scaledobject, self.hpa, self.deployment)
        names = {view.name for view in single if view is not None} | set(self.replicasets) | set(self.pods)
        # A pod's first events may be here before the pod itself.
        return event.object in names or event.object.rpartition("-")[0] in self.replicasets

    def _remember_replicas(self, seen: Observation) -> None:
        if not self.seen.issuperset(_COUNTED):
            return
        # What is gone counts as zero, so that nothing stays that is not there.
        hpa, deployment = self.hpa, self.deployment
        gap = self.gaps.get(seen.source)
        counts = Replicas(
            seen.at,
            hpa.desired if hpa else 0,
            deployment.spec_replicas if deployment else 0,
            deployment.replicas if deployment else 0,
            deployment.ready if deployment else 0,
            gap.begin if gap and gap.lasts(seen.at) else None,
        )
        if not self.history or self.history[-1].counts != counts.counts:
            self.history.append(counts)

    def since(self, first_request: float) -> list[Replicas]:
        """Return the history in seconds since the first request; it begins with the state at that moment."""
        before = [item for item in self.history if item.seconds <= first_request][-1:]
        after = [item for item in self.history if item.seconds > first_request]
        return [
            replace(
                item,
                seconds=max(0.0, item.seconds - first_request),
                earliest=None if item.earliest is None else max(0.0, item.earliest - first_request),
            )
            for item in before + after
        ]

    @property
    def own_targets(self) -> list[ScrapeTarget]:
        """The scrape targets that are pods of the Deployment; of the jobs that feed the metric where they are known."""
        own = [target for target in self.targets or [] if target.pod in self.pods]
        jobs = {target.job for target in own if (target.job, target.instance) in (self.feeds or set())}
        return [target for target in own if not jobs or target.job in jobs]

    @property
    def feeding_targets(self) -> list[ScrapeTarget]:
        """The scrape targets that the moved trigger's metric is made of, and the Deployment's pods where it is them.

        Where the series don't tell (there are none yet, or they have other labels), it is taken to be the pods.
        """
        named = [target for target in self.targets or [] if (target.job, target.instance) in (self.feeds or set())]
        return named if named and not any(target.pod in self.pods for target in named) else self.own_targets

    @property
    def own_pods_feed(self) -> bool:
        """Whether the metric comes from the pods that are scaled; where nobody tells, that is the worse case."""
        return self.feeding_targets == self.own_targets

    @property
    def scrape_interval(self) -> float:
        """The longest scrape interval of the targets that feed the metric, in seconds; 0 while it is not known.

        One that the user gave wins.
        """
        return self.given_interval or max((target.interval for target in self.feeding_targets), default=0.0)

    @property
    def unwatched(self) -> str:
        """Why the replicas can't be watched now; empty while they are."""
        return "; ".join(f"{source}: {self.errors[source]}" for source in _COUNTED if source in self.errors)

    def is_catching_up(self, now: float) -> bool:
        """Whether a watch has gone on so recently that what it missed may not be here yet."""
        return any(gap.lasts(now) for gap in self.gaps.values())
