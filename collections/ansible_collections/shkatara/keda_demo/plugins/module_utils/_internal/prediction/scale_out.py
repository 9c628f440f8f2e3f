# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What an HPA will do with a load: the counts, the paths to them, and the times, as pure functions.

The moments of scrape, query and sync are unknown, so a prediction has bounds: every count at which the HPA can come to
rest, and the earliest and the latest time of the first change and of the end.

All times are seconds since the first request.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ..autoscaling import hpa
from ..autoscaling.hpa import AVERAGE_VALUE, HpaConfig
from ..prometheus import query_result, rate_bounds
from ..prometheus.rate_bounds import Timing
from . import replica_graph, slowest_growth, stabilization
from .slowest_growth import CONTROLLERS_SECONDS
from .stabilization import ShortStabilization


class Load(Protocol):
    """A load as LoadSpec has it: `rate` is the requests a second of the last stage, which is the highest."""

    @property
    def rate(self) -> float: ...
    @property
    def duration(self) -> float: ...
    @property
    def last_stage_start(self) -> float: ...
    def requests_until(self, seconds: float) -> float: ...


@dataclass(frozen=True)
class InitialState:
    """The state before the load: replicas, and the metric's value, to which a request a second adds `per_request`.

    `per_request` is in the metric's unit, so the query's factor is part of it. From 0 replicas KEDA takes up to
    `activation_seconds` to bring the first `from_zero` replicas.
    """

    replicas: int
    baseline: float = 0.0
    per_request: float = 1.0
    activation_seconds: float = 0.0
    from_zero: int = 1

    @property
    def hpa_replicas(self) -> int:
        """The count at which the HPA begins: it does nothing at 0."""
        return self.replicas or self.from_zero

    def total(self, rate: float, timing: Timing) -> float:
        """Return the sum over the pods, in the metric's unit, under `rate` requests a second."""
        return query_result.total_at_rest(timing, self.baseline, self.hpa_replicas) + rate * self.per_request

    def value(self, rate: float, timing: Timing) -> float:
        """Return the value of the query under `rate` requests a second, before replicas change."""
        return query_result.value_of(timing, self.total(rate, timing), self.hpa_replicas)


class PredictionReason(StrEnum):
    """Why the prediction has its count: the load, or the cause that keeps replicas from growing further."""

    LOAD = "load"
    LOAD_UNDER_THRESHOLD = "load_under_threshold"
    LOAD_UNDER_ACTIVATION = "load_under_activation"
    MAX_REPLICAS = "max_replicas"
    FALLBACK = "fallback"
    SCALE_UP_DISABLED = "scale_up_disabled"
    QUERY_LIMIT = "query_limit"
    FALLS_BACK = "falls_back"


@dataclass(frozen=True)
class ChangeTimes:
    """When replicas change; the earliest times are None if no change is predicted.

    `*_change_seconds` bound the first change. `earliest_seconds` bounds the decision on one of the possible counts, and
    `latest_seconds`, the sum of `latest_parts`, the moment when all pods are Ready.
    """

    earliest_change_seconds: float | None
    latest_change_seconds: float
    earliest_seconds: float | None
    latest_seconds: float
    latest_parts: dict[str, float]


@dataclass(frozen=True)
class Prediction:
    """What a load will do to the replicas. The module's RETURN explains each field."""

    replicas: int
    possible_replicas: list[int]
    from_replicas: int
    reason: PredictionReason
    metric: float
    threshold: float
    target_type: str
    tolerance: float
    min_replicas: int
    max_replicas: int
    steps: dict[int, list[int]]
    paths: list[list[int]] | None
    times: ChangeTimes
    warnings: list[ShortStabilization] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether replicas are predicted to grow."""
        return self.replicas != self.from_replicas

    @property
    def acts_above(self) -> float:
        """The metric's value, in its unit, above which the HPA acts at the beginning."""
        pods = max(1, self.from_replicas) if self.target_type == AVERAGE_VALUE else 1
        return self.threshold * pods * (1 + self.tolerance)


def first_times(
    config: HpaConfig, load: Load, start: InitialState, graph: Mapping[int, list[int]], timing: Timing
) -> dict[int, float]:
    """Return the earliest time at which the HPA may decide on each count of a graph, in seconds.

    A step needs a metric that asks for it. From its second step on the HPA also needs a period between two syncs.
    """
    metric, begin = config.load_metric, start.hpa_replicas
    total, at_rest = start.total(load.rate, timing), start.total(0.0, timing)
    remembered = replica_graph.remembered_recommendations(config, total, timing, begin)
    first = {begin: 0.0}
    for count in sorted(graph):
        if count not in first:
            continue
        soonest = first[count] + (timing.hpa_sync if count != begin else 0.0)
        for after in graph[count]:
            if soonest >= first.get(after, math.inf):
                continue
            value = max(metric.goal(count) * (1 + config.up_tolerance), metric.goal(after - 1))
            least = query_result.least_total(timing, value, begin)
            by_load = least / (1 + rate_bounds.excess_share(timing, begin, count)) - at_rest
            if hpa.next_replicas(config, 0.0, count) >= after or remembered.get(count, 0) >= after:
                by_load = 0.0
            shown = rate_bounds.earliest_time(
                load.requests_until, timing, by_load / (start.per_request or 1e-9), load.duration
            )
            first[after] = min(first.get(after, math.inf), max(shown or 0.0, soonest))
    return first


