# SPDX-License-Identifier: MIT
"""Verdicts from sequences of replica counts as a cluster shows them: one change an event, in its real order."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import HpaTarget, Timing, predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import LoadFacts, Replicas
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import judge, load_trouble, stays

TARGET = HpaTarget(threshold=10, min_replicas=1, max_replicas=10)
TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)
FOUR = predict(TARGET, 37, 1, TIMING)  # latest: 85 s, and 75 s more for new pods, see test_predict.py
NONE = predict(TARGET, 5, 1, TIMING)  # latest: 85 s
RUNNING = LoadFacts(scheduled=2000, sent=2000, answered=1980, finished=1980)
ENDED = LoadFacts(scheduled=5550, sent=5550, answered=5550, finished=5550, ended=True)
DIED = LoadFacts(2000, 2000, 1990, 1990, True, "The sender's process was ended by signal 9 (Killed)")
UNANSWERED = LoadFacts(scheduled=2000, sent=2000, answered=900, finished=1980)
UNSENT = LoadFacts(scheduled=2000, sent=1000, answered=990, finished=990)

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
        ([START, Replicas(160.1, 4, 4, 4, 4)], 176, ("scaled_late", "after_latest")),
        ([START, Replicas(159.9, 4, 4, 4, 4)], 176, ("scaled", "as_predicted")),
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
        ([START, Replicas(170, 4, 4, 4, 4)], ENDED, True, ("scaled_late", "hold_cut_short")),
        ([START], LoadFacts(5550, 4000, 4000, 4000, True), False, ("aborted", "load_not_sent")),
        ([START], LoadFacts(5550, 5550, 3000, 5550, True), False, ("not_scaled", "load_not_answered")),
    ],
)
def test_verdict_at_the_end_of_the_load(history, load, over, expected):
    assert verdict(history, load=load, now=180.0, metric_was_over=over) == expected


@pytest.mark.parametrize(
    ("load", "reason"), [(DIED, "load_not_sent"), (UNSENT, "load_not_sent"), (UNANSWERED, "load_not_answered")]
)
def test_a_load_that_was_not_sent_or_answered_proves_no_scaling(load, reason):
    assert verdict(TO_FOUR, now=43) == ("scaled", "as_predicted")
    assert verdict(TO_FOUR, load=load, now=43) == ("aborted", reason)


@pytest.mark.parametrize("history", [TO_FOUR[:count] for count in range(len(TO_FOUR) + 1)])
def test_a_sender_that_died_ends_every_proof_and_is_named(history):
    found = judge(history, FOUR, DIED, now=33, hold_seconds=15)
    assert (found.verdict, found.reason) == ("aborted", "load_not_sent")
    assert found.message == (
        "The sender's process was ended by signal 9 (Killed) after 2000 requests, before the load was over."
    )


@pytest.mark.parametrize("gone", [Replicas(30, 0, 4, 4, 4), Replicas(30, 4, 0, 0, 0)])
def test_an_hpa_or_deployment_that_is_deleted_ends_the_hold(gone):
    assert verdict([*TO_FOUR, gone], now=100) is None
    assert verdict([*TO_FOUR, gone], load=ENDED, now=180) == ("flapped", "left_during_hold")


def test_nothing_is_held_while_it_is_not_watched():
    assert verdict(TO_FOUR, now=100, unwatched="deployments: no answer") is None
    assert verdict([START], prediction=NONE, now=120, unwatched="deployments: no answer") is None
    assert verdict(TO_FOUR, now=100) == ("scaled", "as_predicted"), "the watch went on, and nothing had changed"
    found = judge(TO_FOUR, FOUR, ENDED, now=180, hold_seconds=15, unwatched="deployments: no answer")
    assert (found.verdict, found.reason) == ("aborted", "not_observed")
    assert "deployments: no answer" in found.message


def test_every_ended_load_has_a_verdict():
    for count in range(1, len(TO_FOUR) + 1):
        assert verdict(TO_FOUR[:count], load=ENDED, now=180.0) is not None


@pytest.mark.parametrize(
    ("history", "load", "now", "expected"),
    [
        ([START], RUNNING, 99, None),
        ([START], RUNNING, 100, ("not_scaled", "load_under_threshold")),  # 85 s + 15 s without a move
        ([START], ENDED, 99.5, ("not_scaled", "load_under_threshold")),  # the clocks differ a little
        ([START], ENDED, 60, ("aborted", "load_not_sent")),  # too short to show that nothing moves
        ([START], DIED, 60, ("aborted", "load_not_sent")),
        ([START], UNANSWERED, 100, ("aborted", "load_not_answered")),
        ([START], UNSENT, 100, ("aborted", "load_not_sent")),
        ([START, Replicas(50, 0, 1, 1, 1)], RUNNING, 100, ("wrong_count", "fewer_than_predicted")),  # no HPA any more
        ([START, Replicas(50, 2, 2, 2, 2)], RUNNING, 120, None),
        ([START, Replicas(50, 2, 2, 2, 2)], ENDED, 120, ("wrong_count", "more_than_predicted")),
        ([START, Replicas(50, 2, 2, 2, 2)], DIED, 120, ("aborted", "load_not_sent")),
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
        "within 160 s at the latest."
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
