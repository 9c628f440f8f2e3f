# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a user expects of a load whose effect can't be predicted: the counts of replicas, and by when."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Expected:
    """The option `expected`: from `least` to `most` replicas, all Ready within `within_seconds` of the load's begin."""

    least: int
    most: int
    within_seconds: float


@dataclass(frozen=True)
class Expectation:
    """Expected replicas and those before the load, with what the hops of the load are recognized by.

    `hpa_limits` are the values of the HPA's external metrics, as its status has them, above which it acts.
    `acts_above` is the value of the trigger's query above which the HPA acts at the beginning, infinite if it is not
    known.
    """

    expected: Expected
    from_replicas: int
    min_replicas: int = 1
    hpa_limits: Mapping[str, float] = field(default_factory=dict)
    acts_above: float = math.inf

    @property
    def least(self) -> int:
        """The lowest expected count."""
        return self.expected.least

    @property
    def most(self) -> int:
        """The highest expected count."""
        return self.expected.most

    @property
    def within_seconds(self) -> float:
        """The latest time at which all expected replicas are Ready."""
        return self.expected.within_seconds

    @property
    def possible_replicas(self) -> Sequence[int]:
        """All expected counts."""
        return range(self.least, self.most + 1)
