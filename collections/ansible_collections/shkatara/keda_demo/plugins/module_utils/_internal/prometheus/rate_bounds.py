# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Bounds of the rate that a query shows under a load, from the first request on, as pure functions.

`rate(x[w])` of a pod that is scraped every s seconds is the increase between the first and the last sample of the
window divided by the time between them, extrapolated to the window's edges. That time is more than w - 2s, and the
last sample is up to s old. `irate` is the increase between the last two samples, so that it has no window but the time
of two scrapes. A gauge is its last sample. Source: Prometheus 2.41, promql/functions.go, extrapolatedRate,
instantValue.

A query's offset, its recording rules and its subqueries add to the time until it shows a load, and to the time until it
shows the load's end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .query_shape import OverTimeFunction, QueryShape

# The longest delay before Prometheus scrapes a new pod: two tickers of 5 s, one after the other.
# Source: Prometheus 2.41, discovery/manager.go, updatert; scrape/manager.go, reloader.
DISCOVERY_SECONDS = 10.0
# After so many scrape intervals without a scrape Prometheus marks the series of a pod that is gone as stale.
# Source: Prometheus 2.41, scrape/scrape.go, endOfRunStaleness.
_STALE_INTERVALS = 2.2
# How exact an earliest time is, in seconds.
_EXACT_SECONDS = 1e-6
# A gauge's rate at a moment is taken over this time, in seconds.
_MOMENT_SECONDS = 0.01


@dataclass(frozen=True)
class Timing:
    """The longest duration of each part of the chain, in seconds, and the query that it passes through.

    `shape` is the query's; without it the query is `sum(rate(x[query_window]))`. `own_pods` says whether the metric
    comes from the pods that are scaled: the metric then lacks a new pod's share at first. `event_seconds` is how long a
    request stays in the value of a gauge. `pods_in_order` says whether pods start and stop one after the other, as a
    StatefulSet's do by default. `pod_stop` is how long a pod that is being deleted still counts as a replica: 0 for a
    Deployment's.
    """

    scrape_interval: float
    query_window: float = 0.0
    hpa_sync: float = 15.0
    pod_start: float = 30.0
    keda_polling: float = 0.0
    own_pods: bool = True
    pods_in_order: bool = False
    pod_stop: float = 0.0
    shape: QueryShape | None = None
    event_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.shape is not None:
            object.__setattr__(self, "query_window", self.shape.window)

    @property
    def query(self) -> QueryShape:
        """The query's shape."""
        return self.shape or QueryShape("", window=self.query_window)

    @property
    def range_seconds(self) -> float:
        """The time over which the query takes a rate: its window, and no time for `irate` and gauges."""
        return self.query.window if self.query.function in ("rate", "increase") else 0.0

    @property
    def is_last_sample(self) -> bool:
        """Whether a pod's part of the value is that of its last samples, however long the window is."""
        return self.query.function not in ("rate", "increase")

    @property
    def takes_mean(self) -> bool:
        """Whether the value falls with each pod that is added: the mean of series of which each pod has one."""
        return self.query.mean and self.own_pods

    @property
    def full_seconds(self) -> float:
        """The longest time until the query returns the whole rate of a constant load; the sum of full_parts."""
        return sum(full_parts(self).values())

    @property
    def counted_seconds(self) -> float:
        """The longest time from a pod's start until the query returns all of its share.

        The pod's first scrape comes after its discovery; `irate` needs one more. Then what is before the query's other
        parts has to leave their windows.
        """
        first = DISCOVERY_SECONDS + self.scrape_interval * (2 if self.query.function == "irate" else 1)
        return first + sum(seconds for name, seconds in full_parts(self).items() if name != "scrape")

    @property
    def settle_seconds(self) -> float:
        """The longest time for which the value may still change after the requests of an earlier load have ended."""
        steps = sum(part.step for part in self.query.over_time)
        return 2 * self.scrape_interval + self.query.history_seconds + self.query.delay_seconds + steps

    @property
    def kept_seconds(self) -> float:
        """The time for which the query keeps the whole value after a load for certain: its offset and its maximum."""
        maxima = [part for part in self.query.over_time if part.function is OverTimeFunction.MAX]
        kept = sum(max(0.0, part.window - (part.step or self.scrape_interval)) for part in maxima)
        return max(0.0, self.query.offset) + kept


def full_parts(timing: Timing) -> dict[str, float]:
    """Return the parts of the longest time until the query returns the whole rate of a constant load, in seconds.

    The scrape that ends the first full window comes up to one interval late, and `rate` sees only whole samples, which
    is one more. A rule is evaluated up to an interval later, and a subquery's newest value is up to a step old. A mean
    or a minimum is full when its window holds nothing of the time before.
    """
    return {**_reading_parts(timing), "over_time": _over_time(timing, OverTimeFunction.AVG, OverTimeFunction.MIN)}


