# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The selectors and ranges in the text of a PromQL query.

This is a lexer that looks at the neighbours of a token, not a parser. It misses selectors, or finds false ones, in:

* a metric without braces whose name is that of a keyword or an aggregation (`by`, `offset`, `sum`);
* text that is not PromQL, since nothing is checked;
* templates of other programs, such as Grafana's `$__rate_interval` or `[[label]]`.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics/, and Prometheus 2.41,
promql/parser/lex.go and generated_parser.y.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from ..common import durations

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*)
    | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    | (?P<number>(?:[0-9]|\.[0-9])[0-9a-zA-Z_.]*)
    | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<operator>=~|!~|!=|==|>=|<=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# Keywords are read in any case.
_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_KEYWORDS = _LISTS | {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}
_OPERATORS = ("=", "!=", "=~", "!~")
_RANGE = re.compile(r"\[\s*((?:[0-9]+(?:ms|[smhdwy]))+)\s*(?::[^\]]*)?\]")


@dataclass(frozen=True)
class Matcher:
    """A condition on a label; `operator` is one of `=`, `!=`, `=~`, `!~`."""

    label: str
    operator: str
    value: str

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
    """A vector selector: its text without blanks and modifiers, the metric's name or "", and its matchers."""

    text: str
    name: str
    matchers: tuple[Matcher, ...]

    def names(self, metric: str) -> bool:
        """Return whether it can select series of `metric`, the name on a metrics page."""
        if self.name:
            return self.name == metric
        named = [matcher for matcher in self.matchers if matcher.label == "__name__"]
        return bool(named) and all(matcher.accepts(metric) for matcher in named)

    def accepts_labels(self, labels: Mapping[str, str], ignored: Container[str] = ()) -> bool:
        """Return whether a series with these labels matches, without the matchers of `ignored` labels."""
        return all(item.accepts(labels.get(item.label, "")) for item in self.matchers if item.label not in ignored)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def parse_selectors(query: str) -> list[Selector]:
    """Return the vector selectors of a query, each once, in their order; the module's docstring has the limits."""
    tokens = [_Token(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(query) if match.lastgroup != "space"]
    by_text: dict[str, Selector] = {}
    index = 0
    while index < len(tokens):
        token = tokens[index]
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        word = token.text.lower() if token.kind == "word" else ""
        if token.text == "[" and token.kind == "operator":
            index = _end(tokens, index, "[", "]")
        elif word in _LISTS and following == "(":
            index = _end(tokens, index + 1, "(", ")")
        elif token.text == "{" or (word and following == "{"):
            first = index if token.text == "{" else index + 1
            end = _end(tokens, first, "{", "}")
            selector = _selector(token.text if word else "", tokens[first + 1 : end - 1])
            by_text.setdefault(selector.text, selector)
            index = end
        else:
            if word and word not in _KEYWORDS and not _is_call(following):
                by_text.setdefault(token.text, Selector(token.text, token.text, ()))
            index += 1
    return list(by_text.values())


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
    name = counter.name or next((item.value for item in counter.matchers if item.label == "__name__"), "")
    return any(selector.names(name) and not _exclude(selector, counter) for selector in parse_selectors(query))


def counter_selector(counter_metric: str, namespace: str) -> str:
    """Return the selector of a counter: a bare name with the namespace added, or the given selector unchanged.

    :raises ValueError: neither a metric's name nor a selector
    """
    text = counter_metric.strip()
    if _NAME.fullmatch(text):
        return f'{text}{{namespace="{namespace}"}}'
    parsed = parse_selectors(text)
    without_blanks = "".join(match[0] for match in _TOKEN.finditer(text) if match.lastgroup != "space")
    # A selector alone has the whole text: there is no function or range around it.
    if len(parsed) == 1 and parsed[0].text == without_blanks:
        return parsed[0].text
    raise ValueError(
        f"not a counter: {counter_metric!r} (give a metric's name such as http_requests_total, or a selector such as "
        'http_requests_total{namespace="shop"}, without a function or a range)'
    )


def _exclude(first: Selector, second: Selector) -> bool:
    exact = {item.label: item.value for item in first.matchers if item.operator == "=" and item.label != "__name__"}
    return any(
        item.operator == "=" and exact.get(item.label, item.value) != item.value
        for item in second.matchers
        if item.label != "__name__"
    )


def _is_call(following: str) -> bool:
    return following == "(" or following.lower() in ("by", "without")


def _end(tokens: list[_Token], index: int, opening: str, closing: str) -> int:
    """Return the index after the bracket that closes the bracket at `index`, after the end if none does."""
    depth = 0
    for position in range(index, len(tokens)):
        if tokens[position].kind == "operator":
            depth += (tokens[position].text == opening) - (tokens[position].text == closing)
        if depth == 0:
            return position + 1
    return len(tokens) + 1


def _selector(word: str, inside: list[_Token]) -> Selector:
    name, matchers = word, []
    position = 0
    while position < len(inside):
        token = inside[position]
        operator = inside[position + 1].text if position + 1 < len(inside) else ""
        if operator in _OPERATORS and position + 2 < len(inside):
            matchers.append(Matcher(_plain(token), operator, _plain(inside[position + 2])))
            position += 3
        else:
            if token.kind == "string":  # {"a.metric", label="x"}, from Prometheus 3 on
                name = _plain(token)
            position += 1
    text = "".join(token.text for token in inside)
    return Selector(f"{word}{{{text}}}", name, tuple(matchers))


def _plain(token: _Token) -> str:
    """Return a label's name or the value of a string."""
    if token.kind != "string":
        return token.text
    inside = token.text[1:-1]
    return inside if token.text[0] == "`" else _ESCAPE.sub(_unescape, inside)


def _unescape(match: re.Match[str]) -> str:
    text = match[1]
    if len(text) == 1:
        return _ESCAPED.get(text, text)
    return chr(int(text, 8)) if text[0] in "01234567" else chr(int(text[1:], 16))


def query_window(query: str) -> float:
    """Return the longest range in a PromQL query in seconds (``[30s]`` gives 30); 0 without a range."""
    longest = 0.0
    for duration in _RANGE.findall(query):
        with contextlib.suppress(ValueError):  # too long, which Prometheus refuses too
            longest = max(longest, durations.parse_duration(duration))
    return longest
