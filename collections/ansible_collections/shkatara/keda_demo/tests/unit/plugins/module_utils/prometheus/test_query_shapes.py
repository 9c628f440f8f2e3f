# SPDX-License-Identifier: MIT
"""What each shape of a query makes of a load: values, times and shares, computed by hand."""

from __future__ import annotations

import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus import query_result, rate_bounds
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import (
    OverTime,
    OverTimeFunction,
    QueryShape,
    RecordingRule,
    Rounding,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import Load

MAX, MIN, AVG = OverTimeFunction.MAX, OverTimeFunction.MIN, OverTimeFunction.AVG


def timing(function="rate", window=30.0, own_pods=True, event_seconds=0.0, **fields):
    shape = QueryShape("requests_total", function, window, **fields)
    return Timing(5.0, shape=shape, own_pods=own_pods, event_seconds=event_seconds)


GAUGE = timing("", 0.0, event_seconds=0.6)
OF_EACH_POD = timing("", 0.0, over_time=(OverTime(MAX, 120, 0),))


@pytest.mark.parametrize(
    ("query", "full", "counted", "kept", "settle"),
    [
        (timing(), 40, 45, 0, 40),
        (timing("increase"), 40, 45, 0, 40),
        (timing("irate", 300.0), 10, 20, 0, 310),  # two scrapes, and the window matters to pods that are gone
        (timing(offset=60.0), 100, 105, 60, 100),
        (timing(rules=(RecordingRule("a", 15), RecordingRule("b", 30))), 85, 90, 0, 85),
        (timing(over_time=(OverTime(MAX, 120, 10),)), 50, 55, 110, 170),
        (timing(over_time=(OverTime(AVG, 120, 10),)), 170, 175, 0, 170),
        (timing(over_time=(OverTime(MIN, 120, 10),)), 170, 175, 0, 170),
        (GAUGE, 10.6, 15.6, 0, 10),
        (OF_EACH_POD, 10, 15, 115, 130),  # the last sample is up to a scrape older than the load's end
    ],
)
def test_times_of_a_shape(query, full, counted, kept, settle):
    assert query.full_seconds == pytest.approx(full)
    assert query.counted_seconds == pytest.approx(counted)
    assert query.kept_seconds == kept
    assert query.settle_seconds == settle


@pytest.mark.parametrize(
    ("query", "pods_stay", "seconds"),
    [
        (timing(), 0, 40),
        (timing("irate", 300.0), 60, 10),
        (timing("irate", 300.0), 5, 310),  # a pod that leaves before its second scrape keeps its rate
        (timing("irate", 300.0, own_pods=False), 0, 10),
        (timing(over_time=(OverTime(MAX, 120, 10),)), 0, 170),
        (timing(over_time=(OverTime(MIN, 120, 10),)), 0, 50),
        (GAUGE, 60, 10.6),
        (GAUGE, 0, 10.6 + 10 + 2.2 * 5),
    ],
)
def test_how_long_a_load_that_has_ended_is_shown(query, pods_stay, seconds):
    assert sum(rate_bounds.fall_parts(query, pods_stay).values()) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("query", "excess", "missing"),
    [
        (timing(), 3 / 4 * 5 / 30, 3 / 4 * 20 / 30),
        (timing("irate", 300.0), 3 / 4, 3 / 4),
        (timing("irate", 300.0, own_pods=False), 0, 0),
        (GAUGE, 3 / 4, 3 / 4),
        (timing("", 0.0, over_time=(OverTime(MAX, 120, 10),)), 3 / 4, 3 / 4),
        (OF_EACH_POD, 1 / 2 + 1 / 3 + 1 / 4, 3 / 4),  # each pod's share when it was the newest
    ],
)
def test_shares_of_a_step_from_1_to_4(query, excess, missing):
    assert rate_bounds.excess_share(query, 1, 4) == pytest.approx(excess)
    assert rate_bounds.missing_share(query, 1, 4) == pytest.approx(missing)


@pytest.mark.parametrize(
    ("query", "rate", "seconds"),
    [
        (timing(), 11, (11 * 25 - 1) / 37),
        (timing(offset=60.0), 11, 60 + (11 * 25 - 1) / 37),
        (timing(rules=(RecordingRule("a", 15),)), 11, (11 * 25 - 1) / 37),  # its ticker may be just in time
        (timing("irate", 300.0), 11, (11 * 5 - 1) / 37),
        (GAUGE, 11, 0),
        (GAUGE, 38, None),
    ],
)
def test_the_earliest_time_of_a_rate(query, rate, seconds):
    earliest = rate_bounds.earliest_time(Load(((0.0, 37.0),), 1000.0).requests_until, query, rate, 1000)
    assert earliest == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


def test_a_gauge_follows_the_stages_of_a_load():
    load = Load(((0.0, 8.0), (60.0, 20.0)), 1000.0)
    assert rate_bounds.earliest_time(load.requests_until, GAUGE, 11.0, 1000) == pytest.approx(60, abs=0.02)


@pytest.mark.parametrize(
    ("query", "total", "pods", "value"),
    [
        (timing(), 34.5, 4, 34.5),
        (timing(mean=True), 34.5, 4, 8.625),
        (timing(mean=True, own_pods=False), 34.5, 4, 34.5),  # the series stay as many
        (timing(rounding=Rounding.UP), 34.2, 1, 35),
        (timing(rounding=Rounding.DOWN), 34.7, 1, 34),
        (timing(rounding=Rounding.NEAREST, rounding_step=5.0), 32.5, 1, 35),
        (timing(low=5.0), 2, 1, 5),
        (timing(high=30.0), 34.5, 1, 30),
        (timing(constant=2.0, mean=True), 30, 3, 12),
    ],
)
def test_the_value_of_a_sum(query, total, pods, value):
    assert query_result.value_of(query, total, pods) == pytest.approx(value)


@pytest.mark.parametrize(
    ("query", "value", "pods", "total"),
    [
        (timing(), 11, 1, 11),
        (timing(mean=True), 11, 3, 33),
        (timing(rounding=Rounding.UP), 11, 1, 10),
        (timing(rounding=Rounding.NEAREST), 11, 1, 10.5),
        (timing(rounding=Rounding.DOWN), 11, 1, 11),
        (timing(low=11.0), 11, 1, -math.inf),
        (timing(high=10.0), 11, 1, math.inf),
        (timing(constant=2.0), 11, 1, 9),
    ],
)
def test_the_least_sum_behind_a_value(query, value, pods, total):
    assert query_result.least_total(query, value, pods) == total


@pytest.mark.parametrize(
    ("query", "baseline", "total"),
    [
        (timing(), 3, 3),
        (timing(mean=True), 3, 6),
        (timing(low=5.0), 5, 0),  # the limit hides the sum
        (timing(low=5.0), 7, 7),
        (timing(constant=2.0), 3, 1),
    ],
)
def test_the_sum_at_rest(query, baseline, total):
    assert query_result.total_at_rest(query, baseline, 2) == total
