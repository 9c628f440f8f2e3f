# SPDX-License-Identifier: MIT
"""Verdicts from sequences of replica counts as a cluster shows them: one change an event, in its real order."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.hop_bounds import MARGIN_SECONDS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.records import LoadFacts, Replicas
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.verdicts import (
    is_reached,
    judge,
    stays,
)

TARGET = HpaConfig((Metric("s0-prometheus", 10.0),), min_replicas=1, max_replicas=10)
TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)


def predicted(rate, replicas=1, target=TARGET):
    return predict(target, LoadSpec("http://host/", (Stage(rate, 86400.0),)), InitialState(replicas), TIMING)


FOUR = predicted(34.5)
NONE = predicted(5.0)
LATE = FOUR.times.latest_seconds + 0.1
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


def judged(history, prediction=FOUR, load=RUNNING, now=60.0, hold=15.0, **options):
    return judge(history, prediction, load, now=now, hold_seconds=hold, **options)


def verdict(*arguments, **options):
    found = judged(*arguments, **options)
    return (found.verdict, found.reason) if found else None


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([], 1, None),
        ([START], 20, None),
        (TO_FOUR, 28, None),
        (TO_FOUR, 42.8, None),  # 14.9 s of 15
        (TO_FOUR, 42.9, ("scaled", "as_predicted")),
        (TO_FOUR[:-1], 140, None),  # a pod is still missing, and there is time
        ([START, Replicas(LATE, 4, 4, 4, 4)], LATE + 15, ("scaled_late", "after_latest")),
        ([START, Replicas(LATE - 0.2, 4, 4, 4, 4)], LATE + 15, ("scaled", "as_predicted")),
        # A probe that failed once during the hold
        ([*TO_FOUR, Replicas(33, 4, 4, 4, 3), Replicas(36, 4, 4, 4, 4)], 45, None),
        ([*TO_FOUR, Replicas(33, 4, 4, 4, 3), Replicas(36, 4, 4, 4, 4)], 51, ("flapped", "left_during_hold")),
        # and one after it: the verdict was there already
        ([*TO_FOUR, Replicas(43.1, 4, 4, 4, 3)], 44, ("scaled", "as_predicted")),
    ],
)
def test_verdict_under_load(history, now, expected):
    assert verdict(history, now=now) == expected


def test_without_a_hold_the_count_is_enough():
    assert verdict(TO_FOUR[:-1], now=27.8, hold=0) is None
    assert verdict(TO_FOUR, now=27.9, hold=0) == ("scaled", "as_predicted")
    assert "stayed" not in judged(TO_FOUR, now=27.9, hold=0).message


@pytest.mark.parametrize(
    ("history", "over", "expected"),
    [
        ([START], False, ("not_scaled", "metric_not_over_threshold")),
        ([START], True, ("not_scaled", "hpa_did_not_act")),
        (TO_FOUR[:6], True, ("wrong_count", "pods_not_ready")),
        ([START, Replicas(30, 3, 3, 3, 3)], True, ("wrong_count", "fewer_than_predicted")),
    ],
)
def test_a_wait_ends_with_its_margin_and_says_what_it_was_made_of(history, over, expected):
    end = FOUR.times.latest_seconds + MARGIN_SECONDS
    assert verdict(history, now=end, metric_was_over=over) is None
    assert verdict(history, now=end + 0.1, metric_was_over=over) == expected
    # scrape 10, window 30, sync 15, controllers 3; 30 + 45 for a stop on the way; 30 for the last pods
    assert (
        "The wait ended 15 s after the latest predicted time, which is 163 s (scrape 10 + query_window 30 + hpa_sync "
        "15 + controllers 3 + new_pods_started 30 + new_pods_counted 45 + pod_start 30)."
    ) in judged(history, now=end + 0.1, metric_was_over=over).message


def test_a_count_that_is_held_is_waited_for():
    late = [START, Replicas(FOUR.times.latest_seconds + 14, 4, 4, 4, 4)]
    assert verdict(late, now=FOUR.times.latest_seconds + 28) is None
    assert verdict(late, now=FOUR.times.latest_seconds + 29) == ("scaled_late", "after_latest")


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


def test_a_wait_that_a_load_has_ended_is_not_explained_by_its_time():
    assert "The wait ended" not in judged([START], load=ENDED, now=60.0).message


@pytest.mark.parametrize(
    ("load", "reason"), [(DIED, "load_not_sent"), (UNSENT, "load_not_sent"), (UNANSWERED, "load_not_answered")]
)
def test_a_load_that_was_not_sent_or_answered_proves_no_scaling(load, reason):
    assert verdict(TO_FOUR, now=43) == ("scaled", "as_predicted")
    assert verdict(TO_FOUR, load=load, now=43) == ("aborted", reason)


@pytest.mark.parametrize("history", [TO_FOUR[:count] for count in range(len(TO_FOUR) + 1)])
def test_a_sender_that_died_ends_every_proof_and_is_named(history):
    found = judged(history, load=DIED, now=33)
    assert (found.verdict, found.reason) == ("aborted", "load_not_sent")
    assert found.message == (
        "The sender's process was ended by signal 9 (Killed) after 2000 requests, before the load was over."
    )


@pytest.mark.parametrize("gone", [Replicas(30, 0, 4, 4, 4), Replicas(30, 4, 0, 0, 0)])
def test_an_hpa_or_deployment_that_is_deleted_ends_the_hold(gone):
    assert verdict([*TO_FOUR, gone], now=100) is None
    assert verdict([*TO_FOUR, gone], load=ENDED, now=180) == ("flapped", "left_during_hold")


def test_a_count_that_has_left_is_known_when_the_wait_is_over():
    left = [*TO_FOUR, Replicas(33, 4, 4, 4, 3)]
    assert verdict(left, now=FOUR.times.latest_seconds + MARGIN_SECONDS) is None
    assert verdict(left, now=FOUR.times.latest_seconds + MARGIN_SECONDS + 0.1) == ("flapped", "left_during_hold")


def test_nothing_is_held_while_it_is_not_watched():
    assert verdict(TO_FOUR, now=100, unwatched="deployments: no answer") is None
    assert verdict([START], prediction=NONE, now=120, unwatched="deployments: no answer") is None
    assert verdict(TO_FOUR, now=100) == ("scaled", "as_predicted"), "the watch went on, and nothing had changed"
    found = judged(TO_FOUR, load=ENDED, now=180, unwatched="deployments: no answer")
    assert (found.verdict, found.reason) == ("aborted", "not_observed")
    assert "deployments: no answer" in found.message


def test_every_ended_load_has_a_verdict():
    for count in range(1, len(TO_FOUR) + 1):
        assert verdict(TO_FOUR[:count], load=ENDED, now=180.0) is not None


REST = NONE.times.latest_seconds  # 88 s, of which 30 s are for a pod that does not come


@pytest.mark.parametrize(
    ("history", "load", "now", "expected"),
    [
        ([START], RUNNING, REST + 14.9, None),
        ([START], RUNNING, REST + 15, ("not_scaled", "load_under_threshold")),
        ([START], ENDED, REST + 14.5, ("not_scaled", "load_under_threshold")),  # the clocks differ a little
        ([START], ENDED, 60, ("aborted", "load_not_sent")),  # too short to show that nothing moves
        ([START], DIED, 60, ("aborted", "load_not_sent")),
        ([START], UNANSWERED, REST + 15, ("aborted", "load_not_answered")),
        ([START], UNSENT, REST + 15, ("aborted", "load_not_sent")),
        ([START, Replicas(50, 0, 1, 1, 1)], RUNNING, REST + 15, ("wrong_count", "fewer_than_predicted")),  # no HPA
        ([START, Replicas(50, 2, 2, 2, 2)], RUNNING, 120, None),
        ([START, Replicas(50, 2, 2, 2, 2)], ENDED, 120, ("wrong_count", "more_than_predicted")),
        ([START, Replicas(50, 2, 2, 2, 2)], DIED, 120, ("aborted", "load_not_sent")),
    ],
)
def test_verdict_of_a_load_that_moves_nothing(history, load, now, expected):
    assert verdict(history, prediction=NONE, load=load, now=now) == expected


@pytest.mark.parametrize(
    ("target", "replicas", "rate", "reason", "words"),
    [
        (TARGET, 10, 200.0, "max_replicas", "the HPA's maxReplicas of 10 is reached already"),
        (
            HpaConfig(TARGET.metrics, 1, 10, behavior={"scaleUp": {"selectPolicy": "Disabled"}}),
            1,
            34.5,
            "scale_up_disabled",
            "behavior.scaleUp forbids to grow",
        ),
    ],
)
def test_why_replicas_were_predicted_to_stay(target, replicas, rate, reason, words):
    prediction = predicted(rate, replicas, target)
    found = judged(
        [Replicas(0, replicas, replicas, replicas, replicas)], prediction, now=prediction.times.latest_seconds + 15
    )
    assert (found.verdict, found.reason) == ("not_scaled", reason)
    assert words in found.message


def test_growing_on_to_another_possible_count_is_not_flapping():
    prediction = predicted(41.0)
    assert prediction.possible_replicas == [4, 5]
    history = [*TO_FOUR, Replicas(37, 5, 5, 5, 4), Replicas(42, 5, 5, 5, 5)]
    assert verdict(history, prediction=prediction, now=56.9) is None
    assert verdict(history, prediction=prediction, now=57.0) == ("scaled", "as_predicted")


def test_is_reached():
    assert is_reached(TO_FOUR, FOUR)
    assert not is_reached(TO_FOUR[:-1], FOUR)
    assert not is_reached([], FOUR)
    assert not is_reached([START], NONE), "nothing was to be reached"


def test_messages_say_what_was_seen():
    assert judged(TO_FOUR, now=45).message == (
        "4 replicas Ready 27.9 s after the first request and stayed for 15 s under load; predicted were 4 "
        "within 163 s at the latest."
    )
    assert judged([START, Replicas(LATE, 4, 4, 4, 4)], now=LATE + 15).message == (
        "4 replicas Ready 163.1 s after the first request and stayed for 15 s under load; predicted were 4 "
        "within 163 s at the latest (scrape 10 + query_window 30 + hpa_sync 15 + controllers 3 + new_pods_started 30 + "
        "new_pods_counted 45 + pod_start 30): hops shows which step took longer."
    )
    assert judged([START], NONE, now=REST + 15).message == (
        "1 replica predicted and seen, for 103 s of load: a metric of 5 is not more than 1 replica may carry at "
        "10 a replica (tolerance 10%). Send more, or lower the threshold."
    )


def test_stays():
    found = stays([*TO_FOUR, Replicas(33, 4, 4, 4, 3), Replicas(36, 4, 4, 4, 4)], [4])
    assert [(stay.start, stay.end) for stay in found] == [(27.9, 33), (36, None)]
    assert found[1].seconds(40) == 4


def test_a_stay_ends_when_its_watch_broke():
    late = Replicas(80.0, 4, 4, 4, 3, earliest=30.0)
    assert [(stay.start, stay.end) for stay in stays([*TO_FOUR, late], [4])] == [(27.9, 30.0)]
