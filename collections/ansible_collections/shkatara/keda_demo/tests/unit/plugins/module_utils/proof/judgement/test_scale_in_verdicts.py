# SPDX-License-Identifier: MIT
"""Verdicts on a scale-in, from the counts of a real one: 4 replicas, then 1."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.hop_bounds import MARGIN_SECONDS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import (
    predict_scale_in,
    predict_to_zero,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import scale_in_verdicts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    NotScaledIn,
    ScaledIn,
    ScaledInLate,
    Unwatched,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import (
    Outcome,
    Reason,
    Verdict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts

TIMING = Timing(scrape_interval=1, query_window=10, hpa_sync=15, pod_start=12)
HPA = HpaConfig((Metric("s0", 10.0),), 1, 10, behavior={"scaleDown": {"stabilizationWindowSeconds": 60}})
TO_ONE = predict_scale_in(HPA, [4], 0.0, TIMING)
TO_ZERO = predict_to_zero(
    KedaRules(inactive_replicas=0, min_replicas=0, polling_interval=5, cooldown=20), [1, 4], TIMING
)
SCALE_IN = [
    ReplicaCounts(0, 4, 4, 4, 4),
    ReplicaCounts(58.363, 4, 1, 4, 4),
    ReplicaCounts(58.383, 1, 1, 4, 4),
    ReplicaCounts(58.871, 1, 1, 1, 1),
]
SCALED = ("scaled", "as_predicted")


def judged(history, predicted, now, **options):
    verdict = scale_in_verdicts.judge(history, predicted, now=now, **options)
    return (verdict.outcome, verdict.reason) if verdict else None


def test_scaled_in_in_time():
    assert judged(SCALE_IN[:-1], TO_ONE, 58.5) is None
    assert scale_in_verdicts.judge(SCALE_IN, TO_ONE, now=58.9) == Verdict(
        Outcome.SCALED, Reason.AS_PREDICTED, ScaledIn(1, 58.871)
    )


def test_the_time_of_the_scale_in_counts_and_not_the_time_of_the_judgement():
    assert TO_ONE.latest_seconds == 105
    assert judged([SCALE_IN[0], ReplicaCounts(105.0, 1, 1, 1, 1)], TO_ONE, 130) == SCALED
    late = [SCALE_IN[0], ReplicaCounts(105.1, 1, 1, 1, 1)]
    assert scale_in_verdicts.judge(late, TO_ONE, now=130) == Verdict(
        Outcome.SCALED_LATE, Reason.SCALE_IN_AFTER_LATEST, ScaledInLate(TO_ONE, 105.1)
    )
    assert TO_ONE.latest_parts == {
        "scrape": 2,
        "query_window": 10,
        "stabilization": 60,
        "hpa_sync": 30,
        "controllers": 3,
    }


def test_a_change_after_the_scale_in_does_not_move_its_time():
    history = [SCALE_IN[0], ReplicaCounts(30, 1, 1, 1, 1), ReplicaCounts(30.2, 1, 0, 0, 0)]
    assert scale_in_verdicts.judge(history, TO_ONE, now=31).facts == ScaledIn(1, 30)


@pytest.mark.parametrize("history", [SCALE_IN[:1], [SCALE_IN[0], ReplicaCounts(60, 2, 2, 2, 2)], SCALE_IN[:-1]])
def test_never_scaled_in(history):
    end = TO_ONE.latest_seconds + MARGIN_SECONDS
    assert judged(history, TO_ONE, end) is None
    assert scale_in_verdicts.judge(history, TO_ONE, now=end + 0.1) == Verdict(
        Outcome.NOT_SCALED_IN, Reason.NOT_AT_MINIMUM, NotScaledIn(TO_ONE, history[-1])
    )


def test_fewer_than_the_minimum_is_scaled_in_too():
    """KEDA may take away the last replica before the HPA's sync."""
    assert judged([SCALE_IN[0], ReplicaCounts(30, 0, 0, 0, 0)], TO_ONE, 31) == SCALED


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (ReplicaCounts(30, 1, 0, 0, 0), SCALED),  # the HPA reports 0 at its next sync
        (ReplicaCounts(30, 0, 0, 1, 0), None),
        (ReplicaCounts(30, 1, 1, 1, 1), None),
    ],
)
def test_zero(last, expected):
    assert judged([ReplicaCounts(0, 1, 1, 1, 1), last], TO_ZERO, 31) == expected


def test_never_at_zero():
    last = ReplicaCounts(0, 1, 1, 1, 1)
    assert scale_in_verdicts.judge([last], TO_ZERO, now=TO_ZERO.latest_seconds + 15.1) == Verdict(
        Outcome.NOT_SCALED_IN, Reason.NOT_AT_ZERO, NotScaledIn(TO_ZERO, last)
    )
    assert TO_ZERO.replicas == 0
    assert TO_ZERO.latest_parts == {"scrape": 2, "query_window": 10, "cooldown": 20, "polling": 10, "controllers": 3}


def test_no_verdict_while_the_replicas_are_not_watched():
    errors = (("deployments", "no answer"),)
    assert judged(SCALE_IN, TO_ONE, 100, unwatched=errors) is None
    assert scale_in_verdicts.judge(SCALE_IN, TO_ONE, now=136, unwatched=errors) == Verdict(
        Outcome.ABORTED, Reason.NOT_OBSERVED, Unwatched(errors, scale_in=True)
    )
    assert judged(SCALE_IN, TO_ONE, 136) == SCALED, "the watch recovered, and the scale-in was in time"
