# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Findings about the chain and about rest: a code with its data, of which messages/ makes a phrase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """What is found; the comment names the data that the sentence needs."""

    # The chain. `object` is what is missing, in words such as "the HPA".
    UNWATCHED = "unwatched"  # object, error
    UNSEEN = "unseen"  # object
    GONE = "gone"  # object
    PODS_WAITING = "pods_waiting"  # kind, name, ready, wanted, waiting
    NO_ANSWER = "no_answer"  # error
    REFUSED = "refused"  # error, request
    INVALID_QUERY = "invalid_query"  # error
    SEVERAL_SERIES = "several_series"  # error
    QUERY_FAILED = "query_failed"  # error
    NO_TARGETS = "no_targets"  # error
    TARGETS_UNLISTED = "targets_unlisted"  # error
    NO_INTERVAL = "no_interval"
    TARGET_DOWN = "target_down"  # url, error
    NO_POD = "no_pod"
    NO_POD_SCRAPED = "no_pod_scraped"  # pods
    POD_NOT_SCRAPED = "pod_not_scraped"  # pods
    PAUSED = "paused"  # name, annotation
    PAUSED_BY_CONDITION = "paused_by_condition"  # name, condition
    NOT_READY = "not_ready"  # name, condition
    NO_VALID_METRIC = "no_valid_metric"  # name, condition
    NO_VALUE = "no_value"  # name, metric, condition
    # Rest.
    REPLICAS_GONE = "replicas_gone"  # kind
    REPLICAS_MOVING = "replicas_moving"  # wanted, desired, current, ready
    PODS_LEAVING = "pods_leaving"  # count
    ROLLING_OUT = "rolling_out"  # kind, name
    REPLICAS_UNWATCHED = "replicas_unwatched"  # errors
    NO_DATA = "no_data"
    NOT_READ = "not_read"
    METRIC_FALLING = "metric_falling"  # value
    NO_METRIC = "no_metric"  # replicas
    QUIET = "quiet"  # replicas
    OTHER_TRAFFIC = "other_traffic"  # value
    # The trigger's query. They are warnings, and hold nothing up.
    SCRAPED_TWICE = "scraped_twice"  # times, jobs
    TWO_SAMPLES = "two_samples"  # function, window, interval
    MEAN_LAGS = "mean_lags"  # seconds, stabilization


@dataclass(frozen=True)
class Finding:
    """A code and its data."""

    code: Code
    data: Mapping[str, object] = field(default_factory=dict)
