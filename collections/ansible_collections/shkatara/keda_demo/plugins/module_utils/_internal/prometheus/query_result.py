# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The value that a query makes of a sum over the pods, and the sum behind a value, as pure functions.

A query may divide the sum by its series (`avg`), add a constant, round the result, and cut it (`clamp_min`,
`clamp_max`). Everything here is in the metric's unit; a rate times the query's factor is the sum.
"""

from __future__ import annotations

import math
from dataclasses import replace

from .query_shape import QueryShape, Rounding
from .rate_bounds import Timing

_ROUNDED_NOISE = 0.01


def value_of(timing: Timing, total: float, pods: int) -> float:
    """Return the value that the query makes of the sum `total` while it counts `pods` series."""
    query = timing.query
    value = (total / pods if timing.takes_mean and pods > 0 else total) + query.constant
    return min(max(_rounded(query, value), query.low), query.high)


def without_limit(timing: Timing) -> Timing:
    """Return the timing with a query that does not cut high values."""
    return replace(timing, shape=replace(timing.query, high=math.inf))


def noise_share(timing: Timing) -> float:
    """Return the part by which the sum may differ from the load for a moment, where it decides: before it is rounded.

    A query counts whole requests, and pods get unequal shares. A sum near a step of the rounding becomes either value.
    """
    return _ROUNDED_NOISE if timing.query.rounding is not None else 0.0


def least_total(timing: Timing, value: float, pods: int) -> float:
    """Return the lowest sum of which the query may make `value`; infinite if it is above the query's limit.

    It is minus infinity for a value that the query shows without a load.
    """
    query = timing.query
    if value > query.high:
        return math.inf
    if value <= query.low:
        return -math.inf
    up = {None: 0.0, Rounding.DOWN: 0.0, Rounding.NEAREST: 0.5, Rounding.UP: 1.0}[query.rounding]
    least = value - up * query.rounding_step - query.constant
    return least * pods if timing.takes_mean else least


def total_at_rest(timing: Timing, baseline: float, pods: int) -> float:
    """Return the sum behind the value at rest; 0 if the value is the query's lower limit, which hides the sum."""
    if baseline <= timing.query.low:
        return 0.0
    total = max(0.0, baseline - timing.query.constant)
    return total * pods if timing.takes_mean else total


def _rounded(query: QueryShape, value: float) -> float:
    step = query.rounding_step
    if query.rounding is None or step <= 0 or not math.isfinite(value):
        return value
    whole = {
        Rounding.UP: math.ceil(value / step),
        Rounding.DOWN: math.floor(value / step),
        # As PromQL's round(), which takes the higher of two that are equally near.
        Rounding.NEAREST: math.floor(value / step + 0.5),
    }[query.rounding]
    return whole * step
