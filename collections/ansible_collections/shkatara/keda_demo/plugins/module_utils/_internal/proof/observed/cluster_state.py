# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The newest view of each Kubernetes object of a proof, and the history of the replica counts.

Pure: no cluster, no clock. Times are monotonic seconds, as the observations have them. While the watch of the HPA or of
the workload is broken nothing is known of the replicas; what happened meanwhile arrives at once when the watch is
open again, so that such counts have an earliest time as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...autoscaling import hpa_object, scaledobject
from ...autoscaling.hpa_object import HpaView
from ...autoscaling.scaledobject import ScaledObjectView
from ...kube import workloads
from ...kube.field_managers import UNKNOWN
from ...kube.scale_watcher import SCALES
from ...kube.watcher import ObjectEvent, WatchFailed, WatchObservation, WatchRecovered
from ...kube.workloads import EventView, PodView, WorkloadView
from .other_hpas import OtherHpas
from .replicas import ReplicaCounts
from .watch_gap import WatchGap
from .workload_state import PODS, WorkloadState

SCALEDOBJECTS, HPAS = "scaledobjects", "horizontalpodautoscalers"
REPLICASETS, EVENTS = "replicasets", "events"
_VIEWS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    SCALEDOBJECTS: scaledobject.scaledobject_view,
    HPAS: hpa_object.hpa_view,
    REPLICASETS: workloads.replicaset_view,
    PODS: workloads.pod_view,
    EVENTS: workloads.event_view,
}
# Fields left out of timeline.csv.
_UNLISTED_FIELDS = {
    "name",
    "metric_specs",
    "triggers",
    "behavior",
    "created",
    "metric_names",
    "read_metrics",
    "scale_target",
    "demands",
    "writer",
    "controller",
}


@dataclass(frozen=True)
class Change:
    """A field of an object has a new value; an object that was deleted has the field `exists`."""

    at: float
    source: str
    name: str
    field: str
    value: object


