# SPDX-License-Identifier: MIT
"""The way back: by hand where a person can compute it, and against simulated runs where not."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import (
    least_replicas,
    predict_scale_in,
    predict_to_zero,
    shrink_seconds,
    steps_down,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE, TOTAL
from ansible_collections.shkatara.keda_demo.tests.support.simulation import simulate
from ansible_collections.shkatara.keda_demo.tests.support.worlds import policies

DEMO_TIMING = Timing(5, 30)


def hpa(kind="AverageValue", minimum=1, maximum=10, others=(), **given):
    return HpaConfig((Metric("s0", 10.0, kind), *others), minimum, maximum, **given)


def down(*given, select="Max", **more):
    return {"scaleDown": {**policies(*given, select=select), **more}}


@pytest.mark.parametrize(
    ("target", "value", "least"),
    [
        (hpa(), 0, 1),
        (hpa(minimum=3), 0, 3),
        (hpa(), 10, 1),
        (hpa(), 10.5, 2),  # 1 replica would tolerate it, and an HPA that comes from above asks for 2
        (hpa(), 35, 4),
        (hpa(VALUE), 0, 1),
        (hpa(VALUE), 9.5, 10),  # within the tolerance at any count
        (hpa(others=(Metric("s1", 10.0, value=25.0, by_load=False),)), 0, 3),
    ],
)
def test_where_an_hpa_comes_to_rest_from_above(target, value, least):
    assert least_replicas(target, value) == least


@pytest.mark.parametrize(
    ("behavior", "count", "least", "expected"),
    [
        (None, 4, 1, [1, 2, 3]),
        (None, 4, 2, [2, 3]),
        (None, 1, 1, []),
        (down(("Pods", 1, 60)), 4, 1, [3]),
        (down(("Percent", 50, 60), ("Pods", 1, 15)), 8, 1, [4, 5, 6, 7]),
        (down(("Percent", 50, 60), ("Pods", 1, 15), select="Min"), 8, 1, [7]),
    ],
)
def test_steps_down(behavior, count, least, expected):
    assert steps_down(hpa(behavior=behavior), count, least) == expected


@pytest.mark.parametrize(
    ("behavior", "current", "expected"),
    [
        (None, 1, 0),
        (None, 4, 15),
        (down(("Pods", 1, 60)), 4, 180),
        (down(("Pods", 1, 5)), 4, 45),  # the HPA looks once in 15 s
        (down(("Percent", 50, 30)), 8, 90),
        (down(("Pods", 1, 60), ("Percent", 100, 15)), 4, 15),
        (down(("Pods", 1, 60), ("Percent", 100, 15), select="Min"), 4, 180),
        (down(("Percent", 10, 60)), 4, 240 - 60),
        ({"scaleDown": {"selectPolicy": "Disabled"}}, 4, math.inf),
    ],
)
def test_how_long_policies_take(behavior, current, expected):
    assert shrink_seconds(hpa(behavior=behavior), current, 1, 15) == expected


def test_a_policys_period_ends_at_a_sync():
    """One replica in 15 s, and a sync each 10 s: after the first one each waits for 2 syncs."""
    assert shrink_seconds(hpa(behavior=down(("Pods", 1, 15))), 10, 1, 10) >= 8 * 20


def test_the_demo_goes_back():
    found = predict_scale_in(hpa(), [4, 5], 0.0, DEMO_TIMING)
    assert (found.replicas, found.from_replicas, found.reason) == (1, [4, 5], "load_ended")
    assert found.steps == {1: [], 2: [1], 3: [1, 2], 4: [1, 2, 3], 5: [1, 2, 3, 4]}
    assert found.earliest_change_seconds == 300 - 15
    assert found.latest_change_seconds == 10 + 30 + 300 + 2 * 15 + 3
    assert found.latest_seconds == found.latest_change_seconds + 15


def test_a_disabled_scale_in_never_comes():
    found = predict_scale_in(hpa(behavior=down(select="Disabled")), [4], 0.0, DEMO_TIMING)
    assert (found.reason, found.steps) == ("scale_down_disabled", {4: []})
    assert found.latest_change_seconds == found.latest_seconds == math.inf


def test_keda_takes_the_last_replica():
    rules = KedaRules(0, 0, polling_interval=5.0, cooldown=60.0)
    assert rules.scales_to_zero
    found = predict_to_zero(rules, [1, 4], DEMO_TIMING)
    assert (found.replicas, found.steps, found.reason) == (0, {1: [0], 4: [0]}, "cooldown")
    assert found.earliest_change_seconds == 60 - 5 - 1
    assert found.latest_seconds == 10 + 30 + 60 + 2 * 5 + 3


@pytest.mark.parametrize(("minimum", "first"), [(0, 1), (1, 1), (3, 3)])
def test_how_many_keda_brings(minimum, first):
    assert KedaRules(0, minimum).first_replicas == first


def test_an_idle_count_is_not_zero():
    assert not KedaRules(1, 2).scales_to_zero


BEHAVIORS = (
    None,
    None,
    {"scaleDown": {"stabilizationWindowSeconds": 0}},
    down(("Pods", 1, 30), stabilizationWindowSeconds=60),
    down(("Percent", 50, 60), ("Pods", 1, 15)),
    down(("Percent", 50, 60), ("Pods", 1, 15), select="Min"),
    down(("Pods", 2, 90)),
)
SHORT = {"scaleDown": {"stabilizationWindowSeconds": 60}}
ALL_AT_ONCE = (
    None,
    {"scaleDown": {"stabilizationWindowSeconds": 0}},
    {"scaleDown": {"stabilizationWindowSeconds": 60}},
)


def run_back(seed, kind, share=0.0, behaviors=BEHAVIORS, **given):
    """A run with an end of its load: (world, prediction of the way back, changes since the end).

    `share` is a baseline's part of what the minimum tolerates, which others send to the same pods all the time.
    """
    chance = random.Random(seed)
    given = {
        "downscale": float(chance.choice([0, 30, 60, 300])),
        "behavior": chance.choice(behaviors),
        "own_pods": True,
        **given,
    }
    world = worlds.random_world(chance, kind=kind, room=0.01, **given)
    # Whatever rests at the minimum before the load.
    most = world.rules[0].goal * 1.05 * (world.start if kind == AVERAGE else 1)
    world = dataclasses.replace(world, rules=world.rules[:1], baseline=share * most)
    target, timing = worlds.hpa_target(world), worlds.timing(world)
    out = predict(target, world.load, worlds.start(world), timing)
    end = out.latest_seconds + world.sync
    world = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
    found = predict_scale_in(target, out.possible_replicas, world.baseline, timing)
    run = simulate(world, chance, until=end + found.latest_seconds + 400)
    if any(after < before and at <= end for at, before, after in run.decisions):
        # It shrank on its way up, which the prediction warns of.
        assert out.warnings
        return world, found, None
    counts = [after for at, _before, after in run.decisions if at <= end]
    if (counts or [world.start])[-1] not in found.from_replicas:
        return world, found, None
    return world, found, [(at - end, before, after) for at, before, after in run.decisions if at > end]


def complaints(prediction, changes):
    """All that a run's way back did against its prediction."""
    found = []
    for _at, before, after in changes:
        if after not in prediction.steps.get(before, ()):
            found.append(f"step from {before} to {after}, not to {prediction.steps.get(before)}")
    if changes:
        if not prediction.earliest_change_seconds <= changes[0][0] <= prediction.latest_change_seconds:
            found.append(
                f"first change at {changes[0][0]}, not {prediction.earliest_change_seconds} to "
                f"{prediction.latest_change_seconds}"
            )
        ends = [count for count in prediction.steps if count <= prediction.replicas]
        if changes[-1][2] not in ends:
            found.append(f"ends with {changes[-1][2]}, not {ends}")
        if changes[-1][0] > prediction.latest_seconds:
            found.append(f"ends at {changes[-1][0]}, not until {prediction.latest_seconds}")
    elif max(prediction.from_replicas) > min(prediction.from_replicas) >= prediction.replicas:
        pass
    elif max(prediction.from_replicas) > prediction.replicas:
        found.append("does not shrink")
    return found


