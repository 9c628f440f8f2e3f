# SPDX-License-Identifier: MIT
"""Verdicts from sequences of replica counts as a cluster shows them: one change an event, in its real order."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.hop_bounds import MARGIN_SECONDS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import verdicts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    Held,
    HoldCutShort,
    LeftDuringHold,
    LoadFailure,
    Mismatch,
    RestBroken,
    Rested,
    RestLost,
    RestTooShort,
    Unwatched,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import (
    Outcome,
    Reason,
    Verdict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.verdicts import Evidence
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support.loads import (
    DIED,
    ENDED,
    RUNNING,
    UNANSWERED,
    UNSENT,
    load_stats,
)
from ansible_collections.shkatara.keda_demo.tests.support.predictions import FOUR, NONE, OTHERS, TARGET, predicted
from ansible_collections.shkatara.keda_demo.tests.support.recordings import START, TO_FOUR

LATEST = FOUR.times.latest_seconds
LATE = LATEST + 0.1
UNWATCHED = (("deployments", "no answer"),)


def judged(history, prediction=FOUR, load=RUNNING, now=60.0, hold=15.0, **options):
    return verdicts.judge(prediction, Evidence(history, load, now, hold, **options))


def verdict(*arguments, **options):
    judgement = judged(*arguments, **options)
    return (judgement.outcome, judgement.reason) if judgement else None


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([], 1, None),
        ([START], 20, None),
        (TO_FOUR, 28, None),
        (TO_FOUR, 42.8, None),  # 14.9 s of 15
        (TO_FOUR, 42.9, ("scaled", "as_predicted")),
        (TO_FOUR[:-1], 140, None),  # a pod is still missing, and there is time
        ([START, ReplicaCounts(LATE, 4, 4, 4, 4)], LATE + 15, ("scaled_late", "after_latest")),
        ([START, ReplicaCounts(LATE - 0.2, 4, 4, 4, 4)], LATE + 15, ("scaled", "as_predicted")),
        # A probe that failed once during the hold
        ([*TO_FOUR, ReplicaCounts(33, 4, 4, 4, 3), ReplicaCounts(36, 4, 4, 4, 4)], 45, None),
        ([*TO_FOUR, ReplicaCounts(33, 4, 4, 4, 3), ReplicaCounts(36, 4, 4, 4, 4)], 51, ("flapped", "left_during_hold")),
        # and one after it: the verdict was there already
        ([*TO_FOUR, ReplicaCounts(43.1, 4, 4, 4, 3)], 44, ("scaled", "as_predicted")),
    ],
)
def test_verdict_under_load(history, now, expected):
    assert verdict(history, now=now) == expected


def test_without_a_hold_the_count_is_enough():
    assert verdict(TO_FOUR[:-1], now=27.8, hold=0) is None
    assert verdict(TO_FOUR, now=27.9, hold=0) == ("scaled", "as_predicted")
    assert judged(TO_FOUR, now=27.9, hold=0).facts == Held(FOUR, 4, 27.9, 0)


@pytest.mark.parametrize(
    ("history", "over", "expected"),
    [
        ([START], False, ("not_scaled", "metric_not_over_threshold")),
        ([START], True, ("not_scaled", "hpa_did_not_act")),
        (TO_FOUR[:6], True, ("wrong_count", "pods_not_ready")),
        ([START, ReplicaCounts(30, 3, 3, 3, 3)], True, ("wrong_count", "fewer_than_predicted")),
    ],
)
def test_a_wait_ends_with_its_margin(history, over, expected):
    end = LATEST + MARGIN_SECONDS
    assert verdict(history, now=end, metric_was_over=over) is None
    assert verdict(history, now=end + 0.1, metric_was_over=over) == expected
    assert judged(history, now=end + 0.1, metric_was_over=over).facts == Mismatch(
        FOUR, history[-1], RUNNING, waited=True, others=()
    )


def test_the_latest_time_is_the_sum_of_its_parts():
    assert (LATEST, MARGIN_SECONDS) == (178, 15)
    # The parts named new_pods_* are for a stop on the way, and pod_start is for the last pods.
    assert FOUR.times.latest_parts == {
        "scrape": 10,
        "query_window": 30,
        "hpa_sync": 15,
        "controllers": 3,
        "new_pods_started": 30,
        "new_pods_counted": 45,
        "new_pods_sync": 15,
        "pod_start": 30,
    }


def test_the_hold_of_a_late_count_is_waited_for():
    late = [START, ReplicaCounts(LATEST + 14, 4, 4, 4, 4)]
    assert verdict(late, now=LATEST + 28) is None
    assert verdict(late, now=LATEST + 29) == ("scaled_late", "after_latest")


@pytest.mark.parametrize(
    ("history", "load", "over", "expected"),
    [
        ([START], ENDED, False, ("not_scaled", "metric_not_over_threshold")),
        ([START], ENDED, True, ("not_scaled", "hpa_did_not_act")),
        (TO_FOUR[:4], ENDED, True, ("not_scaled", "pods_not_ready")),
        (TO_FOUR[:6], ENDED, True, ("wrong_count", "pods_not_ready")),
        ([START, ReplicaCounts(30, 3, 3, 3, 3)], ENDED, True, ("wrong_count", "fewer_than_predicted")),
        ([*TO_FOUR[:4], ReplicaCounts(60, 6, 6, 6, 6)], ENDED, True, ("wrong_count", "more_than_predicted")),
        ([*TO_FOUR, ReplicaCounts(33, 5, 5, 5, 4)], ENDED, True, ("flapped", "left_during_hold")),
        ([START, ReplicaCounts(185, 4, 4, 4, 4)], ENDED, True, ("scaled_late", "hold_cut_short")),
        ([START], load_stats(5550, 4000, 4000, 4000, ended=True), False, ("aborted", "load_not_sent")),
        ([START], load_stats(5550, 5550, 3000, 5550, ended=True), False, ("not_scaled", "load_not_answered")),
    ],
)
def test_verdict_at_the_end_of_the_load(history, load, over, expected):
    assert verdict(history, load=load, now=195.0, metric_was_over=over) == expected


@pytest.mark.parametrize(("now", "waited"), [(60.0, False), (LATEST, False), (LATE, True)])
def test_a_load_that_ends_before_the_latest_time_leaves_it_open(now, waited):
    facts = judged([START], load=ENDED, now=now).facts
    assert facts == Mismatch(FOUR, START, ENDED, waited=waited, others=())


def test_other_triggers_are_a_cause_of_more_replicas():
    more = ReplicaCounts(60, 6, 6, 6, 6)
    judgement = judged([START, more], load=ENDED, now=195.0, metric_was_over=True, others=OTHERS)
    assert judgement == Verdict(
        Outcome.WRONG_COUNT, Reason.OTHER_TRIGGER, Mismatch(FOUR, more, ENDED, waited=True, others=OTHERS)
    )


def test_hold_cut_short():
    judgement = judged([START, ReplicaCounts(185, 4, 4, 4, 4)], load=ENDED, now=195.0)
    assert judgement == Verdict(Outcome.SCALED_LATE, Reason.HOLD_CUT_SHORT, HoldCutShort(4, 185, 15.0))


@pytest.mark.parametrize("return_seconds", [None, 36])
def test_left_during_hold(return_seconds):
    history = [*TO_FOUR, ReplicaCounts(33, 4, 4, 4, 3)]
    if return_seconds is not None:
        history.append(ReplicaCounts(return_seconds, 4, 4, 4, 4))
    assert judged(history, load=ENDED, now=160.0).facts == LeftDuringHold(
        replicas=4,
        ready_seconds=27.9,
        left_seconds=33,
        hold_seconds=15.0,
        return_seconds=return_seconds,
        last=history[-1],
    )


@pytest.mark.parametrize(
    ("load", "reason"), [(DIED, "load_not_sent"), (UNSENT, "load_not_sent"), (UNANSWERED, "load_not_answered")]
)
def test_a_load_that_was_not_sent_or_answered_proves_no_scaling(load, reason):
    assert verdict(TO_FOUR, now=43) == ("scaled", "as_predicted")
    assert judged(TO_FOUR, load=load, now=43) == Verdict(Outcome.ABORTED, Reason(reason), LoadFailure(load))


@pytest.mark.parametrize("history", [TO_FOUR[:count] for count in range(len(TO_FOUR) + 1)])
def test_a_sender_that_died_ends_every_proof(history):
    assert judged(history, load=DIED, now=33) == Verdict(Outcome.ABORTED, Reason.LOAD_NOT_SENT, LoadFailure(DIED))


@pytest.mark.parametrize("gone", [ReplicaCounts(30, 0, 4, 4, 4), ReplicaCounts(30, 4, 0, 0, 0)])
def test_an_hpa_or_deployment_that_is_deleted_ends_the_hold(gone):
    assert verdict([*TO_FOUR, gone], now=100) is None
    assert verdict([*TO_FOUR, gone], load=ENDED, now=180) == ("flapped", "left_during_hold")


def test_a_hold_that_broke_is_judged_when_the_wait_is_over():
    left = [*TO_FOUR, ReplicaCounts(33, 4, 4, 4, 3)]
    assert verdict(left, now=LATEST + MARGIN_SECONDS) is None
    assert verdict(left, now=LATEST + MARGIN_SECONDS + 0.1) == ("flapped", "left_during_hold")


def test_no_count_is_held_while_it_is_not_watched():
    assert verdict(TO_FOUR, now=100, unwatched=UNWATCHED) is None
    assert verdict([START], prediction=NONE, now=120, unwatched=UNWATCHED) is None
    assert verdict(TO_FOUR, now=100) == ("scaled", "as_predicted"), "the watch recovered, and nothing had changed"
    judgement = judged(TO_FOUR, load=ENDED, now=180, unwatched=UNWATCHED)
    assert judgement == Verdict(Outcome.ABORTED, Reason.NOT_OBSERVED, Unwatched(UNWATCHED))


def test_every_ended_load_has_a_verdict():
    for count in range(1, len(TO_FOUR) + 1):
        assert verdict(TO_FOUR[:count], load=ENDED, now=195.0) is not None


REST = NONE.times.latest_seconds  # 88 s, of which 30 s are for a pod that does not come


@pytest.mark.parametrize(
    ("history", "load", "now", "expected"),
    [
        ([START], RUNNING, REST + 14.9, None),
        ([START], RUNNING, REST + 15, ("not_scaled", "load_under_threshold")),
        ([START], ENDED, REST + 14.5, ("not_scaled", "load_under_threshold")),  # the clocks differ a little
        ([START], ENDED, 60, ("aborted", "load_not_sent")),  # too short to prove rest
        ([START], DIED, 60, ("aborted", "load_not_sent")),
        ([START], UNANSWERED, REST + 15, ("aborted", "load_not_answered")),
        ([START], UNSENT, REST + 15, ("aborted", "load_not_sent")),
        ([START, ReplicaCounts(50, 0, 1, 1, 1)], RUNNING, REST + 15, ("wrong_count", "fewer_than_predicted")),  # no HPA
        ([START, ReplicaCounts(50, 2, 2, 2, 2)], RUNNING, 120, None),
        ([START, ReplicaCounts(50, 2, 2, 2, 2)], ENDED, 120, ("wrong_count", "more_than_predicted")),
        ([START, ReplicaCounts(50, 2, 2, 2, 2)], DIED, 120, ("aborted", "load_not_sent")),
    ],
)
def test_verdict_of_a_load_under_the_threshold(history, load, now, expected):
    assert verdict(history, prediction=NONE, load=load, now=now) == expected


@pytest.mark.parametrize(
    ("history", "load", "now", "facts"),
    [
        ([START], RUNNING, REST + 15, Rested(NONE, REST + 15)),
        ([START], ENDED, 60, RestTooShort(60, REST + 15)),
        (
            [START, ReplicaCounts(50, 0, 1, 1, 1)],
            RUNNING,
            REST + 15,
            RestLost(NONE, ReplicaCounts(50, 0, 1, 1, 1)),
        ),
        ([START, ReplicaCounts(50, 2, 2, 2, 2), ReplicaCounts(90, 1, 1, 1, 1)], ENDED, 120, RestBroken(NONE, 2, ())),
    ],
)
def test_facts_of_a_load_under_the_threshold(history, load, now, facts):
    assert judged(history, prediction=NONE, load=load, now=now).facts == facts


def test_other_triggers_break_the_rest():
    history = [START, ReplicaCounts(50, 2, 2, 2, 2)]
    assert judged(history, prediction=NONE, load=ENDED, now=120, others=OTHERS) == Verdict(
        Outcome.WRONG_COUNT, Reason.OTHER_TRIGGER, RestBroken(NONE, 2, OTHERS)
    )


@pytest.mark.parametrize(
    ("target", "replicas", "rate", "reason"),
    [
        (TARGET, 10, 200.0, "max_replicas"),
        (
            HpaConfig(TARGET.metrics, 1, 10, behavior={"scaleUp": {"selectPolicy": "Disabled"}}),
            1,
            34.5,
            "scale_up_disabled",
        ),
    ],
)
def test_reason_for_replicas_that_were_predicted_to_stay(target, replicas, rate, reason):
    prediction = predicted(rate, replicas, target)
    now = prediction.times.latest_seconds + 15
    judgement = judged([ReplicaCounts(0, replicas, replicas, replicas, replicas)], prediction, now=now)
    assert judgement == Verdict(Outcome.NOT_SCALED, Reason(reason), Rested(prediction, now))


def test_growing_on_to_another_possible_count_is_not_flapping():
    prediction = predicted(41.0)
    assert prediction.possible_replicas == [4, 5]
    history = [*TO_FOUR, ReplicaCounts(37, 5, 5, 5, 4), ReplicaCounts(42, 5, 5, 5, 5)]
    assert verdict(history, prediction=prediction, now=56.9) is None
    assert verdict(history, prediction=prediction, now=57.0) == ("scaled", "as_predicted")


def test_a_possible_count_in_time_is_not_late_for_growing_on_later():
    prediction = predicted(41.0)
    late = prediction.times.latest_seconds + 5
    history = [*TO_FOUR, ReplicaCounts(late - 3, 5, 5, 5, 4), ReplicaCounts(late, 5, 5, 5, 5)]
    assert verdict(history, prediction=prediction, now=late + 20.0, hold=20.0) == ("scaled", "as_predicted")


FIVE = [*TO_FOUR, ReplicaCounts(37, 5, 5, 5, 4), ReplicaCounts(42, 5, 5, 5, 5)]
# The workload's spec changes before the HPA's status, then its pods.
BACK = [*FIVE, ReplicaCounts(102, 5, 4, 5, 5), ReplicaCounts(102.2, 4, 4, 5, 5), ReplicaCounts(103, 4, 4, 4, 4)]
AGAIN = [*BACK, ReplicaCounts(130, 4, 5, 4, 4), ReplicaCounts(131, 5, 5, 5, 4), ReplicaCounts(140, 5, 5, 5, 5)]
LOST = [*BACK, ReplicaCounts(150, 4, 3, 4, 4), ReplicaCounts(151, 3, 3, 3, 3)]
STUCK = [*BACK, ReplicaCounts(130, 4, 5, 4, 4), ReplicaCounts(131, 5, 5, 5, 4)]


@pytest.mark.parametrize(
    ("history", "load", "now", "expected"),
    [
        # The stabilization is 60 s and the hold 300 s: 5 replicas from 42 s on, and 4 from 103 s on.
        (BACK, RUNNING, 341.9, None),
        (BACK, RUNNING, 342.0, ("scaled", "as_predicted")),
        (AGAIN, RUNNING, 341.9, None),
        (AGAIN, RUNNING, 342.0, ("scaled", "as_predicted")),
        (LOST, ENDED, 360.0, ("flapped", "left_during_hold")),
        (STUCK, ENDED, 360.0, ("wrong_count", "pods_not_ready")),
        ([*FIVE, ReplicaCounts(102, 5, 5, 5, 4)], ENDED, 360.0, ("flapped", "left_during_hold")),
        ([*FIVE, ReplicaCounts(102, 0, 5, 5, 5)], ENDED, 360.0, ("flapped", "left_during_hold")),
    ],
)
def test_moving_between_possible_counts_is_no_flapping(history, load, now, expected):
    prediction = predicted(41.0, target=dataclasses.replace(TARGET, downscale_stabilization=60.0))
    assert prediction.possible_replicas == [4, 5]
    assert verdict(history, prediction=prediction, load=load, now=now, hold=300.0, metric_was_over=True) == expected


def test_is_reached():
    assert verdicts.is_reached(TO_FOUR, FOUR)
    assert not verdicts.is_reached(TO_FOUR[:-1], FOUR)
    assert not verdicts.is_reached([], FOUR)
    assert not verdicts.is_reached([START], NONE), "no growth is predicted"


def test_facts_of_a_held_count():
    assert judged(TO_FOUR, now=45).facts == Held(FOUR, 4, 27.9, 15.0)
    assert judged([START, ReplicaCounts(LATE, 4, 4, 4, 4)], now=LATE + 15).facts == Held(FOUR, 4, LATE, 15.0)
    assert (NONE.metric, NONE.from_replicas, NONE.threshold, NONE.tolerance) == (5.0, 1, 10.0, 0.1)


def test_stays():
    history = [*TO_FOUR, ReplicaCounts(33, 4, 4, 4, 3), ReplicaCounts(36, 4, 4, 4, 4)]
    first, second = verdicts.stays(history, [4])
    assert (first.start, first.end) == (27.9, 33)
    assert (second.start, second.end) == (36, None)
    assert second.seconds(40) == 4


def test_a_stay_ends_when_its_watch_broke():
    late = ReplicaCounts(80.0, 4, 4, 4, 3, earliest=30.0)
    assert [(stay.start, stay.end) for stay in verdicts.stays([*TO_FOUR, late], [4])] == [(27.9, 30.0)]
