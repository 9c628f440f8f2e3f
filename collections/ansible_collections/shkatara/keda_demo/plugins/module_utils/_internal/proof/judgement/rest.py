# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether a workload is at rest: replicas are where they stay without the load, and the metric has settled.

Pure: no cluster, no clock. Times are monotonic seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...autoscaling import hpa, pausing
from ...autoscaling.hpa import HpaConfig
from ..observed.state import State
from . import chain
from .findings import Code, Finding

# The share of the target under which a metric is none: probes and stray requests.
QUIET_SHARE = 0.02
# API calls, and updates of status on a busy controller.
_MARGIN_SECONDS = 30.0


@dataclass(frozen=True)
class Rest:
    """Whether the workload is at rest; `baseline` is the metric then, in its unit."""

    at_rest: bool
    baseline: float
    finding: Finding


def check(
    state: State,
    config: HpaConfig | None,
    settle_seconds: float,
    now: float,
    *,
    since: float = -math.inf,
    fallback: float | None = None,
) -> Rest:
    """Return whether replicas are where they stay without the load, and the metric has settled.

    :param config: None where the HPA's arithmetic can't be computed
    :param settle_seconds: how long the metric may still change after an earlier load: all windows and delays of the
        query, two scrapes and a sync. What is left afterwards is other traffic, which is part of the prediction.
    :param since: when a load of this proof ended: readings before it say nothing of other traffic
    :param fallback: the value that KEDA puts in the metric's place while the trigger fails; None where it works
    """
    obstacle = _obstacle(state, config, fallback)
    if obstacle is not None:
        return Rest(False, 0.0, obstacle)
    if not state.metrics.load_trigger:
        return Rest(True, 0.0, Finding(Code.NO_METRIC, {"replicas": state.cluster.last_counts.spec}))
    return _settled(state, config, settle_seconds, now, since)


def _settled(state: State, config: HpaConfig | None, settle_seconds: float, now: float, since: float) -> Rest:
    """Return whether the metric has settled, and at what value."""
    history, scaledobject = state.cluster.history, state.cluster.scaledobject
    since = max(since, history[-1].seconds if history else now)
    null_is_zero = scaledobject is None or scaledobject.no_data_is_zero(state.metrics.load_trigger_index)
    no_data = 0.0 if null_is_zero else None
    readings = [(at, no_data if value is None else value) for at, value in state.metrics.readings if at > since]
    if readings and readings[-1][1] is None:
        return Rest(False, 0.0, Finding(Code.NO_DATA))
    recent = [value for at, value in readings if at > now - settle_seconds and value is not None]
    if not recent:
        return Rest(False, 0.0, Finding(Code.NOT_READ))
    if recent[-1] <= QUIET_SHARE * (config.load_metric.target if config else 1.0):
        return Rest(True, 0.0, Finding(Code.QUIET, {"replicas": history[-1].spec}))
    if now - readings[0][0] < settle_seconds:
        return Rest(False, 0.0, Finding(Code.METRIC_FALLING, {"value": recent[-1]}))
    baseline = math.fsum(recent) / len(recent)
    return Rest(True, baseline, Finding(Code.OTHER_TRAFFIC, {"value": baseline}))


def _obstacle(state: State, config: HpaConfig | None, fallback: float | None) -> Finding | None:
    """Return why the metric is no sign of rest now: something moves, is missing or is not watched."""
    moving = _movement(state, config, fallback)
    if moving is not None:
        return moving
    if state.cluster.unwatched:
        return Finding(Code.REPLICAS_UNWATCHED, {"errors": state.cluster.unwatched})
    links = chain.missing_links(state)
    return links[0].finding if links else None


def _movement(state: State, config: HpaConfig | None, fallback: float | None) -> Finding | None:
    """Return what is still on its way to where it stays."""
    view, workload = state.cluster.hpa, state.cluster.workload
    kind = state.cluster.subject.resource.kind
    if view is None or workload is None:
        return Finding(Code.REPLICAS_GONE, {"kind": kind})
    count = workload.spec_replicas
    agree = {view.desired, workload.replicas, workload.ready} == {count}
    if not agree or not _stays(state, config, count, fallback):
        counts = {"desired": view.desired, "current": workload.replicas, "ready": workload.ready}
        return Finding(Code.REPLICAS_MOVING, {"wanted": chain.minimum_replicas(state), **counts})
    leaving = sum(pod.leaving for pod in state.cluster.own_pods.values())
    if leaving:
        return Finding(Code.PODS_LEAVING, {"count": leaving})
    if workload.rolling_out:
        return Finding(Code.ROLLING_OUT, {"kind": kind, "name": workload.name})
    return None


def _stays(state: State, config: HpaConfig | None, count: int, fallback: float | None) -> bool:
    """Whether replicas stay at `count`: it is the least possible, or what the metrics ask for at this moment.

    Replicas of an HPA that never shrinks stay if the metrics ask for no more.
    """
    least = chain.minimum_replicas(state)
    if count <= least or config is None:
        return count >= least
    if least == 0:
        if _removes_last(state):
            return False
        least = config.min_replicas
        if count <= least:
            return count == least
    value = (state.metrics.value or 0.0) if fallback is None else fallback
    desired = hpa.desired_replicas(config, value, count)
    return desired == count if config.shrinks else desired <= count


def _removes_last(state: State) -> bool:
    """Whether KEDA takes the last replica away: not while a trigger fails, or the scale-in is paused."""
    view = state.cluster.scaledobject
    return view is None or not (view.has_trigger_error or pausing.pausing(view.pause, state.cluster.keda).scale_in)


def longest_wait(settle: float, scale_in: float, grace: float) -> tuple[tuple[str, float], ...]:
    """Return the parts of the longest time to wait for rest, in seconds.

    :param settle: how long the metric may fall; once before the HPA shrinks, and once for other traffic
    :param scale_in: how long the HPA may take to shrink
    :param grace: how long the pods may take to leave
    """
    return (
        ("metric", settle),
        ("scale-in", scale_in),
        ("metric again", settle),
        ("pods leaving", grace),
        ("margin", _MARGIN_SECONDS),
    )
