# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a query makes of a counter or a gauge: the part of PromQL whose value under a load can be computed.

A query of this shape takes the series of one selector through at most one function over a range (`rate`), adds the
series up or takes their mean, multiplies the result by a constant, rounds it and cuts it, and may take its maximum or
its mean over a longer time. Whatever has another shape is not predicted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class OverTimeFunction(StrEnum):
    """What a query takes of the values of a subquery, or of a gauge's samples within a range."""

    MAX = "max_over_time"
    MIN = "min_over_time"
    AVG = "avg_over_time"
    LAST = "last_over_time"


class Rounding(StrEnum):
    """The direction in which a value becomes a multiple of a step."""

    UP = "ceil"
    DOWN = "floor"
    NEAREST = "round"


@dataclass(frozen=True)
class OverTime:
    """The maximum, the minimum or the mean of a value within `window` seconds, evaluated every `step` seconds.

    A step of 0 says that the values are a gauge's samples.
    """

    function: OverTimeFunction
    window: float
    step: float


@dataclass(frozen=True)
class RecordingRule:
    """A rule whose result the query reads: Prometheus evaluates it every `interval` seconds."""

    name: str
    interval: float


@dataclass(frozen=True)
class QueryShape:
    """How a query's value follows from the rate of the events that its counter counts; times are in seconds.

    `selector` is the text of the vector selector. `function` is `rate`, `irate` or `increase`, and empty for the value
    itself, which is a gauge's. `window` is the function's range. `factor` is what one event a second adds to the value:
    the window for `increase`, and any constant that the query multiplies by. `mean` says that the value is the mean of
    the series and not their sum. `over_time` and `rules` are in the order from the inside out. `low` and `high` are the
    limits that the query cuts its value to. `constant` is what the query adds whatever the load is: the value is
    ``factor * rate + constant``, rounded, and then cut. `single` says that the query has one element however many
    series there are; without it, KEDA refuses the answer as soon as there are two pods with a series each. A `mean` is
    that of the pods if it is `mean_of_pods`, and else of all series, of which a pod may have several.
    """

    selector: str
    function: str = "rate"
    window: float = 0.0
    factor: float = 1.0
    offset: float = 0.0
    mean: bool = False
    rounding: Rounding | None = None
    rounding_step: float = 1.0
    low: float = -math.inf
    high: float = math.inf
    over_time: tuple[OverTime, ...] = ()
    rules: tuple[RecordingRule, ...] = ()
    constant: float = 0.0
    single: bool = True
    mean_of_pods: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether the value follows from how fast a counter grows."""
        return bool(self.function)

    @property
    def history_seconds(self) -> float:
        """The age of the oldest sample that the value may depend on, without the offset."""
        return self.window + sum(part.window for part in self.over_time)

    @property
    def delay_seconds(self) -> float:
        """The longest time by which the query's value lags behind the samples: the offset and each rule's interval."""
        return self.offset + sum(rule.interval for rule in self.rules)
