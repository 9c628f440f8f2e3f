# SPDX-License-Identifier: MIT
"""What the user's options say of a query beside its text."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.not_understood import (
    NotUnderstood,
    QueryReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_factor import with_options
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_reader import read_query
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import QueryShape


@pytest.mark.parametrize(
    ("query", "per_request", "window", "expected"),
    [
        ("sum(increase(c_total[30s]))", None, None, (30.0, 30.0)),
        ("sum(increase(c_total[30s]))", 2.0, None, (2.0, 30.0)),
        ("sum(rate(c_total[30s]))", None, 45.0, (1.0, 45.0)),
        ("sum(in_flight)", 0.6, None, (0.6, 0.0)),
        # A histogram's bucket of all events counts each once.
        ('sum(rate(c_bucket{le="+Inf"}[1m]))', None, None, (1.0, 60.0)),
        ("sum(rate(http_server_requests_seconds_count[1m]))", None, None, (1.0, 60.0)),
        ("sum(rate(istio_request_bytes_count[1m]))", None, None, (1.0, 60.0)),
        ("sum(rate(jobs_pending[1m]))", 1.0, None, (1.0, 60.0)),
        ("sum(pg_stat_activity_count)", 0.5, None, (0.5, 0.0)),
        ("sum(rate(c_bucket[1m]))", 7.0, None, (7.0, 60.0)),
        ("sum(rate(cpu_seconds_total[1m]))", 0.05, None, (0.05, 60.0)),
        # Metrics with a colon that no rule records.
        ("sum(rate(vllm:request_success_total[1m]))", None, None, (1.0, 60.0)),
        ("sum(vllm:num_requests_running)", 0.6, None, (0.6, 0.0)),
        # What is not understood, and given instead.
        ("sum(ns:requests:rate5m)", None, 300.0, (1.0, 300.0)),
        ("sum(ns:requests:rate5m)", 60.0, 300.0, (60.0, 300.0)),
        ("max_over_time(sum(rate(c_total[1m]))[5m:])", None, 360.0, (1.0, 360.0)),
        ("sum(rate(a[1m])) / sum(rate(b[1m]))", 0.5, 60.0, (0.5, 60.0)),
        ("sum(rate(c_total[$__rate_interval]))", 1.0, 60.0, (1.0, 60.0)),
    ],
)
def test_factor_and_window(query, per_request, window, expected):
    shape = with_options(read_query(query), per_request, window)
    assert isinstance(shape, QueryShape)
    assert (shape.factor, shape.window) == expected


@pytest.mark.parametrize(
    ("query", "per_request", "window", "reason"),
    [
        ("sum(in_flight)", None, None, QueryReason.GAUGE),
        ("sum(in_flight)", None, 60.0, QueryReason.GAUGE),
        ("sum(c_total)", None, None, QueryReason.RAW_COUNTER),
        ("sum(c_total)", 1.0, 60.0, QueryReason.RAW_COUNTER),
        ("sum(rate(latency_seconds_sum[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(sent_bytes_total[1m]))", None, None, QueryReason.AMOUNT),
        ('sum(rate(c_bucket{le="0.5"}[1m]))', None, None, QueryReason.AMOUNT),
        ("sum(rate(haproxy_backend_bytes_in_total[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(node_network_receive_bytes[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(rpc_duration_milliseconds_total[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(llm_generated_tokens_total[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(http_requests_created[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(http_requests_in_flight[1m]))", None, None, QueryReason.RATE_OF_GAUGE),
        ("sum(irate(nginx_connections_active[1m]))", None, None, QueryReason.RATE_OF_GAUGE),
        ("sum(http_server_requests_seconds_count)", 1.0, None, QueryReason.RAW_COUNTER),
        ("sum(pg_stat_activity_count)", None, None, QueryReason.GAUGE),
        ("sum(ns:requests:rate5m)", 60.0, None, QueryReason.RULE_UNREAD),
        ("avg(vllm:num_requests_waiting)", None, None, QueryReason.GAUGE),
        ("sum(rate(vllm:generation_tokens_total[1m]))", None, None, QueryReason.AMOUNT),
        ("sum(rate(a[1m])) / sum(rate(b[1m]))", None, 60.0, QueryReason.RATIO),
        ("scalar(sum(a))", 1.0, 60.0, QueryReason.SCALAR_RESULT),
        ("100 - sum(a)", 1.0, 60.0, QueryReason.FALLS_WITH_LOAD),
    ],
)
def test_what_is_missing_stays_missing(query, per_request, window, reason):
    read = with_options(read_query(query), per_request, window)
    assert isinstance(read, NotUnderstood)
    assert read.reason is reason
