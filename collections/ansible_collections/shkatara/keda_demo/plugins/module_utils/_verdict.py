# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a sequence of replica counts to a verdict, as pure functions.

Times are seconds since the first request, on one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import Prediction

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


@dataclass(frozen=True)
class Replicas:
    """The counts that are to agree: the HPA's desired, and the workload's spec, status and ready."""

    seconds: float
    desired: int
    spec: int
    current: int
    ready: int

    @property
    def settled(self) -> int | None:
        """The count on which all four agree, or None."""
        return self.ready if self.desired == self.spec == self.current == self.ready else None


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


@dataclass(frozen=True)
class LoadFacts:
    """What became of the load so far: counts of requests, and whether sending is over."""

    scheduled: int = 0
    sent: int = 0
    answered: int = 0
    finished: int = 0
    ended: bool = False


@dataclass(frozen=True)
class Verdict:
    """The outcome: one of VERDICTS, a reason code, and what a person is to know."""

    verdict: str
    reason: str
    message: str


def stays(history: Sequence[Replicas], counts: Sequence[int]) -> list[Stay]:
    """Return each time for which all counts agreed on one of `counts`.

    :param history: the counts at each change, oldest first
    """
    found: list[Stay] = []
    for sample in history:
        running = found[-1] if found and found[-1].end is None else None
        if running is not None and sample.settled != running.count:
            found[-1] = Stay(running.count, running.start, sample.seconds, max(sample.desired, sample.spec))
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
) -> Verdict | None:
    """Return the verdict, or None while it is open.

    :param history: the counts at each change since the first request, the first being the state before it
    :param metric_was_over: the trigger's query, or the HPA's own metric, was seen over the threshold
    :returns: always a verdict when the load has ended
    """
    if not history:
        return None
    if not prediction.changes:
        return _judge_rest(history, prediction, load, now, hold_seconds)
    reached = stays(history, prediction.possible_replicas)
    held = next((stay for stay in reached if stay.seconds(now) >= hold_seconds), None)
    # Going on upwards to another possible count is not flapping: the tolerance makes several counts stable.
    broken = [stay for stay in reached if stay.end is not None and not _went_on(stay, prediction)]
    if broken and (held is None or broken[0].start < held.start):
        back = "" if held is None else f"They were back after {held.start:.1f} s. "
        flapped = _flapped(broken[0], hold_seconds, back + _last_words(history[-1]))
        return flapped if held is not None or load.ended else None
    if held is not None:
        return _scaled(held, prediction, hold_seconds)
    return _judge_end(history, prediction, load, hold_seconds, metric_was_over) if load.ended else None


def _judge_end(
    history: Sequence[Replicas],
    prediction: Prediction,
    load: LoadFacts,
    hold_seconds: float,
    metric_was_over: bool,
) -> Verdict:
    """The load is over and the predicted count did not stay long enough, if it was there at all."""
    reached = stays(history, prediction.possible_replicas)
    if reached and reached[-1].end is None:
        return Verdict(
            "scaled_late",
            "hold_cut_short",
            f"{reached[-1].count} replicas were Ready after {reached[-1].start:.1f} s, and the load ended "
            f"before they had stayed for {hold_seconds:g} s: give load.http.duration more seconds.",
        )
    return _not_as_predicted(history, prediction, load, metric_was_over)


def _judge_rest(
    history: Sequence[Replicas], prediction: Prediction, load: LoadFacts, now: float, hold_seconds: float
) -> Verdict | None:
    """The prediction is that nothing moves."""
    start = prediction.from_replicas
    if any(sample.desired > start or sample.spec > start for sample in history):
        highest = max(max(sample.desired, sample.spec) for sample in history)
        if not load.ended:
            return None
        return Verdict(
            "wrong_count",
            "more_than_predicted",
            f"{_load_words(prediction)} asks for {_pods(start)}, and the HPA went up to {highest}: look "
            "for other traffic in evidence and timeline.csv.",
        )
    if not load.ended and now < prediction.latest_seconds + hold_seconds:
        return None
    why = {
        "load_under_threshold": f"a metric of {prediction.metric:g} is not more than {_pods(start)} may carry at "
        f"{prediction.threshold:g} each (tolerance {prediction.tolerance:.0%}). Send more, or lower the "
        "threshold.",
        "max_replicas": f"the HPA's maxReplicas of {prediction.max_replicas} is reached already. Raise it.",
        "scale_up_disabled": "the HPA's behavior.scaleUp forbids to grow. Change it.",
    }[prediction.reason]
    return Verdict(
        "not_scaled",
        prediction.reason,
        f"{_pods(start)} predicted and seen, for {now:.0f} s of load: {why}",
    )


