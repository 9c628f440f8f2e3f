# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The outcomes of a proof, the reasons for them, and the facts behind a reason.

A verdict is data: outcome, reason, and the facts that its sentence needs. Sentences are made in messages.py, once, when
a verdict is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..autoscaling.hpa_model import NotPredicted
from ..load.stats import LoadStats
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import Prediction
from .findings import Finding
from .replicas import ReplicaCounts


class Outcome(StrEnum):
    """The verdicts."""

    SCALED = "scaled"
    SCALED_LATE = "scaled_late"
    WRONG_COUNT = "wrong_count"
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
    PODS_NOT_READY = "pods_not_ready"
    PROMETHEUS_UNREACHABLE = "prometheus_unreachable"
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
    NOT_OBSERVED = "not_observed"
    NOT_PREDICTABLE = "not_predictable"
    # Replicas grow as predicted, or almost.
    AS_PREDICTED = "as_predicted"
    AFTER_LATEST = "after_latest"
    HOLD_CUT_SHORT = "hold_cut_short"
    LEFT_DURING_HOLD = "left_during_hold"
    # Replicas stay, as predicted.
    LOAD_UNDER_THRESHOLD = "load_under_threshold"
    LOAD_UNDER_ACTIVATION = "load_under_activation"
    MAX_REPLICAS = "max_replicas"
    FALLBACK = "fallback"
    SCALE_UP_DISABLED = "scale_up_disabled"
    # Replicas are not as predicted.
    METRIC_NOT_OVER_THRESHOLD = "metric_not_over_threshold"
    HPA_DID_NOT_ACT = "hpa_did_not_act"
    FEWER_THAN_PREDICTED = "fewer_than_predicted"
    MORE_THAN_PREDICTED = "more_than_predicted"
    OTHER_TRIGGER = "other_trigger"
    # The scale-in.
    SCALE_IN_AFTER_LATEST = "scale_in_after_latest"
    NOT_AT_MINIMUM = "not_at_minimum"
    NOT_AT_ZERO = "not_at_zero"


@dataclass(frozen=True)
class Text:
    """What a person is to know, of an event that has no numbers."""

    text: str


@dataclass(frozen=True)
class Held:
    """A predicted count was Ready after `ready_seconds` and stayed for `hold_seconds`."""

    prediction: Prediction
    replicas: int
    ready_seconds: float
    hold_seconds: float


@dataclass(frozen=True)
class Reached:
    """A predicted count was Ready after `ready_seconds`; the hold is a phase of its own."""

    ready_seconds: float


@dataclass(frozen=True)
class HoldCutShort:
    """The load ended before a predicted count had stayed for `hold_seconds`."""

    replicas: int
    ready_seconds: float
    hold_seconds: float


@dataclass(frozen=True)
class LeftDuringHold:
    """A predicted count was there and did not stay; `return_seconds` is when it came back, None if it never did."""

    replicas: int
    ready_seconds: float
    left_seconds: float
    hold_seconds: float
    return_seconds: float | None
    last: ReplicaCounts


@dataclass(frozen=True)
class Rested:
    """Replicas stayed for `seconds` of load, as predicted."""

    prediction: Prediction
    seconds: float


@dataclass(frozen=True)
class RestBroken:
    """Replicas were predicted to stay, and the HPA or the Deployment went up to `highest`."""

    prediction: Prediction
    highest: int
    others: tuple[NotPredicted, ...]


@dataclass(frozen=True)
class RestLost:
    """Replicas were predicted to stay, and did not agree at the end."""

    prediction: Prediction
    last: ReplicaCounts


@dataclass(frozen=True)
class RestTooShort:
    """The load ended after `seconds`, and rest is proven after `needed_seconds`."""

    seconds: float
    needed_seconds: float


@dataclass(frozen=True)
class Mismatch:
    """The predicted count was never there; `waited` says whether the latest predicted time has passed."""

    prediction: Prediction
    last: ReplicaCounts
    load: LoadStats
    waited: bool
    others: tuple[NotPredicted, ...]


@dataclass(frozen=True)
class LoadFailure:
    """The load was not sent, or not answered."""

    load: LoadStats


@dataclass(frozen=True)
class Unwatched:
    """The HPA or the Deployment could not be watched to the end of `phase`: `errors` by kind."""

    errors: tuple[tuple[str, str], ...]
    scale_in: bool = False


@dataclass(frozen=True)
class Unpredicted:
    """The load was only watched."""

    not_predicted: tuple[NotPredicted, ...]
    last: ReplicaCounts


@dataclass(frozen=True)
class ChainNotReady:
    """Links of the chain were missing after `seconds`, in the chain's order."""

    seconds: float
    missing: tuple[Finding, ...]


@dataclass(frozen=True)
class NeverAtRest:
    """The workload was not at rest after the sum of `limit` (seconds by part)."""

    limit: tuple[tuple[str, float], ...]
    finding: Finding
    load_sent: bool


@dataclass(frozen=True)
class ScaledIn:
    """Replicas were back at `replicas` after `seconds`."""

    replicas: int
    seconds: float


@dataclass(frozen=True)
class ScaledInLate:
    """Replicas were back after `seconds`, which is after the latest predicted time."""

    scale_in: ScaleIn
    seconds: float


@dataclass(frozen=True)
class NotScaledIn:
    """Replicas were not back in time."""

    scale_in: ScaleIn
    last: ReplicaCounts


Facts = (
    Text
    | Held
    | Reached
    | HoldCutShort
    | LeftDuringHold
    | Rested
    | RestBroken
    | RestLost
    | RestTooShort
    | Mismatch
    | LoadFailure
    | Unwatched
    | Unpredicted
    | ChainNotReady
    | NeverAtRest
    | ScaledIn
    | ScaledInLate
    | NotScaledIn
)


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
