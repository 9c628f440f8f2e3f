# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a sequence of replica counts to a verdict, as pure functions.

Times are seconds since the first request, on one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..prediction.hop_bounds import MARGIN_SECONDS
from ..prediction.scale_out import Prediction
from . import diagnosis, messages
from .records import LoadFacts, Replicas, Verdict

VERDICTS = (
    "scaled",
    "scaled_late",
    "wrong_count",
    "not_scaled",
    "flapped",
    "not_scaled_in",
    "not_ready",
    "aborted",
)
# The load's own clock begins a little before its first request is sent.
_CLOCKS_SECONDS = 1.0


@dataclass(frozen=True)
class Stay:
    """How long a predicted count stayed: from `start` to `end`, `end` None while it still does."""

    count: int
    start: float
    end: float | None
    next_count: int | None = None

    def seconds(self, now: float) -> float:
        """Return the length so far, in seconds."""
        return (now if self.end is None else self.end) - self.start


def stays(history: Sequence[Replicas], counts: Sequence[int]) -> list[Stay]:
    """Return each time for which all counts agreed on one of `counts`, of which nothing is counted that nobody saw.

    :param history: the counts at each change, oldest first
    """
    found: list[Stay] = []
    for sample in history:
        running = found[-1] if found and found[-1].end is None else None
        if running is not None and sample.settled != running.count:
            left = sample.seconds if sample.earliest is None else max(sample.earliest, running.start)
            found[-1] = Stay(running.count, running.start, left, max(sample.desired, sample.spec))
            running = None
        if running is None and sample.settled in counts:
            found.append(Stay(sample.settled or 0, sample.seconds, None))
    return found


def judge(
    history: Sequence[Replicas],
    prediction: Prediction,
    load: LoadFacts,
    *,
    now: float,
    hold_seconds: float,
    metric_was_over: bool = False,
    unwatched: str = "",
    others: str = "",
) -> Verdict | None:
    """Return the verdict, or None while it is open.

    :param history: the counts at each change since the first request, the first being the state before it
    :param metric_was_over: the trigger's query, or the HPA's own metric, was seen over the threshold
    :param unwatched: why the HPA or the Deployment can't be watched now; empty while both are
    :param others: the triggers that are not predicted, in words
    :returns: always a verdict when the load has ended
    """
    trouble = diagnosis.load_trouble(load)
    if trouble is not None and trouble.reason == "load_not_sent" and load.ended:
        return trouble
    if not history:
        return None
    if unwatched:
        # A count that nobody sees is not held: what happened comes when the watch goes on.
        return _not_observed(unwatched) if load.ended else None
    if not prediction.changes:
        return _judge_rest(history, prediction, load, now, hold_seconds, others=others)
    over = load.ended or _is_over(history, prediction, now)
    verdict = _judge_growth(history, prediction, load, now, hold_seconds, over=over)
    if verdict is None and over:
        verdict = _judge_hold(history, prediction, load, hold_seconds) or diagnosis.not_as_predicted(
            history, prediction, load, metric_was_over, others, waited=now > prediction.latest_seconds
        )
    return verdict


def _is_over(history: Sequence[Replicas], prediction: Prediction, now: float) -> bool:
    """Whether nobody has to wait any more: the predicted time and its margin are over, and nothing is held."""
    reached = stays(history, prediction.possible_replicas)
    return now > prediction.latest_seconds + MARGIN_SECONDS and not (reached and reached[-1].end is None)


def _judge_growth(
    history: Sequence[Replicas],
    prediction: Prediction,
    load: LoadFacts,
    now: float,
    hold_seconds: float,
    *,
    over: bool,
) -> Verdict | None:
    """The prediction is that replicas grow: have they stayed long enough at the new count, or left it?"""
    reached = stays(history, prediction.possible_replicas)
    held = next((stay for stay in reached if stay.seconds(now) >= hold_seconds), None)
    # Going on upwards to another possible count is not flapping: the tolerance makes several counts stable.
    broken = [stay for stay in reached if stay.end is not None and not _went_on(stay, prediction)]
    if broken and (held is None or broken[0].start < held.start):
        back = "" if held is None else f"They were back after {held.start:.1f} s. "
        flapped = _flapped(broken[0], hold_seconds, back + messages.last_words(history[-1]))
        return flapped if held is not None or over else None
    if held is not None:
        return diagnosis.load_trouble(load) or _scaled(held, prediction, hold_seconds)
    return None


def is_reached(history: Sequence[Replicas], prediction: Prediction) -> bool:
    """Whether a predicted growth has come to its end."""
    return prediction.changes and bool(history) and history[-1].settled in prediction.possible_replicas


