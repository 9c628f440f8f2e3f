# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The rate of requests that leads to exactly one count of replicas.

A count has a range of such rates. At its lower end one replica less is within the tolerance; at its upper end the query
may overshoot to a value that asks for one replica more. The middle of the range is the safest choice.
"""

from __future__ import annotations

from ..autoscaling.hpa import AVERAGE_VALUE, HpaConfig
from ..prometheus import rate_bounds
from ..prometheus.rate_bounds import Timing
from . import replica_graph
from .scale_out import InitialState

_PARTS = 200
# The least distance, as a share of the rate, to a rate with another answer. With less, chance in balancing decides
# (303 simulated settings).
_LEAST_MARGIN = 0.02


def choose_rate(config: HpaConfig, replicas: int, start: InitialState, timing: Timing) -> float:
    """Return the requests a second under which an HPA can come to rest at `replicas` only.

    :raises ValueError: no rate has this answer; the message says why, in numbers
    """
    metric, begin = config.load_metric, start.hpa_replicas
    if not begin < replicas <= config.max_replicas:
        raise ValueError(
            f"load.http.replicas is {replicas}: from {begin} replica(s) on, with a maximum of {config.max_replicas}, a "
            f"load can lead to {begin + 1} to {config.max_replicas}"
        )

    def is_right(total: float) -> bool:
        graph = replica_graph.step_graph(config, total, begin, timing)
        stable = replica_graph.stable_replicas(config, total, graph, timing)
        return stable == [replicas] and not replica_graph.falls_back(config, total, stable, timing)

    # At the maximum larger loads are right, too.
    most_parts = (1 + replicas // 2 if replicas == config.max_replicas else 1) * _PARTS
    # Each check takes longer with more replicas, so there are at most 400 of them.
    stride = -(-most_parts // (2 * _PARTS))
    totals = [(replicas - 1 + part / _PARTS) * metric.target for part in range(1, most_parts + 1, stride)]
    good = [total for total in totals if is_right(total)]
    middle = (good[0] + good[-1]) / 2 if good else 0.0
    rate = (middle - start.total(0.0, timing)) / start.per_request
    if not good and timing.takes_mean:
        raise ValueError(f"load.http.replicas is {replicas}, and no rate has only this answer: {_why_mean(config)}")
    if not good or rate <= 0 or good[-1] - middle < _LEAST_MARGIN * middle:
        stays = (replicas - 1) * metric.target * (1 + config.up_tolerance)
        highest = timing.query.high
        if highest <= stays:
            raise ValueError(
                f"load.http.replicas is {replicas}, for which the metric has to be above {stays:g}, and the trigger's "
                f"query limits it to {highest:g} (clamp): give fewer replicas, or raise the query's limit"
            )
        most = replicas * metric.target / (1 + rate_bounds.excess_share(timing, begin, max(begin, replicas - 1)))
        # The last samples have no window that a step of the pods could be spread over.
        smoother = "a query that takes `rate`" if timing.is_last_sample else "a longer query window"
        raise ValueError(
            f"load.http.replicas is {replicas}, and no rate has only this answer with some distance to others: up to a "
            f"metric of {stays:g}, {replicas - 1} replica(s) are within the tolerance of {config.up_tolerance:g}, and "
            f"above {most:.4g} the query may show more than {replicas * metric.target:g} for a moment. Give a `rate` "
            f"and let several counts be right, or {smoother}, or a smaller tolerance"
        )
    # The fewest digits that keep the answer: three are enough unless the rate is large.
    rounded_rates = (float(f"{rate:.{digits}g}") for digits in range(3, 9))
    return next(
        (rounded for rounded in rounded_rates if is_right(start.total(rounded, timing))),
        rate,
    )


def _why_mean(config: HpaConfig) -> str:
    """Return why a query that takes the mean of the pods has no rate for a count."""
    if config.load_metric.kind == AVERAGE_VALUE:
        return (
            "the query is the mean of the pods, and the HPA (metricType AverageValue) divides it by the pods once "
            "more, so that it shrinks with each pod and the HPA falls back. Give the trigger metricType: Value, or let "
            "the query add the pods up (sum)"
        )
    return (
        "the query is the mean of the pods, which the HPA multiplies by the Ready pods before the query counts the new "
        "ones, so that it may go higher for a while. Give a `rate` and let several counts be right"
    )
