# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Why replicas are not as predicted: the first cause in the order of the chain, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from ...autoscaling.hpa_model import NotPredicted
from ...load.stats import LoadStats
from ...prediction.scale_out import Prediction
from ..observed.replicas import ReplicaCounts
from .facts import LoadFailure, Mismatch
from .outcomes import Outcome, Reason, Verdict

# The share of the requests that must have been sent, and answered with 2xx.
_LEAST_SHARE = 0.95


def explain_mismatch(
    history: Sequence[ReplicaCounts],
    prediction: Prediction,
    load: LoadStats,
    *,
    metric_was_over: bool,
    others: tuple[NotPredicted, ...] = (),
    waited: bool = True,
) -> Verdict:
    """Return the verdict of a load or a wait that has ended, when the predicted count was never there.

    :param metric_was_over: the trigger's query, or the HPA's own metric, was observed over the threshold
    :param others: the triggers that are not predicted
    :param waited: whether the latest predicted time has passed
    """
    last = history[-1]
    outcome = Outcome.NOT_SCALED if last.ready <= prediction.from_replicas else Outcome.WRONG_COUNT
    reason = _cause(history, prediction, load, metric_was_over=metric_was_over, has_others=bool(others))
    return Verdict(outcome, reason, Mismatch(prediction, last, load, waited, others))


def _cause(
    history: Sequence[ReplicaCounts],
    prediction: Prediction,
    load: LoadStats,
    *,
    metric_was_over: bool,
    has_others: bool,
) -> Reason:
    last, start = history[-1], prediction.from_replicas
    failure = load_failure(load)
    if failure is not None:
        # An application that breaks down under the load is a result, not a failed attempt.
        return failure.reason
    if last.desired in prediction.possible_replicas:
        return Reason.PODS_NOT_READY
    if last.desired > prediction.replicas and has_others:
        return Reason.OTHER_TRIGGER
    highest = max(counts.desired for counts in history)
    if highest > max(1, start) and last.desired <= start:
        return Reason.FEWER_THAN_PREDICTED
    if last.desired > start:
        fewer = last.desired < prediction.replicas
        return Reason.FEWER_THAN_PREDICTED if fewer else Reason.MORE_THAN_PREDICTED
    return Reason.HPA_DID_NOT_ACT if metric_was_over else Reason.METRIC_NOT_OVER_THRESHOLD


def load_failure(load: LoadStats) -> Verdict | None:
    """Return what was wrong with the load itself, as an aborted verdict; None for a load that did its part."""
    not_sent = load.died or (load.scheduled and load.sent < _LEAST_SHARE * load.scheduled)
    not_answered = load.finished and load.answered < _LEAST_SHARE * load.finished
    if not (not_sent or not_answered):
        return None
    reason = Reason.LOAD_NOT_SENT if not_sent else Reason.LOAD_NOT_ANSWERED
    return Verdict(Outcome.ABORTED, reason, LoadFailure(load))
