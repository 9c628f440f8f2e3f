# SPDX-License-Identifier: MIT
"""Verdicts by a user's expectations, from the replica counts alone."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.expectation import (
    Expectation,
    Expected,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.expectations import (
    is_reached,
    judge,
    stays,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.verdicts import (
    Evidence,
    Stay,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support.loads import DIED, UNANSWERED
from ansible_collections.shkatara.keda_demo.tests.support.recordings import TO_FOUR

FOUR = Expectation(Expected(4, 4, 90.0), from_replicas=1, hpa_limits={"s0-kafka": 11.0})
RANGE = Expectation(Expected(3, 5, 90.0), from_replicas=1, hpa_limits={"s0-kafka": 11.0})
# A load of others has no requests.
GOES_ON, IS_OVER = LoadStats(first_sent=0.0), LoadStats(first_sent=0.0, last_sent=120.0, ended=True)


def at(seconds, count, ready=None, earliest=None):
    """The counts after all have settled on one, or with fewer Ready pods."""
    return ReplicaCounts(seconds, count, count, count, count if ready is None else ready, earliest)


def verdict(history, now, expectation=FOUR, load=GOES_ON, hold=15.0, **more):
    found = judge(expectation, Evidence(history, load, now, hold, **more))
    return None if found is None else (found.outcome.value, found.reason.value)


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        (TO_FOUR, 30.0, None),
        (TO_FOUR, 27.9 + 15, ("scaled", "as_expected")),
        # Later than expected, within the 15 s after it or under a load that goes on.
        ([at(0, 1), at(95, 4)], 109.0, None),
        ([at(0, 1), at(95, 4)], 110.0, ("scaled_late", "after_expected")),
        # One second before the wait ends, and one after it.
        ([at(0, 1)], 104.0, None),
        ([at(0, 1)], 106.0, ("not_scaled", "metric_not_over_threshold")),
        ([at(0, 1), at(30, 3)], 106.0, ("wrong_count", "fewer_than_expected")),
        ([at(0, 1), at(30, 6)], 106.0, ("wrong_count", "more_than_expected")),
        ([at(0, 1), at(30, 4, ready=2)], 106.0, ("wrong_count", "pods_not_ready")),
        ([at(0, 1), at(30, 4, ready=1)], 106.0, ("not_scaled", "pods_not_ready")),
        # Through four to six: it grew on, and did not flap.
        ([at(0, 1), at(30, 4), at(35, 6)], 106.0, ("wrong_count", "more_than_expected")),
        # Back at one: four was there, and did not stay.
        ([at(0, 1), at(30, 4), at(35, 1)], 106.0, ("flapped", "left_during_hold")),
        # Three for a while, and back.
        ([at(0, 1), at(30, 3), at(60, 1)], 106.0, ("not_scaled", "fewer_than_expected")),
        # Away and back, and then held.
        ([at(0, 1), at(30, 4), at(35, 2), at(40, 4)], 54.0, None),
        ([at(0, 1), at(30, 4), at(35, 2), at(40, 4)], 56.0, ("flapped", "left_during_hold")),
        ([at(0, 1), at(30, 4), at(35, 6), at(40, 4)], 56.0, ("flapped", "left_during_hold")),
    ],
)
def test_the_verdict_on_four_replicas(history, now, expected):
    assert verdict(history, now) == expected


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([at(0, 1), at(30, 3), at(35, 4), at(40, 5)], 44.9, None),
        # The hold counts from the first expected count, however it moves within the range.
        ([at(0, 1), at(30, 3), at(35, 4), at(40, 5)], 45.0, ("scaled", "as_expected")),
        ([at(0, 1), at(30, 5), at(40, 3)], 46.0, ("scaled", "as_expected")),
        # The fourth and fifth pods are not Ready yet, and three are expected at least.
        ([at(0, 1), at(30, 5, ready=3)], 46.0, ("scaled", "as_expected")),
        ([at(0, 1), at(30, 5, ready=2)], 106.0, ("wrong_count", "pods_not_ready")),
        ([at(0, 1), at(30, 3), at(40, 2)], 106.0, ("flapped", "left_during_hold")),
        ([at(0, 1), at(30, 2)], 106.0, ("wrong_count", "fewer_than_expected")),
        ([at(0, 1), at(30, 6)], 106.0, ("wrong_count", "more_than_expected")),
    ],
)
def test_the_verdict_on_a_range(history, now, expected):
    assert verdict(history, now, RANGE) == expected


def test_without_a_hold_the_first_moment_counts():
    assert verdict([at(0, 1), at(30, 4)], 30.0, hold=0.0) == ("scaled", "as_expected")


@pytest.mark.parametrize(
    ("was_over", "limits", "reason"),
    [
        (False, {"s0-kafka": 11.0}, "metric_not_over_threshold"),
        (True, {"s0-kafka": 11.0}, "hpa_did_not_act"),
        # Of an HPA on CPU alone no external metric tells anything.
        (False, {}, "fewer_than_expected"),
    ],
)
def test_why_nothing_grew(was_over, limits, reason):
    expectation = Expectation(Expected(4, 4, 90.0), from_replicas=1, hpa_limits=limits)
    assert verdict([at(0, 1)], 106.0, expectation, metric_was_over=was_over) == ("not_scaled", reason)


def test_from_zero_the_first_replica_is_growth():
    expectation = Expectation(Expected(4, 4, 90.0), from_replicas=0, hpa_limits={"s0-kafka": 11.0})
    assert verdict([at(0, 0), at(20, 1)], 106.0, expectation) == ("wrong_count", "fewer_than_expected")


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([at(0, 1)], ("not_scaled", "metric_not_over_threshold")),
        ([at(0, 1), at(110, 4)], ("scaled_late", "hold_cut_short")),
    ],
)
def test_when_the_observation_ends_there_is_a_verdict(history, expected):
    assert verdict(history, 120.0, load=IS_OVER) == expected


@pytest.mark.parametrize(
    ("load", "expected"),
    [(DIED, ("aborted", "load_not_sent")), (UNANSWERED, ("wrong_count", "load_not_answered"))],
)
def test_a_load_of_our_own_that_fails(load, expected):
    assert verdict([at(0, 1), at(30, 2)], 106.0, load=load) == expected


def test_replicas_that_came_by_a_load_that_was_not_answered_prove_nothing():
    refused = LoadStats(scheduled=500, sent=500, statuses=Counter({"503": 500}))
    assert verdict(TO_FOUR, 60.0, load=refused) == ("aborted", "load_not_answered")


def test_what_nobody_watched_is_no_verdict():
    broken = {"unwatched": (("deployments", "no answer"),)}
    assert verdict(TO_FOUR, 60.0, **broken) is None
    assert verdict(TO_FOUR, 120.0, load=IS_OVER, **broken) == ("aborted", "not_observed")
    assert verdict([], 60.0) is None


def test_a_stay_that_nobody_observed_does_not_count():
    """The watch was broken from 40 s on: what came afterwards may have been so since then."""
    history = [at(0, 1), at(30, 4), at(60, 2, earliest=40.0)]
    assert stays(history, FOUR) == [Stay(4, 30, 40.0, 2)]


def test_reached_is_what_is_there_now():
    assert is_reached(TO_FOUR, FOUR)
    assert not is_reached([*TO_FOUR, at(40, 5)], FOUR)
    assert is_reached([*TO_FOUR, at(40, 5)], RANGE)
    assert not is_reached([], FOUR)


def test_an_expectation_without_a_query_acts_above_nothing():
    assert FOUR.acts_above == math.inf
    assert list(RANGE.possible_replicas) == [3, 4, 5]
