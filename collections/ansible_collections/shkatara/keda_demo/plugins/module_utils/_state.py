# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is known of the chain at a moment, and how the replicas came there.

Pure: no cluster, no clock. Times are monotonic seconds, as the observations have them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils import _views
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import (
    Change,
    Observation,
    Replicas,
    Target,
)

_VIEWS = {
    "scaledobjects": _views.scaledobject_view,
    "horizontalpodautoscalers": _views.hpa_view,
    "deployments": _views.deployment_view,
    "pods": _views.pod_view,
}
# What never tells anything in a timeline.
_UNTOLD = {
    "name",
    "targets",
    "triggers",
    "behavior",
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
    """The newest view of each object, and the replicas' history."""

    scaledobject: _views.ScaledObjectView | None = None
    hpa: _views.HpaView | None = None
    deployment: _views.DeploymentView | None = None
    pods: dict[str, _views.PodView] = field(default_factory=dict)
    targets: list[Target] | None = None
    metric: float | None = None
    metrics: list[tuple[float, float | None]] = field(default_factory=list)
    prometheus_error: str = "no answer yet"
    prometheus_version: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    history: list[Replicas] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    gaps: dict[str, Gap] = field(default_factory=dict)

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
        self.prometheus_error = ""
        self.prometheus_version = seen.data.get("version") or self.prometheus_version
        if "targets" in seen.data:
            before = {target.url: target.up for target in self.targets or []}
            self.targets = seen.data["targets"]
            now = {target.url: target.up for target in self.own_targets}
            changes += [
                Change(seen.at, "prometheus", url, "up", up) for url, up in now.items() if before.get(url) != up
            ]
        value = seen.data["value"]
        if value != self.metric or not self.metrics:
            changes.append(Change(seen.at, "prometheus", "query", "value", value))
        self.metric = value
        self.metrics.append((seen.at, value))
        return changes

    def _apply_object(self, seen: Observation) -> list[Change]:
        view: Any = _VIEWS[seen.source](seen.data)
        gone = seen.event == "DELETED"
        if seen.source == "pods":
            before: Any = self.pods.get(view.name)
            if gone:
                self.pods.pop(view.name, None)
            else:
                self.pods[view.name] = view
        else:
            attribute = seen.source.removesuffix("s").replace("horizontalpodautoscaler", "hpa")
            before = getattr(self, attribute)
            setattr(self, attribute, None if gone else view)
        if gone:
            return [Change(seen.at, seen.source, view.name, "exists", False)]
        old = asdict(before) if before is not None else {}
        return [
            Change(seen.at, seen.source, view.name, name, value)
            for name, value in asdict(view).items()
            if name not in _UNTOLD and (before is None or old[name] != value)
        ]

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
    def own_targets(self) -> list[Target]:
        """The scrape targets that are pods of the Deployment."""
        return [target for target in self.targets or [] if target.pod in self.pods]

    @property
    def scrape_interval(self) -> float:
        """The longest scrape interval of the pods' own targets, in seconds; 0 while it is not known."""
        return max((target.interval for target in self.own_targets), default=0.0)

    @property
    def unwatched(self) -> str:
        """Why the replicas can't be watched now; empty while they are."""
        return "; ".join(f"{source}: {self.errors[source]}" for source in _COUNTED if source in self.errors)

    def is_catching_up(self, now: float) -> bool:
        """Whether a watch has gone on so recently that what it missed may not be here yet."""
        return any(gap.lasts(now) for gap in self.gaps.values())
