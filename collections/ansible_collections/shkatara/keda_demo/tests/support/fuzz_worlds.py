# SPDX-License-Identifier: MIT
"""Worlds from wide ranges, as a strategy of hypothesis: a failure shrinks to a small world.

A world is at rest before its load. Its total stays away from the values at which the HPA's answer changes, since a sum
of doubles decides there.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE, TOTAL, Load, Rule, World
from hypothesis import strategies as st

# How far a value stays away from a change of the answer, as a share of the goal: the HPA reads whole thousandths.
ROOM = 0.002


@dataclass(frozen=True)
class Case:
    """A world, the seed of its chances, and how long its load lasts after all pods are Ready, in seconds."""

    world: World
    seed: int
    held: float


def _policies(draw):
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(["Pods", "Percent"]), st.integers(1, 60), st.sampled_from(PERIODS)),
            min_size=1,
            max_size=3,
        )
    )
    return [{"type": kind, "value": value, "periodSeconds": period} for kind, value, period in rows]


PERIODS = [15, 30, 60, 1, 5, 20, 45, 90, 300, 1800]
WINDOWS = [0, 30, 60, 15, 5, 120, 180, 300, 600, 1800, 3600]


def _direction(draw, *, current):
    rules = {}
    if draw(st.booleans()):
        rules["stabilizationWindowSeconds"] = draw(st.sampled_from(WINDOWS))
    select = draw(st.sampled_from([None, None, None, "Max", "Max", "Min", "Min", "Min", "Min", "Disabled"]))
    if select:
        rules["selectPolicy"] = select
    if draw(st.booleans()):
        rules["policies"] = _policies(draw)
    if current and draw(st.booleans()):
        rules["tolerance"] = draw(st.sampled_from([0.1, 0.0, 0.02, 0.25, 0.5]))
    return rules


def _behavior(draw, *, current):
    behavior = {}
    for name in ("scaleUp", "scaleDown"):
        if draw(st.booleans()):
            behavior[name] = _direction(draw, current=current)
    return behavior or None


def tolerances(world):
    """The tolerances (down, up) of a world's HPA, as its version has them."""
    own = world.behavior if world.current and world.behavior else {}
    return tuple(float((own.get(name) or {}).get("tolerance", world.tolerance)) for name in ("scaleDown", "scaleUp"))


def is_clear(ratio, world):
    """Whether a value of `ratio` times the goal is away from each change of the answer."""
    down, up = tolerances(world)
    edges = [1 + up, 1 - down]
    if world.rules[0].kind == AVERAGE:
        counts = {int(ratio / edge) + more for edge in (1, 1 + up, max(1 - down, 0.1)) for more in (0, 1)}
        edges = [edge * count for count in counts if count for edge in (1, 1 + up, 1 - down)]
    return all(abs(ratio - edge) > ROOM for edge in edges)


def _clear(ratio, world):
    while not is_clear(ratio, world):
        ratio += 0.0037
    return ratio