def _went_on(stay: Stay, prediction: Prediction) -> bool:
    return stay.next_count is not None and stay.count < stay.next_count <= prediction.replicas


def _scaled(held: Stay, prediction: Prediction, hold_seconds: float) -> Verdict:
    seen = (
        f"{held.count} replicas were Ready {held.start:.1f} s after the first request and stayed for "
        f"{hold_seconds:g} s under load; predicted were {_count_words(prediction)}"
    )
    if held.start <= prediction.latest_seconds:
        return Verdict("scaled", "as_predicted", f"{seen} within {prediction.latest_seconds:.0f} s at the latest.")
    return Verdict(
        "scaled_late",
        "after_latest",
        f"{seen} within {prediction.latest_seconds:.0f} s at the latest ({_parts_words(prediction)}): hops "
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


def _not_as_predicted(
    history: Sequence[Replicas], prediction: Prediction, load: LoadFacts, metric_was_over: bool
) -> Verdict:
    """The load is over and the predicted count was never there."""
    last, start = history[-1], prediction.from_replicas
    verdict = "not_scaled" if last.ready <= start else "wrong_count"
    predicted = f"{_count_words(prediction)} replicas were predicted for {_load_words(prediction)}."
    trouble = load_trouble(load)
    if trouble is not None:
        return Verdict(verdict, trouble.reason, f"{predicted} {_last_words(last)} {trouble.message}")
    if last.desired in prediction.possible_replicas:
        return Verdict(
            verdict,
            "pods_not_ready",
            f"{predicted} The HPA decided on {last.desired}, and at the end of the load {last.ready} were "
            "Ready: look at the pods in timeline.csv (no node with room, image missing, probe failing).",
        )
    if last.desired > start:
        reason = "fewer_than_predicted" if last.desired < prediction.replicas else "more_than_predicted"
        return Verdict(
            verdict,
            reason,
            f"{predicted} {_last_words(last)} Compare the metric in timeline.csv with the load: other "
            "traffic, lost requests or scrapes that failed move it.",
        )
    if not metric_was_over:
        return Verdict(
            verdict,
            "metric_not_over_threshold",
            f"{predicted} {_last_words(last)} The requests were answered, but the trigger's query was "
            f"never seen over the threshold of {prediction.threshold:g}: is the target still scraped, and "
            "does the query count these requests?",
        )
    return Verdict(
        verdict,
        "hpa_did_not_act",
        f"{predicted} {_last_words(last)} The metric was over the threshold of {prediction.threshold:g}, "
        "and the HPA did not decide on more: look at the HPA's conditions in evidence.",
    )


def load_trouble(load: LoadFacts, least_share: float = 0.95) -> Verdict | None:
    """Return what was wrong with the load itself, as an aborted verdict; None for a load that did its part.

    :param least_share: the part of the requests that must have been sent, and answered with 2xx
    """
    if load.scheduled and load.sent < least_share * load.scheduled:
        return Verdict(
            "aborted",
            "load_not_sent",
            f"Only {load.sent} of {load.scheduled} requests could be sent: this machine is the bottleneck.",
        )
    if load.finished and load.answered < least_share * load.finished:
        return Verdict(
            "aborted",
            "load_not_answered",
            f"Only {load.answered} of {load.finished} requests were answered with 2xx: load.statuses and "
            "load.errors say what came instead. Is load.http.url the application's?",
        )
    return None


def _pods(count: int) -> str:
    return f"{count} replica{'' if count == 1 else 's'}"


def _count_words(prediction: Prediction) -> str:
    return " or ".join(str(count) for count in prediction.possible_replicas)


def _load_words(prediction: Prediction) -> str:
    return f"A metric of {prediction.metric:g} at {prediction.threshold:g} a replica"


def _parts_words(prediction: Prediction) -> str:
    return " + ".join(f"{name} {seconds:g}" for name, seconds in prediction.latest_parts.items())


def _last_words(last: Replicas) -> str:
    return f"At the end the HPA wanted {last.desired}, {last.current} pods were there and {last.ready} Ready."
