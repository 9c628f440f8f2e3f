# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""PromQL's functions and operators on the values of query_values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import query_values
from .not_understood import QueryNotUnderstood, QueryReason
from .query_shape import OverTimeFunction, QueryShape, Rounding
from .query_values import Value

RATES = ("rate", "irate", "increase")
# What a function does to the values of a vector: nothing. `sort` and the like order them, which one element is already.
_UNCHANGED = ("sort", "sort_desc", "sort_by_label", "sort_by_label_desc")
_NAMED: Mapping[str, QueryReason] = {
    "absent": QueryReason.ABSENT,
    "absent_over_time": QueryReason.ABSENT,
    "histogram_quantile": QueryReason.QUANTILE,
    "histogram_quantiles": QueryReason.QUANTILE,
    "quantile_over_time": QueryReason.QUANTILE,
    "predict_linear": QueryReason.PREDICT_LINEAR,
}
_AGGREGATIONS: Mapping[str, QueryReason] = {
    "quantile": QueryReason.QUANTILE,
    **dict.fromkeys(("topk", "bottomk", "limitk", "limit_ratio"), QueryReason.TOPK),
}
_KNOWN = frozenset(
    {*RATES, *OverTimeFunction, *Rounding, *_UNCHANGED, "label_replace", "label_join", "abs", "pi", "scalar", "vector"}
) | {"clamp", "clamp_min", "clamp_max"}
_SET_OPERATORS = ("and", "or", "unless")
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
# A comparison with the sides exchanged.
_MIRRORED: Mapping[str, str] = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass(frozen=True)
class Range:
    """A range vector: a selector's samples, or a value at each step of a subquery; times in seconds.

    `rule` is the name of the recording rule whose results the samples are, empty for what is scraped.
    """

    value: Value
    window: float
    step: float = 0.0
    offset: float = 0.0
    is_subquery: bool = False
    rule: str = ""


@dataclass(frozen=True)
class Matching:
    """How a binary operator pairs the elements of two vectors: `is_on_nothing` is ``on ()``."""

    is_on_nothing: bool = False
    returns_bool: bool = False


def check_known(name: str) -> None:
    """:raises QueryNotUnderstood: what a function makes of a load can't be computed, whatever its arguments are"""
    if name in _KNOWN:
        return
    raise QueryNotUnderstood(_NAMED.get(name, QueryReason.FUNCTION), name=name)


def check_aggregation(name: str) -> None:
    """:raises QueryNotUnderstood: what an aggregation makes of a load can't be computed"""
    if name not in ("sum", "avg", "min", "max"):
        raise QueryNotUnderstood(_AGGREGATIONS.get(name, QueryReason.AGGREGATION), name=name)


def call(name: str, arguments: Sequence[Any]) -> Value:
    """Return the result of a known function.

    :param arguments: a Value or a Range, or a string as it is
    :raises QueryNotUnderstood: it can't be computed from a load
    """
    if name in RATES:
        return _rate(name, arguments[0])
    if name in set(OverTimeFunction):
        part = arguments[0]
        return query_values.over_time(part.value, OverTimeFunction(name), part.window, part.step, part.offset)
    if name == "pi":
        return query_values.constant(math.pi)
    if name in ("scalar", "vector"):
        return _converted(name, arguments[0])
    return _of_vector(name, arguments[0], arguments[1:])


def _of_vector(name: str, value: Value, others: Sequence[Any]) -> Value:
    if name in _UNCHANGED:
        return value
    if name in ("label_replace", "label_join"):
        return _relabelled(name, value, others)
    if name == "abs":
        return query_values.absolute(value)
    if name in set(Rounding):
        return query_values.round_to(value, Rounding(name), _number(others[0]) if others else 1.0)
    low = -math.inf if name == "clamp_max" else _number(others[0])
    high = math.inf if name == "clamp_min" else _number(others[-1])
    return query_values.cut(value, low, high, name)


def _rate(name: str, part: Range) -> Value:
    if part.is_subquery:
        raise QueryNotUnderstood(QueryReason.RATE_OF_SUBQUERY, name=name)
    if part.rule:
        raise QueryNotUnderstood(QueryReason.RATE_OF_RULE, name=name, rule=part.rule)
    factor = part.window if name == "increase" else 1.0
    shape = replace(part.value.known_shape(), function=name, window=part.window, factor=factor)
    return replace(part.value, shape=shape)


def _converted(name: str, value: Value) -> Value:
    if name == "vector":
        return replace(value, scalar=False, by=frozenset(), padded=False)
    if value.shape is not None and value.grows:  # scalar() of several elements is NaN
        raise QueryNotUnderstood(QueryReason.SEVERAL_ELEMENTS)
    return replace(value, scalar=True, by=frozenset())


