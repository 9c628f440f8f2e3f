# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From a sequence of replica counts to a verdict by a user's expectations, as pure functions.

Times are seconds since the load's begin, on one monotonic clock. While all counts of HPA and workload are within the
expected range, moving between them is as expected.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...prediction.expectation import Expectation
from ...prediction.hop_bounds import MARGIN_SECONDS
from ..observed.replicas import ReplicaCounts
from . import diagnosis
from .facts import HoldCutShort, LeftDuringHold, MetExpectation, MissedExpectation, Unwatched
from .outcomes import Outcome, Reason, Verdict
from .verdicts import Evidence, Stay


def is_within(counts: ReplicaCounts, expectation: Expectation) -> bool:
    """Whether HPA and workload have expected counts, and the Ready pods too."""
    return expectation.least <= min(counts.counts) and max(counts.counts) <= expectation.most


def is_reached(history: Sequence[ReplicaCounts], expectation: Expectation) -> bool:
    """Whether the expected replicas are there."""
    return bool(history) and is_within(history[-1], expectation)


def stays(history: Sequence[ReplicaCounts], expectation: Expectation) -> list[Stay]:
    """Return each time for which the counts were as expected; a time that nobody observed does not count.

    :param history: the counts at each change, oldest first
    """
    ended: list[Stay] = []
    running: Stay | None = None
    for sample in history:
        within = is_within(sample, expectation)
        if running is not None and not within:
            left = sample.seconds if sample.earliest is None else max(sample.earliest, running.start)
            ended.append(Stay(running.count, running.start, left, max(sample.desired, sample.spec)))
            running = None
        if within:
            running = Stay(sample.ready, sample.seconds if running is None else running.start, None)
    return ended if running is None else [*ended, running]


def judge(expectation: Expectation, evidence: Evidence) -> Verdict | None:
    """Return the verdict, or None while it is open; when the load has ended there always is a verdict."""
    failure = diagnosis.load_failure(evidence.load)
    if failure is not None and failure.reason is Reason.LOAD_NOT_SENT and evidence.load.ended:
        return failure
    if evidence.unwatched:
        unwatched = Verdict(Outcome.ABORTED, Reason.NOT_OBSERVED, Unwatched(evidence.unwatched))
        return unwatched if evidence.load.ended else None
    return _judge_growth(expectation, evidence) if evidence.history else None


def _judge_growth(expectation: Expectation, evidence: Evidence) -> Verdict | None:
    """Did the replicas come as expected, and did they stay?"""
    reached = stays(evidence.history, expectation)
    is_there = bool(reached) and reached[-1].end is None
    is_over = evidence.load.ended or (evidence.now > expectation.within_seconds + MARGIN_SECONDS and not is_there)
    held = next((stay for stay in reached if stay.seconds(evidence.now) >= evidence.hold_seconds), None)
    # Replicas that grow through the expected counts, and do not come back, have not flapped.
    left = [stay for stay in reached if stay.end is not None and not (stay is reached[-1] and _grew(stay, expectation))]
    if left and (held is None or left[0].start < held.start):
        return _flapped(left[0], held, evidence) if held is not None or is_over else None
    if held is not None:
        return diagnosis.load_failure(evidence.load) or _met(held, expectation, evidence.hold_seconds)
    if not is_over:
        return None
    if is_there:
        cut = HoldCutShort(reached[-1].count, reached[-1].start, evidence.hold_seconds)
        return diagnosis.load_failure(evidence.load) or Verdict(Outcome.SCALED_LATE, Reason.HOLD_CUT_SHORT, cut)
    return _missed(expectation, evidence)


def _grew(stay: Stay, expectation: Expectation) -> bool:
    return stay.next_count is not None and stay.next_count > expectation.most


def _met(stay: Stay, expectation: Expectation, hold_seconds: float) -> Verdict:
    facts = MetExpectation(expectation.expected, stay.count, stay.start, hold_seconds)
    if stay.start <= expectation.within_seconds:
        return Verdict(Outcome.SCALED, Reason.AS_EXPECTED, facts)
    return Verdict(Outcome.SCALED_LATE, Reason.AFTER_EXPECTED, facts)


def _flapped(left: Stay, held: Stay | None, evidence: Evidence) -> Verdict:
    facts = LeftDuringHold(
        replicas=left.count,
        ready_seconds=left.start,
        left_seconds=left.start if left.end is None else left.end,
        hold_seconds=evidence.hold_seconds,
        return_seconds=None if held is None else held.start,
        last=evidence.history[-1],
    )
    return Verdict(Outcome.FLAPPED, Reason.LEFT_DURING_HOLD, facts)


def _missed(expectation: Expectation, evidence: Evidence) -> Verdict:
    """Return the verdict on replicas that were not as expected, with the first cause in the order of the chain."""
    last = evidence.history[-1]
    outcome = Outcome.NOT_SCALED if last.ready <= expectation.from_replicas else Outcome.WRONG_COUNT
    facts = MissedExpectation(expectation, last, evidence.load, waited=evidence.now > expectation.within_seconds)
    return Verdict(outcome, _cause(expectation, evidence), facts)


def _cause(expectation: Expectation, evidence: Evidence) -> Reason:
    last, start = evidence.history[-1], expectation.from_replicas
    failure = diagnosis.load_failure(evidence.load)
    if failure is not None:
        return failure.reason
    if last.desired > expectation.most:
        return Reason.MORE_THAN_EXPECTED
    if last.desired >= expectation.least:
        return Reason.PODS_NOT_READY
    if max(counts.spec for counts in evidence.history) > start or not expectation.hpa_limits:
        # It grew, if not by enough; or nothing is known of what the HPA acts on.
        return Reason.FEWER_THAN_EXPECTED
    return Reason.HPA_DID_NOT_ACT if evidence.metric_was_over else Reason.METRIC_NOT_OVER_THRESHOLD
