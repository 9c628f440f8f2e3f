# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Between which bounds a query over a window shows a load, from its first request on, as pure functions.

`rate(x[w])` of a pod that is scraped every s seconds is the increase between the first and the last sample of the
window by the time between them, drawn out to the window's edges. That time L is more than w - 2s, and the last sample
is up to s old. Source: Prometheus 2.41, promql/functions.go, extrapolatedRate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# How late Prometheus may begin to scrape a new pod: two tickers of 5 s, one after the other.
# Source: Prometheus 2.41, discovery/manager.go, updatert; scrape/manager.go, reloader.
DISCOVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Timing:
    """How long each part of the chain may take, in seconds.

    `own_pods` says whether the metric comes from the pods that are scaled: then a new one is not counted at once.
    """

    scrape_interval: float
    query_window: float
    hpa_sync: float = 15.0
    pod_start: float = 30.0
    keda_polling: float = 0.0
    own_pods: bool = True

    @property
    def full_seconds(self) -> float:
        """How long it takes until the whole of a constant load is shown.

        The scrape that ends the first full window comes up to one interval late, and `rate` sees only whole samples,
        which is one more.
        """
        return 2 * self.scrape_interval + self.query_window

    @property
    def counted_seconds(self) -> float:
        """How long it takes from a pod's start until all of its share is shown: its first scrape, then a window."""
        return DISCOVERY_SECONDS + self.scrape_interval + self.query_window


def excess_share(timing: Timing, before: int, count: int) -> float:
    """Return by which part at most the sum exceeds the load after a step from `before` pods to `count`.

    When new pods take their share, the old ones' samples are up to s old, and `rate` draws their former speed out
    to now, while the new ones are shown already: ``(1 - before/count) * s/w``. Nothing of it without a window.
    """
    if not timing.own_pods or not timing.query_window or count <= before:
        return 0.0
    return (1 - before / count) * min(1.0, timing.scrape_interval / timing.query_window)


def missing_share(timing: Timing, before: int, count: int) -> float:
    """Return which part of the load is not shown at most, after a step from `before` pods to `count`.

    New pods take their share of the requests as soon as they are Ready, while `rate` needs two scrapes of each to see
    any of them: ``(1 - before/count) * lost``, where `lost` is the part of the window that goes by until then.
    """
    if not timing.own_pods or count <= before:
        return 0.0
    unseen = DISCOVERY_SECONDS + 2 * timing.scrape_interval
    lost = 1.0 if unseen >= timing.query_window else unseen / timing.query_window
    return (1 - before / count) * lost


def highest_shown(requests_until: Callable[[float], float], timing: Timing, seconds: float) -> float:
    """Return the highest rate that the query may show `seconds` after the first request, in requests a second.

    :param requests_until: the requests that are due until so many seconds after the first one
    """
    sampled = timing.query_window - timing.scrape_interval
    if sampled <= 0:
        # Two samples at least, or none: whatever is sent within an interval may be all that is shown.
        sampled = max(timing.scrape_interval, 1.0)
    # Requests are whole: the first is sent at 0.
    return (1 + requests_until(seconds) - requests_until(max(0.0, seconds - sampled))) / sampled


def earliest_shown(
    requests_until: Callable[[float], float], timing: Timing, rate: float, longest: float
) -> float | None:
    """Return when the query may show `rate` at the earliest, in seconds since the first request.

    :param longest: the load's length in seconds
    :returns: None where it never does
    """
    if rate <= 0:
        return 0.0
    if highest_shown(requests_until, timing, longest) < rate * (1 - 1e-9):
        return None
    low, high = 0.0, longest
    # What is shown rises while the load does not fall, which LoadSpec's callers have checked.
    for _ in range(60):
        middle = (low + high) / 2
        if highest_shown(requests_until, timing, middle) < rate:
            low = middle
        else:
            high = middle
    return high
