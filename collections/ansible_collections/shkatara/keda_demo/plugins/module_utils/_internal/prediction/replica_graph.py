# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The counts that an HPA may pass through under a load, as a graph, as pure functions.

The query's value rises from its baseline to the whole load, and overshoots or dips when new pods share the load. An HPA
may sync at any moment of that rise. So each count has a set of next counts, and the HPA's possible paths are the paths
through this graph.

The common parameters: `config` is the HPA, `total` the sum over the pods under the whole load in the metric's unit,
`start` the replicas at the beginning (at least 1), and `timing` bounds how far the query's value may be off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ..autoscaling import hpa, scaling_limits
from ..autoscaling.hpa import AVERAGE_VALUE, HpaConfig
from ..prometheus import query_result, rate_bounds
from ..prometheus.rate_bounds import Timing

_MOST_PATHS = 20

Graph = Mapping[int, list[int]]


def highest_value(total: float, timing: Timing, start: int, count: int) -> float:
    """Return the highest value that the HPA may read at `count` replicas.

    A mean may still be that of the pods at the beginning.
    """
    excess = rate_bounds.excess_share(timing, start, count) + query_result.noise_share(timing)
    return query_result.value_of(timing, total * (1 + excess), start)


def steady_value(total: float, timing: Timing | None, count: int) -> float:
    """Return the value at `count` replicas under the whole load, when the query counts all of them."""
    return total if timing is None else query_result.value_of(timing, total, count)


def _limit(config: HpaConfig, count: int) -> int:
    return min(scaling_limits.scale_up_limit(count, config.scale_up), config.max_replicas)


def next_counts(config: HpaConfig, total: float, count: int, timing: Timing, start: int) -> list[int]:
    """Return the counts that one sync may make of `count`, over all values that a rising metric may have.

    An AverageValue target asks for ``ceil(value / target)``. A Value target asks for ``ceil(value / target * ready)``,
    and any number of the pods may be Ready. The limit of one sync cuts both. Other metrics ask for a constant count.
    """
    metric = config.load_metric
    by_others = hpa.next_replicas(config, 0.0, count)
    highest = highest_value(total, timing, start, count)
    most = min(hpa.proposed_replicas(config, metric, highest, count), _limit(config, count))
    if config.scale_up is not None:
        # Earlier growth within a policy's period may leave any part of its limit.
        return list(range(count + 1, max(most, by_others) + 1))
    if most <= count:
        return [by_others] if by_others > count else []
    least = count + 1
    if metric.kind == AVERAGE_VALUE:
        # A value within the tolerance asks for no growth; rounded, so that 1.1 * 10 is 11.
        least = min(max(least, math.ceil(round(count * (1 + config.up_tolerance), 9))), most)
    counts = {max(by_load, by_others) for by_load in range(least, most + 1)}
    return sorted(counts | ({by_others} if by_others > count else set()))


def remembered_recommendations(config: HpaConfig, total: float, timing: Timing, start: int) -> dict[int, int]:
    """Return, for the counts at which a limit stopped the HPA, the highest recommendation that it may remember.

    An HPA without `behavior` follows the highest recommendation of its stabilization window upwards too, even if the
    metric is within the tolerance by then. Source: Kubernetes 1.25 and current,
    pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendation.
    """
    remembered: dict[int, int] = {}
    if config.scale_up is not None:
        return remembered
    todo, done = {start}, set()
    while todo:
        count = min(todo)
        todo.remove(count)
        done.add(count)
        highest = highest_value(total, timing, start, count)
        recommended = max(remembered.get(count, 0), hpa.desired_replicas(config, highest, count))
        limit = _limit(config, count)
        if recommended > limit > count:
            remembered[limit] = max(remembered.get(limit, 0), recommended)
        todo |= set(range(count + 1, min(limit, recommended) + 1)) - done
    return remembered


def step_graph(config: HpaConfig, total: float, start: int, timing: Timing) -> dict[int, list[int]]:
    """Return, for each reachable count, the counts that one sync may make of it.

    Each path of the HPA, over all phases of scrape, window and sync, is a path through this graph.
    """
    graph: dict[int, list[int]] = {}
    remembered = remembered_recommendations(config, total, timing, start)
    todo = [start]
    while todo:
        count = todo.pop()
        if count not in graph:
            followed = range(count + 1, min(remembered.get(count, 0), _limit(config, count)) + 1)
            graph[count] = sorted({*next_counts(config, total, count, timing, start), *followed})
            todo.extend(graph[count])
    return dict(sorted(graph.items()))


def stable_replicas(config: HpaConfig, total: float, graph: Graph, timing: Timing | None = None) -> list[int]:
    """Return the counts of a graph at which the HPA stays under the whole load.

    A load with one right answer has one element. The tolerance may make several counts stable. So may an overshoot of
    the query, since scale-in takes longer than a proof.
    """
    # The lowest value that the query keeps showing.
    lowest = total if timing is None else total * (1 - query_result.noise_share(timing))
    return sorted(count for count in graph if not grows(config, lowest, timing, count))


def resting_replicas(config: HpaConfig, total: float, possible: list[int], timing: Timing) -> int:
    """Return the count of `possible` that the HPA wants while the query counts all pods; the highest of a sum.

    A Value target multiplies a mean by the Ready pods, of which the query does not count the new ones for some time. So
    the HPA may exceed its rest, and it returns after its stabilization.
    """
    highest = max(possible)
    if not timing.takes_mean or config.load_metric.kind == AVERAGE_VALUE:
        return highest
    wanted = hpa.desired_replicas(config, steady_value(total, timing, highest), highest)
    return min((count for count in possible if count >= wanted), default=highest)


def grows(config: HpaConfig, total: float, timing: Timing | None, count: int) -> bool:
    """Whether an HPA grows from `count` under the whole load, when the query counts all pods."""
    return hpa.next_replicas(config, steady_value(total, timing, count), count) > count


def falls_back(config: HpaConfig, total: float, counts: list[int], timing: Timing) -> dict[int, int]:
    """Return, of `counts`, those that the HPA leaves after its stabilization for a count that it leaves, too.

    An AverageValue target divides a mean by the pods once more: more pods make a lower value, for which the HPA
    shrinks, and fewer pods make a higher one, for which it grows again.

    :returns: for each such count the count that the HPA asks for there
    """
    left: dict[int, int] = {}
    for count in counts if timing.takes_mean else ():
        after = hpa.desired_replicas(config, steady_value(total, timing, count), count)
        after = max(after, config.min_replicas)
        if after < count and grows(config, total, timing, after):
            left[count] = after
    return left


def paths(graph: Graph, start: int, ends: list[int]) -> list[list[int]] | None:
    """Return every path from `start` to one of `ends`; None for more paths than a reader wants."""

    def follow(path: list[int]) -> Iterator[list[int]]:
        if path[-1] in ends:
            yield path
        for count in graph[path[-1]]:
            yield from follow([*path, count])

    complete: list[list[int]] = []
    for path in follow([start]):
        if len(complete) == _MOST_PATHS:
            return None
        complete.append(path)
    return complete
