# SPDX-License-Identifier: MIT
"""Quantities, durations and query windows."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.durations import parse_duration
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.quantities import parse_quantity
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import utc
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.promql import query_window


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36500m", 36.5),
        ("10", 10),
        (10, 10),
        ("0", 0),
        ("1k", 1000),
        ("2Ki", 2048),
        ("1e3", 1000),
        ("2E2", 200),
        ("2E", 2e18),
        ("250u", 0.00025),
        ("-1500m", -1.5),
    ],
)
def test_parse_quantity(text, expected):
    assert parse_quantity(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "ten", "1 m", "1x", "m", "1.2.3"])
def test_parse_quantity_refuses(text):
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("1d", 86400)]
)
def test_parse_duration(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "30", "s", "30s ", "30 s", "1m30"])
def test_parse_duration_refuses(text):
    with pytest.raises(ValueError, match="not a Prometheus duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('sum(rate(python_request_operations_total{namespace="test"}[30s]))', 30),
        ("rate(a[1m]) + rate(b[2m30s])", 150),
        ("max_over_time(rate(a[30s])[5m:15s])", 300),
        ('sum(a{path="[x]"})', 0),
        ("sum(a)", 0),
    ],
)
def test_query_window(query, expected):
    assert query_window(query) == expected


def test_utc_has_milliseconds():
    assert utc(1795510739.3004) == "2026-11-24T08:58:59.300Z"
