# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The paths of an HPA under a load whose metric rises from nothing to all of it, as pure functions.

Each sync may come at any moment of that rise, so that there is a set of next counts at each count. The common
arguments: `target` is the HPA, `total` the metric's value once all of it is shown, in its unit, `start` the replicas at
the beginning (at least 1), and `timing` says how far the query may be off meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ..autoscaling import hpa
from ..autoscaling.hpa import AVERAGE_VALUE, HpaConfig, ScaleEvent
from ..prometheus import rate_bounds
from ..prometheus.rate_bounds import Timing

_LONGEST_CLIMB_SECONDS = 3600.0
_MOST_PATHS = 20

Graph = Mapping[int, list[int]]


def highest_value(target: HpaConfig, total: float, timing: Timing, start: int, count: int) -> float:
    """Return the highest value that the HPA may see at `count` replicas."""
    return total * (1 + rate_bounds.excess_share(timing, start, count))


def _limit(target: HpaConfig, count: int) -> int:
    return min(hpa.scale_up_limit(count, target.scale_up), target.max_replicas)


def steps_from(target: HpaConfig, total: float, count: int, timing: Timing, start: int) -> list[int]:
    """Return each count that one sync may make of `count`, over all values that a rising metric may have then.

    An AverageValue target asks for ``ceil(value / target)``, a Value target for ``ceil(value / target * ready)`` with
    any number of the pods Ready; both are cut by what one sync may add, and all other metrics ask for what they do.
    """
    metric = target.load_metric
    others = hpa.next_replicas(target, 0.0, count)
    highest = highest_value(target, total, timing, start, count)
    most = min(hpa.proposed_replicas(target, metric, highest, count), _limit(target, count))
    if target.scale_up is not None:
        # What was added within a policy's period leaves any part of its limit.
        return list(range(count + 1, max(most, others) + 1))
    if most <= count:
        return [others] if others > count else []
    least = count + 1
    if metric.kind == AVERAGE_VALUE:
        # What is within the tolerance asks for nothing; rounded, so that 1.1 * 10 is 11.
        least = min(max(least, math.ceil(round(count * (1 + target.up_tolerance), 9))), most)
    found = {max(asked, others) for asked in range(least, most + 1)}
    return sorted(found | ({others} if others > count else set()))


def remembered(target: HpaConfig, total: float, timing: Timing, start: int) -> dict[int, int]:
    """Return what may have been asked for on the way to a count, where one sync could not add all of that.

    Without `behavior` the highest recommendation of the stabilization is followed upwards too, also where it would be
    within the tolerance by now. Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go,
    stabilizeRecommendation.
    """
    asked: dict[int, int] = {}
    if target.scale_up is not None:
        return asked
    todo, seen = {start}, set()
    while todo:
        count = min(todo)
        todo.remove(count)
        seen.add(count)
        highest = highest_value(target, total, timing, start, count)
        most = max(asked.get(count, 0), hpa.desired_replicas(target, highest, count))
        limit = _limit(target, count)
        if most > limit > count:
            asked[limit] = max(asked.get(limit, 0), most)
        todo |= set(range(count + 1, min(limit, most) + 1)) - seen
    return asked


def step_graph(target: HpaConfig, total: float, start: int, timing: Timing) -> dict[int, list[int]]:
    """Return for each count that can be reached the counts that one sync may make of it.

    Each path of the HPA over all phases of scrape, window and sync is a walk through this graph.
    """
    graph: dict[int, list[int]] = {}
    asked = remembered(target, total, timing, start)
    todo = [start]
    while todo:
        count = todo.pop()
        if count not in graph:
            followed = range(count + 1, min(asked.get(count, 0), _limit(target, count)) + 1)
            graph[count] = sorted({*steps_from(target, total, count, timing, start), *followed})
            todo.extend(graph[count])
    return dict(sorted(graph.items()))


def stable_replicas(target: HpaConfig, total: float, graph: Graph) -> list[int]:
    """Return each count of a graph at which the HPA stays once the whole metric is shown.

    One element means that the load has one right answer. Several are stable where the tolerance makes them so, or where
    more was shown for a moment than there is: shrinking takes longer than a proof.
    """
    return sorted(count for count in graph if hpa.next_replicas(target, total, count) == count)


def walks(graph: Graph, start: int, ends: list[int]) -> list[list[int]] | None:
    """Return every path from `start` to one of `ends`; None where they are more than a reader wants."""

    def follow(path: list[int]) -> Iterator[list[int]]:
        if path[-1] in ends:
            yield path
        for count in graph[path[-1]]:
            yield from follow([*path, count])

    found: list[list[int]] = []
    for path in follow([start]):
        if len(found) == _MOST_PATHS:
            return None
        found.append(path)
    return found


def climb(target: HpaConfig, total: float, current: int, hpa_sync: float = 15.0) -> list[tuple[float, int]]:
    """Return the path of a constant metric: (seconds after the first sync, replicas) for every change.

    :raises ValueError: see proposed_replicas
    """
    path: list[tuple[float, int]] = []
    events: list[ScaleEvent] = []
    now, asked = 0.0, 0
    while now <= _LONGEST_CLIMB_SECONDS:
        after = hpa.next_replicas(target, total, current, events, now)
        if target.scale_up is None:  # see remembered
            asked = max(asked, hpa.desired_replicas(target, total, current))
            after = max(after, min(asked, _limit(target, current)))
        if after != current:
            path.append((now, after))
            events.append(ScaleEvent(now, after - current))
            current = after
        elif hpa.next_replicas(target, total, current) == current:  # no limit that only time would lift
            break
        now += hpa_sync
    return path


def most_holds(target: HpaConfig, total: float, graph: Graph, timing: Timing) -> int:
    """Return at how many counts on its way the HPA can be held at most, since new pods do not count yet.

    After a step from a to b replicas the sum falls by up to `missing_share` of it, and b may be within the tolerance
    until the window holds nothing older than the new pods' first sample. A Value target is multiplied with the Ready
    pods, and the new ones are not.

    :returns: the length of the longest chain of such counts, each reached from the one before
    """
    most: dict[int, int] = {}

    def holds(before: int, count: int) -> bool:
        if hpa.next_replicas(target, total, count) == count:
            return False
        lowest = total * (1 - rate_bounds.missing_share(timing, before, count))
        return hpa.proposed_replicas(target, target.load_metric, lowest, count, ready=min(graph)) <= count

    for before in sorted(graph, reverse=True):
        most[before] = max((most[count] + holds(before, count) for count in graph[before]), default=0)
    return most[min(graph)]