def predict(
    config: HpaConfig, load: Load, start: InitialState, timing: Timing, reason: PredictionReason | None = None
) -> Prediction:
    """Return what a load will do to the replicas, and when.

    :param reason: the cause of the metric's value, if it is not the load
    :raises ValueError: see proposed_replicas
    """
    begin = start.hpa_replicas
    total = start.total(load.rate, timing)
    graph = replica_graph.step_graph(config, total, begin, timing)
    possible = replica_graph.stable_replicas(config, total, graph, timing)
    first = first_times(config, load, start, graph, timing)
    first_change = min((first[count] for count in graph[begin]), default=0.0) if start.replicas else 0.0
    first_possible = min(first[count] for count in possible)
    slowest = slowest_growth.slowest_growth(config, total, graph, timing)
    first_parts = _first_change_parts(config, load, start, timing)
    latest_change = sum(first_parts.values())
    # Pods that start in order are a chain of as many starts, from the first change to the end.
    starts = max(1, max(possible) - start.replicas) if timing.pods_in_order else 1
    parts = {**first_parts, **slowest_growth.further_parts(config, slowest, timing)}
    parts["pod_start"] = starts * timing.pod_start
    if start.replicas == 0:
        parts |= slowest_growth.first_pods_parts(config, timing)
        graph = {0: [begin], **graph}
    replicas = replica_graph.resting_replicas(config, total, possible, timing)
    changes = replicas != start.replicas
    return Prediction(
        replicas=replicas,
        possible_replicas=possible,
        from_replicas=start.replicas,
        reason=reason or _reason(config, total, start, possible, timing),
        metric=round(start.value(load.rate, timing), 6),
        threshold=config.load_metric.target,
        target_type=config.load_metric.kind,
        tolerance=config.up_tolerance,
        min_replicas=config.min_replicas,
        max_replicas=config.max_replicas,
        steps=graph,
        paths=replica_graph.paths(graph, start.replicas, possible),
        times=ChangeTimes(
            earliest_change_seconds=round(first_change, 1) if changes else None,
            latest_change_seconds=round(latest_change, 1),
            earliest_seconds=round(first_possible, 1) if changes else None,
            latest_seconds=round(sum(parts.values()), 1),
            latest_parts={name: round(seconds, 1) for name, seconds in parts.items() if seconds},
        ),
        warnings=stabilization.short_stabilization(config, timing, starts) if changes else [],
    )


def _first_change_parts(config: HpaConfig, load: Load, start: InitialState, timing: Timing) -> dict[str, float]:
    """Return the parts of the latest time of the first change, in seconds."""
    return {
        "stages": load.last_stage_start,
        **rate_bounds.full_parts(timing),
        "keda_polling": timing.keda_polling,
        "keda_activation": start.activation_seconds if start.replicas == 0 else 0.0,
        "scale_up_stabilization": slowest_growth.scale_up_stabilization(config),
        # The HPA syncs once a period, at an unknown moment.
        "hpa_sync": timing.hpa_sync,
        "controllers": CONTROLLERS_SECONDS,
    }


def _reason(
    config: HpaConfig, total: float, start: InitialState, possible: list[int], timing: Timing
) -> PredictionReason:
    """Return why an HPA comes to rest at one of `possible`."""
    begin, replicas = start.hpa_replicas, max(possible)
    if replica_graph.falls_back(config, total, possible, timing):
        return PredictionReason.FALLS_BACK
    if replicas > begin:
        value = query_result.value_of(timing, total, replicas)
        is_cut = hpa.desired_replicas(config, value, replicas) > replicas == config.max_replicas
        return PredictionReason.MAX_REPLICAS if is_cut else PredictionReason.LOAD
    if start.replicas == 0:
        return PredictionReason.LOAD
    if hpa.desired_replicas(config, query_result.value_of(timing, total, begin), begin) > begin:
        return PredictionReason.MAX_REPLICAS if begin >= config.max_replicas else PredictionReason.SCALE_UP_DISABLED
    without_limit = query_result.value_of(query_result.without_limit(timing), total, begin)
    is_limited = hpa.desired_replicas(config, without_limit, begin) > begin
    return PredictionReason.QUERY_LIMIT if is_limited else PredictionReason.LOAD_UNDER_THRESHOLD
