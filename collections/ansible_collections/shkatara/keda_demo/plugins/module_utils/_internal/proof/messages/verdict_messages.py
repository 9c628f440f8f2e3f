# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about a verdict, made of outcome, reason and facts.

Those about causes, expectations and readiness have modules of their own, whose tables are joined here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...autoscaling.hpa_model import NotPredicted
from ...prediction.scale_out import Prediction, PredictionReason
from ..judgement import facts as records
from ..judgement.outcomes import Reason, Verdict
from . import cause_messages, expectation_messages, phrases, readiness_messages


def not_predicted(entries: Iterable[NotPredicted]) -> str:
    """Return which triggers are not predicted, and why."""
    return "; ".join(f"{entry.trigger}: {entry.why}" for entry in entries)


def verdict(verdict: Verdict) -> str:
    """Return the sentence of a verdict or of a phase's result."""
    sentence: str = _SENTENCES[type(verdict.facts)](verdict, verdict.facts)
    return sentence


def load_too_short(prediction: Prediction, option: str, duration: float, hold_seconds: float, least: int) -> str:
    """Return why a load of `duration` seconds is refused, and that `least` would do.

    :param option: the option that has the duration
    """
    times = prediction.times
    return (
        f"{option} of {duration:g} s is too short to prove anything: {prediction.replicas} replicas may be "
        f"Ready as late as {times.latest_seconds:g} s after the first request ({phrases.parts(times.latest_parts)}) "
        f"and must stay for {hold_seconds:g} s (hold_seconds). {phrases.longer(option, least)}"
    )


def _text(_verdict: Verdict, facts: records.Text) -> str:
    return facts.text


def _held(verdict: Verdict, facts: records.Held) -> str:
    times = facts.prediction.times
    stayed = f" and stayed for {facts.hold_seconds:g} s under load" if facts.hold_seconds else ""
    observed = (
        f"{phrases.replicas(facts.replicas)} Ready {facts.ready_seconds:.1f} s after the first request{stayed}; "
        f"the prediction was {phrases.possible(facts.prediction)} within {times.latest_seconds:.0f} s"
    )
    if verdict.reason is Reason.AS_PREDICTED:
        return f"{observed}."
    return f"{observed} ({phrases.parts(times.latest_parts)}): hops shows which step took longer."


def _reached(verdict: Verdict, facts: records.Reached) -> str:
    if verdict.reason is Reason.AS_EXPECTED:
        return f"The expected replicas were Ready {facts.ready_seconds:.1f} s after the load's begin."
    return f"The predicted replicas were Ready {facts.ready_seconds:.1f} s after the first request."


def _hold_cut_short(_verdict: Verdict, facts: records.HoldCutShort) -> str:
    return (
        f"{facts.replicas} replicas were Ready after {facts.ready_seconds:.1f} s, and the load ended before they had "
        f"stayed for {facts.hold_seconds:g} s: give the load's `duration` more seconds."
    )


def _left_during_hold(_verdict: Verdict, facts: records.LeftDuringHold) -> str:
    returned = "" if facts.return_seconds is None else f"They were back after {facts.return_seconds:.1f} s. "
    if facts.rollout is not None:
        returned = f"{phrases.rollout(facts.rollout)} Prove the ScaledObject while nothing is rolled out. {returned}"
    return (
        f"{facts.replicas} replicas were Ready after {facts.ready_seconds:.1f} s as predicted, and after "
        f"{facts.left_seconds:.1f} s no longer: they had to stay for {facts.hold_seconds:g} s. {returned}"
        f"{phrases.last_counts(facts.last)} timeline.csv shows which pod or decision changed."
    )


def _rested(_verdict: Verdict, facts: records.Rested) -> str:
    prediction = facts.prediction
    stay = phrases.replicas(prediction.from_replicas)
    why = {
        PredictionReason.LOAD_UNDER_THRESHOLD: (
            f"a metric of {prediction.metric:g} is not more than {stay} may carry at {phrases.threshold(prediction)} "
            f"(tolerance {prediction.tolerance:.0%}). Send more, or lower the threshold."
        ),
        PredictionReason.LOAD_UNDER_ACTIVATION: (
            f"a metric of {prediction.metric:g} does not reach the trigger's activationThreshold."
        ),
        PredictionReason.MAX_REPLICAS: (
            f"the HPA's maxReplicas of {prediction.max_replicas} is already reached. Raise it."
        ),
        PredictionReason.FALLBACK: "the trigger fails, and KEDA's fallback replaces its value. Fix the trigger.",
        PredictionReason.SCALE_UP_DISABLED: "the HPA's behavior.scaleUp forbids growth. Change it.",
        PredictionReason.QUERY_LIMIT: (
            f"the trigger's query limits its value to {prediction.metric:g}, which {stay} may carry. Raise its limit."
        ),
    }[prediction.reason]
    return f"{stay} predicted and seen, for {facts.seconds:.0f} s of load: {why}"


def _rest_broken(verdict: Verdict, facts: records.RestBroken) -> str:
    growth = (
        f"{phrases.metric(facts.prediction).capitalize()} asks for {phrases.replicas(facts.prediction.from_replicas)}, "
        f"and the HPA went up to {facts.highest}"
    )
    if verdict.reason is Reason.OTHER_TRIGGER:
        return f"{growth}. {_other_trigger(facts.others)}"
    return f"{growth}: look for other traffic in evidence and timeline.csv."


