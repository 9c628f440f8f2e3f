# SPDX-License-Identifier: MIT
"""The phrases about queries: one for each reason, with its data and what to give."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.not_understood import (
    NotUnderstood,
    QueryReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import query_messages
from ansible_collections.shkatara.keda_demo.tests.support import sentences

DATA = {
    "error": "unexpected end of input",
    "name": "histogram_quantile",
    "metric": "requests_in_flight",
    "rule": "ns:requests:rate5m",
    "label": "namespace",
    "count": "3",
    "pod": "web-0",
}
# What each reason's sentence names.
NAMED = {
    QueryReason.DOES_NOT_PARSE: ("error",),
    QueryReason.JOIN: ("name",),
    QueryReason.COMPARISON: ("name",),
    QueryReason.OPERATOR: ("name",),
    QueryReason.QUANTILE: ("name",),
    QueryReason.TOPK: ("name",),
    QueryReason.EXTREME: ("name",),
    QueryReason.AGGREGATION: ("name",),
    QueryReason.ABSENT: ("name",),
    QueryReason.FUNCTION: ("name",),
    QueryReason.PER_SERIES: ("name",),
    QueryReason.AFTER_AVERAGE: ("name",),
    QueryReason.RATE_OF_SUBQUERY: ("name",),
    QueryReason.RATE_OF_RULE: ("name", "rule"),
    QueryReason.RAW_COUNTER: ("metric",),
    QueryReason.RULE_UNREAD: ("rule", "error"),
    QueryReason.RULE_MISSING: ("rule",),
    QueryReason.RULES_OF_ONE_NAME: ("rule",),
    QueryReason.RULE_LABEL: ("rule", "label"),
    QueryReason.RULE_LOOP: ("rule",),
    QueryReason.MEAN_OF_LABELS: ("count",),
    QueryReason.ONE_POD: ("pod",),
    QueryReason.RATE_OF_GAUGE: ("name", "metric"),
    QueryReason.GAUGE: ("metric",),
    QueryReason.AMOUNT: ("metric",),
}


@pytest.mark.parametrize("reason", list(QueryReason))
def test_a_phrase_has_its_data(reason):
    names = NAMED.get(reason, ())
    phrase = query_messages.not_understood(NotUnderstood(reason, {name: DATA[name] for name in names}))
    assert list(sentences.lacks(phrase, [DATA[name] for name in names])) == []
    assert sentences.damage(phrase) == []
    assert not phrase.endswith(".")


def test_phrases_differ():
    phrases = {query_messages.not_understood(NotUnderstood(reason, DATA)) for reason in QueryReason}
    assert len(phrases) == len(QueryReason)


@pytest.mark.parametrize(
    ("reason", "option"),
    [
        (QueryReason.GAUGE, "metric_per_request"),
        (QueryReason.AMOUNT, "metric_per_request"),
        (QueryReason.RULE_UNREAD, "query_window"),
        (QueryReason.RULE_MISSING, "query_window"),
        (QueryReason.STEP_UNKNOWN, "query_window"),
        (QueryReason.RATIO, "metric_per_request"),
        (QueryReason.RATIO, "query_window"),
    ],
)
def test_a_phrase_names_the_option_that_helps(reason, option):
    assert option in query_messages.not_understood(NotUnderstood(reason, DATA))


def test_a_rule_that_was_not_read_yet_has_no_error():
    entry = NotUnderstood(QueryReason.RULE_UNREAD, {"rule": "a:b", "error": ""})
    assert sentences.damage(query_messages.not_understood(entry)) == []