def fall_parts(timing: Timing, pods_stay: float = 0.0) -> dict[str, float]:
    """Return the parts of the longest time until the query shows nothing of a load that has ended, in seconds.

    :param pods_stay: how long pods stay for certain after the load. A pod that leaves before its counter was scraped
        twice keeps its last rate, for the window of `irate`, or until its gauge is stale
    """
    parts = {**_reading_parts(timing), "over_time": _over_time(timing, OverTimeFunction.AVG, OverTimeFunction.MAX)}
    if timing.own_pods and timing.is_last_sample and pods_stay < parts["scrape"]:
        parts["pods_gone"] = gone_seconds(timing)
    return parts


def gone_seconds(timing: Timing) -> float:
    """Return the longest time for which a pod that is gone has a part of the value."""
    stale = DISCOVERY_SECONDS + _STALE_INTERVALS * timing.scrape_interval
    kept = timing.query_window if timing.query.is_rate else stale
    return kept + _over_time(timing, OverTimeFunction.LAST)


def _reading_parts(timing: Timing) -> dict[str, float]:
    query = timing.query
    return {
        "scrape": 2 * timing.scrape_interval,
        "query_window": timing.range_seconds,
        "in_flight": timing.event_seconds,
        "offset": max(0.0, query.offset),
        "rule_interval": sum(rule.interval for rule in query.rules),
    }


def _over_time(timing: Timing, *functions: OverTimeFunction) -> float:
    """Return the steps of all subqueries, and the windows of those with these functions, in seconds."""
    return sum(part.step + (part.window if part.function in functions else 0.0) for part in timing.query.over_time)


def excess_share(timing: Timing, before: int, count: int) -> float:
    """Return the largest part by which the sum exceeds the load after a step from `before` pods to `count`.

    When new pods take their share, the old pods' samples are up to s old, and `rate` extrapolates their former rate to
    now, while the sum has the new pods already: ``(1 - before/count) * s/w``. `irate` and a gauge show the whole of the
    former rate until the next scrape. The maximum of each pod's gauge over a time has its share when it was the newest.
    Without a window it is 0.
    """
    if not timing.own_pods or count <= before:
        return 0.0
    query, share = timing.query, 1 - before / count
    of_each_pod = not query.is_rate and any(not part.step for part in query.over_time)
    if of_each_pod:
        return sum(1 / pods for pods in range(before + 1, count + 1))
    if timing.is_last_sample:
        return share
    return share * min(1.0, timing.scrape_interval / query.window) if query.window else 0.0


def missing_share(timing: Timing, before: int, count: int) -> float:
    """Return the largest part of the load that the sum lacks after a step from `before` pods to `count`.

    New pods take their share of the requests as soon as they are Ready, while `rate` needs two scrapes of each pod:
    ``(1 - before/count) * lost``, where `lost` is the part of the window that passes until then.
    """
    if not timing.own_pods or count <= before:
        return 0.0
    unseen = DISCOVERY_SECONDS + 2 * timing.scrape_interval
    lost = 1.0 if unseen >= timing.range_seconds else unseen / timing.range_seconds
    return (1 - before / count) * lost


def highest_rate(requests_until: Callable[[float], float], timing: Timing, seconds: float) -> float:
    """Return the highest rate that the query can return `seconds` after the first request, in requests a second.

    :param requests_until: gives the requests that are due within some seconds after the first one
    """
    if not timing.query.is_rate:
        # A gauge may show requests from their first moment on.
        around = (max(0.0, seconds - _MOMENT_SECONDS), seconds, seconds + _MOMENT_SECONDS)
        until = [requests_until(moment) for moment in around]
        return max(until[1] - until[0], until[2] - until[1]) / _MOMENT_SECONDS
    sampled = timing.range_seconds - timing.scrape_interval
    if sampled <= 0:
        # `rate` needs two samples: requests within one interval may be all that it counts.
        sampled = timing.scrape_interval if timing.query.function == "irate" else max(timing.scrape_interval, 1.0)
    # Requests are whole: the first is sent at 0.
    return (1 + requests_until(seconds) - requests_until(max(0.0, seconds - sampled))) / sampled


def earliest_time(
    requests_until: Callable[[float], float], timing: Timing, rate: float, longest: float
) -> float | None:
    """Return the earliest time at which the query can return `rate`, in seconds since the first request.

    The query's offset delays it for certain. A recording rule and a subquery may have been evaluated just now.

    :param longest: the load's length in seconds
    :returns: None if the rate is never reached
    """
    if rate <= 0:
        return 0.0
    if highest_rate(requests_until, timing, longest) < rate * (1 - 1e-9):
        return None
    low, high = 0.0, longest
    # The highest rate does not fall while the load does not, which the callers check.
    while high - low > _EXACT_SECONDS:
        middle = (low + high) / 2
        if highest_rate(requests_until, timing, middle) < rate:
            low = middle
        else:
            high = middle
    return high + max(0.0, timing.query.offset)
