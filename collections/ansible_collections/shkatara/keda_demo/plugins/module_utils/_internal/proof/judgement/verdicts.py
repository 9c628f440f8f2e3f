# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a sequence of replica counts to a verdict, as pure functions.

Times are seconds since the first request, on one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...autoscaling.hpa_model import NotPredicted
from ...load.stats import LoadStats
from ...prediction.hop_bounds import MARGIN_SECONDS
from ...prediction.scale_out import Prediction
from ..observed.replicas import ReplicaCounts
from ..observed.workload_state import Rollout
from . import diagnosis
from .facts import Held, HoldCutShort, LeftDuringHold, RestBroken, Rested, RestLost, RestTooShort, Unwatched
from .outcomes import Outcome, Reason, Verdict

# The load's own clock begins a little before its first request is sent.
_CLOCKS_SECONDS = 1.0


@dataclass(frozen=True)
class Evidence:
    """What a load is judged by, at `now`.

    `history` has the counts at each change since the first request, the first being those before it.
    `metric_was_over` says whether the trigger's query, or the HPA's own metric, was observed over the threshold.
    `unwatched` has (kind, error) of the kinds whose broken watch hides the replicas now. `others` are the triggers that
    are not predicted. `rollout` is the first rollout since the first request.
    """

    history: Sequence[ReplicaCounts]
    load: LoadStats
    now: float
    hold_seconds: float
    metric_was_over: bool = False
    unwatched: tuple[tuple[str, str], ...] = ()
    others: tuple[NotPredicted, ...] = ()
    rollout: Rollout | None = None


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


def stays(history: Sequence[ReplicaCounts], counts: Sequence[int]) -> list[Stay]:
    """Return each time for which all counts agreed on one of `counts`; a time that nobody observed does not count.

    :param history: the counts at each change, oldest first
    """
    ended: list[Stay] = []
    running: Stay | None = None
    for sample in history:
        if running is not None and sample.settled != running.count:
            left = sample.seconds if sample.earliest is None else max(sample.earliest, running.start)
            # The HPA's own count and the workload's change one after the other.
            next_count = sample.desired if sample.spec == running.count else sample.spec
            ended.append(Stay(running.count, running.start, left, next_count))
            running = None
        if running is None and sample.settled in counts:
            running = Stay(sample.settled or 0, sample.seconds, None)
    return ended if running is None else [*ended, running]


def joined(stays_there: Sequence[Stay], counts: Sequence[int]) -> list[Stay]:
    """Return the stays, as one where the HPA only moved between `counts` that it had reached before.

    An overshoot of the query may lead to a count from which the HPA returns after its stabilization.
    """
    found: list[Stay] = []
    highest = 0
    for stay in stays_there:
        before = found[-1] if found else None
        if before is not None and _moved_on(before, counts) and stay.count <= highest:
            found[-1] = Stay(stay.count, before.start, stay.end, stay.next_count)
        else:
            found.append(stay)
        highest = max(highest, stay.count)
    return found


def _moved_on(stay: Stay, counts: Sequence[int]) -> bool:
    return stay.next_count != stay.count and stay.next_count in counts


def is_reached(history: Sequence[ReplicaCounts], prediction: Prediction) -> bool:
    """Whether a predicted growth has come to its end."""
    return prediction.changes and bool(history) and history[-1].settled in prediction.possible_replicas


def judge(prediction: Prediction, evidence: Evidence) -> Verdict | None:
    """Return the verdict, or None while it is open; when the load has ended there always is a verdict."""
    history, load = evidence.history, evidence.load
    failure = diagnosis.load_failure(load)
    if failure is not None and failure.reason is Reason.LOAD_NOT_SENT and load.ended:
        return failure
    if not history:
        return None
    if evidence.unwatched:
        # A count that is not watched is not held: the events that were missed arrive when the watch recovers.
        unwatched = Verdict(Outcome.ABORTED, Reason.NOT_OBSERVED, Unwatched(evidence.unwatched))
        return unwatched if load.ended else None
    if not prediction.changes:
        return _judge_rest(prediction, evidence)
    return _judge_growth(prediction, evidence)


