# SPDX-License-Identifier: MIT
"""Predictions, loads and replica counts that several tests of a proof's verdicts and sentences share."""

from __future__ import annotations

from collections import Counter

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_model import NotPredicted
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    Prediction,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts

TARGET = HpaConfig((Metric("s0-prometheus", 10.0),), min_replicas=1, max_replicas=10)
TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)


def predicted(
    rate: float, replicas: int = 1, target: HpaConfig = TARGET, timing: Timing = TIMING, **options
) -> Prediction:
    """The prediction of a day of requests at a constant rate."""
    load = LoadSpec("http://host/", (Stage(rate, 86400.0),))
    return predict(target, load, InitialState(replicas), timing, **options)


def load_stats(
    scheduled: int, sent: int, answered: int, finished: int, ended: bool = False, died: str = ""
) -> LoadStats:
    """Counts of a load; the finished requests without a 2xx answer were answered with 503."""
    statuses = Counter({"200": answered, "503": finished - answered})
    return LoadStats(scheduled=scheduled, sent=sent, answered=answered, statuses=statuses, ended=ended, died=died)


FOUR = predicted(34.5)
NONE = predicted(5.0)
RUNNING = load_stats(2000, 2000, 1980, 1980)
ENDED = load_stats(5550, 5550, 5550, 5550, ended=True)
DIED = load_stats(2000, 2000, 1990, 1990, ended=True, died="The sender's process was ended by signal 9 (Killed)")
UNANSWERED = load_stats(2000, 2000, 900, 1980)
UNSENT = load_stats(2000, 1000, 990, 990)
OTHERS = (NotPredicted("1 (prometheus)", "no load of ours moves it"),)

# The order of a real scale-out: the scale subresource first, then the Deployment's status, then the HPA's.
START = ReplicaCounts(0, 1, 1, 1, 1)
TO_FOUR = [
    START,
    ReplicaCounts(22.1, 1, 4, 1, 1),
    ReplicaCounts(22.2, 1, 4, 4, 1),
    ReplicaCounts(22.3, 4, 4, 4, 1),
    ReplicaCounts(26.0, 4, 4, 4, 2),
    ReplicaCounts(26.4, 4, 4, 4, 3),
    ReplicaCounts(27.9, 4, 4, 4, 4),
]
