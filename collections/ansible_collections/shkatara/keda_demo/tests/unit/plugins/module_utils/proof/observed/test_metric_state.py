# SPDX-License-Identifier: MIT
"""The triggers' values, the counter's sum, and Prometheus' failures."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import FIRST, NEW
from ansible_collections.shkatara.keda_demo.tests.support.observations import metric, series
from ansible_collections.shkatara.keda_demo.tests.support.recordings import state_of


def fields_of(changes):
    return [(change.name, change.field, change.value) for change in changes]


def test_each_trigger_has_its_value():
    metrics = state_of(metric(2, None, values={"0": 4.0, "queue": None})).metrics
    assert (metrics.values, metrics.value) == ({"0": 4.0, "queue": None}, 4.0)
    assert fields_of(metrics.update(metric(4, None, values={"0": 4.0, "queue": 7.0}))) == [("queue", "value", 7.0)]
    assert metrics.readings[-2:] == [(2, 4.0), (4, 4.0)]


def test_only_an_error_of_the_load_trigger_is_the_query_error():
    metrics = state_of(metric(2, None, values={"0": 1.0, "queue": None}, errors={"queue": "parse error"})).metrics
    assert metrics.query_error == ""
    metrics.update(metric(4, None, values={"0": None, "queue": 7.0}, errors={"0": "many-to-many matching"}))
    assert metrics.query_error == "many-to-many matching"


def test_the_counter_is_the_sum_of_its_newest_samples():
    pods = [series(FIRST, (0, 991.0), (5, 1160.0)), series(NEW[0], (5, 40.0))]
    metrics = state_of().metrics
    assert fields_of(metrics.update(metric(6, 0.0, counter=pods, offset=-0.2))) == [("counter", "total", 1200.0)]
    assert (metrics.counted, metrics.clock_offset) == (1200.0, -0.2)


def test_a_failure_is_reported_once_and_ends_with_the_next_answer():
    metrics = MetricState("0")
    failure = PollFailed(1, "connection refused")
    assert fields_of(metrics.fail(failure)) == [("", "error", "connection refused")]
    assert metrics.fail(failure) == []
    assert (metrics.failure, metrics.query_error) == ("connection refused", "connection refused")
    assert fields_of(metrics.update(metric(2, 3.0))) == [("", "error", ""), ("0", "value", 3.0)]
    assert (metrics.failure, metrics.query_error) == ("", "")


def test_the_version_stays_while_it_is_not_read_again():
    metrics = state_of(metric(2, 0.0)).metrics
    assert metrics.version == "2.41.0"
