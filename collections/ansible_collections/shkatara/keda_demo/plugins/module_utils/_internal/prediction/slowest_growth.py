# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The slowest way of an HPA from its first count to rest, as pure functions.

New pods take their share of the load at once, and the query counts them only after some scrapes. Until then its value
is too low, and the HPA may stall at a count. After the time in which a pod starts and is counted, all pods of the stall
are counted. So the HPA goes on from there to a higher count, at which it may stall again. When new pods take their
share, the value may also be too high for as long, and move the HPA on from a count at which it would rest.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from ..autoscaling import hpa
from ..autoscaling.hpa import VALUE, HpaConfig
from ..prometheus import query_result, rate_bounds
from ..prometheus.rate_bounds import Timing
from . import policy_times, replica_graph
from .replica_graph import Graph

# An allowance for delays without a formula: queues of controllers, scheduler and kubelet, and events in transit.
CONTROLLERS_SECONDS = 3.0


@dataclass(frozen=True)
class SlowestGrowth:
    """How a growth can be delayed after its first change.

    `stalls` is how often the HPA waits until new pods are counted, and `overshoots` how often it leaves a count at
    which it would rest. `limit_seconds` is the time for which limits and policies delay it.
    """

    stalls: int
    overshoots: int
    limit_seconds: float


def slowest_growth(config: HpaConfig, total: float, graph: Graph, timing: Timing) -> SlowestGrowth:
    """Return how a growth through the counts of `graph` can be delayed under a metric of `total`.

    Between two stalls only the limits delay the HPA: at each lower count it asks for the next stall at least, since the
    part of the load that is missing increases with the count.
    """
    counted, seconds, ways = min(graph), 0.0, [min(graph)]
    # A policy counts what grew before a stall that is shorter than its period.
    periods = [policy["periodSeconds"] for policy in (config.scale_up or {}).get("policies", ())]
    kept = max(0.0, max(periods, default=0) - sum(stall_seconds(config, timing).values()))
    while True:
        stop = next((count for count in sorted(graph) if _stops(config, total, counted, count, timing)), max(graph))
        seconds += policy_times.growth_seconds(config, counted, stop, timing.hpa_sync)
        if stop == counted or not replica_graph.grows(config, total, timing, stop):
            break
        counted = stop
        ways.append(stop)
        seconds += kept
    # A way with fewer stalls is as long if it has more overshoots.
    later = [_overshoots(config, total, count, graph, timing) - part for part, count in enumerate(reversed(ways))]
    overshoots = max(later)
    remembered = max(replica_graph.remembered_recommendations(config, total, timing, min(graph)).values(), default=0)
    if remembered > stop:
        # An HPA without `behavior` goes on at its next sync, even if it would rest; an overshoot takes as long.
        after = timing.hpa_sync + policy_times.growth_seconds(config, stop, remembered, timing.hpa_sync)
        seconds += max(0.0, after - overshoots * (timing.pod_start + timing.counted_seconds))
    return SlowestGrowth(len(ways) - 1, overshoots, seconds)


def _stops(config: HpaConfig, total: float, counted: int, count: int, timing: Timing) -> bool:
    """Whether the HPA may stop at `count` while only `counted` of its pods are Ready and counted."""
    if count < counted:
        return False
    if not replica_graph.grows(config, total, timing, count):
        return True
    missing = rate_bounds.missing_share(timing, counted, count)
    lowest = query_result.value_of(timing, total * (1 - missing), count)
    return count > counted and hpa.desired_replicas(config, lowest, count, ready=counted) <= count


def _overshoots(config: HpaConfig, total: float, counted: int, graph: Graph, timing: Timing) -> int:
    """Return how often the value can be too high at counts at which the HPA would rest, one time after the other."""
    rests = [count for count in graph if not replica_graph.grows(config, total, timing, count)]
    if timing.takes_mean:
        return _longest_way(graph, rests)
    if not timing.own_pods or len(rests) < 2:
        return 0

    @functools.cache
    def most(before: int, count: int) -> int:
        highest = replica_graph.highest_value(total, timing, before, count)
        asked = min(hpa.desired_replicas(config, highest, count), max(rests))
        return max((1 + most(count, after) for after in range(count + 1, asked + 1)), default=0)

    return max(most(min(counted, count), count) for count in rests)


def _longest_way(graph: Graph, begins: list[int]) -> int:
    """Return the most steps from one of `begins`."""
    most: dict[int, int] = {}
    for count in sorted(graph, reverse=True):
        most[count] = max((1 + most[after] for after in graph[count]), default=0)
    return max(most[count] for count in begins)


def stall_seconds(config: HpaConfig, timing: Timing) -> dict[str, float]:
    """Return the parts of the longest time of one stall.

    New pods start, the query counts all of their share, and the HPA syncs. A scale-up stabilization begins anew after
    the last low value.
    """
    sync = timing.hpa_sync
    seen = timing.pod_start + (timing.counted_seconds if timing.own_pods else 0.0)
    waits = math.ceil(scale_up_stabilization(config) / sync) * sync
    return {
        "new_pods_started": timing.pod_start,
        "new_pods_counted": seen - timing.pod_start,
        # Stalls begin at a sync, and end at one after the delays of controllers.
        "new_pods_sync": math.ceil((seen + CONTROLLERS_SECONDS) / sync) * sync - seen,
        "new_pods_stabilization": waits,
    }


def further_parts(config: HpaConfig, slowest: SlowestGrowth, timing: Timing) -> dict[str, float]:
    """Return the parts of the time from the first change until all pods are Ready, in seconds."""
    return {
        "further_syncs": slowest.limit_seconds,
        **{name: slowest.stalls * seconds for name, seconds in stall_seconds(config, timing).items()},
        # The excess comes when new pods are Ready, and may be read until they are counted.
        "overshoot": slowest.overshoots * (timing.pod_start + timing.counted_seconds),
        # A subquery keeps an excess until the HPA syncs.
        "overshoot_kept": slowest.overshoots
        * min(timing.hpa_sync, sum(part.window for part in timing.query.over_time)),
        "pod_start": timing.pod_start,
    }


def first_pods_parts(config: HpaConfig, timing: Timing) -> dict[str, float]:
    """Return the parts of the time from KEDA's first replicas until the HPA may read a metric that asks for more.

    A Value target multiplies the Ready pods, of which there are none at first. If the counter is on the pods, they have
    to be counted, too.
    """
    waits = timing.own_pods or config.load_metric.kind == VALUE
    return {
        "first_pods_started": timing.pod_start if waits else 0.0,
        "first_pods_counted": timing.counted_seconds if timing.own_pods else 0.0,
    }


def scale_up_stabilization(config: HpaConfig) -> float:
    """Return the seconds for which the lowest recommendation delays growth."""
    return float((config.scale_up or {}).get("stabilizationWindowSeconds") or 0)
