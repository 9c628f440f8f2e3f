# SPDX-License-Identifier: MIT
"""Times in RFC 3339, and the two clocks."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import Clock, unix_time, utc


def test_utc_has_milliseconds():
    assert utc(1795510739.3004) == "2026-11-24T08:58:59.300Z"


def test_a_clock_converts_between_monotonic_time_and_time_of_day():
    clock = Clock(monotonic=lambda: 100.0, wall=lambda: 1795510739.3)
    assert clock.utc_at(90.0) == "2026-11-24T08:58:49.300Z"
    assert clock.monotonic_at(1795510729.3) == 90.0


def test_a_clock_keeps_fractions_of_a_second():
    clock = Clock(monotonic=lambda: 1010.0, wall=lambda: 1795510810.0)
    assert clock.utc_at(1005.5) == "2026-11-24T09:00:05.500Z"
    assert clock.monotonic_at(1795510803.25) == 1003.25


@pytest.mark.parametrize(
    ("text", "expected"), [("2026-11-24T09:00:00Z", 1795510800.0), ("2026-11-24T09:00:00.5+00:00", 1795510800.5)]
)
def test_a_time_of_an_object(text, expected):
    assert unix_time(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday"])
def test_no_time(text):
    assert unix_time(text) is None
