# SPDX-License-Identifier: MIT
"""Verdicts on the way back, from the counts of a real one: 4 replicas, then 1."""

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
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.records import Replicas
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.verdicts_scale_in import judge_back

TIMING = Timing(scrape_interval=1, query_window=10, hpa_sync=15, pod_start=12)
HPA = HpaConfig((Metric("s0", 10.0),), 1, 10, behavior={"scaleDown": {"stabilizationWindowSeconds": 60}})
TO_ONE = predict_scale_in(HPA, [4], 0.0, TIMING)
TO_ZERO = predict_to_zero(
    KedaRules(inactive_replicas=0, min_replicas=0, polling_interval=5, cooldown=20), [1, 4], TIMING
)
BACK = [
    Replicas(0, 4, 4, 4, 4),
    Replicas(58.363, 4, 1, 4, 4),
    Replicas(58.383, 1, 1, 4, 4),
    Replicas(58.871, 1, 1, 1, 1),
]


def judged(history, scale_in, now, **options):
    found, is_over = judge_back(history, scale_in, now=now, **options)
    return (found.verdict, found.reason) if found else None, is_over


def test_back_in_time():
    assert judged(BACK[:-1], TO_ONE, 58.5) == (None, False)
    assert judged(BACK, TO_ONE, 58.9) == (None, True)


def test_the_latest_time_counts_and_not_when_it_is_judged():
    assert TO_ONE.latest_seconds == 120
    assert judged([BACK[0], Replicas(120.0, 1, 1, 1, 1)], TO_ONE, 130) == (None, True)
    late = [BACK[0], Replicas(120.1, 1, 1, 1, 1)]
    assert judged(late, TO_ONE, 130) == (("scaled_late", "scale_in_after_latest"), True)
    assert judge_back(late, TO_ONE, now=130)[0].message == (
        "Replicas were back at 1 120.1 s after the last request, and predicted were 120 s at the latest (scrape 2 + "
        "query_window 10 + stabilization 60 + hpa_sync 30 + controllers 3 + policies 15): hops shows which step took "
        "longer."
    )


@pytest.mark.parametrize("history", [BACK[:1], [BACK[0], Replicas(60, 2, 2, 2, 2)], BACK[:-1]])
def test_never_back(history):
    end = TO_ONE.latest_seconds + MARGIN_SECONDS
    assert judged(history, TO_ONE, end) == (None, False)
    assert judged(history, TO_ONE, end + 0.1) == (("not_scaled_in", "not_at_minimum"), True)
    message = judge_back(history, TO_ONE, now=end + 0.1)[0].message
    assert "1 replica predicted for the time after the load." in message
    assert "The wait ended 15 s after the latest predicted time, which is 120 s (scrape 2 + " in message
    assert f"At the end the HPA wanted {history[-1].desired}," in message


def test_fewer_than_the_minimum_is_back_too():
    """KEDA may take away the last replica before the HPA has looked."""
    assert judged([BACK[0], Replicas(30, 0, 0, 0, 0)], TO_ONE, 31) == (None, True)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (Replicas(30, 1, 0, 0, 0), (None, True)),  # the HPA says so when it looks again
        (Replicas(30, 0, 0, 1, 0), (None, False)),
        (Replicas(30, 1, 1, 1, 1), (None, False)),
    ],
)
def test_zero(last, expected):
    assert judged([Replicas(0, 1, 1, 1, 1), last], TO_ZERO, 31) == expected


def test_never_at_zero():
    found, is_over = judge_back([Replicas(0, 1, 1, 1, 1)], TO_ZERO, now=TO_ZERO.latest_seconds + 15.1)
    assert (found.verdict, found.reason, is_over) == ("not_scaled_in", "not_at_zero", True)
    assert "0 replicas predicted" in found.message
    assert "(scrape 2 + query_window 10 + cooldown 20 + polling 10 + controllers 3)" in found.message


def test_nothing_is_said_while_it_is_not_watched():
    unwatched = {"unwatched": "deployments: no answer"}
    assert judged(BACK, TO_ONE, 100, **unwatched) == (None, False)
    assert judged(BACK, TO_ONE, 136, **unwatched) == (("aborted", "not_observed"), True)
    assert judged(BACK, TO_ONE, 136) == (None, True), "the watch went on, and it was in time"
