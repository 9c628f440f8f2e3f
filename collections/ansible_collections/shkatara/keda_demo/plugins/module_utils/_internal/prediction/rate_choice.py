# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The rate of requests that has exactly one right answer."""

from __future__ import annotations

from ..autoscaling.hpa import HpaConfig
from ..prometheus import rate_bounds
from ..prometheus.rate_bounds import Timing
from . import replica_graph
from .scale_out import InitialState

_PARTS = 200
# How far a rate must be from one with another answer: with fewer, chance in balancing decides (303 simulated settings).
_LEAST_MARGIN = 0.02


def choose_rate(target: HpaConfig, replicas: int, start: InitialState, timing: Timing) -> float:
    """Return the requests a second after which an HPA can stand at nothing but `replicas`.

    Of all such rates it is the middle one: a query shows a little more or less than is sent. They end above where one
    replica less is within the tolerance, and below where the query may show for a moment what asks for one more.

    :raises ValueError: no rate has this answer; the message says why, in numbers
    """
    metric, begin = target.load_metric, start.hpa_replicas
    if not begin < replicas <= target.max_replicas:
        raise ValueError(
            f"load.http.replicas is {replicas}: from {begin} replica(s) on, with a maximum of {target.max_replicas}, a "
            f"load can make {begin + 1} to {target.max_replicas}"
        )

    def is_right(total: float) -> bool:
        return replica_graph.stable_replicas(target, total, replica_graph.step_graph(target, total, begin, timing)) == [
            replicas
        ]

    # At the maximum more is right, too.
    most_parts = (1 + replicas // 2 if replicas == target.max_replicas else 1) * _PARTS
    # Each takes longer with more replicas, and nobody waits for that.
    stride = -(-most_parts // (2 * _PARTS))
    totals = [(replicas - 1 + part / _PARTS) * metric.target for part in range(1, most_parts + 1, stride)]
    good = [total for total in totals if is_right(total)]
    middle = (good[0] + good[-1]) / 2 if good else 0.0
    rate = (middle - start.baseline) / start.per_request
    if not good or rate <= 0 or good[-1] - middle < _LEAST_MARGIN * middle:
        stays = (replicas - 1) * metric.target * (1 + target.up_tolerance)
        most = replicas * metric.target / (1 + rate_bounds.excess_share(timing, begin, max(begin, replicas - 1)))
        raise ValueError(
            f"load.http.replicas is {replicas}, and no rate has only this answer with some distance to others: up to a "
            f"metric of {stays:g} {replicas - 1} replica(s) are within the tolerance of {target.up_tolerance:g}, and "
            f"above {most:.4g} the query may show more than {replicas * metric.target:g} for a moment. Give a `rate` "
            "and let several counts be right, or a longer query window, or a smaller tolerance"
        )
    # No more digits than are needed: three are, but for large rates.
    rounded = (float(f"{rate:.{digits}g}") for digits in range(3, 9))
    return next(
        (one for one in rounded if is_right(start.baseline + one * start.per_request)),
        rate,
    )
