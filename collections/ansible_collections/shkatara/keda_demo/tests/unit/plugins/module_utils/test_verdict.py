# SPDX-License-Identifier: MIT
"""Verdicts from sequences of replica counts as a cluster shows them: one change an event, in its real order."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import HpaTarget, Timing, predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import (
    LoadFacts,
    Replicas,
    judge,
    load_trouble,
    stays,
)

TARGET = HpaTarget(threshold=10, min_replicas=1, max_replicas=10)
TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)  # latest: 85 s
FOUR = predict(TARGET, 37, 1, TIMING)
NONE = predict(TARGET, 5, 1, TIMING)
RUNNING = LoadFacts(scheduled=2000, sent=2000, answered=1980, finished=1980)
ENDED = LoadFacts(scheduled=5550, sent=5550, answered=5550, finished=5550, ended=True)

# The order of one real scale-out: the scale subresource first, then the Deployment's status, then the HPA's.
START = Replicas(0, 1, 1, 1, 1)
TO_FOUR = [
    START,
    Replicas(22.1, 1, 4, 1, 1),
    Replicas(22.2, 1, 4, 4, 1),
    Replicas(22.3, 4, 4, 4, 1),
    Replicas(26.0, 4, 4, 4, 2),
    Replicas(26.4, 4, 4, 4, 3),
    Replicas(27.9, 4, 4, 4, 4),
]


def verdict(history, prediction=FOUR, load=RUNNING, now=60.0, **options):
    found = judge(history, prediction, load, now=now, hold_seconds=15, **options)
    return (found.verdict, found.reason) if found else None


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([], 1, None),
        ([START], 20, None),
        (TO_FOUR, 28, None),
        (TO_FOUR, 42.8, None),  # 14.9 s of 15
        (TO_FOUR, 42.9, ("scaled", "as_predicted")),
        (TO_FOUR[:-1], 140, None),  # a pod is still missing, and the load goes on
        ([START, Replicas(85.1, 4, 4, 4, 4)], 101, ("scaled_late", "after_latest")),
        ([START, Replicas(84.9, 4, 4, 4, 4)], 101, ("scaled", "as_predicted")),
        # A probe that failed once during the hold
        ([*TO_FOUR, Replicas(33, 4, 4, 4, 3), Replicas(36, 4, 4, 4, 4)], 45, None),
        ([*TO_FOUR, Replicas(33, 4, 4, 4, 3), Replicas(36, 4, 4, 4, 4)], 51, ("flapped", "left_during_hold")),
        # and one after it: the verdict was there already
        ([*TO_FOUR, Replicas(43.1, 4, 4, 4, 3)], 44, ("scaled", "as_predicted")),
    ],
)
def test_verdict_under_load(history, now, expected):
    assert verdict(history, now=now) == expected


@pytest.mark.parametrize(
    ("history", "load", "over", "expected"),
    [
        ([START], ENDED, False, ("not_scaled", "metric_not_over_threshold")),
        ([START], ENDED, True, ("not_scaled", "hpa_did_not_act")),
        (TO_FOUR[:4], ENDED, True, ("not_scaled", "pods_not_ready")),
        (TO_FOUR[:6], ENDED, True, ("wrong_count", "pods_not_ready")),
        ([START, Replicas(30, 3, 3, 3, 3)], ENDED, True, ("wrong_count", "fewer_than_predicted")),
        ([*TO_FOUR[:4], Replicas(60, 6, 6, 6, 6)], ENDED, True, ("wrong_count", "more_than_predicted")),
        ([*TO_FOUR, Replicas(33, 5, 5, 5, 4)], ENDED, True, ("flapped", "left_during_hold")),
        ([START, Replicas(140, 4, 4, 4, 4)], ENDED, True, ("scaled_late", "hold_cut_short")),
        ([START], LoadFacts(5550, 4000, 4000, 4000, True), False, ("not_scaled", "load_not_sent")),
        ([START], LoadFacts(5550, 5550, 3000, 5550, True), False, ("not_scaled", "load_not_answered")),
    ],
)
def test_verdict_at_the_end_of_the_load(history, load, over, expected):
    assert verdict(history, load=load, now=150.0, metric_was_over=over) == expected


def test_every_ended_load_has_a_verdict():
    for count in range(1, len(TO_FOUR) + 1):
        assert verdict(TO_FOUR[:count], load=ENDED, now=150.0) is not None


@pytest.mark.parametrize(
    ("history", "load", "now", "expected"),
    [
        ([START], RUNNING, 99, None),
        ([START], RUNNING, 100, ("not_scaled", "load_under_threshold")),  # 85 s + 15 s without a move
        ([START], ENDED, 60, ("not_scaled", "load_under_threshold")),
        ([START, Replicas(50, 2, 2, 2, 2)], RUNNING, 120, None),
        ([START, Replicas(50, 2, 2, 2, 2)], ENDED, 120, ("wrong_count", "more_than_predicted")),
    ],
)
def test_verdict_of_a_load_that_moves_nothing(history, load, now, expected):
    assert verdict(history, prediction=NONE, load=load, now=now) == expected


def test_growing_on_to_another_possible_count_is_not_flapping():
    prediction = predict(TARGET, 41, 1, TIMING)
    assert prediction.possible_replicas == [4, 5]
    history = [*TO_FOUR, Replicas(37, 5, 5, 5, 4), Replicas(42, 5, 5, 5, 5)]
    assert verdict(history, prediction=prediction, now=56.9) is None
    assert verdict(history, prediction=prediction, now=57.0) == ("scaled", "as_predicted")


def test_messages_say_what_was_seen():
    found = judge(TO_FOUR, FOUR, RUNNING, now=45, hold_seconds=15)
    assert found.message == (
        "4 replicas were Ready 27.9 s after the first request and stayed for 15 s under load; predicted were 4 "
        "within 85 s at the latest."
    )
    found = judge([START], NONE, RUNNING, now=100, hold_seconds=15)
    assert found.message == (
        "1 replica predicted and seen, for 100 s of load: a metric of 5 is not more than 1 replica may carry at "
        "10 each (tolerance 10%). Send more, or lower the threshold."
    )


def test_stays():
    found = stays([*TO_FOUR, Replicas(33, 4, 4, 4, 3), Replicas(36, 4, 4, 4, 4)], [4])
    assert [(stay.start, stay.end) for stay in found] == [(27.9, 33), (36, None)]
    assert found[1].seconds(40) == 4


def test_load_trouble():
    assert load_trouble(ENDED) is None
    assert load_trouble(LoadFacts()) is None
    assert load_trouble(LoadFacts(100, 100, 0, 90)).reason == "load_not_answered"
