# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether the chain from the scrape target to the HPA is ready for a load.

Pure: no cluster, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...autoscaling import missing_values, pausing
from ...kube.resources import DEPLOYMENT
from ...prometheus.problems import Problem
from ...prometheus.scrapes import ScrapeTarget
from ..observed.cluster_state import HPAS, SCALEDOBJECTS
from ..observed.metric_state import MetricState
from ..observed.state import State
from .findings import Code, Finding
from .outcomes import Reason

_PROBLEMS = {
    Problem.NO_ANSWER: (Reason.PROMETHEUS_UNREACHABLE, Code.NO_ANSWER),
    Problem.REFUSED: (Reason.PROMETHEUS_REFUSED, Code.REFUSED),
    Problem.INVALID_QUERY: (Reason.QUERY_INVALID, Code.INVALID_QUERY),
    Problem.SEVERAL_SERIES: (Reason.QUERY_RETURNS_SEVERAL_SERIES, Code.SEVERAL_SERIES),
    Problem.QUERY_FAILED: (Reason.QUERY_FAILED, Code.QUERY_FAILED),
}


@dataclass(frozen=True)
class MissingLink:
    """A link of the chain that is not ready: reason code and finding."""

    reason: Reason
    finding: Finding


def missing_links(state: State) -> list[MissingLink]:
    """Return what is missing before a load makes sense, in the order of the chain; empty when the chain is ready."""
    checks = (_missing_pods, _missing_metric, _missing_scaledobject, _missing_hpa)
    return [link for check in checks if (link := check(state)) is not None]


def minimum_replicas(state: State) -> int:
    """Return the replicas without any load: 0 where KEDA removes the last replica."""
    scaledobject, hpa = state.cluster.scaledobject, state.cluster.hpa
    if scaledobject is not None and scaledobject.inactive_replicas == 0:
        return 0
    return hpa.min_replicas if hpa else 1


def _link(reason: Reason, code: Code, **data: object) -> MissingLink:
    return MissingLink(reason, Finding(code, data))


def _absent(state: State, reason: Reason, kind: str, name: str) -> MissingLink:
    """Return why there is no view of an object: it is known to be gone only if its kind was seen before."""
    if kind in state.cluster.errors:
        return _link(reason, Code.UNWATCHED, object=name, error=state.cluster.errors[kind])
    return _link(reason, Code.GONE if kind in state.cluster.kinds_seen else Code.UNSEEN, object=name)


def _missing_pods(state: State) -> MissingLink | None:
    workload, resource = state.cluster.workload, state.cluster.subject.resource
    if workload is None:
        reason = Reason.DEPLOYMENT_MISSING if resource == DEPLOYMENT else Reason.WORKLOAD_MISSING
        return _absent(state, reason, resource.name, f"the {resource.kind}")
    if workload.ready < max(_least_pods(state), workload.spec_replicas):
        waiting = sorted({pod.waiting for pod in state.cluster.own_pods.values() if pod.waiting})
        return _link(
            Reason.PODS_NOT_READY,
            Code.PODS_WAITING,
            kind=resource.kind,
            name=workload.name,
            ready=workload.ready,
            wanted=workload.spec_replicas,
            waiting=waiting,
        )
    return None


def _least_pods(state: State) -> int:
    """Return the pods that must be there: none where KEDA removes the last replica."""
    scaledobject = state.cluster.scaledobject
    return 0 if scaledobject is not None and scaledobject.inactive_replicas == 0 else 1


def _missing_metric(state: State) -> MissingLink | None:
    # A ScaledObject without a Prometheus trigger needs no Prometheus.
    return _missing_prometheus(state) if state.metrics.load_trigger else None


def _missing_prometheus(state: State) -> MissingLink | None:
    metrics = state.metrics
    if metrics.query_error:
        return _link(*_PROBLEMS[metrics.query_problem], error=metrics.query_error)
    if metrics.targets is None:
        return None if metrics.given_interval else _missing_targets(metrics)
    if metrics.given_interval and not state.own_targets:
        # The user knows of a metric whose labels differ from its targets'.
        return None
    if state.feeding_targets and not state.scrape_interval:
        return _link(Reason.SCRAPE_INTERVAL_UNKNOWN, Code.NO_INTERVAL)
    return _missing_scrape(state) if state.own_pods_feed else _missing_feed(state)