@st.composite
def cases(draw):
    """A strategy for cases."""
    kind = draw(st.sampled_from([AVERAGE, AVERAGE, AVERAGE, TOTAL]))
    goal = draw(st.sampled_from([10.0, 1.0, 3.0, 7.0, 25.0, 300.0]))
    scrape = draw(st.sampled_from([5.0, 1.0, 2.0, 10.0, 15.0, 30.0, 60.0]))
    scrapes = draw(st.sampled_from([6.0, 4.0, 3.0, 2.0, 2.0, 2.5, 3.5, 5.0, 8.0, 10.0, 12.0, 20.0, 1.0, 1.5]))
    maximum = draw(st.one_of(st.integers(2, 8), st.integers(2, 30), st.integers(1, 200)))
    from_zero = draw(st.integers(0, 7)) == 7
    minimum = 1 if from_zero else draw(st.one_of(st.just(1), st.integers(1, min(maximum, 5)), st.integers(1, maximum)))
    start = draw(st.one_of(st.just(minimum), st.just(minimum), st.integers(minimum, maximum)))
    current = draw(st.booleans())
    world = World(
        load=Load(((0.0, 1.0),)),
        rules=(Rule(goal, kind),),
        maximum=maximum,
        minimum=minimum,
        start=start,
        scrape=scrape,
        window=scrape * scrapes,
        sync=draw(st.sampled_from([15.0, 2.0, 5.0, 10.0, 30.0, 60.0])),
        pod_start=draw(st.sampled_from([5.0, 1.0, 10.0, 30.0, 60.0, 120.0])),
        tolerance=draw(st.sampled_from([0.1, 0.1, 0.0, 0.01, 0.05, 0.2, 0.5])),
        behavior=_behavior(draw, current=current),
        downscale=float(draw(st.sampled_from([300, 0, 15, 60, 120, 1000, 3600]))),
        current=current,
        own_pods=draw(st.integers(0, 4)) < 4,
    )
    world = _with_baseline(draw, world)
    world = _with_load(draw, world)
    if from_zero:
        world = dataclasses.replace(
            world,
            start=0,
            own_pods=False,
            baseline=0.0,
            polling=draw(st.sampled_from([30.0, 1.0, 5.0, 15.0])),
            cooldown=draw(st.sampled_from([300.0, 0.0, 30.0, 120.0])),
            activation=draw(st.sampled_from([0.0, 0.25, 0.5])) * world.load.rate,
        )
    held = draw(st.sampled_from([15.0, 0.0, 60.0, 300.0]))
    return Case(world, draw(st.integers(0, 2**32)), held)


def _with_baseline(draw, world):
    """The world with other traffic and another metric, by which it rests at its first count."""
    down, up = tolerances(world)
    goal, per_pod = world.rules[0].goal, world.rules[0].kind == AVERAGE
    others = ()
    if draw(st.integers(0, 5)) == 5:
        # It asks for the first count at most.
        others = (Rule(10.0, AVERAGE, constant=10.0 * world.start * draw(st.sampled_from([0.5, 0.1, 0.9, 0.99]))),)
    share = draw(st.sampled_from([0.0, 0.0, 0.3, 0.7, 0.97]))
    if world.start == world.minimum:
        most = (1 + up) * 0.99 * (world.start if per_pod else 1)
        ratio = share * most
    elif per_pod:
        ratio = world.start - 1 + max(share, 0.05)
    else:
        low, high = max(1 - down, 1 - 1 / world.start), 1 + min(up, 0.01)
        ratio = low + (high - low) * max(share, 0.05)
    ratio = _clear(ratio, world) if ratio else 0.0
    if not _rests(ratio, world):
        world, others, ratio = dataclasses.replace(world, start=world.minimum), (), 0.0
    return dataclasses.replace(world, rules=(*world.rules, *others), baseline=ratio * goal)


def _rests(ratio, world):
    """Whether a value of `ratio` times the goal leaves the world at its first count."""
    down, up = tolerances(world)
    per_pod = world.rules[0].kind == AVERAGE
    share = ratio / world.start if per_pod else ratio
    wanted = math.ceil(ratio if per_pod else ratio * world.start)
    wanted = world.start if 1 - down <= share <= 1 + up else wanted
    return max(wanted, world.minimum) == world.start


def _with_load(draw, world):
    goal = world.rules[0].goal
    if world.rules[0].kind == AVERAGE:
        highest = world.maximum + world.maximum // 8 + 1
        least = draw(st.sampled_from([world.start + 1, world.start + 1, world.start + 1, 1]))
        count = draw(st.one_of(st.integers(least, max(least, min(least + 8, highest))), st.integers(least, highest)))
        ratio = count - draw(st.sampled_from([0.5, 0.3, 0.7, 0.05, 0.95, 0.2, 0.8]))
    else:
        ratio = draw(st.sampled_from([1.3, 1.15, 1.6, 1.2, 2.0, 3.0, 1.05, 0.5]))
    ratio = _clear(max(ratio, world.baseline / goal + 0.05), world)
    rate = ratio * goal - world.baseline
    stages = [(0.0, rate)]
    if draw(st.integers(0, 3)) == 3:
        second = draw(st.sampled_from([10.0, 30.0, 60.0, 120.0]))
        stages = [(0.0, rate * 0.3), (second, rate * 0.7), (second + draw(st.sampled_from([15.0, 60.0, 200.0])), rate)]
    return dataclasses.replace(world, load=Load(tuple(stages)))
