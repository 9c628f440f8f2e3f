# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is known of the chain at a moment, and what can be said of it: is it ready, is it at rest.

Pure: no cluster, no clock. Times are monotonic seconds, as the observations have them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils import _views
from ansible_collections.shkatara.keda_demo.plugins.module_utils._observe import Observation
from ansible_collections.shkatara.keda_demo.plugins.module_utils._prometheus import Target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import Replicas

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
_QUIET_SHARE = 0.02


@dataclass(frozen=True)
class Change:
    """One field of one object has another value now; an object that left has the field `exists`."""

    at: float
    source: str
    name: str
    field: str
    value: object


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

    def apply(self, seen: Observation) -> list[Change]:
        """Take in an observation; return what it changed."""
        if seen.event == "ERROR":
            return self._apply_error(seen)
        self.errors.pop(seen.source, None)
        self.seen.add(seen.source)
        if seen.source == "prometheus":
            return self._apply_prometheus(seen)
        changes = self._apply_object(seen)
        self._remember_replicas(seen.at)
        return changes

    def _apply_error(self, seen: Observation) -> list[Change]:
        message = seen.data["message"]
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
            now = {target.url: target.up for target in self._own_targets()}
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

    def _remember_replicas(self, at: float) -> None:
        if self.hpa is None or self.deployment is None:
            return
        counts = Replicas(
            at,
            self.hpa.desired,
            self.deployment.spec_replicas,
            self.deployment.replicas,
            self.deployment.ready,
        )
        if not self.history or _counts(self.history[-1]) != _counts(counts):
            self.history.append(counts)

    def since(self, first_request: float) -> list[Replicas]:
        """Return the history in seconds since the first request; it begins with the state at that moment."""
        before = [item for item in self.history if item.seconds <= first_request][-1:]
        after = [item for item in self.history if item.seconds > first_request]
        return [
            Replicas(max(0.0, item.seconds - first_request), item.desired, item.spec, item.current, item.ready)
            for item in before + after
        ]

    def _own_targets(self) -> list[Target]:
        return [target for target in self.targets or [] if target.pod in self.pods]

    @property
    def scrape_interval(self) -> float:
        """The longest scrape interval of the pods' own targets, in seconds; 0 while it is not known."""
        return max((target.interval for target in self._own_targets()), default=0.0)


def _counts(item: Replicas) -> tuple[int, int, int, int]:
    return item.desired, item.spec, item.current, item.ready


@dataclass(frozen=True)
class Missing:
    """A link of the chain that is not ready: reason code, and what a person is to know."""

    reason: str
    message: str


def missing(state: State) -> list[Missing]:
    """Return what is missing before a load makes sense, in the order of the chain; empty when it is ready."""
    checks = (_missing_pods, _missing_target, _missing_scaledobject, _missing_hpa)
    return [found for found in (check(state) for check in checks) if found is not None]


def _absent(state: State, source: str, what: str, gone: str) -> str:
    """Say why there is no view: only what was seen before is known to be gone."""
    if source in state.errors:
        return f"{what} can't be watched: {state.errors[source]}"
    return f"{what} {gone}" if source in state.seen else f"{what} was not seen yet"


def _missing_pods(state: State) -> Missing | None:
    deployment = state.deployment
    if deployment is None:
        return Missing("deployment_missing", _absent(state, "deployments", "the Deployment", "is not there"))
    if deployment.ready < max(1, deployment.spec_replicas):
        waiting = {pod.waiting for pod in state.pods.values() if pod.waiting}
        why = f" ({'; '.join(sorted(waiting))})" if waiting else ""
        return Missing(
            "pods_not_ready",
            f"Deployment {deployment.name} has {deployment.ready} of {deployment.spec_replicas} pods Ready{why}",
        )
    return None


def _missing_target(state: State) -> Missing | None:
    if state.prometheus_error or state.targets is None:
        return Missing("prometheus_unreachable", f"Prometheus: {state.prometheus_error}")
    return _missing_scrape(state, state.targets)


