# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Why the value of a query under a load can't be computed: a reason code with its data.

The sentences are made elsewhere, so that nothing has to read English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class QueryReason(StrEnum):
    """What is not understood of a query; the comment names the data that the sentence needs."""

    DOES_NOT_PARSE = "does_not_parse"  # error
    # Two vectors, or a vector that a load moves the wrong way.
    JOIN = "join"  # name: the operator
    RATIO = "ratio"
    COMPARISON = "comparison"  # name: the operator
    OPERATOR = "operator"  # name
    FALLS_WITH_LOAD = "falls_with_load"
    CONSTANT = "constant"
    # Functions and aggregations.
    QUANTILE = "quantile"  # name
    TOPK = "topk"  # name
    EXTREME = "extreme"  # name: max or min
    AGGREGATION = "aggregation"  # name
    ABSENT = "absent"  # name
    PREDICT_LINEAR = "predict_linear"
    FUNCTION = "function"  # name
    PER_SERIES = "per_series"  # name: what is done to each series before the sum
    ROUNDED_TWICE = "rounded_twice"
    AFTER_AVERAGE = "after_average"  # name: what is done to an avg_over_time
    RATE_OF_SUBQUERY = "rate_of_subquery"  # name
    RATE_OF_RULE = "rate_of_rule"  # name, rule
    RATE_OF_GAUGE = "rate_of_gauge"  # name, metric
    # Selectors.
    AT_MODIFIER = "at_modifier"
    NEGATIVE_OFFSET = "negative_offset"
    ALTERNATIVES = "alternatives"
    RAW_COUNTER = "raw_counter"  # metric
    # What KEDA's trigger can't take.
    SEVERAL_ELEMENTS = "several_elements"
    SCALAR_RESULT = "scalar_result"
    NO_VECTOR = "no_vector"
    MEAN_OF_LABELS = "mean_of_labels"  # count: the series of one pod
    ONE_POD = "one_pod"  # pod: its name or address
    # What Prometheus did not say, or says twice.
    STEP_UNKNOWN = "step_unknown"
    RULE_UNREAD = "rule_unread"  # rule, error
    RULE_MISSING = "rule_missing"  # rule
    RULES_OF_ONE_NAME = "rules_of_one_name"  # rule
    RULE_LABEL = "rule_label"  # rule, label
    RULE_LOOP = "rule_loop"  # rule
    # What the user has to give.
    GAUGE = "gauge"  # metric
    AMOUNT = "amount"  # metric


@dataclass(frozen=True)
class NotUnderstood:
    """A query whose value under a load is not computed: the reason, and what its sentence needs."""

    reason: QueryReason
    data: Mapping[str, str] = field(default_factory=dict)


class QueryNotUnderstood(Exception):
    """Ends the reading of a query."""

    def __init__(self, reason: QueryReason, **data: str) -> None:
        super().__init__(reason)
        self.entry = NotUnderstood(reason, data)
