# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The facts behind the reason of a verdict: a record for each kind of sentence."""

from __future__ import annotations

from dataclasses import dataclass

from ...autoscaling.hpa_model import NotPredicted
from ...load.stats import LoadStats
from ...prediction.expectation import Expectation, Expected
from ...prediction.scale_in import ScaleIn
from ...prediction.scale_out import Prediction
from ..observed.replicas import ReplicaCounts
from ..observed.workload_state import Rollout
from .cause_facts import CauseFacts
from .findings import Finding


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
    """A predicted count was there and did not stay; `return_seconds` is when it came back, None if it never did.

    `rollout` is the rollout that began before it left, None without one.
    """

    replicas: int
    ready_seconds: float
    left_seconds: float
    hold_seconds: float
    return_seconds: float | None
    last: ReplicaCounts
    rollout: Rollout | None = None


@dataclass(frozen=True)
class Rested:
    """Replicas stayed for `seconds` of load, as predicted."""

    prediction: Prediction
    seconds: float


@dataclass(frozen=True)
class RestBroken:
    """Replicas were predicted to stay, and the HPA or the workload went up to `highest`."""

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
    """The HPA or the workload could not be watched to the end of `phase`: `errors` by kind."""

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
class NeverReady:
    """Links of the chain are missing, and waiting can't fix the one that comes `first`."""

    first: Finding
    missing: tuple[Finding, ...]
    load_sent: bool = False


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


@dataclass(frozen=True)
class MetExpectation:
    """Expected replicas were Ready after `ready_seconds` and stayed for `hold_seconds`; then they were `replicas`."""

    expected: Expected
    replicas: int
    ready_seconds: float
    hold_seconds: float


@dataclass(frozen=True)
class MissedExpectation:
    """The expected replicas were never Ready; `waited` says whether their time has passed."""

    expectation: Expectation
    last: ReplicaCounts
    load: LoadStats
    waited: bool


@dataclass(frozen=True)
class NoRise:
    """The load of others was not seen to begin within `seconds`."""

    seconds: float


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
    | NeverReady
    | NeverAtRest
    | ScaledIn
    | ScaledInLate
    | NotScaledIn
    | CauseFacts
    | MetExpectation
    | MissedExpectation
    | NoRise
)
