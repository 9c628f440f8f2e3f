# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about expectations: the verdicts by them, and why some can't be met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...prediction.expectation import Expectation, Expected
from ...prediction.scale_out import Prediction
from ..judgement import facts as records
from ..judgement.outcomes import Reason, Verdict
from . import phrases


def expected(value: Expected) -> str:
    """Return such as `4 replicas within 90 s` or `3 to 5 replicas within 90 s`."""
    counts = phrases.replicas(value.least) if value.least == value.most else f"{value.least} to {value.most} replicas"
    return f"{counts} within {value.within_seconds:g} s"


def line(expectation: Expectation) -> str:
    """Return the expectation as a line of progress."""
    return f"expected: {expected(expectation.expected)} (now {expectation.from_replicas})"


def already_there(value: Expected, replicas: int) -> str:
    """Return why an expectation proves nothing."""
    exist = "exists" if replicas == 1 else "exist"
    return (
        f"expected.replicas is {_counts(value)}, and {phrases.replicas(replicas)} {exist} before the load: give more, "
        "since an expectation is about growth"
    )


def above_maximum(value: Expected, maximum: int) -> str:
    """Return why an expectation can't be met."""
    return (
        f"expected.replicas is {_counts(value)}, and the HPA's maxReplicas is {maximum}: expect fewer, or raise the "
        "ScaledObject's maxReplicaCount"
    )


def contradiction(value: Expected, prediction: Prediction) -> str:
    """Return why an expectation that the prediction excludes is refused."""
    times = prediction.times
    if prediction.changes and times.earliest_seconds is not None and value.within_seconds < times.earliest_seconds:
        return (
            f"expected.within_seconds is {value.within_seconds:g}, and {phrases.possible(prediction)} replicas can't "
            f"exist before {times.earliest_seconds:g} s: expect them later"
        )
    return (
        f"expected.replicas is {_counts(value)}, and {phrases.metric(prediction)} leads to "
        f"{phrases.possible(prediction)}: expect what is predicted, or change the load"
    )


def too_short(value: Expected, option: str, duration: float, hold_seconds: float) -> str:
    """Return why a load of `duration` seconds can't show what is expected."""
    return (
        f"{option} of {duration:g} s is too short: {expected(value)} must stay for {hold_seconds:g} s (hold_seconds). "
        f"{phrases.longer(option, value.within_seconds + hold_seconds)}"
    )


def _counts(value: Expected) -> str:
    return str(value.least) if value.least == value.most else f"{value.least} to {value.most}"


def _met(verdict: Verdict, facts: records.MetExpectation) -> str:
    stayed = f" and stayed as expected for {facts.hold_seconds:g} s" if facts.hold_seconds else ""
    late = "" if verdict.reason is Reason.AS_EXPECTED else ": hops shows which step took longer"
    return (
        f"{phrases.replicas(facts.replicas)} Ready {facts.ready_seconds:.1f} s after the load's begin{stayed}; "
        f"the expectation was {expected(facts.expected)}{late}."
    )


def _missed(verdict: Verdict, facts: records.MissedExpectation) -> str:
    expectation = facts.expectation
    waited = " The time is over." if facts.waited else " The load ended earlier."
    return (
        f"The expectation was {expected(expectation.expected)}, starting from {expectation.from_replicas}.{waited} "
        f"{phrases.last_counts(facts.last)} {_cause(verdict.reason, facts)}"
    )


def _cause(reason: Reason, facts: records.MissedExpectation) -> str:
    if reason in (Reason.LOAD_NOT_SENT, Reason.LOAD_NOT_ANSWERED):
        return phrases.load_failure(reason is Reason.LOAD_NOT_ANSWERED, facts.load)
    look = "compare the HPA's values and the metric in timeline.csv with the load."
    return {
        Reason.PODS_NOT_READY: (
            "The HPA decided as expected: check the pods in timeline.csv (no node with room, image missing, probe "
            "failing)."
        ),
        Reason.MORE_THAN_EXPECTED: f"They are more than expected: {look}",
        Reason.FEWER_THAN_EXPECTED: f"They are fewer than expected: {look}",
        Reason.HPA_DID_NOT_ACT: (
            "The metric was over the HPA's target, and the HPA did not decide on more: check its conditions in "
            "evidence."
        ),
        Reason.METRIC_NOT_OVER_THRESHOLD: (
            "No metric was seen over the HPA's target: was there a load, and does the trigger count it?"
        ),
    }[reason]


def _no_rise(_verdict: Verdict, facts: records.NoRise) -> str:
    return (
        f"For {facts.seconds:g} s (wait_timeout) neither the metric nor the replicas rose: is the load sent? With "
        "load.external.begin call the time counts from the call."
    )


SENTENCES: Mapping[type, Callable[[Verdict, Any], str]] = {
    records.MetExpectation: _met,
    records.MissedExpectation: _missed,
    records.NoRise: _no_rise,
}
