# SPDX-License-Identifier: MIT
"""The first cause of replicas that are not as predicted."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import diagnosis
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    LoadFailure,
    Mismatch,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import (
    Outcome,
    Reason,
    Verdict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support.loads import ENDED, load_stats
from ansible_collections.shkatara.keda_demo.tests.support.predictions import FOUR, OTHERS
from ansible_collections.shkatara.keda_demo.tests.support.recordings import START

UNANSWERED = load_stats(9, 9, 1, 9, ended=True)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (ENDED, None),
        (LoadStats(), None),
        (load_stats(100, 100, 95, 100), None),
        (load_stats(100, 100, 0, 90), Reason.LOAD_NOT_ANSWERED),
        (load_stats(100, 94, 94, 94), Reason.LOAD_NOT_SENT),
    ],
)
def test_load_failure(load, reason):
    expected = None if reason is None else Verdict(Outcome.ABORTED, reason, LoadFailure(load))
    assert diagnosis.load_failure(load) == expected


@pytest.mark.parametrize(
    ("last", "load", "over", "others", "expected"),
    [
        (START, ENDED, False, (), ("not_scaled", "metric_not_over_threshold")),
        (START, ENDED, True, (), ("not_scaled", "hpa_did_not_act")),
        (ReplicaCounts(40, 4, 4, 4, 1), ENDED, True, (), ("not_scaled", "pods_not_ready")),
        (ReplicaCounts(40, 4, 4, 4, 3), ENDED, True, OTHERS, ("wrong_count", "pods_not_ready")),
        (ReplicaCounts(40, 3, 3, 3, 3), ENDED, True, OTHERS, ("wrong_count", "fewer_than_predicted")),
        (ReplicaCounts(40, 6, 6, 6, 6), ENDED, True, (), ("wrong_count", "more_than_predicted")),
        (ReplicaCounts(40, 6, 6, 6, 6), ENDED, True, OTHERS, ("wrong_count", "other_trigger")),
        # A fault of the load comes first.
        (ReplicaCounts(40, 6, 6, 6, 6), UNANSWERED, True, OTHERS, ("wrong_count", "load_not_answered")),
    ],
)
def test_first_cause(last, load, over, others, expected):
    verdict = diagnosis.explain_mismatch([START, last], FOUR, load, metric_was_over=over, others=others)
    assert (verdict.outcome, verdict.reason) == expected


def test_hpa_that_went_up_and_came_back():
    history = [START, ReplicaCounts(40, 3, 3, 3, 3), ReplicaCounts(90, 1, 1, 1, 1)]
    verdict = diagnosis.explain_mismatch(history, FOUR, ENDED, metric_was_over=True)
    assert (verdict.outcome, verdict.reason) == ("not_scaled", "fewer_than_predicted")


@pytest.mark.parametrize("waited", [True, False])
def test_facts_are_the_prediction_the_last_counts_the_load_and_the_other_triggers(waited):
    last = ReplicaCounts(40, 6, 6, 6, 6)
    verdict = diagnosis.explain_mismatch([START, last], FOUR, ENDED, metric_was_over=True, others=OTHERS, waited=waited)
    assert verdict.facts == Mismatch(FOUR, last, ENDED, waited, OTHERS)
    assert (FOUR.metric, FOUR.threshold, FOUR.possible_replicas) == (34.5, 10.0, [4])
