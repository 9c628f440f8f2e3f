# SPDX-License-Identifier: MIT
"""Predictions that several tests of a proof's verdicts and sentences share."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_model import NotPredicted
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    Prediction,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing

TARGET = HpaConfig((Metric("s0-prometheus", 10.0),), min_replicas=1, max_replicas=10)
TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)


def predicted(
    rate: float, replicas: int = 1, target: HpaConfig = TARGET, timing: Timing = TIMING, **options
) -> Prediction:
    """The prediction of a day of requests at a constant rate."""
    load = LoadSpec("http://host/", (Stage(rate, 86400.0),))
    return predict(target, load, InitialState(replicas), timing, **options)


FOUR = predicted(34.5)
NONE = predicted(5.0)
OTHERS = (NotPredicted("1 (prometheus)", "our load does not move it"),)
