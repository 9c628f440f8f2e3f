# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Quantiles of a stream of values in bounded memory."""

from __future__ import annotations

import math
from collections import Counter

_RATIO = 1.02
_LOG_RATIO = math.log(_RATIO)
_LEAST = 1e-6


class Histogram:
    """Counts values in buckets of which neighbours differ by 2 %, which so is the error of a quantile."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.highest = 0.0

    def add(self, value: float) -> None:
        """Count a value; what is below 0.000001 counts as that."""
        self._buckets[math.ceil(math.log(max(value, _LEAST)) / _LOG_RATIO)] += 1
        self.count += 1
        self.highest = max(self.highest, value)

    def take_in(self, other: Histogram) -> None:
        """Count all values of another histogram too. Quantiles can't be merged, buckets can."""
        self._buckets.update(other._buckets)
        self.count += other.count
        self.highest = max(self.highest, other.highest)

    def quantile(self, share: float) -> float | None:
        """Return the upper bound of the bucket that holds the quantile; None without values."""
        wanted = max(1, math.ceil(share * self.count))
        for bucket in sorted(self._buckets):
            wanted -= self._buckets[bucket]
            if wanted <= 0:
                return min(_RATIO**bucket, self.highest)
        return None

    def summary_ms(self) -> dict[str, float]:
        """Return p50, p99 and max of values that are seconds, in milliseconds; empty without values."""
        quantiles = {"p50": self.quantile(0.5), "p99": self.quantile(0.99), "max": self.highest}
        return {name: round(1000 * value, 2) for name, value in quantiles.items() if value is not None and self.count}
