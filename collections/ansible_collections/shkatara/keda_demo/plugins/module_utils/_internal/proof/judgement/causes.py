# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether replicas grew because of the load, as pure functions.

Replicas that become as predicted prove nothing if they had grown without the load too. So the chain is followed back
from the replicas: the HPA's decision, the HPA's value of the metric, the trigger's query, the scraped counter, and the
requests that the pods counted. Each link must have moved, and none before the load can have moved it.

Times are seconds since the first request, on one monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...autoscaling.hpa import AVERAGE_VALUE
from ...autoscaling.hpa_model import NotPredicted
from ...autoscaling.hpa_object import HpaView
from ...prediction.expectation import Expectation
from ...prediction.scale_out import Prediction, PredictionReason
from ..observed.replicas import ReplicaCounts
from .cause_facts import MovedBeforeLoad, NeverOver, NotCounted, NotScraped, OtherMetric, RaisedMinimum, TooEarly
from .end_to_end import EndToEnd
from .outcomes import Outcome, Reason, Verdict

# The prediction's times are rounded to tenths.
_ROUNDING_SECONDS = 0.1
# The limits of an expectation have a tolerance in them, which is 10 % unless the HPA has its own.
_USUAL_TOLERANCE = 1.1


@dataclass(frozen=True)
class Witnesses:
    """What was observed of a load besides its answers.

    `history` and `statuses` (seconds, the HPA) begin with what was there at the first request. `readings` are
    (seconds, the trigger's value) since then; a reading may come up to `poll_seconds` after the HPA's. `metric` is the
    HPA's name of the load's metric. `activation` is the value above which KEDA brings the first replicas. `scraped`
    says whether Prometheus' samples of the counter rose, None where there were none. `others` are the triggers that are
    not predicted.
    """

    history: Sequence[ReplicaCounts]
    readings: Sequence[tuple[float, float | None]]
    statuses: Sequence[tuple[float, HpaView]]
    metric: str
    poll_seconds: float
    activation: float = 0.0
    scraped: bool | None = None
    requests: int = 0
    others: tuple[NotPredicted, ...] = ()


def moved_before_load(counts: ReplicaCounts, from_replicas: int, sent: bool) -> Verdict | None:
    """Return the verdict that the replicas moved before the load, None where they are as the prediction has them.

    :param counts: those at the first request, or right before it
    :param sent: whether there was a first request
    """
    if {counts.desired, counts.spec, counts.current} == {from_replicas}:
        return None
    facts = MovedBeforeLoad(from_replicas, counts, sent)
    return Verdict(Outcome.WRONG_CAUSE, Reason.MOVED_BEFORE_LOAD, facts)


def wrong_cause(prediction: Prediction, seen: Witnesses) -> Verdict | None:
    """Return why the replicas did not become as predicted because of the metric; None where they did."""
    return other_growth(prediction, seen) or _too_early(prediction, seen) or _never_over(prediction, seen)


def uncounted(seen: Witnesses, end_to_end: EndToEnd | None, others: float) -> Verdict | None:
    """Return the verdict that the pods did not count this load's requests; None where they did, or nobody knows.

    :param others: the requests of others that are known of, and do not disturb the proof
    """
    facts: NotCounted | NotScraped | None = None
    if end_to_end is not None and end_to_end.agrees is False and end_to_end.counted is not None:
        answered, most, counted = end_to_end.answered, end_to_end.most, end_to_end.counted
        if counted < answered or counted > most + others:
            facts = NotCounted(answered, most, counted)
    if facts is None and seen.scraped is False:
        facts = NotScraped(seen.requests)
    return None if facts is None else Verdict(Outcome.WRONG_CAUSE, Reason.REQUESTS_NOT_COUNTED, facts)


def other_growth(prediction: Prediction, seen: Witnesses) -> Verdict | None:
    """Return the verdict that the HPA grew by another metric, or because its minimum was raised; None otherwise.

    Each growth of the HPA has to be asked for by the load's metric, where the HPA's status names another cause.
    """
    if not any(seen.metric in status.demands for _at, status in seen.statuses):
        return None
    (_at, first), *later = seen.statuses
    begin = _begin(prediction)
    highest = max(begin, first.desired)
    for at, status in later:
        if status.desired <= highest:
            continue
        highest = status.desired
        by_load = status.demands.get(seen.metric, 0)
        if status.desired <= by_load:
            continue
        if prediction.min_replicas < status.min_replicas >= status.desired:
            raised = RaisedMinimum(prediction.min_replicas, status.min_replicas, by_load, status.desired, at)
            return Verdict(Outcome.WRONG_CAUSE, Reason.OTHER_WRITER, raised)
        others = {name: asked for name, asked in status.demands.items() if name != seen.metric}
        for name, asked in others.items():
            if asked > max(by_load, begin, first.demands.get(name, 0)):
                facts = OtherMetric(name, asked, by_load, status.desired, at)
                return Verdict(Outcome.WRONG_CAUSE, Reason.OTHER_TRIGGER, facts)
    return None


