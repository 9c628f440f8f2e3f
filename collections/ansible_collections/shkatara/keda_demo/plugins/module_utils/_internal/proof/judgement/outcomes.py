# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The outcomes of a proof, the reasons for them, and the facts behind a reason.

A verdict is data: outcome, reason, and the facts that its sentence needs. Sentences are made in messages/, once, when
a verdict is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .facts import Facts, Text


class Outcome(StrEnum):
    """The verdicts."""

    SCALED = "scaled"
    SCALED_LATE = "scaled_late"
    WRONG_COUNT = "wrong_count"
    WRONG_CAUSE = "wrong_cause"
    NOT_SCALED = "not_scaled"
    FLAPPED = "flapped"
    NOT_SCALED_IN = "not_scaled_in"
    NOT_READY = "not_ready"
    ABORTED = "aborted"


class Reason(StrEnum):
    """The reason codes, in the order of a proof's course."""

    BAD_INPUT = "bad_input"
    INTERNAL_ERROR = "internal_error"
    INTERRUPTED = "interrupted"
    SCALEDOBJECT_DELETED = "scaledobject_deleted"
    # The chain is not ready.
    DEPLOYMENT_MISSING = "deployment_missing"
    WORKLOAD_MISSING = "workload_missing"
    PODS_NOT_READY = "pods_not_ready"
    PROMETHEUS_UNREACHABLE = "prometheus_unreachable"
    PROMETHEUS_REFUSED = "prometheus_refused"
    QUERY_INVALID = "query_invalid"
    QUERY_RETURNS_SEVERAL_SERIES = "query_returns_several_series"
    QUERY_FAILED = "query_failed"
    SCRAPE_INTERVAL_UNKNOWN = "scrape_interval_unknown"
    SCRAPE_TARGET_MISSING = "scrape_target_missing"
    SCRAPE_TARGET_DOWN = "scrape_target_down"
    SCALEDOBJECT_MISSING = "scaledobject_missing"
    SCALEDOBJECT_PAUSED = "scaledobject_paused"
    SCALEDOBJECT_NOT_READY = "scaledobject_not_ready"
    HPA_MISSING = "hpa_missing"
    HPA_METRIC_INVALID = "hpa_metric_invalid"
    NOT_AT_REST = "not_at_rest"
    # The load is at fault, or its effect can't be judged.
    LOAD_NOT_SENT = "load_not_sent"
    LOAD_NOT_ANSWERED = "load_not_answered"
    LOAD_NOT_SEEN = "load_not_seen"
    NOT_OBSERVED = "not_observed"
    NOT_PREDICTABLE = "not_predictable"
    # Replicas grow as predicted, or almost.
    AS_PREDICTED = "as_predicted"
    AFTER_LATEST = "after_latest"
    HOLD_CUT_SHORT = "hold_cut_short"
    LEFT_DURING_HOLD = "left_during_hold"
    ROLLED_OUT = "rolled_out"
    # The same by expectations.
    AS_EXPECTED = "as_expected"
    AFTER_EXPECTED = "after_expected"
    FEWER_THAN_EXPECTED = "fewer_than_expected"
    MORE_THAN_EXPECTED = "more_than_expected"
    # Replicas stay, as predicted.
    LOAD_UNDER_THRESHOLD = "load_under_threshold"
    LOAD_UNDER_ACTIVATION = "load_under_activation"
    MAX_REPLICAS = "max_replicas"
    FALLBACK = "fallback"
    SCALE_UP_DISABLED = "scale_up_disabled"
    QUERY_LIMIT = "query_limit"
    # Replicas are not as predicted.
    METRIC_NOT_OVER_THRESHOLD = "metric_not_over_threshold"
    HPA_DID_NOT_ACT = "hpa_did_not_act"
    FEWER_THAN_PREDICTED = "fewer_than_predicted"
    MORE_THAN_PREDICTED = "more_than_predicted"
    OTHER_TRIGGER = "other_trigger"
    # Replicas moved, and not because of the load.
    MOVED_BEFORE_LOAD = "moved_before_load"
    TOO_EARLY = "too_early"
    METRIC_NEVER_OVER = "metric_never_over"
    REQUESTS_NOT_COUNTED = "requests_not_counted"
    OTHER_WRITER = "other_writer"
    # The scale-in.
    SCALE_IN_AFTER_LATEST = "scale_in_after_latest"
    NOT_AT_MINIMUM = "not_at_minimum"
    NOT_AT_ZERO = "not_at_zero"


@dataclass(frozen=True)
class Verdict:
    """The outcome of a proof or of a phase, the reason, and the facts that explain the reason to a person."""

    outcome: Outcome
    reason: Reason
    facts: Facts


class Aborted(Exception):
    """The proof ends here, with the outcome `aborted`."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.verdict = Verdict(Outcome.ABORTED, reason, Text(text))
