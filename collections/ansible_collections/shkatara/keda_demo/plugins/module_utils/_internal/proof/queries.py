# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is known of the load trigger's query: its shape, what a request adds to it, and why it is not predicted.

The query alone is read when the proof begins. With Prometheus' first answer its recording rules are known, and the
query is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..autoscaling.triggers import Trigger
from ..prometheus import query_factor
from ..prometheus.not_understood import NotUnderstood, QueryReason
from ..prometheus.poller import Reading
from . import target as targets
from .judgement.chain import MissingLink
from .judgement.findings import Code, Finding
from .observed.state import State
from .options import Options
from .target import ProofTarget


def learn(target: ProofTarget, options: Options, reading: Reading) -> ProofTarget:
    """Return the target with what an answer of Prometheus says of the load trigger's query."""
    trigger = target.load_trigger
    if trigger is None or reading.rules is None:
        return target
    shape = targets.read_shape(trigger, options.metric_per_request, options.query_window, reading.rules)
    return replace(target, shape=shape)


def with_request(links: Sequence[MissingLink], trigger: Trigger | None) -> list[MissingLink]:
    """Return links in which a refusal of Prometheus says how the trigger asks."""
    if trigger is None:
        return list(links)
    request = trigger.request.summary
    return [
        replace(link, finding=Finding(Code.REFUSED, {**link.finding.data, "request": request}))
        if link.finding.code is Code.REFUSED
        else link
        for link in links
    ]


def obstacle(target: ProofTarget, state: State) -> NotUnderstood | None:
    """Return why the value of the load trigger's query under a load can't be computed."""
    shape = target.shape
    if isinstance(shape, NotUnderstood):
        return shape
    if shape is not None and not shape.single and state.own_pods_feed:
        return NotUnderstood(QueryReason.SEVERAL_ELEMENTS)
    pod = query_factor.one_pod(shape) if shape is not None and state.own_pods_feed else ""
    if pod:
        return NotUnderstood(QueryReason.ONE_POD, {"pod": pod})
    if shape is not None and shape.mean and not shape.mean_of_pods and state.series_per_target > 1:
        return NotUnderstood(QueryReason.MEAN_OF_LABELS, {"count": str(state.series_per_target)})
    return None


def per_request(target: ProofTarget, state: State, options: Options) -> float:
    """Return what one request per second adds to the query's value.

    Each series that counts a request adds to a sum. A mean does not change when all are there twice.
    """
    shape = target.known_shape
    if shape is None:
        return options.metric_per_request or 1.0
    if options.metric_per_request is not None or shape.mean:
        return shape.factor
    return shape.factor * state.jobs_per_pod


def warnings(target: ProofTarget, state: State) -> tuple[Finding, ...]:
    """Return what a person is to know of the query before the load."""
    if target.known_shape is not None and state.jobs_per_pod > 1:
        jobs = sorted({one.job for one in state.feeding_targets})
        return (Finding(Code.SCRAPED_TWICE, {"times": state.jobs_per_pod, "jobs": jobs}),)
    return ()
