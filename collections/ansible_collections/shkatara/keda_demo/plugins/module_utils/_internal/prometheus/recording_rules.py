# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prometheus' recording rules: a query may read their results, and the window is then in the rule's expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..common import durations
from .not_understood import QueryNotUnderstood, QueryReason
from .promql import Selector

# The lines of a configuration that belong to `global`, and of these the one with the interval.
_GLOBAL = re.compile(r"^global:\n((?:[ \t].*\n?)*)", re.MULTILINE)
_INTERVAL = re.compile(r"^\s+evaluation_interval:\s*(\S+)\s*$", re.MULTILINE)
# Servers of language models whose own metrics have a colon in their names.
# Source: https://docs.vllm.ai/en/v0.9.1/usage/metrics.html, https://docs.sglang.io/references/production_metrics.html
_SCRAPED = ("vllm:", "sglang:")
# Prometheus' own default.
_DEFAULT_INTERVAL_SECONDS = 60.0


@dataclass(frozen=True)
class Rule:
    """A recording rule: its result has the labels of the expression's result, and `labels` in addition."""

    name: str
    query: str
    interval: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RulesReading:
    """What Prometheus says of its rules, None with an `error` if they can't be read.

    `evaluation_interval` is the global one in seconds, None if it can't be read.
    """

    rules: tuple[Rule, ...] | None = None
    evaluation_interval: float | None = None
    error: str = ""


def rules_of(data: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Return the recording rules of an answer of ``/api/v1/rules``."""
    return tuple(
        Rule(rule["name"], rule["query"], float(group.get("interval") or 0.0), dict(rule.get("labels") or {}))
        for group in data.get("groups") or []
        for rule in group.get("rules") or []
        if rule.get("type") == "recording"
    )


def evaluation_interval(configuration: str) -> float:
    """Return the global evaluation interval of a Prometheus' configuration, which is a text in YAML, in seconds.

    Prometheus writes the text itself, in one form. It may be long, so it is not read as YAML.
    """
    section = _GLOBAL.search(configuration)
    match = _INTERVAL.search(section[1]) if section else None
    return durations.parse_duration(match[1]) if match else _DEFAULT_INTERVAL_SECONDS


def find_rule(reading: RulesReading, selector: Selector) -> Rule | None:
    """Return the rule whose result a selector reads; None if no rule records it.

    By convention, and by the check of Prometheus' own client libraries, only the name of a rule has a colon, but for a
    few programs.

    :raises QueryNotUnderstood: the rules can't be read, or several rules may be meant, or none of the name is there
    """
    is_rule_name = ":" in selector.name and not selector.name.startswith(_SCRAPED)
    if reading.rules is None:
        if is_rule_name:
            raise QueryNotUnderstood(QueryReason.RULE_UNREAD, rule=selector.name, error=reading.error)
        return None
    named = [rule for rule in reading.rules if rule.name == selector.name]
    rules = list(
        {(rule.query, tuple(rule.labels.items())): rule for rule in named if _may_match(rule, selector)}.values()
    )
    if not rules and is_rule_name:
        raise QueryNotUnderstood(QueryReason.RULE_MISSING, rule=selector.name)
    if len(rules) > 1:
        raise QueryNotUnderstood(QueryReason.RULES_OF_ONE_NAME, rule=selector.name)
    return rules[0] if rules else None


def _may_match(rule: Rule, selector: Selector) -> bool:
    return all(item.accepts(rule.labels[item.label]) for item in selector.matchers if item.label in rule.labels)


def matchers_inside(rule: Rule, selector: Selector) -> Selector:
    """Return the selector with those matchers alone that the rule's own labels do not answer."""
    left = tuple(item for item in selector.matchers if item.label not in rule.labels)
    return Selector(selector.name, left)