def _not_observed(unwatched: str) -> Verdict:
    return Verdict(
        "aborted",
        "not_observed",
        f"The load ended while its effect could not be watched: {unwatched}. Is the API server there?",
    )


def _judge_hold(
    history: Sequence[Replicas], prediction: Prediction, load: LoadFacts, hold_seconds: float
) -> Verdict | None:
    """The load or the wait is over: is the predicted count there, and did only not stay long enough?"""
    reached = stays(history, prediction.possible_replicas)
    if not reached or reached[-1].end is not None:
        return None
    return diagnosis.load_trouble(load) or Verdict(
        "scaled_late",
        "hold_cut_short",
        f"{reached[-1].count} replicas were Ready after {reached[-1].start:.1f} s, and the load ended "
        f"before they had stayed for {hold_seconds:g} s: give load.http.duration more seconds.",
    )


def _judge_rest(
    history: Sequence[Replicas],
    prediction: Prediction,
    load: LoadFacts,
    now: float,
    hold_seconds: float,
    *,
    others: str,
) -> Verdict | None:
    """The prediction is that nothing moves."""
    start, needed = prediction.from_replicas, prediction.latest_seconds + hold_seconds
    moved = any(sample.desired > start or sample.spec > start for sample in history)
    if not load.ended and (moved or now < needed):
        return None
    trouble = diagnosis.load_trouble(load)
    if trouble is not None:
        return trouble
    if moved:
        highest = max(max(sample.desired, sample.spec) for sample in history)
        if others:
            return Verdict("wrong_count", "other_trigger", diagnosis.other_trigger_words(others))
        return Verdict(
            "wrong_count",
            "more_than_predicted",
            f"{messages.metric_words(prediction).capitalize()} asks for {messages.replicas_words(start)}, and the HPA went up to "
            f"{highest}: look for other traffic in evidence and timeline.csv.",
        )
    if now < needed - _CLOCKS_SECONDS:
        return Verdict(
            "aborted",
            "load_not_sent",
            f"The load ended after {now:.0f} s, and {needed:.0f} s are needed to prove rest.",
        )
    return _rested(history[-1], prediction, now)


def _rested(last: Replicas, prediction: Prediction, now: float) -> Verdict:
    start = prediction.from_replicas
    if last.settled != start:
        return Verdict(
            "wrong_count",
            "fewer_than_predicted",
            f"{messages.replicas_words(start)} predicted to stay. {messages.last_words(last)}",
        )
    why = {
        "load_under_threshold": f"a metric of {prediction.metric:g} is not more than {messages.replicas_words(start)} may carry "
        f"at {messages.threshold_words(prediction)} (tolerance {prediction.tolerance:.0%}). Send more, or lower the threshold.",
        "load_under_activation": f"a metric of {prediction.metric:g} does not reach the trigger's activationThreshold.",
        "max_replicas": f"the HPA's maxReplicas of {prediction.max_replicas} is reached already. Raise it.",
        "fallback": "the trigger fails, and KEDA's fallback stands for its value. Mend the trigger.",
        "scale_up_disabled": "the HPA's behavior.scaleUp forbids to grow. Change it.",
    }[prediction.reason]
    return Verdict(
        "not_scaled",
        prediction.reason,
        f"{messages.replicas_words(start)} predicted and seen, for {now:.0f} s of load: {why}",
    )


def _went_on(stay: Stay, prediction: Prediction) -> bool:
    return stay.next_count is not None and stay.count < stay.next_count <= prediction.replicas


def _scaled(held: Stay, prediction: Prediction, hold_seconds: float) -> Verdict:
    stayed = f" and stayed for {hold_seconds:g} s under load" if hold_seconds else ""
    seen = (
        f"{messages.replicas_words(held.count)} Ready {held.start:.1f} s after the first request{stayed}; predicted were "
        f"{messages.possible_words(prediction)}"
    )
    if held.start <= prediction.latest_seconds:
        return Verdict("scaled", "as_predicted", f"{seen} within {prediction.latest_seconds:.0f} s at the latest.")
    return Verdict(
        "scaled_late",
        "after_latest",
        f"{seen} within {prediction.latest_seconds:.0f} s at the latest ({messages.parts_words(prediction.latest_parts)}): hops "
        "shows which step took longer.",
    )


def _flapped(broken: Stay, hold_seconds: float, end: str) -> Verdict:
    return Verdict(
        "flapped",
        "left_during_hold",
        f"{broken.count} replicas were Ready after {broken.start:.1f} s as predicted, and after "
        f"{broken.end:.1f} s they were not: {hold_seconds:g} s were asked. {end} timeline.csv shows which "
        "pod or decision changed.",
    )