def _missing_scrape(state: State, targets: list[Target]) -> Missing | None:
    ready = {name for name, pod in state.pods.items() if pod.ready and not pod.leaving}
    scraped = {target.pod for target in targets if target.pod in ready}
    if not scraped:
        return Missing(
            "scrape_target_missing",
            f"Prometheus scrapes none of the pods {', '.join(sorted(ready)) or '(none is Ready)'}: is "
            "there a ServiceMonitor for their Service, with the labels that this Prometheus selects?",
        )
    down = [target for target in targets if target.pod in ready and not target.up]
    if down:
        return Missing(
            "scrape_target_down",
            f"Prometheus can't scrape {down[0].url}: {down[0].error or 'no scrape was made yet'}",
        )
    if scraped != ready:
        return Missing("scrape_target_missing", f"Prometheus does not scrape {', '.join(sorted(ready - scraped))} yet")
    return None


def _missing_scaledobject(state: State) -> Missing | None:
    scaledobject = state.scaledobject
    if scaledobject is None:
        return Missing("scaledobject_missing", _absent(state, "scaledobjects", "the ScaledObject", "is not there"))
    if scaledobject.paused:
        return Missing("scaledobject_paused", f"ScaledObject {scaledobject.name} is paused by an annotation")
    if not scaledobject.ready:
        return Missing(
            "scaledobject_not_ready",
            f"ScaledObject {scaledobject.name} is not Ready ({scaledobject.message})",
        )
    return None


def _missing_hpa(state: State) -> Missing | None:
    if state.hpa is None:
        gone = "is gone, and KEDA has not made another yet"
        return Missing("hpa_missing", _absent(state, "horizontalpodautoscalers", "the HPA, which KEDA makes,", gone))
    if not state.hpa.valid:
        return Missing("hpa_metric_invalid", f"HPA {state.hpa.name} has no valid metric ({state.hpa.message})")
    return None


@dataclass(frozen=True)
class Rest:
    """Whether the workload is at rest: `baseline` is the metric then, in its unit."""

    at_rest: bool
    baseline: float
    message: str


def rest(state: State, threshold: float, settle_seconds: float, now: float) -> Rest:
    """Say whether replicas are at the minimum and the metric has settled.

    :param settle_seconds: how long the metric may still fall after an earlier load: query window and two
        scrapes. Afterwards what is left is traffic that others send, and part of the prediction.
    """
    moving = _moving(state)
    if moving:
        return Rest(False, 0.0, moving)
    since = state.history[-1].seconds if state.history else now
    no_data = 0.0 if state.scaledobject is None or state.scaledobject.no_data_is_zero else None
    known = [(at, no_data if value is None else value) for at, value in state.metrics if at > since]
    if known and known[-1][1] is None:
        return Rest(False, 0.0, "the trigger's query returns no data, which is an error for KEDA and not 0")
    recent = [value for at, value in known if at > now - settle_seconds and value is not None]
    if not recent:
        return Rest(False, 0.0, "the metric was not read yet")
    if recent[-1] <= _QUIET_SHARE * threshold:
        return Rest(True, 0.0, "replicas are at the minimum and the metric is at rest")
    first = known[0][0]
    if now - first < settle_seconds:
        return Rest(False, 0.0, f"the metric is still {recent[-1]:.4g}")
    baseline = math.fsum(recent) / len(recent)
    return Rest(True, baseline, f"others keep the metric at {baseline:.4g}, which is added to the prediction")


def _moving(state: State) -> str:
    """Return what is still on its way to the minimum; empty when nothing is."""
    hpa, deployment = state.hpa, state.deployment
    if hpa is None or deployment is None:
        return "the HPA or the Deployment is gone"
    counts = {hpa.desired, deployment.spec_replicas, deployment.replicas, deployment.ready}
    if counts != {hpa.min_replicas}:
        return (
            f"replicas are to be {hpa.min_replicas}: the HPA wants {hpa.desired}, {deployment.replicas} "
            f"are there, {deployment.ready} Ready"
        )
    leaving = sum(pod.leaving for pod in state.pods.values())
    return f"{leaving} pods of an earlier load are still leaving" if leaving else ""
