# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Bounds of the rate that a query over a window returns under a load, from the first request on, as pure functions.

`rate(x[w])` of a pod that is scraped every s seconds is the increase between the first and the last sample of the
window divided by the time between them, extrapolated to the window's edges. That time is more than w - 2s, and the
last sample is up to s old. Source: Prometheus 2.41, promql/functions.go, extrapolatedRate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# The longest delay before Prometheus scrapes a new pod: two tickers of 5 s, one after the other.
# Source: Prometheus 2.41, discovery/manager.go, updatert; scrape/manager.go, reloader.
DISCOVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Timing:
    """The longest duration of each part of the chain, in seconds.

    `own_pods` says whether the metric comes from the pods that are scaled: the metric then lacks a new pod's share at
    first. `pods_in_order` says whether pods start and stop one after the other, as a StatefulSet's do by default.
    `pod_stop` is how long a pod that is being deleted still counts as a replica: 0 for a Deployment's.
    """

    scrape_interval: float
    query_window: float
    hpa_sync: float = 15.0
    pod_start: float = 30.0
    keda_polling: float = 0.0
    own_pods: bool = True
    pods_in_order: bool = False
    pod_stop: float = 0.0

    @property
    def full_seconds(self) -> float:
        """The time until the query returns the whole rate of a constant load.

        The scrape that ends the first full window comes up to one interval late, and `rate` sees only whole samples,
        which is one more.
        """
        return 2 * self.scrape_interval + self.query_window

    @property
    def counted_seconds(self) -> float:
        """The time from a pod's start until the query returns all of its share: its first scrape, then a window."""
        return DISCOVERY_SECONDS + self.scrape_interval + self.query_window


def excess_share(timing: Timing, before: int, count: int) -> float:
    """Return the largest part by which the sum exceeds the load after a step from `before` pods to `count`.

    When new pods take their share, the old pods' samples are up to s old, and `rate` extrapolates their former rate to
    now, while the sum has the new pods already: ``(1 - before/count) * s/w``. Without a window it is 0.
    """
    if not timing.own_pods or not timing.query_window or count <= before:
        return 0.0
    return (1 - before / count) * min(1.0, timing.scrape_interval / timing.query_window)


def missing_share(timing: Timing, before: int, count: int) -> float:
    """Return the largest part of the load that the sum lacks after a step from `before` pods to `count`.

    New pods take their share of the requests as soon as they are Ready, while `rate` needs two scrapes of each pod:
    ``(1 - before/count) * lost``, where `lost` is the part of the window that passes until then.
    """
    if not timing.own_pods or count <= before:
        return 0.0
    unseen = DISCOVERY_SECONDS + 2 * timing.scrape_interval
    lost = 1.0 if unseen >= timing.query_window else unseen / timing.query_window
    return (1 - before / count) * lost


def highest_rate(requests_until: Callable[[float], float], timing: Timing, seconds: float) -> float:
    """Return the highest rate that the query can return `seconds` after the first request, in requests a second.

    :param requests_until: gives the requests that are due within some seconds after the first one
    """
    sampled = timing.query_window - timing.scrape_interval
    if sampled <= 0:
        # `rate` needs two samples: requests within one interval may be all that it counts.
        sampled = max(timing.scrape_interval, 1.0)
    # Requests are whole: the first is sent at 0.
    return (1 + requests_until(seconds) - requests_until(max(0.0, seconds - sampled))) / sampled


def earliest_time(
    requests_until: Callable[[float], float], timing: Timing, rate: float, longest: float
) -> float | None:
    """Return the earliest time at which the query can return `rate`, in seconds since the first request.

    :param longest: the load's length in seconds
    :returns: None if the rate is never reached
    """
    if rate <= 0:
        return 0.0
    if highest_rate(requests_until, timing, longest) < rate * (1 - 1e-9):
        return None
    low, high = 0.0, longest
    # The highest rate does not fall while the load does not, which the callers check.
    for _ in range(60):
        middle = (low + high) / 2
        if highest_rate(requests_until, timing, middle) < rate:
            low = middle
        else:
            high = middle
    return high
