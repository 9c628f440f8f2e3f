# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a query to its shape: a walk of the syntax tree from the outside to the selector, and back with its value.

What a load of requests does to the value is computed only where the query says it without doubt: one selector, whose
series are added up or averaged, times constants. Everything else is NotUnderstood with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from . import promql, query_functions, query_values, recording_rules
from .not_understood import NotUnderstood, QueryNotUnderstood, QueryReason
from .promql import PromqlError, Selector
from .query_functions import Matching, Range
from .query_shape import QueryShape, RecordingRule
from .query_values import Value
from .recording_rules import Rule, RulesReading


def read_query(query: str, reading: RulesReading | None = None) -> QueryShape | NotUnderstood:
    """Return the shape of a query, or why its value under a load can't be computed.

    :param reading: what Prometheus says of its rules; None before it was asked
    """
    try:
        value = _Reader(reading or RulesReading()).read(query)
        return _result(value)
    except QueryNotUnderstood as error:
        return error.entry
    except PromqlError as error:
        return NotUnderstood(QueryReason.DOES_NOT_PARSE, {"error": str(error)})


def _result(value: Value) -> QueryShape:
    shape = value.known_shape()
    if value.scalar:
        raise QueryNotUnderstood(QueryReason.SCALAR_RESULT)
    if value.padded:
        raise QueryNotUnderstood(QueryReason.SEVERAL_ELEMENTS)
    if shape.factor < 0:
        raise QueryNotUnderstood(QueryReason.FALLS_WITH_LOAD)
    return replace(shape, single=not value.grows)


@dataclass
class _Reader:
    """Reads expressions; `used` are the rules around the one that is read, and `matchers` those to be added to it."""

    reading: RulesReading
    used: list[str] = field(default_factory=list)

    def read(self, query: str) -> Value:
        """Return the value of a query, which is a vector or a scalar."""
        value = self._value(promql.parse(query))
        if not isinstance(value, Value):
            raise QueryNotUnderstood(QueryReason.NO_VECTOR)
        return value

    def _value(self, node: Any) -> Any:
        """Return a node's Value, its Range, or its string."""
        kind = type(node).__name__
        readers: Mapping[str, Callable[[Any], Any]] = {
            "ParenExpr": lambda node: self._value(node.expr),
            "NumberLiteral": lambda node: query_values.constant(node.val),
            "StringLiteral": lambda node: str(node.val),
            "UnaryExpr": lambda node: query_functions.negative(self._value(node.expr)),
            "VectorSelector": lambda node: self._selected(node)[0],
            "MatrixSelector": self._range,
            "SubqueryExpr": self._subquery,
            "Call": self._call,
            "AggregateExpr": self._aggregation,
            "BinaryExpr": self._operation,
        }
        if kind not in readers:
            raise QueryNotUnderstood(QueryReason.FUNCTION, name=kind)
        return readers[kind](node)

    def _call(self, node: Any) -> Value:
        # Of a function that is not known, the arguments are no matter.
        query_functions.check_known(node.func.name)
        return query_functions.call(node.func.name, list(map(self._value, node.args)))

    def _aggregation(self, node: Any) -> Value:
        query_functions.check_aggregation(str(node.op))
        return self._grouped(node, str(node.op))

    def _range(self, node: Any) -> Range:
        value, rule = self._selected(node.vector_selector)
        name, step = (rule.name, rule.interval) if rule else ("", 0.0)
        return Range(value, _seconds(node.range), step, rule=name)

    def _subquery(self, node: Any) -> Range:
        _check_at(node)
        value = self._value(node.expr)
        step = _seconds(node.step) or self.reading.evaluation_interval
        if not step:
            raise QueryNotUnderstood(QueryReason.STEP_UNKNOWN)
        return Range(value, _seconds(node.range), step, _offset(node), is_subquery=True)

    def _grouped(self, node: Any, name: str) -> Value:
        labels = frozenset(node.modifier.labels) if node.modifier else frozenset[str]()
        without = node.modifier is not None and str(node.modifier.type).endswith("Without")
        return query_values.aggregate(self._value(node.expr), name, labels, without=without)

    def _operation(self, node: Any) -> Value:
        operator = str(node.op)
        counted = _without_parentheses(node.rhs)
        if operator == "/" and type(counted).__name__ == "AggregateExpr" and str(counted.op) == "count":
            mean = self._mean(self._value(node.lhs), counted)
            if mean is None:
                raise QueryNotUnderstood(QueryReason.RATIO)
            return mean
        matching = _matching(node.modifier)
        return query_functions.operate(operator, self._value(node.lhs), self._value(node.rhs), matching)

    def _mean(self, total: Value, counted: Any) -> Value | None:
        """Return a value divided by a `count`, None where what is counted are not the series of the value's pods."""
        elements = self._value(counted.expr)
        if elements.shape is None or elements.padded or not elements.grows or elements.shape.over_time:
            return None
        return query_functions.mean_of(total, self._grouped(counted, "sum"))

    def _selected(self, node: Any) -> tuple[Value, Rule | None]:
        """Return the value of a selector, and the rule that it reads the result of."""
        _check_at(node)
        selector = promql.selector_of(node)
        if selector.alternatives:
            raise QueryNotUnderstood(QueryReason.ALTERNATIVES)
        rule = recording_rules.find_rule(self.reading, selector)
        if rule is None:
            pinned = frozenset(item.label for item in selector.matchers if item.operator == "=")
            shape = QueryShape(selector.text, function="", offset=_offset(node))
            return Value(shape, by=None, pinned=pinned), None
        value = self._recorded(rule, recording_rules.matchers_inside(rule, selector))
        recorded = value.known_shape()
        recorded = replace(
            recorded,
            rules=(*recorded.rules, RecordingRule(rule.name, rule.interval)),
            offset=recorded.offset + _offset(node),
        )
        return replace(value, shape=recorded), rule

    def _recorded(self, rule: Rule, selector: Selector) -> Value:
        if rule.name in self.used:
            raise QueryNotUnderstood(QueryReason.RULE_LOOP, rule=rule.name)
        self.used.append(rule.name)
        value = self.read(rule.query)
        self.used.pop()
        value = replace(value, scalar=False)  # a rule records a vector
        return _selected_of_rule(rule, value, selector)