def _missing_targets(metrics: MetricState) -> MissingLink:
    if metrics.targets_unlisted:
        return _link(Reason.SCRAPE_INTERVAL_UNKNOWN, Code.TARGETS_UNLISTED, error=metrics.targets_error)
    return _link(Reason.PROMETHEUS_UNREACHABLE, Code.NO_TARGETS, error=metrics.targets_error or "no answer yet")


def _missing_feed(state: State) -> MissingLink | None:
    return next((_down(target) for target in state.feeding_targets if not target.up), None)


def _down(target: ScrapeTarget) -> MissingLink:
    return _link(Reason.SCRAPE_TARGET_DOWN, Code.TARGET_DOWN, url=target.url, error=target.error)


def _missing_scrape(state: State) -> MissingLink | None:
    ready = {name for name, pod in state.cluster.own_pods.items() if pod.ready and not pod.leaving}
    targets = [target for target in state.own_targets if target.pod in ready]
    if not ready and _least_pods(state) == 0:
        return _link(Reason.SCRAPE_TARGET_MISSING, Code.NO_POD)
    if not targets:
        return _link(Reason.SCRAPE_TARGET_MISSING, Code.NO_POD_SCRAPED, pods=sorted(ready))
    down = next((_down(target) for target in targets if not target.up), None)
    if down is not None:
        return down
    unscraped = ready - {target.pod for target in targets}
    if unscraped:
        return _link(Reason.SCRAPE_TARGET_MISSING, Code.POD_NOT_SCRAPED, pods=sorted(unscraped))
    return None


def _missing_scaledobject(state: State) -> MissingLink | None:
    scaledobject = state.cluster.scaledobject
    if scaledobject is None:
        return _absent(state, Reason.SCALEDOBJECT_MISSING, SCALEDOBJECTS, "the ScaledObject")
    pause = pausing.pausing(scaledobject.pause, state.cluster.keda)
    if pause.whole and pause.annotation:
        return _link(Reason.SCALEDOBJECT_PAUSED, Code.PAUSED, name=scaledobject.name, annotation=pause.annotation)
    if pause.whole:
        return _link(
            Reason.SCALEDOBJECT_PAUSED,
            Code.PAUSED_BY_CONDITION,
            name=scaledobject.name,
            condition=pause.condition,
        )
    if not scaledobject.ready and not (scaledobject.has_trigger_error and _only_others_are_missing(state)):
        return _link(
            Reason.SCALEDOBJECT_NOT_READY, Code.NOT_READY, name=scaledobject.name, condition=scaledobject.message
        )
    return None


def _missing_hpa(state: State) -> MissingLink | None:
    hpa = state.cluster.hpa
    if hpa is None:
        return _absent(state, Reason.HPA_MISSING, HPAS, "the HPA, which KEDA creates,")
    if not hpa.valid and not _only_others_are_missing(state):
        return _link(Reason.HPA_METRIC_INVALID, Code.NO_VALID_METRIC, name=hpa.name, condition=hpa.message)
    return None


def _only_others_are_missing(state: State) -> bool:
    """Whether what fails is another trigger than the load's: the HPA grows all the same, see missing_values."""
    hpa, scaledobject, metrics = state.cluster.hpa, state.cluster.scaledobject, state.metrics
    if hpa is None or scaledobject is None or not metrics.load_trigger:
        return False
    return missing_values.only_others_are_missing(hpa, scaledobject, metrics.load_trigger_index, state.cluster.keda)


def missing_value(state: State, metric_name: str) -> list[MissingLink]:
    """Return that the HPA has no value of the metric that the load raises, while it has a value of another metric.

    An HPA whose sync ended at another metric without a value shows the values of an earlier sync, or none.

    :param metric_name: the HPA's external metric; empty where the load's effect can't be computed
    """
    hpa = state.cluster.hpa
    if not metric_name or hpa is None or hpa.disabled or metric_name in hpa.values:
        return []
    if not hpa.scaling_active and _only_others_are_missing(state):
        return []
    return [_link(Reason.HPA_METRIC_INVALID, Code.NO_VALUE, name=hpa.name, metric=metric_name, condition=hpa.message)]
