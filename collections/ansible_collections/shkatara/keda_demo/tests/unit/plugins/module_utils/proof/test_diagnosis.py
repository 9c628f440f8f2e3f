# SPDX-License-Identifier: MIT
"""The first cause of what went another way than predicted."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.diagnosis import (
    load_trouble,
    not_as_predicted,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.records import LoadFacts, Replicas

FOUR = predict(
    HpaConfig((Metric("s0", 10.0),), 1, 10),
    LoadSpec("http://host/", (Stage(34.5, 600.0),)),
    InitialState(1),
    Timing(scrape_interval=5, query_window=30),
)
SENT = LoadFacts(scheduled=5550, sent=5550, answered=5550, finished=5550, ended=True)
START = Replicas(0, 1, 1, 1, 1)


def test_load_trouble():
    assert load_trouble(SENT) is None
    assert load_trouble(LoadFacts()) is None
    assert load_trouble(LoadFacts(100, 100, 95, 100)) is None
    assert load_trouble(LoadFacts(100, 100, 0, 90)).reason == "load_not_answered"
    assert load_trouble(LoadFacts(100, 94, 94, 94)).reason == "load_not_sent"


OTHERS = "1 (prometheus): no load of ours moves it"


@pytest.mark.parametrize(
    ("last", "load", "over", "others", "expected"),
    [
        (START, SENT, False, "", ("not_scaled", "metric_not_over_threshold")),
        (START, SENT, True, "", ("not_scaled", "hpa_did_not_act")),
        (Replicas(40, 4, 4, 4, 1), SENT, True, "", ("not_scaled", "pods_not_ready")),
        (Replicas(40, 4, 4, 4, 3), SENT, True, OTHERS, ("wrong_count", "pods_not_ready")),
        (Replicas(40, 3, 3, 3, 3), SENT, True, OTHERS, ("wrong_count", "fewer_than_predicted")),
        (Replicas(40, 6, 6, 6, 6), SENT, True, "", ("wrong_count", "more_than_predicted")),
        (Replicas(40, 6, 6, 6, 6), SENT, True, OTHERS, ("wrong_count", "other_trigger")),
        # What was wrong with the load comes first.
        (Replicas(40, 6, 6, 6, 6), LoadFacts(9, 9, 1, 9, True), True, OTHERS, ("wrong_count", "load_not_answered")),
    ],
)
def test_the_first_cause(last, load, over, others, expected):
    found = not_as_predicted([START, last], FOUR, load, over, others)
    assert (found.verdict, found.reason) == expected


def test_the_message_has_the_prediction_the_counts_and_what_to_look_at():
    found = not_as_predicted([START, Replicas(40, 6, 6, 6, 6)], FOUR, SENT, True, OTHERS)
    assert found.message.startswith("For a metric of 34.5 at 10 a replica, 4 replicas were predicted. ")
    assert found.message.endswith(
        " At the end the HPA wanted 6, 6 pods were there and 6 Ready. A trigger that is not predicted may have asked "
        f"for more: {OTHERS}. evidence has the HPA's values."
    )
