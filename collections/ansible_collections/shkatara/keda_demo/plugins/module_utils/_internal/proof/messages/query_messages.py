# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The phrases about a trigger's query: why it is not predicted, and why Prometheus refuses it."""

from __future__ import annotations

from collections.abc import Mapping

from ...prometheus.not_understood import NotUnderstood, QueryReason

_LITTLES_LAW = "the requests in flight under a load are its rate times the seconds of an answer, by Little's law"
_OPTIONS = "give `metric_per_request` and `query_window` if you know what a load does to it"
_WINDOW = "give `query_window`, the seconds that the query looks back"

_PHRASES: Mapping[QueryReason, str] = {
    QueryReason.DOES_NOT_PARSE: (
        "its query does not parse ({error}): is it complete, and is every template filled in? If Prometheus takes it, "
        + _OPTIONS
    ),
    QueryReason.JOIN: f"its query joins two vectors by `{{name}}`: {_OPTIONS}",
    QueryReason.RATIO: f"its query is a ratio, and a load moves both its sides: {_OPTIONS}",
    QueryReason.COMPARISON: f"its query compares by `{{name}}`, so that the value jumps: {_OPTIONS}",
    QueryReason.OPERATOR: f"its query uses the operator `{{name}}`, which is not linear: {_OPTIONS}",
    QueryReason.FALLS_WITH_LOAD: "the value of its query falls while the load grows, and an HPA grows with a value",
    QueryReason.CONSTANT: "its query is a constant, which no load moves",
    QueryReason.QUANTILE: f"its query is a quantile ({{name}}), which depends on how long answers take: {_OPTIONS}",
    QueryReason.TOPK: f"its query uses {{name}}, which depends on how a load spreads over the series: {_OPTIONS}",
    QueryReason.EXTREME: (
        f"its query takes the {{name}} of several series, which depends on how a load spreads over them: {_OPTIONS}"
    ),
    QueryReason.AGGREGATION: f"its query aggregates by {{name}}, which is not computed from a load: {_OPTIONS}",
    QueryReason.ABSENT: "its query uses {name}, which only says whether there are samples",
    QueryReason.PREDICT_LINEAR: f"its query uses predict_linear, which looks ahead of a load: {_OPTIONS}",
    QueryReason.FUNCTION: f"its query uses {{name}}, which is not computed from a load: {_OPTIONS}",
    QueryReason.PER_SERIES: (
        "its query adds up the {name} of each series, which depends on the number of pods: apply {name} to the "
        "sum, or " + _OPTIONS
    ),
    QueryReason.ROUNDED_TWICE: f"its query rounds to steps that don't fit together: {_OPTIONS}",
    QueryReason.AFTER_AVERAGE: f"its query applies {{name}} to a mean over time: {_OPTIONS}",
    QueryReason.RATE_OF_SUBQUERY: (
        "its query takes the {name} of a subquery, so that a pod that restarts or leaves looks like new requests: take "
        "the sum of the {name} instead, or " + _OPTIONS
    ),
    QueryReason.RATE_OF_RULE: f"its query takes the {{name}} of the recording rule {{rule}}: {_OPTIONS}",
    QueryReason.RATE_OF_GAUGE: (
        "its query takes the {name} of {metric}, which is a gauge by its name: take its value, or give "
        "`metric_per_request` if it is a counter"
    ),
    QueryReason.AT_MODIFIER: "its query looks at a fixed time by `@`, which a load does not reach",
    QueryReason.NEGATIVE_OFFSET: "its query has a negative offset, and there are no samples of the future",
    QueryReason.ALTERNATIVES: f"its query has `or` between matchers, which Prometheus does not know: {_OPTIONS}",
    QueryReason.RAW_COUNTER: (
        "its query takes the counter {metric} itself, which never falls: take its rate, such as sum(rate({metric}[2m]))"
    ),
    QueryReason.SEVERAL_ELEMENTS: (
        "its query has an element for each pod, and KEDA refuses the answer as soon as there are two: add them up by "
        "`sum`"
    ),
    QueryReason.SCALAR_RESULT: "its query is a scalar, which KEDA can't read: put it into `vector`",
    QueryReason.NO_VECTOR: "its query is not an instant vector, which KEDA can't read",
    QueryReason.MEAN_OF_LABELS: (
        "its query is a mean over all series, of which a pod has up to {count}, so that it depends on how a load "
        "spreads over them: take `avg` of `sum by (pod)`"
    ),
    QueryReason.ONE_POD: (
        "its query selects one pod ({pod}), whose share of a load falls with each pod that is added: select all pods "
        "of the workload"
    ),
    QueryReason.STEP_UNKNOWN: (
        "its query has a subquery without a step, and Prometheus' evaluation interval can't be read: write the step, "
        "such as [5m:30s], or " + _WINDOW
    ),
    QueryReason.RULE_UNREAD: (
        f"its query reads the recording rule {{rule}}, and Prometheus' rules can't be read ({{error}}): {_WINDOW}"
    ),
    QueryReason.RULE_MISSING: (
        f"no rule of this Prometheus records {{rule}}: is the name right? If another Prometheus records it, {_WINDOW}"
    ),
    QueryReason.RULES_OF_ONE_NAME: f"several recording rules are named {{rule}}: select one by a label, or {_OPTIONS}",
    QueryReason.RULE_LABEL: (
        f"its query selects {{rule}} by the label {{label}}, which the rule's expression does not keep: {_OPTIONS}"
    ),
    QueryReason.RULE_LOOP: "the recording rule {rule} reads its own result",
    QueryReason.GAUGE: (
        f"its query is a gauge ({{metric}}), which does not say what a request adds to it ({_LITTLES_LAW}): give "
        "`metric_per_request`"
    ),
    QueryReason.AMOUNT: (
        "its query counts amounts ({metric}) and not events: give `metric_per_request`, what one request per second "
        "adds to the query's value"
    ),
}


def not_understood(entry: NotUnderstood) -> str:
    """Return why a trigger's query is not predicted."""
    data = {"error": "not read yet", **entry.data}
    data["error"] = data["error"] or "not read yet"
    return _PHRASES[entry.reason].format_map(data)