def _rest_lost(_verdict: Verdict, facts: records.RestLost) -> str:
    return f"{phrases.replicas(facts.prediction.from_replicas)} predicted to stay. {phrases.last_counts(facts.last)}"


def _rest_too_short(_verdict: Verdict, facts: records.RestTooShort) -> str:
    return f"The load ended after {facts.seconds:.0f} s, and {facts.needed_seconds:.0f} s are needed to prove rest."


def _mismatch(verdict: Verdict, facts: records.Mismatch) -> str:
    prediction, times = facts.prediction, facts.prediction.times
    sentences = [f"For {phrases.metric(prediction)}, {phrases.possible(prediction)} replicas were predicted."]
    if facts.waited:
        latest = phrases.load_outlasted if facts.load.ended else phrases.wait_ended
        sentences.append(latest(times.latest_seconds, times.latest_parts))
    sentences += [phrases.last_counts(facts.last), _mismatch_cause(verdict.reason, facts)]
    return " ".join(sentences)


def _mismatch_cause(reason: Reason, facts: records.Mismatch) -> str:
    """Return the cause, and what a person is to look at."""
    threshold = facts.prediction.threshold
    if reason in (Reason.LOAD_NOT_SENT, Reason.LOAD_NOT_ANSWERED):
        return phrases.load_failure(reason is Reason.LOAD_NOT_ANSWERED, facts.load)
    if reason is Reason.OTHER_TRIGGER:
        return _other_trigger(facts.others)
    if reason is Reason.FEWER_THAN_PREDICTED and facts.last.desired <= facts.prediction.from_replicas:
        return "The HPA went up and came back: timeline.csv has the metric at each step."
    comparison = (
        "Compare the metric in timeline.csv with the load: other traffic, lost requests or scrapes that failed move "
        "it, and right after a step rate() may show more than there is, since it extrapolates the old pods' samples to "
        "the next scrape."
    )
    return {
        Reason.PODS_NOT_READY: (
            f"The HPA decided on {facts.last.desired}: check the pods in timeline.csv (no node with room, image "
            "missing, probe failing)."
        ),
        Reason.FEWER_THAN_PREDICTED: comparison,
        Reason.MORE_THAN_PREDICTED: comparison,
        Reason.METRIC_NOT_OVER_THRESHOLD: (
            "The requests were answered, but the trigger's query was never seen over the threshold of "
            f"{threshold:g}: is the target still scraped, and does the query count these requests?"
        ),
        Reason.HPA_DID_NOT_ACT: (
            f"The metric was over the threshold of {threshold:g}, and the HPA did not decide on more: check the "
            "HPA's conditions in evidence."
        ),
    }[reason]


def _other_trigger(others: Iterable[NotPredicted]) -> str:
    return (
        f"A trigger that is not predicted may have asked for more: {not_predicted(others)}. evidence has the HPA's "
        "values."
    )


def _load_failure(verdict: Verdict, facts: records.LoadFailure) -> str:
    return phrases.load_failure(verdict.reason is Reason.LOAD_NOT_ANSWERED, facts.load)


def _unwatched(_verdict: Verdict, facts: records.Unwatched) -> str:
    errors = phrases.errors(facts.errors)
    if facts.scale_in:
        return f"The scale-in could not be watched to its end: {errors}."
    return f"The load ended while its effect could not be watched: {errors}. Is the API server up?"


def _unpredicted(_verdict: Verdict, facts: records.Unpredicted) -> str:
    return (
        f"What this load does can't be predicted ({not_predicted(facts.not_predicted)}), so it was only watched. "
        f"{phrases.last_counts(facts.last)}"
    )


def _scaled_in(_verdict: Verdict, facts: records.ScaledIn) -> str:
    return f"Back at {phrases.replicas(facts.replicas)} {facts.seconds:.1f} s after the last request."


def _scaled_in_late(_verdict: Verdict, facts: records.ScaledInLate) -> str:
    scale_in = facts.scale_in
    return (
        f"Replicas were back at {scale_in.replicas} {facts.seconds:.1f} s after the last request, and the prediction "
        f"was {scale_in.latest_seconds:g} s at the latest ({phrases.parts(scale_in.latest_parts)}): hops shows which "
        "step took longer."
    )


def _not_scaled_in(_verdict: Verdict, facts: records.NotScaledIn) -> str:
    scale_in = facts.scale_in
    return (
        f"{phrases.replicas(scale_in.replicas)} predicted for the time after the load. "
        f"{phrases.wait_ended(scale_in.latest_seconds, scale_in.latest_parts)} {phrases.last_counts(facts.last)} "
        "Does anything else send requests, or does another trigger hold the replicas?"
    )


_SENTENCES: Mapping[type, Callable[[Verdict, Any], str]] = {
    **cause_messages.SENTENCES,
    records.Text: _text,
    records.Held: _held,
    records.Reached: _reached,
    records.HoldCutShort: _hold_cut_short,
    records.LeftDuringHold: _left_during_hold,
    records.Rested: _rested,
    records.RestBroken: _rest_broken,
    records.RestLost: _rest_lost,
    records.RestTooShort: _rest_too_short,
    records.Mismatch: _mismatch,
    records.LoadFailure: _load_failure,
    records.Unwatched: _unwatched,
    records.Unpredicted: _unpredicted,
    records.ScaledIn: _scaled_in,
    records.ScaledInLate: _scaled_in_late,
    records.NotScaledIn: _not_scaled_in,
    **readiness_messages.SENTENCES,
    **expectation_messages.SENTENCES,
}
