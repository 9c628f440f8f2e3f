# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The value of a part of a query, and what arithmetic and aggregations make of it.

A value is linear in the rate of the events until it is rounded or cut. What can't be written as a QueryShape any more
ends the reading with QueryNotUnderstood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .not_understood import QueryNotUnderstood, QueryReason
from .query_shape import OverTime, OverTimeFunction, QueryShape, Rounding

# Labels whose value each pod has of its own, and labels that a pod's series have in common. The lists are of names that
# scrape configurations use.
_POD_NAMES = frozenset({"pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name"})
_OF_EACH_SERIES = frozenset({"namespace", "job", "endpoint", "container"})
POD_LABELS = _POD_NAMES | {"instance", "pod_ip", "host", "hostname", "node", "container_id", "uid", "pod_uid", "id"}


@dataclass(frozen=True)
class Value:
    """A scalar or an instant vector: a constant `number` if it has no `shape`, else what follows from the selector.

    A vector's elements have the labels `by`, or all of their series but `dropped` if `by` is None. `pinned` are labels
    of which the selector takes one value, `pod_labels` those whose value differs between pods. `thinned` says that
    elements may be missing or be added (`> 0`, `or vector(0)`), which a sum does not see and a mean does.
    """

    shape: QueryShape | None
    number: float = 0.0
    scalar: bool = False
    by: frozenset[str] | None = frozenset()
    dropped: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    pod_labels: frozenset[str] = POD_LABELS
    relabelled: frozenset[str] = frozenset()
    thinned: bool = False
    padded: bool = False

    @property
    def is_one(self) -> bool:
        """Whether it has one element, whatever the series are."""
        return self.by is not None and self.by <= self.pinned and not self.padded

    @property
    def grows(self) -> bool:
        """Whether there are more elements with more pods."""
        if self.by is None:
            # Each pod has an address, and a name if Prometheus found it by Kubernetes' API.
            written = self.relabelled & self.pod_labels - self.dropped
            return bool(written) or not ("instance" in self.dropped and _POD_NAMES & self.dropped)
        return bool(self.by & self.pod_labels - self.pinned)

    @property
    def is_linear(self) -> bool:
        """Whether a sum over the elements is the value of the sum over the series."""
        shape = self.shape
        return shape is not None and (
            shape.rounding is None
            and math.isinf(shape.low)
            and math.isinf(shape.high)
            and not shape.constant
            and all(part.function is OverTimeFunction.LAST for part in shape.over_time)
        )

    def known_shape(self) -> QueryShape:
        """Return the shape.

        :raises QueryNotUnderstood: it is a constant
        """
        if self.shape is None:
            raise QueryNotUnderstood(QueryReason.CONSTANT)
        return self.shape


def constant(number: float, *, scalar: bool = True) -> Value:
    """Return a constant."""
    return Value(None, number, scalar=scalar)


def scale(value: Value, by: float) -> Value:
    """Return a value times a constant."""
    shape = value.known_shape()
    if by == 0 or not math.isfinite(by):
        raise QueryNotUnderstood(QueryReason.CONSTANT)
    if by < 0 and (not _is_uncut(shape) or shape.over_time):
        raise QueryNotUnderstood(QueryReason.FALLS_WITH_LOAD)
    scaled = replace(
        shape,
        factor=shape.factor * by,
        constant=shape.constant * by,
        rounding_step=shape.rounding_step * by if shape.rounding else 1.0,
        low=shape.low if math.isinf(shape.low) else shape.low * by,
        high=shape.high if math.isinf(shape.high) else shape.high * by,
    )
    return replace(value, shape=scaled)


def add(value: Value, number: float) -> Value:
    """Return a value plus a constant."""
    shape = value.known_shape()
    if not math.isfinite(number):
        raise QueryNotUnderstood(QueryReason.CONSTANT)
    if shape.rounding and number % shape.rounding_step:
        raise QueryNotUnderstood(QueryReason.ROUNDED_TWICE)
    moved = replace(shape, constant=shape.constant + number, low=shape.low + number, high=shape.high + number)
    return replace(value, shape=moved)


def cut(value: Value, low: float, high: float, name: str) -> Value:
    """Return a value between two limits."""
    shape = value.known_shape()
    if low > high or math.isnan(low) or math.isnan(high) or low == math.inf or high == -math.inf:
        raise QueryNotUnderstood(QueryReason.CONSTANT)
    if shape.factor > 0 and low <= shape.constant:
        low = -math.inf  # a count is never less than 0
    if math.isinf(low) and math.isinf(high):
        return value
    _check_not_averaged(shape, name)
    # First within the former limits, then within these.
    return replace(
        value, shape=replace(shape, low=min(max(shape.low, low), high), high=max(min(shape.high, high), low))
    )