def check(seeds, *args, **given):
    """Returns how many runs went back; those that grew again on their way, which is not predicted, are not judged."""
    shrank = 0
    for seed in seeds:
        world, prediction, changes = run_back(seed, *args, **given)
        if changes is not None and all(after < before for _at, before, after in changes):
            shrank += bool(changes)
            assert complaints(prediction, changes) == [], (seed, world, changes)
    return shrank


def test_every_way_back_of_an_average_value_is_as_predicted():
    assert check(worlds.seeds(40), AVERAGE, current=False) > 22


def test_current_versions_may_take_what_was_added_within_the_policys_period_too():
    """calculateScaleDownLimitWithBehaviors begins from the count before the growth; Kubernetes 1.25 does not."""
    behaviors = (down(("Percent", 50, 600)), down(("Pods", 2, 600)))
    assert check(worlds.seeds(15), AVERAGE, current=False, downscale=0.0, behaviors=behaviors) > 5
    assert check(worlds.seeds(15), AVERAGE, current=True, downscale=0.0, behaviors=behaviors) > 5


def test_every_way_back_to_what_others_send_is_as_predicted():
    """From above the HPA asks for 2 replicas at 10.5 of 10; where it sees less while pods go, 1 stays."""
    assert check(worlds.seeds(30), AVERAGE, 0.7, current=False) > 15
    assert check(worlds.seeds(30), AVERAGE, 0.98, current=False, behaviors=(None,), downscale=0.0) > 15


def test_what_is_not_seen_while_pods_go_may_take_one_more_after_the_stabilization():
    """The metric may be too low for longer than a short stabilization, which keeps the next count then."""
    assert check(worlds.seeds(30), AVERAGE, 0.98, current=False, behaviors=(SHORT,)) > 15


def test_every_way_back_of_a_value_is_as_predicted():
    assert check(worlds.seeds(40), TOTAL, current=False, maximum=5) > 15


def test_every_way_back_of_a_value_to_what_others_send_is_as_predicted():
    """Each step asks for a part of what there is, and the stabilization keeps what was asked for at the step before."""
    assert check(worlds.seeds(30), TOTAL, 0.5, current=False, maximum=5, behaviors=ALL_AT_ONCE) > 10


def test_to_zero_as_predicted():
    for seed in worlds.seeds(60):
        chance = random.Random(seed)
        world = worlds.random_world(
            chance,
            kind=AVERAGE,
            start=0,
            minimum=1,
            own_pods=False,
            polling=float(chance.choice([1, 5, 15, 30])),
            cooldown=float(chance.choice([0, 30, 120])),
        )
        world = dataclasses.replace(
            world, rules=world.rules[:1], activation=chance.choice([0.0, world.load.rate / 4, world.load.rate / 2])
        )
        end = predict(worlds.hpa_target(world), world.load, worlds.start(world), worlds.timing(world)).latest_seconds
        world = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
        rules = KedaRules(0, 0, world.polling, world.cooldown, world.activation)
        found = predict_to_zero(rules, [1], worlds.timing(world))
        run = simulate(world, chance, until=end + found.latest_seconds + 60)
        seconds = [at - end for at, _before, after in run.keda if after == 0]
        assert len(seconds) == 1, (seed, world)
        assert found.earliest_change_seconds <= seconds[0] <= found.latest_seconds, (seed, world)
