# SPDX-License-Identifier: MIT
"""What a person reads while a proof runs."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import predict_scale_in
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import (
    metric_words,
    next_words,
    prediction_words,
    scale_in_words,
    too_short_words,
    value_words,
)

TIMING = Timing(scrape_interval=5, query_window=30, pod_start=32)
TARGET = HpaConfig((Metric("s0", 10.0),), 1, 10)


def predicted(rate, target=TARGET):
    return predict(target, LoadSpec("http://host/", (Stage(rate, 600.0),)), InitialState(1), TIMING)


def test_a_prediction():
    assert prediction_words(predicted(34.5), 34.5) == (
        "predicted: 34.5 requests/s make a metric of 34.5, at 10 a replica that is 4 replicas (now 1), the first "
        "change after 7.9 to 58 s, all Ready after 21.7 to 167 s"
    )
    assert prediction_words(predicted(5.0), 5.0).endswith("(now 1)")
    assert "that is 4 or 5 replicas" in prediction_words(predicted(41.0), 41.0)


def test_a_value_target_is_one_in_all():
    target = HpaConfig((Metric("s0", 10.0, VALUE),), 1, 10)
    assert metric_words(predicted(34.5, target)) == "a metric of 34.5 at 10 in all"


def test_the_way_back():
    assert scale_in_words(predict_scale_in(TARGET, [4], 0.0, TIMING)) == (
        "predicted: back to 1 replica, the first change 285 to 373 s after the last request, all after 388 s at the "
        "latest"
    )


BOUNDS = {
    "first_request": (0.0, 0.0),
    "load_scraped": (0.0, 8.0),
    "metric_over_threshold": (7.9, 43.0),
    "replicas_ready": (21.7, 167.0),
}


@pytest.mark.parametrize(
    ("seen", "now", "expected"),
    [
        ((), 0.0, "; next: first request within 0 s"),
        (("first_request",), 2.4, "; next: load scraped within 6 s"),
        # What did not come in time is not expected any more: it is a deviation.
        (("first_request",), 8.1, "; next: metric over threshold within 35 s"),
        (("first_request", "load_scraped", "metric_over_threshold"), 50.0, "; next: replicas ready within 117 s"),
        (tuple(BOUNDS), 50.0, ""),
        (("first_request",), 167.1, ""),
    ],
)
def test_the_next_event(seen, now, expected):
    assert next_words(BOUNDS, seen, now) == expected


def test_a_load_that_is_too_short():
    assert too_short_words(predicted(34.5), 60.0, 15.0, 182) == (
        "load.http.duration of 60 s is too short to prove anything: 4 replicas may be Ready as late as 167 s after the "
        "first request (scrape 10 + query_window 30 + hpa_sync 15 + controllers 3 + new_pods_started 32 + "
        "new_pods_counted 45 + pod_start 32) and must stay for 15 s (hold_seconds). Give at least 182, or leave it out"
    )


@pytest.mark.parametrize(("value", "words"), [(None, "none"), (0.0, "0.0"), (34.46, "34.5")])
def test_a_value(value, words):
    assert value_words(value) == words