def round_to(value: Value, rounding: Rounding, step: float) -> Value:
    """Return a value as a multiple of `step`."""
    shape = value.known_shape()
    if not (step > 0 and math.isfinite(step)):
        raise QueryNotUnderstood(QueryReason.FUNCTION, name=rounding.value)
    if shape.rounding and not math.isclose(shape.rounding_step % step, 0.0, abs_tol=1e-12):
        raise QueryNotUnderstood(QueryReason.ROUNDED_TWICE)
    _check_not_averaged(shape, rounding.value)
    # Limits apply after the rounding in a shape. Rounding keeps the order of values, so it may be done to them instead.
    low, high = (limit if math.isinf(limit) else _rounded(limit, rounding, step) for limit in (shape.low, shape.high))
    if not shape.rounding:
        shape = replace(shape, rounding=rounding, rounding_step=step)
    return replace(value, shape=replace(shape, low=low, high=high))


def absolute(value: Value) -> Value:
    """Return a value without its sign."""
    shape = value.known_shape()
    if shape.factor < 0 and shape.constant <= 0 and _is_uncut(shape):
        return scale(value, -1.0)
    if shape.factor < 0 or shape.constant < 0:
        raise QueryNotUnderstood(QueryReason.FUNCTION, name="abs")
    return value


def over_time(value: Value, function: OverTimeFunction, window: float, step: float, offset: float) -> Value:
    """Return the maximum, the minimum, the mean or the last of a value within a window."""
    shape = value.known_shape()
    if shape.factor < 0:
        raise QueryNotUnderstood(QueryReason.FALLS_WITH_LOAD)
    if value.thinned and function is not OverTimeFunction.MAX:  # of the values that are left
        raise QueryNotUnderstood(QueryReason.COMPARISON, name=">")
    part = OverTime(function, window, step)
    return replace(value, shape=replace(shape, over_time=(*shape.over_time, part), offset=shape.offset + offset))


def aggregate(value: Value, name: str, labels: frozenset[str], *, without: bool) -> Value:
    """Return what an aggregation over labels makes of a vector: only a sum and a mean can be computed.

    :param without: whether the labels are those that are dropped, and not those that are kept
    """
    by: frozenset[str] | None = labels if value.by is None else value.by & labels
    dropped = frozenset[str]()
    if without:
        by, dropped = (None if value.by is None else value.by - labels), value.dropped | labels
    grouped = replace(value, by=by, dropped=dropped)
    if value.shape is None or value.is_one:
        return grouped
    if name in ("min", "max"):
        raise QueryNotUnderstood(QueryReason.EXTREME, name=name)
    if not value.is_linear:
        raise QueryNotUnderstood(QueryReason.PER_SERIES, name=_first_step(value.shape))
    if value.shape.mean:
        raise QueryNotUnderstood(QueryReason.AGGREGATION, name=name)
    if name == "sum":
        return replace(grouped, thinned=False, padded=False)
    # A mean over groups is divided by their number, which is that of the pods only if each pod has one group.
    if value.thinned or value.padded or not value.grows:
        raise QueryNotUnderstood(QueryReason.AGGREGATION, name=name)
    of_pods = value.by is not None and value.by <= value.pod_labels | value.pinned | _OF_EACH_SERIES
    return replace(grouped, shape=replace(value.shape, mean=True, mean_of_pods=of_pods))


def _is_uncut(shape: QueryShape) -> bool:
    return shape.rounding is None and math.isinf(shape.low) and math.isinf(shape.high)


def _check_not_averaged(shape: QueryShape, name: str) -> None:
    """:raises QueryNotUnderstood: a mean of rounded values is not the rounded mean"""
    if any(part.function is OverTimeFunction.AVG for part in shape.over_time):
        raise QueryNotUnderstood(QueryReason.AFTER_AVERAGE, name=name)


def _first_step(shape: QueryShape) -> str:
    if shape.rounding:
        return shape.rounding.value
    if shape.over_time:
        return next(part.function.value for part in shape.over_time if part.function is not OverTimeFunction.LAST)
    return "+" if shape.constant else "clamp"


def _rounded(number: float, rounding: Rounding, step: float) -> float:
    quotient = number / step
    if rounding is Rounding.UP:
        return math.ceil(quotient) * step
    return math.floor(quotient if rounding is Rounding.DOWN else quotient + 0.5) * step
