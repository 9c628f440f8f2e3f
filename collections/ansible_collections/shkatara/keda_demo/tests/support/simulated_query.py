# SPDX-License-Identifier: MIT
"""A query of a simulated world: what Prometheus makes of the pods' raw samples at a moment.

Written from Prometheus 2.41, promql/functions.go (extrapolatedRate, instantValue), promql/engine.go (the points of a
subquery are multiples of its step) and rules/manager.go (a group's ticker). It shares no arithmetic with the
collection.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

LOOKBACK = 300.0


@dataclass(frozen=True)
class Layer:
    """What is taken of an inner value: `kind` is rule, max, min, avg or last.

    A rule has an interval in `step`. `phase` is the time of one of its evaluations, or of one multiple of the step.
    """

    kind: str
    step: float
    window: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True)
class Query:
    """`function` is rate, irate, increase, or empty for a gauge of the requests in flight, each for `latency` seconds.

    `per_pod` takes the first layer of each pod's samples and not of the sum. `left_open` is the range of Prometheus 3,
    without the sample at its beginning.
    """

    function: str = "rate"
    factor: float = 1.0
    offset: float = 0.0
    mean: bool = False
    rounding: str = ""
    low: float = -math.inf
    high: float = math.inf
    layers: tuple[Layer, ...] = ()
    per_pod: bool = False
    latency: float = 0.0
    left_open: bool = False

    @property
    def history(self):
        """How long a sample may matter, without the function's own window."""
        return self.offset + self.latency + sum(layer.window + layer.step for layer in self.layers)

    def at(self, now, window, pods):
        """The value at a moment; None without a series."""
        value = self._layer(len(self.layers), now, window, pods)
        if value is None:
            return None
        value *= self.factor
        if self.rounding:
            value = {"ceil": math.ceil, "floor": math.floor, "round": lambda x: math.floor(x + 0.5)}[self.rounding](
                value
            )
        return min(max(value, self.low), self.high)

    def _layer(self, depth, now, window, pods):
        if depth == (1 if self.per_pod else 0):
            return self._aggregate(now - self.offset, window, pods)
        layer = self.layers[depth - 1]
        newest = math.floor((now - layer.phase) / layer.step)
        if layer.kind == "rule":
            return self._layer(depth - 1, layer.phase + newest * layer.step, window, pods)
        points, point = [], layer.phase + newest * layer.step
        while point >= now - layer.window:
            if not (self.left_open and point <= now - layer.window):
                points.append(point)
            point -= layer.step
        values = [self._layer(depth - 1, point, window, pods) for point in reversed(points)]
        return over_time(layer.kind, values)

    def _aggregate(self, now, window, pods):
        values = [value for value in (self._of_pod(now, window, pod) for pod in pods) if value is not None]
        if not values:
            return None
        return sum(values) / len(values) if self.mean else sum(values)

    def _of_pod(self, now, window, pod):
        if self.per_pod:
            first = bisect.bisect_left(pod.times, now - self.layers[0].window)
            last = bisect.bisect_right(pod.times, now)
            return over_time(self.layers[0].kind, pod.levels[first:last])
        if not self.function:
            last = bisect.bisect_right(pod.times, now) - 1
            is_there = last >= 0 and now < pod.stale and pod.times[last] > now - LOOKBACK
            return pod.levels[last] if is_there else None
        if self.function == "irate":
            return instant_rate(pod, now, window, self.left_open)
        rate = pod.rate(now, window, self.left_open)
        return rate if rate is None or self.function == "rate" else rate * window


def instant_rate(pod, now, window, left_open=False):
    """irate(): the increase between the last two samples of the window."""
    find = bisect.bisect_right if left_open else bisect.bisect_left
    first, last = find(pod.times, now - window), bisect.bisect_right(pod.times, now) - 1
    if last <= first:
        return None
    return (pod.values[last] - pod.values[last - 1]) / (pod.times[last] - pod.times[last - 1])


def over_time(kind, values):
    """The value of max_over_time and the like; None without any."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    if kind == "last":
        return there[-1]
    return sum(there) / len(there) if kind == "avg" else {"max": max, "min": min}[kind](there)