def _relabelled(name: str, value: Value, others: Sequence[Any]) -> Value:
    """Return a vector whose elements have one more label, which may tell the pods apart."""
    strings = [item for item in others if isinstance(item, str)]
    target, sources = strings[0], strings[2:3] if name == "label_replace" else strings[2:]
    by = None if value.by is None else value.by | {target}
    tells_pods = bool(set(sources) & value.pod_labels)
    pod_labels = value.pod_labels | {target} if tells_pods else value.pod_labels - {target}
    written = value.relabelled | {target}
    return replace(value, by=by, pod_labels=pod_labels, pinned=value.pinned - {target}, relabelled=written)


def _number(value: Any) -> float:
    """Return a constant argument."""
    if not isinstance(value, Value) or value.shape is not None:
        raise QueryNotUnderstood(QueryReason.JOIN, name="clamp")
    return value.number


def negative(value: Value) -> Value:
    """Return a value with the other sign."""
    return query_values.scale(value, -1.0) if value.shape is not None else replace(value, number=-value.number)


def operate(operator: str, left: Value, right: Value, matching: Matching) -> Value:
    """Return the result of a binary operator.

    :raises QueryNotUnderstood: it joins two vectors, or can't be computed from a load
    """
    if operator in _SET_OPERATORS:
        return _set_operation(operator, left, right, matching)
    if left.shape is not None and right.shape is not None:
        raise QueryNotUnderstood(QueryReason.RATIO if operator == "/" else QueryReason.JOIN, name=operator)
    if left.shape is None and right.shape is None:
        return _constant_operation(operator, left, right)
    value, other = (left, right) if right.shape is None else (right, left)
    # A constant vector has no labels: it pairs with an element that has none either.
    if not other.scalar and not matching.is_on_nothing and value.by != frozenset():
        raise QueryNotUnderstood(QueryReason.JOIN, name=operator)
    if operator in _COMPARISONS:
        if matching.returns_bool:
            raise QueryNotUnderstood(QueryReason.COMPARISON, name=f"{operator} bool")
        return _filtered(operator if value is left else _MIRRORED.get(operator, operator), value, other)
    return _arithmetic(operator, value, other, constant_first=value is right)


def _arithmetic(operator: str, value: Value, other: Value, *, constant_first: bool) -> Value:
    number = other.number
    if operator == "*":
        return query_values.scale(value, number)
    if operator == "/":
        if constant_first:
            raise QueryNotUnderstood(QueryReason.RATIO)
        return query_values.scale(value, 1 / number if number else math.inf)
    if operator == "+":
        return query_values.add(value, number)
    if operator == "-":
        return query_values.add(
            query_values.scale(value, -1.0) if constant_first else value, number if constant_first else -number
        )
    raise QueryNotUnderstood(QueryReason.OPERATOR, name=operator)


def _filtered(operator: str, value: Value, other: Value) -> Value:
    """Return the elements that pass a comparison with a constant: a filter that lets each count above 0 pass.

    An element that is filtered out is missing, which KEDA reads as 0 unless `ignoreNullValues` forbids it.
    """
    shape, number = value.known_shape(), other.number
    never_less = shape.factor > 0 and shape.low == -math.inf and not value.scalar
    if never_less and operator in (">", ">=", "!="):
        if number < shape.constant or (operator == ">=" and number == shape.constant):
            return value
        if number == shape.constant == 0:
            return replace(value, thinned=True)
    raise QueryNotUnderstood(QueryReason.COMPARISON, name=operator)


def _set_operation(operator: str, left: Value, right: Value, matching: Matching) -> Value:
    is_default = operator == "or" and right.shape is None and not right.scalar and right.number == 0
    if not is_default or left.shape is None or left.shape.constant or left.scalar:
        raise QueryNotUnderstood(QueryReason.JOIN, name=operator)
    # `vector(0)` has no labels: next to elements that have some it is one more.
    if matching.is_on_nothing or left.by == frozenset():
        return replace(left, thinned=False) if left.is_one else left
    return replace(left, padded=True)


def _constant_operation(operator: str, left: Value, right: Value) -> Value:
    first, second = left.number, right.number
    operations: Mapping[str, Callable[[], float]] = {
        "+": lambda: first + second,
        "-": lambda: first - second,
        "*": lambda: first * second,
        "/": lambda: first / second,
        "^": lambda: first**second,
        "%": lambda: math.fmod(first, second),
    }
    try:
        number = operations[operator]()
    except (KeyError, ArithmeticError, ValueError) as error:
        raise QueryNotUnderstood(QueryReason.CONSTANT) from error
    return Value(None, number, scalar=left.scalar and right.scalar)


def mean_of(total: Value, counted: Value) -> Value | None:
    """Return the quotient of a sum and the count of the same series, which is their mean; None of any other two."""
    shape, series = total.shape, counted.shape
    if shape is None or series is None or shape.mean or not total.is_linear:
        return None
    if _series(shape) != _series(series) or (total.by, total.dropped) != (counted.by, counted.dropped):
        return None
    return replace(total, shape=replace(shape, mean=True))


def _series(shape: QueryShape) -> tuple[object, ...]:
    return shape.selector, shape.offset, shape.rules