def _judge_growth(prediction: Prediction, evidence: Evidence) -> Verdict | None:
    """The prediction is that replicas grow: did they stay long enough at a predicted count, or leave it?"""
    latest = prediction.times.latest_seconds
    possible = prediction.possible_replicas
    reached = joined(stays(evidence.history, possible), possible)
    is_there = bool(reached) and reached[-1].end is None
    wait_is_over = evidence.now > latest + MARGIN_SECONDS and not is_there
    is_over = evidence.load.ended or wait_is_over
    held = next((stay for stay in reached if stay.seconds(evidence.now) >= evidence.hold_seconds), None)
    # Moving to another possible count is not flapping, and neither is growing on: the tolerance makes several stable.
    left = [
        stay
        for stay in reached
        if stay.end is not None and not _grew_on(stay, prediction) and not _moved_on(stay, possible)
    ]
    if left and (held is None or left[0].start < held.start):
        return _flapped(left[0], held, evidence) if held is not None or is_over else None
    if held is not None:
        return diagnosis.load_failure(evidence.load) or _held(held, reached[0].start, prediction, evidence.hold_seconds)
    if not is_over:
        return None
    if is_there:
        cut = HoldCutShort(reached[-1].count, reached[-1].start, evidence.hold_seconds)
        return diagnosis.load_failure(evidence.load) or Verdict(Outcome.SCALED_LATE, Reason.HOLD_CUT_SHORT, cut)
    return diagnosis.explain_mismatch(
        evidence.history,
        prediction,
        evidence.load,
        metric_was_over=evidence.metric_was_over,
        others=evidence.others,
        waited=evidence.now > latest,
    )


def _grew_on(stay: Stay, prediction: Prediction) -> bool:
    return stay.next_count is not None and stay.count < stay.next_count <= prediction.replicas


def _held(stay: Stay, first_reached: float, prediction: Prediction, hold_seconds: float) -> Verdict:
    facts = Held(prediction, stay.count, stay.start, hold_seconds)
    # Chance in balancing may move the HPA on from one possible count to another at any time.
    if first_reached <= prediction.times.latest_seconds:
        return Verdict(Outcome.SCALED, Reason.AS_PREDICTED, facts)
    return Verdict(Outcome.SCALED_LATE, Reason.AFTER_LATEST, facts)


def _flapped(left: Stay, held: Stay | None, evidence: Evidence) -> Verdict:
    end = left.start if left.end is None else left.end
    rollout = evidence.rollout if evidence.rollout and evidence.rollout.seconds <= end + _CLOCKS_SECONDS else None
    facts = LeftDuringHold(
        replicas=left.count,
        ready_seconds=left.start,
        left_seconds=end,
        hold_seconds=evidence.hold_seconds,
        return_seconds=None if held is None else held.start,
        last=evidence.history[-1],
        rollout=rollout,
    )
    return Verdict(Outcome.FLAPPED, Reason.ROLLED_OUT if rollout else Reason.LEFT_DURING_HOLD, facts)


def _judge_rest(prediction: Prediction, evidence: Evidence) -> Verdict | None:
    """The prediction is that replicas stay."""
    start, now, last = prediction.from_replicas, evidence.now, evidence.history[-1]
    needed = prediction.times.latest_seconds + evidence.hold_seconds
    highest = max(max(counts.desired, counts.spec) for counts in evidence.history)
    if not evidence.load.ended and (highest > start or now < needed):
        return None
    failure = diagnosis.load_failure(evidence.load)
    if failure is not None:
        return failure
    if highest > start:
        reason = Reason.OTHER_TRIGGER if evidence.others else Reason.MORE_THAN_PREDICTED
        return Verdict(Outcome.WRONG_COUNT, reason, RestBroken(prediction, highest, evidence.others))
    if now < needed - _CLOCKS_SECONDS:
        return Verdict(Outcome.ABORTED, Reason.LOAD_NOT_SENT, RestTooShort(now, needed))
    if last.settled != start:
        return Verdict(Outcome.WRONG_COUNT, Reason.FEWER_THAN_PREDICTED, RestLost(prediction, last))
    return Verdict(Outcome.NOT_SCALED, Reason(prediction.reason), Rested(prediction, now))