@dataclass
class ClusterState:
    """The views of a proof's objects. `errors` has why a kind is not watched now, `kinds_seen` those with an event.

    `keda` is KEDA's (major, minor), None if it is not known. `hpa_history` has (monotonic seconds, view) of each status
    of the HPA. `pods` are those of the workload's selector.
    """

    scaledobject: ScaledObjectView | None = None
    hpa: HpaView | None = None
    subject: WorkloadState = field(default_factory=WorkloadState)
    pods: dict[str, PodView] = field(default_factory=dict)
    replicasets: dict[str, WorkloadView] = field(default_factory=dict)
    events: dict[str, EventView] = field(default_factory=dict)
    history: list[ReplicaCounts] = field(default_factory=list)
    hpa_history: list[tuple[float, HpaView]] = field(default_factory=list)
    other_hpas: OtherHpas = field(default_factory=OtherHpas)
    kinds_seen: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, WatchGap] = field(default_factory=dict)
    keda: tuple[int, int] | None = None

    @property
    def workload(self) -> WorkloadView | None:
        """The workload; None while it does not exist."""
        return self.subject.view

    @property
    def own_pods(self) -> dict[str, PodView]:
        """The pods that belong to the workload."""
        return {name: pod for name, pod in self.pods.items() if self.subject.owns(pod)}

    @property
    def _counted(self) -> tuple[str, ...]:
        """The kinds of objects whose broken watch hides the replicas."""
        return (HPAS, *self.subject.watches)

    def apply(self, observation: WatchObservation) -> list[Change]:
        """Take in an observation; return what it changed."""
        if isinstance(observation, WatchFailed):
            return self._apply_failure(observation)
        known_error = self.errors.pop(observation.kind, None)
        changes = [] if known_error is None else [Change(observation.at, observation.kind, "", "error", "")]
        if isinstance(observation, WatchRecovered):
            gap = self.gaps.get(observation.kind)
            if gap is not None:
                self.gaps[observation.kind] = WatchGap(gap.begin, observation.at)
            return changes
        if observation.kind == HPAS and self.other_hpas.has(observation):
            self.other_hpas.apply(observation)
            return changes
        self.kinds_seen.add(observation.kind)
        changes += self._apply_object(observation)
        if observation.kind == HPAS and self.hpa is not None:
            self.hpa_history.append((observation.at, self.hpa))
        self._append_counts(observation)
        return changes

    def _apply_failure(self, failure: WatchFailed) -> list[Change]:
        if failure.kind in self._counted:
            gap = self.gaps.get(failure.kind)
            self.gaps[failure.kind] = WatchGap(gap.begin if gap and gap.lasts(failure.at) else failure.at)
        if self.errors.get(failure.kind) == failure.message:
            return []
        self.errors[failure.kind] = failure.message
        return [Change(failure.at, failure.kind, "", "error", failure.message)]

    def _apply_object(self, event: ObjectEvent) -> list[Change]:
        if event.kind in self.subject.sources:
            self.subject.apply(event)
            return self._workload_changes(event.at)
        changes = self._apply_view(event)
        # The Ready pods of some kinds are counted.
        return changes + self._workload_changes(event.at) if event.kind == PODS else changes

    def _workload_changes(self, at: float) -> list[Change]:
        before = self.workload
        fields = self.subject.update(at, self.pods.values())
        view = self.workload or before
        listed = ((name, value) for name, value in fields if name not in _UNLISTED_FIELDS)
        return [Change(at, self.subject.resource.name, view.name, name, value) for name, value in listed if view]

    def _apply_view(self, event: ObjectEvent) -> list[Change]:
        view = _VIEWS[event.kind](event.object)
        deleted = event.event == "DELETED"
        before = self._replace(event.kind, view.name, None if deleted else view)
        if event.kind == EVENTS:
            return [] if deleted or view == before else self._event_changes(event.at, view)
        if deleted:
            return [Change(event.at, event.kind, view.name, "exists", False)]
        old = asdict(before) if before is not None else {}
        return [
            Change(event.at, event.kind, view.name, name, value)
            for name, value in asdict(view).items()
            if name not in _UNLISTED_FIELDS and (before is None or old[name] != value)
        ]

    def _replace(self, kind: str, name: str, view: Any) -> Any:
        """Store a view, or remove it where it is None; return the view that was there before."""
        before: Any
        if kind == SCALEDOBJECTS:
            before, self.scaledobject = self.scaledobject, view
        elif kind == HPAS:
            before, self.hpa = self.hpa, view
        else:
            by_kind: dict[str, dict[str, Any]] = {
                PODS: self.pods,
                REPLICASETS: self.replicasets,
                EVENTS: self.events,
            }
            views = by_kind[kind]
            before = views.get(name)
            if view is not None:
                views[name] = view
            else:
                views.pop(name, None)
        return before

    def _event_changes(self, at: float, event: EventView) -> list[Change]:
        """Return what is reported of the proof's own objects."""
        if not self._is_own(event):
            return []
        return [Change(at, EVENTS, f"{event.kind}/{event.object}", event.reason, event.message)]

    def _is_own(self, event: EventView) -> bool:
        single = (self.scaledobject, self.hpa, self.workload)
        names = {view.name for view in single if view is not None} | set(self.replicasets) | set(self.pods)
        # A pod's first events may arrive before the pod itself.
        return event.object in names or self.subject.may_own(event.object, self.replicasets)

    def _append_counts(self, event: ObjectEvent) -> None:
        if not self.kinds_seen.issuperset((HPAS, *self.subject.sources)):
            return
        # An object that is gone counts as zero, so that its counts do not stay.
        hpa, workload = self.hpa, self.workload
        gap = self.gaps.get(self.subject.resource.name if event.kind == SCALES else event.kind)
        counts = ReplicaCounts(
            event.at,
            hpa.desired if hpa else 0,
            workload.spec_replicas if workload else 0,
            workload.replicas if workload else 0,
            workload.ready if workload else 0,
            gap.begin if gap and gap.lasts(event.at) else None,
            workload.writer if workload else UNKNOWN,
        )
        if not self.history or self.history[-1].counts != counts.counts:
            self.history.append(counts)

    def history_since(self, begin: float) -> list[ReplicaCounts]:
        """Return the counts in seconds since `begin`, the first being those at that moment."""
        before = [counts for counts in self.history if counts.seconds <= begin][-1:]
        after = [counts for counts in self.history if counts.seconds > begin]
        return [
            replace(
                counts,
                seconds=max(0.0, counts.seconds - begin),
                earliest=None if counts.earliest is None else max(0.0, counts.earliest - begin),
            )
            for counts in before + after
        ]

    @property
    def last_counts(self) -> ReplicaCounts:
        """The newest counts.

        :raises IndexError: none were observed yet
        """
        return self.history[-1]

    @property
    def unwatched(self) -> tuple[tuple[str, str], ...]:
        """(kind, error) for each kind whose broken watch hides the replicas now."""
        return tuple((kind, self.errors[kind]) for kind in self._counted if kind in self.errors)

    def is_catching_up(self, now: float) -> bool:
        """Whether a watch recovered so recently that the events it missed may not be here yet."""
        return any(gap.lasts(now) for gap in self.gaps.values())

    @property
    def is_deleted(self) -> bool:
        """Whether the ScaledObject was there and is gone."""
        return SCALEDOBJECTS in self.kinds_seen and self.scaledobject is None
