# SPDX-License-Identifier: MIT
"""Whether the load was what moved the replicas, from what was observed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import hpa_object
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import VALUE
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import PredictionReason
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import causes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.causes import Witnesses
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.end_to_end import EndToEnd
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support.objects import METRIC, changed, scaled
from ansible_collections.shkatara.keda_demo.tests.support.predictions import FOUR, predicted

EARLIEST = FOUR.times.earliest_seconds


def grown(at, count=4, start=1):
    return [ReplicaCounts(0.0, *[start] * 4), ReplicaCounts(float(at), *[count] * 4)]


def status(at, desired, average, current=1, **changes):
    hpa = scaled(desired, average, current)
    for path, value in changes.items():
        hpa = changed(hpa, path.replace("__", "."), value)
    return float(at), hpa_object.hpa_view(hpa)


START = status(0, 1, "0")
SEEN = Witnesses(
    history=grown(25),
    readings=[(20.0, 9.0), (24.0, 18.0), (29.0, 31.0)],
    statuses=[START, status(25, 4, "31000m")],
    metric=METRIC,
    poll_seconds=7.0,
)


def reason(prediction=FOUR, **changes):
    verdict = causes.wrong_cause(prediction, replace(SEEN, **changes))
    return verdict and verdict.reason.value


def test_the_load_moved_the_replicas():
    assert reason() is None


@pytest.mark.parametrize(
    ("counts", "moved"),
    [
        ((1, 1, 1, 1), False),
        ((1, 1, 1, 0), False),  # a probe that fails moves no replica
        ((4, 1, 1, 1), True),
        ((1, 4, 1, 1), True),
        ((1, 1, 4, 4), True),
        ((4, 4, 4, 4), True),
    ],
)
@pytest.mark.parametrize("sent", [True, False])
def test_replicas_at_the_first_request(counts, moved, sent):
    verdict = causes.moved_before_load(ReplicaCounts(0.0, *counts), 1, sent)
    assert (verdict is not None) is moved


@pytest.mark.parametrize(
    ("at", "count", "expected"),
    [
        (EARLIEST - 0.2, 4, "too_early"),
        (EARLIEST - 0.05, 4, None),  # the time is rounded to a tenth
        (EARLIEST, 4, None),
        (2, 3, None),  # no predicted count
    ],
)
def test_earliest_time(at, count, expected):
    readings, statuses = [(1.0, 34.5)], [START, status(1, count, "34500m")]
    assert reason(history=grown(at, count), readings=readings, statuses=statuses) == expected


@pytest.mark.parametrize(
    ("readings", "average", "expected"),
    [
        ([(20.0, 9.0), (24.0, 10.5)], "10500m", None),  # the tolerance is left out
        ([(20.0, 9.0), (24.0, 10.0), (29.0, 10.0)], "31000m", "metric_never_over"),
        ([(20.0, 9.0), (24.0, 10.0)], "31000m", None),  # not read any more when it was decided
        ([(20.0, 9.0), (24.0, 10.0)], "10000m", "metric_never_over"),
        ([(20.0, 9.0), (24.0, 31.0)], "10000m", "metric_never_over"),
        ([(20.0, 9.0), (26.0, 31.0)], "31000m", None),  # read 1 s after the decision
        ([(20.0, 9.0), (60.0, 31.0)], "31000m", None),  # it was not read for a while
        ([(20.0, None), (26.0, None)], "31000m", "metric_never_over"),
        ([], "31000m", None),  # not read at all
        ([], "0", "metric_never_over"),
        ([(20.0, None), (26.0, float("nan"))], "31000m", "metric_never_over"),
    ],
)
def test_metric_over_the_threshold(readings, average, expected):
    assert reason(readings=readings, statuses=[START, status(25, 4, average)]) == expected


def test_metric_that_is_over_after_the_decision():
    late = {"readings": [(24.0, 9.0), (40.0, 9.0), (45.0, 31.0)], "statuses": [START, status(50, 4, "7750m", 4)]}
    assert reason(**late) == "metric_never_over"
    # A status that comes a sync after its decision has the average over the new replicas.
    assert reason(statuses=[START, status(30, 4, "7750m", 4)]) is None


def test_hpa_without_a_value_of_the_metric():
    """Nothing speaks against a value whose name is not known."""
    assert reason(metric="another") is None


def test_value_target():
    prediction = replace(FOUR, target_type=VALUE, from_replicas=3, possible_replicas=[6], replicas=6)
    target = {"spec__metrics__0__external__target": {"type": "Value", "value": "10"}}
    current = {"status__currentMetrics__0__external__current": {"value": "18"}}
    over = {"history": grown(25, 6, 3), "statuses": [status(25, 6, "0", 3, **target, **current)]}
    assert reason(prediction, **over) is None
    low = {"status__currentMetrics__0__external__current": {"value": "9"}}
    assert reason(prediction, **{**over, "statuses": [status(25, 6, "0", 3, **target, **low)]}) == "metric_never_over"


def test_fallback_has_no_metric_of_the_load():
    prediction = replace(FOUR, reason=PredictionReason.FALLBACK)
    assert reason(prediction, readings=[(20.0, None)]) is None


FROM_ZERO = predicted(34.5, replicas=0)


@pytest.mark.parametrize(
    ("readings", "activation", "expected"),
    [
        ([(3.0, 0.0), (6.0, 2.0), (24.0, 31.0)], 0.0, None),
        ([(3.0, 0.0), (6.0, 2.0), (24.0, 31.0)], 5.0, "metric_never_over"),  # over 5 only after 6 s
        ([(3.0, 0.0), (20.0, 2.0), (24.0, 31.0)], 0.0, None),  # nobody read it meanwhile
        ([(3.0, 0.0), (12.0, 0.0), (24.0, 31.0)], 0.0, "metric_never_over"),
    ],
)
def test_first_replica_from_zero(readings, activation, expected):
    history = [
        ReplicaCounts(0.0, 0, 0, 0, 0),
        ReplicaCounts(4.0, 0, 1, 0, 0),
        ReplicaCounts(12.0, 1, 1, 1, 1),
        ReplicaCounts(25.0, 4, 4, 4, 4),
    ]
    witnesses = {"history": history, "readings": readings, "poll_seconds": 3.0, "activation": activation}
    assert reason(FROM_ZERO, **witnesses) == expected


CRON = "s1-cron"


def two(at, desired, average, cron, current=1, minimum=1):
    """A status of an HPA with a cron trigger."""
    hpa = changed(scaled(desired, average, current), "spec.minReplicas", minimum)
    spec = {"metric": {"name": CRON}, "target": {"type": "AverageValue", "averageValue": "1"}}
    value = {"metric": {"name": CRON}, "current": {"averageValue": cron}}
    hpa = changed(hpa, "spec.metrics", [*hpa["spec"]["metrics"], {"type": "External", "external": spec}])
    metrics = [*hpa["status"]["currentMetrics"], {"type": "External", "external": value}]
    return float(at), hpa_object.hpa_view(changed(hpa, "status.currentMetrics", metrics))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([two(0, 1, "0", "1"), two(25, 4, "31000m", "1")], None),
        ([two(0, 1, "0", "1"), two(25, 4, "31000m", "4")], None),  # the load asks for as many
        ([two(0, 1, "0", "1"), two(25, 4, "18000m", "4")], "other_trigger"),
        ([two(0, 1, "0", "1"), two(20, 2, "18000m", "1"), two(25, 4, "9000m", "2", 2)], "other_trigger"),
        # It asked for 3 at rest too, and the HPA went on by the load.
        ([two(0, 3, "0", "1", 3), two(25, 4, "10400m", "1", 3)], None),
        # After the growth the load's metric may dip, and the other one rise: the HPA does not move.
        ([two(0, 1, "0", "1"), two(25, 4, "31000m", "1"), two(30, 4, "5000m", "750m", 4)], None),
        ([two(0, 1, "0", "1"), two(25, 4, "18000m", "1", minimum=4)], "other_writer"),
        ([two(0, 1, "0", "1"), two(25, 4, "31000m", "1", minimum=4)], None),
        ([], None),
    ],
)
def test_growth_by_something_else(statuses, expected):
    verdict = causes.other_growth(FOUR, replace(SEEN, statuses=statuses))
    assert (verdict and verdict.reason) == expected


def compared(counted, answered=1000, most=1010):
    agrees = None if counted is None else answered <= counted <= most
    return EndToEnd(answered, most, counted, agrees)


@pytest.mark.parametrize(
    ("end_to_end", "scraped", "others", "is_uncounted"),
    [
        (None, None, 0.0, False),
        (None, True, 0.0, False),
        (None, False, 0.0, True),
        (compared(None), True, 0.0, False),
        (compared(1000), True, 0.0, False),
        (compared(1010), True, 0.0, False),  # requests in flight or without an answer
        (compared(999), True, 100.0, True),
        (compared(1011), True, 0.0, True),
        (compared(1019), True, 9.0, False),
        (compared(1020), True, 9.0, True),
        (compared(1000), False, 0.0, True),
    ],
)
def test_counted_requests(end_to_end, scraped, others, is_uncounted):
    verdict = causes.uncounted(replace(SEEN, scraped=scraped), end_to_end, others)
    assert (verdict is not None) is is_uncounted
