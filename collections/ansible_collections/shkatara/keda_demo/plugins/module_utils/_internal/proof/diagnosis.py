# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Why it went another way than predicted: the first cause in the order of the chain, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from ..prediction.scale_out import Prediction
from . import messages
from .records import LoadFacts, Replicas, Verdict

# The part of the requests that must have been sent, and answered with 2xx.
_LEAST_SHARE = 0.95


def not_as_predicted(
    history: Sequence[Replicas],
    prediction: Prediction,
    load: LoadFacts,
    metric_was_over: bool,
    others: str = "",
    *,
    waited: bool = True,
) -> Verdict:
    """Return the verdict of a load or a wait that is over, when the predicted count was never there.

    :param metric_was_over: the trigger's query, or the HPA's own metric, was seen over the threshold
    :param others: the triggers that are not predicted, in words
    :param waited: whether the latest predicted time is over
    """
    last, start = history[-1], prediction.from_replicas
    verdict = "not_scaled" if last.ready <= start else "wrong_count"
    reason, words = _why_not(history, prediction, load, metric_was_over, others)
    predicted = (
        f"For {messages.metric_words(prediction)}, {messages.possible_words(prediction)} replicas were predicted."
    )
    say = messages.latest_words if load.ended else messages.wait_words
    why_now = f" {say(prediction.latest_seconds, prediction.latest_parts)}" if waited else ""
    return Verdict(verdict, reason, f"{predicted}{why_now} {messages.last_words(last)} {words}")


def _why_not(
    history: Sequence[Replicas], prediction: Prediction, load: LoadFacts, metric_was_over: bool, others: str
) -> tuple[str, str]:
    """Return the reason code, and what a person is to look at."""
    last = history[-1]
    trouble = load_trouble(load)
    if trouble is not None:
        # An application that breaks down under the load is a result, not a failed attempt.
        return trouble.reason, trouble.message
    if last.desired in prediction.possible_replicas:
        return (
            "pods_not_ready",
            f"The HPA decided on {last.desired}: look at the pods in timeline.csv (no node with room, image missing, "
            "probe failing).",
        )
    if last.desired > prediction.replicas and others:
        return "other_trigger", other_trigger_words(others)
    highest = max(one.desired for one in history)
    if highest > max(1, prediction.from_replicas) and last.desired <= prediction.from_replicas:
        return "fewer_than_predicted", "The HPA went up and came back: timeline.csv has the metric at each step."
    if last.desired > prediction.from_replicas:
        return (
            "fewer_than_predicted" if last.desired < prediction.replicas else "more_than_predicted",
            "Compare the metric in timeline.csv with the load: other traffic, lost requests or scrapes that failed "
            "move it, and right after a step rate() may show more than there is, for it draws out the old pods' "
            "samples to the next scrape.",
        )
    return _why_no_decision(prediction, metric_was_over)


def _why_no_decision(prediction: Prediction, metric_was_over: bool) -> tuple[str, str]:
    if not metric_was_over:
        return (
            "metric_not_over_threshold",
            "The requests were answered, but the trigger's query was never seen over the threshold of "
            f"{prediction.threshold:g}: is the target still scraped, and does the query count these requests?",
        )
    return (
        "hpa_did_not_act",
        f"The metric was over the threshold of {prediction.threshold:g}, and the HPA did not decide on more: look at "
        "the HPA's conditions in evidence.",
    )


def other_trigger_words(others: str) -> str:
    """Return what is to be looked at where a trigger that is not predicted may have moved the replicas."""
    return f"A trigger that is not predicted may have asked for more: {others}. evidence has the HPA's values."


def load_trouble(load: LoadFacts) -> Verdict | None:
    """Return what was wrong with the load itself, as an aborted verdict; None for a load that did its part."""
    if load.died:
        return Verdict(
            "aborted",
            "load_not_sent",
            f"{load.died} after {load.sent} requests, before the load was over.",
        )
    if load.scheduled and load.sent < _LEAST_SHARE * load.scheduled:
        return Verdict(
            "aborted",
            "load_not_sent",
            f"Only {load.sent} of {load.scheduled} requests could be sent: this machine is the bottleneck.",
        )
    if load.finished and load.answered < _LEAST_SHARE * load.finished:
        return Verdict(
            "aborted",
            "load_not_answered",
            f"Only {load.answered} of {load.finished} requests were answered with 2xx: load.statuses and "
            "load.errors say what came instead. Is load.http.url the application's?",
        )
    return None