def never_asked(expectation: Expectation, seen: Witnesses) -> Verdict | None:
    """Return the verdict that the HPA grew and none of its metrics asked for it; None where one did, or may have.

    It holds whatever the load is: the HPA's status has the value that each decision came from.
    """
    begin = max(1, expectation.from_replicas, expectation.min_replicas)
    index = next((index for index, (_at, status) in enumerate(seen.statuses) if status.desired > begin), 0)
    until = seen.statuses[: index + 1]
    if not index or any(len(status.demands) < len(status.metric_specs) for _at, status in until[1:]):
        return None
    at, grown = until[-1]
    asked = max((count for _at, status in until for count in status.demands.values()), default=begin + 1)
    # A smaller tolerance than the usual one may have let the HPA act on any value above its target.
    above = any(
        status.values.get(name, 0.0) * _USUAL_TOLERANCE > limit
        for _at, status in until
        for name, limit in expectation.hpa_limits.items()
    )
    if asked > begin or above:
        return None
    if grown.min_replicas > max(begin - 1, until[0][1].min_replicas) and grown.min_replicas >= grown.desired:
        raised = RaisedMinimum(until[0][1].min_replicas, grown.min_replicas, asked, grown.desired, at)
        return Verdict(Outcome.WRONG_CAUSE, Reason.OTHER_WRITER, raised)
    for name, limit in expectation.hpa_limits.items():
        values = [status.values[name] for _at, status in until if name in status.values]
        if values:
            facts = NeverOver(name, True, limit, max(values), grown.desired, at)
            return Verdict(Outcome.WRONG_CAUSE, Reason.METRIC_NEVER_OVER, facts)
    return None


def _too_early(prediction: Prediction, seen: Witnesses) -> Verdict | None:
    earliest = prediction.times.earliest_seconds
    if earliest is None:
        return None
    for counts in seen.history[1:]:
        if counts.desired > prediction.from_replicas and counts.desired in prediction.possible_replicas:
            if counts.seconds >= earliest - _ROUNDING_SECONDS:
                return None
            facts = TooEarly(counts.desired, counts.seconds, earliest)
            return Verdict(Outcome.WRONG_CAUSE, Reason.TOO_EARLY, facts)
    return None


def _never_over(prediction: Prediction, seen: Witnesses) -> Verdict | None:
    """Return the verdict that the replicas grew and the metric was not over its threshold.

    The tolerance is left out: it is more than what the value may move between a reading and the HPA's. The query and
    the HPA's own value both have to be over, since either shows a link; for the time of the decision one is enough, as
    both come a little after it. A query that nobody could read any more leaves the HPA's value alone.
    """
    if prediction.reason is PredictionReason.FALLBACK:
        return None
    begin = _begin(prediction)
    if prediction.from_replicas == 0:
        first = next((counts for counts in seen.history if counts.spec > 0), None)
        if first is not None and (_query_over(seen, seen.activation, first.seconds) or 0.0) > first.seconds:
            return _not_over(seen, seen.activation, first.spec, first.seconds, by_hpa=False)
    grown = next((counts for counts in seen.history if counts.desired > begin), None)
    if grown is None:
        return None
    limit = prediction.threshold * (begin if prediction.target_type == AVERAGE_VALUE else 1)
    by_query = _query_over(seen, limit, grown.seconds)
    own = _own_values(prediction, seen)
    # Without any value nothing speaks against the HPA's own.
    by_hpa = next((at for at, value in own if value > limit), math.inf if own else 0.0)
    known = [by_hpa] if by_query is None else [by_query, by_hpa]
    if min(known) <= grown.seconds and max(known) < math.inf:
        return None
    is_own = by_query is None or by_query <= grown.seconds
    return _not_over(seen, limit, grown.desired, grown.seconds, by_hpa=is_own, prediction=prediction)


def _begin(prediction: Prediction) -> int:
    """Return the count at which the HPA begins: from 0 replicas that which KEDA brings."""
    if prediction.from_replicas:
        return prediction.from_replicas
    return next(iter(prediction.steps.get(0) or [1]))


def _query_over(seen: Witnesses, limit: float, decided: float) -> float | None:
    """Return the earliest time at which the query may have been over a limit, infinite if each reading was under it.

    It may have been over since the reading before. It is None if the query was not over while it was read, and not read
    since the decision: Prometheus was lost on the way, which says nothing about the query.

    :param decided: the time of the decision that the query is to explain
    """
    before = 0.0
    for at, value in seen.readings:
        if value is not None and value > limit:
            return min(before, at - seen.poll_seconds)
        before = at
    is_read = any(at >= decided for at, _value in seen.readings)
    return math.inf if is_read else None


def _own_values(prediction: Prediction, seen: Witnesses) -> list[tuple[float, float]]:
    """Return (seconds, the metric's value in its unit) of the HPA's statuses."""
    per_pod = prediction.target_type == AVERAGE_VALUE
    return [
        (at, status.values[seen.metric] * (max(1, status.current) if per_pod else 1))
        for at, status in seen.statuses
        if seen.metric in status.values
    ]


def _not_over(
    seen: Witnesses, limit: float, replicas: int, seconds: float, *, by_hpa: bool, prediction: Prediction | None = None
) -> Verdict:
    values: list[float] = [value for at, value in seen.readings if value is not None and at <= seconds]
    if by_hpa and prediction is not None:
        values = [value for at, value in _own_values(prediction, seen) if at <= seconds]
    facts = NeverOver(seen.metric, by_hpa, limit, max(values, default=None), replicas, seconds, seen.others)
    return Verdict(Outcome.WRONG_CAUSE, Reason.METRIC_NEVER_OVER, facts)
