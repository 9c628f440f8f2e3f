# SPDX-License-Identifier: MIT
"""Counts and quantiles of a load, and their sums over workers."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.histogram import Histogram
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats, merged


def test_histogram_is_right_within_two_percent():
    histogram = Histogram()
    for number in range(1, 1001):
        histogram.add(number / 1000)
    assert histogram.quantile(0.5) == pytest.approx(0.5, rel=0.02)
    assert histogram.quantile(0.99) == pytest.approx(0.99, rel=0.02)
    assert histogram.summary_ms()["max"] == 1000
    assert Histogram().summary_ms() == {}


def worker(requests, begin, seconds, own=0):
    stats = LoadStats(scheduled=requests + own, ended=True)
    for number in range(requests):
        stats.note_sent(begin + number, begin + number - seconds)
        stats.note_status(200, seconds)
    if own:
        stats.not_sent_reasons["EMFILE"] += own
    return stats


def test_workers_are_merged_by_their_buckets():
    """The p50 of one worker is 1 ms and of the other 1 s: the p50 of all requests is 1 ms, and not the mean."""
    whole = merged([worker(970, 100.0, 0.001), worker(30, 99.0, 1.0, own=5)]).as_dict()
    assert (whole["scheduled"], whole["sent"], whole["not_sent"], whole["answered"]) == (1005, 1000, 5, 1000)
    assert whole["not_sent_reasons"] == {"EMFILE": 5}
    assert whole["late"] == 30
    assert whole["statuses"] == {"200": 1000}
    assert (whole["first_sent"], whole["last_sent"]) == (99.0, 1069.0)
    for name in ("late_ms", "response_ms"):
        assert whole[name]["p50"] == pytest.approx(1, rel=0.03)  # the mean of both would be 500
        assert whole[name]["max"] == pytest.approx(1000)


def test_a_load_has_ended_when_all_workers_have():
    running = LoadStats()
    assert not merged([worker(1, 0, 0), running]).ended
    running.ended, running.died = True, "one died"
    assert merged([worker(1, 0, 0), running]).died == "one died"
    assert merged([worker(1, 0, 0), running]).ended


def test_other_statuses_count_as_failed_and_open_requests_as_in_flight():
    stats = worker(3, 0.0, 0.1)
    stats.note_sent(9.0, 9.0)
    stats.note_status(503, 0.1)
    stats.note_sent(9.0, 9.0)
    stats.errors["timeout"] += 1
    stats.note_sent(9.0, 9.0)
    counts = stats.as_dict()
    assert (counts["answered"], counts["failed"], counts["in_flight"]) == (3, 2, 1)
    assert (stats.finished, stats.failed, stats.in_flight) == (5, 2, 1)
