# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The stages of a load, and the time at which each request is due. Only arithmetic."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from .request import Request

# Sums of rate x duration are not exact. A sum this little below a whole number of requests counts as that number.
_NEARLY = 1e-6


@dataclass(frozen=True)
class Stage:
    """A part of a load: `rate` requests a second for `duration` seconds.

    With `ramp` the rate changes linearly to `rate`, from the rate of the stage before or, in the first stage, from 0. A
    rate of 0 is a pause.

    :raises ValueError: the rate is negative, the duration is not above 0, or either is not finite
    """

    rate: float
    duration: float
    ramp: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.rate < math.inf:
            raise ValueError(f"a stage's rate is {self.rate:g} and must be at least 0 and finite")
        if not 0 < self.duration < math.inf:
            raise ValueError(f"a stage's duration is {self.duration:g} and must be greater than 0 and finite")


@dataclass(frozen=True)
class LoadSpec:
    """The requests to `url`: the stages one after another, each request with a time-out of `timeout` seconds.

    With `more_urls` the requests go to all URLs in turn.

    `workers` processes share the requests: worker k of n sends the requests k, k + n, k + 2n ... of one schedule.

    :raises ValueError: no stage has a rate above 0, timeout is not above 0 and finite, or workers is below 1
    """

    url: str
    stages: tuple[Stage, ...]
    timeout: float = 10.0
    workers: int = 1
    keep_alive: bool = False
    request: Request = Request()  # noqa: RUF009 - it is frozen
    more_urls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not any(stage.rate for stage in self.stages):
            raise ValueError("a load needs a stage with a rate greater than 0")
        if not 0 < self.timeout < math.inf:
            raise ValueError(f"timeout is {self.timeout:g} and must be greater than 0 and finite")
        if self.workers < 1:
            raise ValueError(f"workers is {self.workers} and must be at least 1")

    @property
    def urls(self) -> tuple[str, ...]:
        """All URLs, in their order."""
        return (self.url, *self.more_urls)

    def urls_of(self, worker: int) -> list[str]:
        """Return the URLs of a worker's requests, in the order in which they repeat: request n goes to URL n."""
        return [self.urls[(worker + turn * self.workers) % len(self.urls)] for turn in range(len(self.urls))]

    @property
    def rate(self) -> float:
        """The rate at the end, in requests a second."""
        return self.stages[-1].rate

    @property
    def highest_rate(self) -> float:
        """The highest rate of all stages, in requests a second."""
        # Also with ramps, which begin at the rate of another stage.
        return max(stage.rate for stage in self.stages)

    @property
    def duration(self) -> float:
        """The seconds of all stages together."""
        return self._ends[-1]

    @property
    def last_stage_start(self) -> float:
        """The seconds at which the last stage begins."""
        return self._ends[-2] if len(self.stages) > 1 else 0.0

    @property
    def count(self) -> int:
        """The number of requests, at least 1; it bounds the load even if the clock jumps."""
        return max(1, math.floor(self._requests[-1] + _NEARLY))

    def numbers(self, worker: int) -> range:
        """Return the numbers of the requests that a worker (from 0) sends."""
        return range(worker, self.count, self.workers)

    def requests_until(self, seconds: float) -> float:
        """Return the number of requests due in the first `seconds`, as a real number: the integral of the rate."""
        if seconds <= 0:
            return 0.0
        if seconds >= self.duration:
            return self._requests[-1]
        index = bisect_right(self._ends, seconds)
        begin, before = self._begin(index)
        first, stage = self._first_rate(index), self.stages[index]
        inside = seconds - begin
        return before + first * inside + (stage.rate - first) * inside**2 / (2 * stage.duration)

    def due(self, number: int) -> float:
        """Return the seconds at which request `number` (from 0, less than `count`) is due.

        This is the latest time t with requests_until(t) <= number. So each request stands for the interval after it,
        and a request due at the beginning of a pause is sent at its end.

        :raises IndexError: there is no such request
        """
        if not 0 <= number < self.count:
            raise IndexError(f"request {number} of {self.count}")
        index = bisect_right(self._requests, number + _NEARLY)
        if index == len(self.stages):  # the only request of a load whose integral is below 1
            return 0.0
        begin, before = self._begin(index)
        first, stage = self._first_rate(index), self.stages[index]
        inside = max(0.0, number - before)
        # The root of the quadratic equation, in the form that subtracts nothing and also holds without a ramp. It is
        # 0/0 at the beginning of a ramp from 0.
        slope = (stage.rate - first) / stage.duration
        root = first + math.sqrt(max(0.0, first**2 + 2 * slope * inside))
        return begin + (min(stage.duration, 2 * inside / root) if root else 0.0)

    def _begin(self, index: int) -> tuple[float, float]:
        """Return the time at which a stage begins, and the number of requests due before it."""
        return (self._ends[index - 1], self._requests[index - 1]) if index else (0.0, 0.0)

    def _first_rate(self, index: int) -> float:
        if not self.stages[index].ramp:
            return self.stages[index].rate
        return self.stages[index - 1].rate if index else 0.0

    # cached_property writes past __setattr__, so it works in a frozen dataclass without slots.
    @cached_property
    def _ends(self) -> list[float]:
        return list(accumulate(stage.duration for stage in self.stages))

    @cached_property
    def _requests(self) -> list[float]:
        """The number of requests due until the end of each stage."""
        means = ((self._first_rate(index) + stage.rate) / 2 for index, stage in enumerate(self.stages))
        return list(accumulate(mean * stage.duration for mean, stage in zip(means, self.stages, strict=True)))
