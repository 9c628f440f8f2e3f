# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""PromQL by its syntax tree, and the selectors in it.

promql-parser reads what Prometheus 2.45 accepts. It refuses some of what newer versions accept (arithmetic in a
duration, experimental functions), and the templates of other programs, such as Grafana's ``$__rate_interval``.

A selector is written anew from the tree, so that two spellings of it are one text. The library's own text of a selector
leaves quotes and backslashes as they are, and Prometheus could not read it back.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import raw_strings

try:
    import promql_parser
except ImportError:  # the module reports it
    promql_parser = None  # type: ignore[assignment]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC_LABEL = "__name__"


class PromqlError(ValueError):
    """A text is no PromQL, or PromQL that the parser does not know; the message is the parser's."""


@dataclass(frozen=True)
class Matcher:
    """A condition on a label; `operator` is one of `=`, `!=`, `=~`, `!~`."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        label = self.label if _LABEL.fullmatch(self.label) else raw_strings.quoted(self.label)
        return f"{label}{self.operator}{raw_strings.quoted(self.value)}"

    def accepts(self, value: str) -> bool:
        """Return whether a label's value matches; a label that is missing has the value "".

        Go's regular expressions (RE2) are read as Python's, which differ only in what queries rarely have. An
        expression that Python can't read matches everything.
        """
        if self.operator in ("=", "!="):
            return (value == self.value) == (self.operator == "=")
        try:
            return (re.fullmatch(self.value, value) is not None) == (self.operator == "=~")
        except re.error:
            return True


@dataclass(frozen=True)
class Selector:
    """A vector selector without its modifiers: the metric's name or "", and its matchers.

    `alternatives` are the other lists of matchers of VictoriaMetrics' ``{a="1" or b="2"}``, which is no PromQL.
    """

    name: str
    matchers: tuple[Matcher, ...] = ()
    alternatives: tuple[tuple[Matcher, ...], ...] = ()

    @property
    def text(self) -> str:
        """The selector as Prometheus reads it, such as ``requests_total{namespace="test"}``."""
        name, first = self.name, self.matchers
        if name and not _NAME.fullmatch(name):  # such as a name with dots, from Prometheus 3 on
            name, first = "", (Matcher(_METRIC_LABEL, "=", name), *first)
        groups = [",".join(map(str, group)) for group in (first, *self.alternatives) if group]
        return f"{name}{{{' or '.join(groups)}}}" if groups or not name else name

    def names(self, metric: str) -> bool:
        """Return whether it can select series of `metric`, the name on a metrics page."""
        if self.name:
            return self.name == metric
        named = [matcher for matcher in self.matchers if matcher.label == _METRIC_LABEL]
        return bool(named) and all(matcher.accepts(metric) for matcher in named)

    def accepts_labels(self, labels: Mapping[str, str], ignored: Container[str] = ()) -> bool:
        """Return whether a series with these labels matches, without the matchers of `ignored` labels."""
        return any(
            all(item.accepts(labels.get(item.label, "")) for item in group if item.label not in ignored)
            for group in ([*self.matchers, *more] for more in self.alternatives or ((),))
        )


def parse(query: str) -> Any:
    """Return the syntax tree of a query.

    :raises PromqlError: it has none
    """
    try:
        return promql_parser.parse(raw_strings.quote_all(query))
    except ValueError as error:
        raise PromqlError(str(error)) from error


def selector_of(node: Any) -> Selector:
    """Return the selector of a tree's VectorSelector."""
    matchers = tuple(map(_matcher, node.matchers.matchers))
    alternatives = tuple(tuple(map(_matcher, group)) for group in node.matchers.or_matchers)
    name = node.name or ""
    if not name:
        exact = [item for item in matchers if item.label == _METRIC_LABEL and item.operator == "="]
        if len(exact) == 1:
            name, matchers = exact[0].value, tuple(item for item in matchers if item is not exact[0])
    return Selector(name, matchers, alternatives)


def parse_selectors(query: str) -> list[Selector]:
    """Return the vector selectors of a query, each once, in their order; none of a text that is no PromQL."""
    found: dict[str, Selector] = {}

    def note(node: Any) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            selector = selector_of(node)
            found.setdefault(selector.text, selector)

    try:
        promql_parser.walk(parse(query), note)
    except PromqlError:
        return []
    return list(found.values())


def selectors(query: str) -> list[str]:
    """Return the texts of a query's vector selectors, such as ``requests_total{namespace="test"}``."""
    return [selector.text for selector in parse_selectors(query)]


def mentions(query: str, metric: str) -> bool:
    """Return whether a query selects series of `metric`, which is a metric's name or a selector.

    Two selectors of the same metric that ask for different values of a label have no series in common.
    """
    selectors_of_metric = parse_selectors(metric)
    if len(selectors_of_metric) != 1:
        return False
    (counter,) = selectors_of_metric
    return any(selector.names(counter.name) and not _exclude(selector, counter) for selector in parse_selectors(query))


def counter_selector(counter_metric: str, namespace: str) -> str:
    """Return the selector of a counter: a bare name with the namespace added, or the given selector.

    :raises ValueError: neither a metric's name nor a selector
    """
    text = counter_metric.strip()
    if _NAME.fullmatch(text):
        return Selector(text, (Matcher("namespace", "=", namespace),)).text
    try:
        node = parse(text)
    except PromqlError:
        node = None
    # A selector alone has no function or range around it, and no modifier.
    if isinstance(node, promql_parser.VectorSelector) and node.offset is None and node.at is None:
        return selector_of(node).text
    raise ValueError(
        f"not a counter: {counter_metric!r} (give a metric's name such as http_requests_total, or a selector such as "
        'http_requests_total{namespace="shop"}, without a function or a range)'
    )


def _exclude(first: Selector, second: Selector) -> bool:
    exact = {item.label: item.value for item in _exact(first.matchers)}
    return any(exact.get(item.label, item.value) != item.value for item in _exact(second.matchers))


def _exact(matchers: Iterable[Matcher]) -> list[Matcher]:
    return [item for item in matchers if item.operator == "=" and item.label != _METRIC_LABEL]


def _matcher(item: Any) -> Matcher:
    operator = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}[str(item.op).rpartition(".")[2]]
    return Matcher(item.name, operator, item.value)