def _selected_of_rule(rule: Rule, value: Value, selector: Selector) -> Value:
    """Return a rule's result with the matchers of the selector that reads it.

    A matcher on a label that the result has from its series may be added to the series' selector.
    """
    shape = value.known_shape()
    inner = promql.parse_selectors(shape.selector)[0]
    added = [item for item in selector.matchers if item not in inner.matchers]
    for item in added:
        is_there = item.label not in value.dropped if value.by is None else item.label in value.by
        if not is_there or item.label in value.relabelled:
            raise QueryNotUnderstood(QueryReason.RULE_LABEL, rule=rule.name, label=item.label)
    narrowed = Selector(inner.name, (*inner.matchers, *added))
    pinned = value.pinned | {item.label for item in added if item.operator == "="}
    return replace(value, shape=replace(shape, selector=narrowed.text), pinned=pinned)


def _matching(modifier: Any) -> Matching:
    if modifier is None:
        return Matching()
    labels = modifier.matching
    is_on = labels is not None and str(labels.type).endswith("Include")
    return Matching(is_on and not labels.labels, bool(modifier.return_bool))


def _without_parentheses(node: Any) -> Any:
    while type(node).__name__ == "ParenExpr":
        node = node.expr
    return node


def _check_at(node: Any) -> None:
    if node.at is not None:
        raise QueryNotUnderstood(QueryReason.AT_MODIFIER)


def _offset(node: Any) -> float:
    offset = _seconds(node.offset)
    if offset < 0:
        raise QueryNotUnderstood(QueryReason.NEGATIVE_OFFSET)
    return offset


def _seconds(duration: timedelta | None) -> float:
    return duration.total_seconds() if duration is not None else 0.0
