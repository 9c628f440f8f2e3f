# SPDX-License-Identifier: MIT
"""Scale-in: results computed by hand, and random worlds against simulated runs."""

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
    lower_counts,
    predict_scale_in,
    predict_to_zero,
    replicas_after_scale_in,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.fuzz_checks import settled_times
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE, TOTAL, Load, Rule, World
from ansible_collections.shkatara.keda_demo.tests.support.simulation import simulate
from ansible_collections.shkatara.keda_demo.tests.support.worlds import policies

DEMO_TIMING = Timing(5, 30)


def hpa(kind="AverageValue", minimum=1, maximum=10, others=(), **options):
    return HpaConfig((Metric("s0", 10.0, kind), *others), minimum, maximum, **options)


def policies_up(*rows):
    return {"scaleUp": policies(*rows)}


def down(*rows, select="Max", **more):
    return {"scaleDown": {**policies(*rows, select=select), **more}}


@pytest.mark.parametrize(
    ("config", "value", "least"),
    [
        (hpa(), 0, 1),
        (hpa(minimum=3), 0, 3),
        (hpa(), 10, 1),
        (hpa(), 10.5, 2),  # within the tolerance at 1 replica, but an HPA from above asks for 2
        (hpa(), 35, 4),
        (hpa(VALUE), 0, 1),
        (hpa(VALUE), 9.5, 10),  # within the tolerance at any count
        (hpa(others=(Metric("s1", 10.0, value=25.0, by_load=False),)), 0, 3),
    ],
)
def test_replicas_after_scale_in(config, value, least):
    assert replicas_after_scale_in(config, value) == least


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
def test_lower_counts(behavior, count, least, expected):
    assert lower_counts(hpa(behavior=behavior), count, least) == expected


def test_scale_in_of_the_demo():
    result = predict_scale_in(hpa(), [4, 5], 0.0, DEMO_TIMING)
    assert (result.replicas, result.from_replicas, result.reason) == (1, [4, 5], "load_ended")
    assert result.steps == {1: [], 2: [1], 3: [1, 2], 4: [1, 2, 3], 5: [1, 2, 3, 4]}
    # The HPA may have gone to 5 by an excess of the query, long before the load ended.
    assert result.earliest_change_seconds == 0
    assert predict_scale_in(hpa(), [4], 0.0, DEMO_TIMING).earliest_change_seconds == 300 - 15
    assert result.latest_change_seconds == 10 + 30 + 300 + 2 * 15 + 3
    assert result.latest_seconds == result.latest_change_seconds  # one step may do it


def test_a_disabled_scale_in_never_comes():
    result = predict_scale_in(hpa(behavior=down(select="Disabled")), [4], 0.0, DEMO_TIMING)
    assert (result.reason, result.steps) == ("scale_down_disabled", {4: []})
    assert result.latest_change_seconds == result.latest_seconds == math.inf


def test_keda_takes_the_last_replica():
    rules = KedaRules(0, 0, polling_interval=5.0, cooldown=60.0)
    assert rules.scales_to_zero
    result = predict_to_zero(rules, [1, 4], DEMO_TIMING)
    assert (result.replicas, result.steps, result.reason) == (0, {1: [0], 4: [0]}, "cooldown")
    assert result.earliest_change_seconds == 60 - 5 - 1
    assert result.latest_seconds == 10 + 30 + 60 + 2 * 5 + 3


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


def run_scale_in(seed, kind, share=0.0, behaviors=BEHAVIORS, **options):
    """A run with an end of its load: (world, prediction of scale-in, changes since the end).

    `share` is the baseline, which others send to the same pods, as a share of what the minimum tolerates.
    """
    chance = random.Random(seed)
    options = {
        "downscale": float(chance.choice([0, 30, 60, 300])),
        "behavior": chance.choice(behaviors),
        "own_pods": True,
        **options,
    }
    world = worlds.random_world(chance, kind=kind, room=0.01, **options)
    # A baseline at which the world rests at its minimum before the load.
    most = world.rules[0].goal * 1.05 * (world.start if kind == AVERAGE else 1)
    world = dataclasses.replace(world, rules=world.rules[:1], baseline=share * most)
    config, timing = worlds.hpa_config(world), worlds.timing(world)
    out = predict(config, world.load, worlds.initial_state(world), timing)
    end = out.times.latest_seconds + world.sync
    world = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
    result = predict_scale_in(config, out.possible_replicas, world.baseline, timing)
    run = simulate(world, chance, until=end + result.latest_seconds + 400)
    shrunk = [{before, after} for at, before, after in run.decisions if after < before and at <= end]
    if shrunk:
        # The prediction warns of that, unless an overshoot led to the higher of two possible counts.
        assert out.warnings or all(counts <= set(out.possible_replicas) for counts in shrunk)
        return world, result, None
    counts = [after for at, _before, after in run.decisions if at <= end]
    if (counts or [world.start])[-1] not in result.from_replicas:
        return world, result, None
    return world, result, [(at - end, before, after) for at, before, after in run.decisions if at > end]


def differences_from(prediction, changes):
    """Each difference between a run's scale-in and its prediction."""
    differences = []
    for _at, before, after in changes:
        if after not in prediction.steps.get(before, ()):
            differences.append(f"step from {before} to {after}, not to {prediction.steps.get(before)}")
    if changes:
        if not prediction.earliest_change_seconds <= changes[0][0] <= prediction.latest_change_seconds:
            differences.append(
                f"first change at {changes[0][0]}, not {prediction.earliest_change_seconds} to "
                f"{prediction.latest_change_seconds}"
            )
        ends = [count for count in prediction.steps if count <= prediction.replicas]
        if changes[-1][2] not in ends:
            differences.append(f"ends with {changes[-1][2]}, not {ends}")
        if changes[-1][0] > prediction.latest_seconds:
            differences.append(f"ends at {changes[-1][0]}, not until {prediction.latest_seconds}")
    elif max(prediction.from_replicas) > min(prediction.from_replicas) >= prediction.replicas:
        pass
    elif max(prediction.from_replicas) > prediction.replicas:
        differences.append("does not shrink")
    return differences


def check(seeds, *args, **options):
    """Check random worlds, but for runs that grow again, which is not predicted; return how many of them shrank."""
    shrank = 0
    for seed in seeds:
        world, prediction, changes = run_scale_in(seed, *args, **options)
        if changes is not None and all(after < before for _at, before, after in changes):
            shrank += bool(changes)
            assert differences_from(prediction, changes) == [], (seed, world, changes)
    return shrank


def test_every_scale_in_of_an_average_value_is_as_predicted():
    # World 670 returns from 5 to 4, which are both possible, while the load lasts.
    assert check((*range(40), 670), AVERAGE, current=False) > 18


def test_a_load_may_end_within_the_dip_of_its_new_pods():
    """On the lab the HPA shrank 40.65 s after such a load, with a stabilization of 45 s and a sync every 2 s."""
    behavior = {**policies_up(("Pods", 1, 5)), "scaleDown": {"stabilizationWindowSeconds": 45}}
    world = World(
        Load(((0.0, 17.9),)), (Rule(7.0),), 10, scrape=1.0, window=10.0, sync=2.0, pod_start=12.0, behavior=behavior
    )
    config, timing = worlds.hpa_config(world), worlds.timing(world)
    out = predict(config, world.load, worlds.initial_state(world), timing)
    assert out.possible_replicas == [3]
    first = []
    for seed in range(40):
        run = simulate(world, random.Random(seed))
        end = next(settled_times(run, [3])) + 5.0
        ended = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
        changes = simulate(ended, random.Random(seed), until=end + 120).decisions
        first.append(next(at - end for at, before, after in changes if after < before))
    assert min(first) < 43
    assert predict_scale_in(config, [3], 0.0, timing, held_seconds=5.0).earliest_change_seconds <= min(first)
    # The query has counted the pods 21 s after they are Ready, and the HPA syncs once more.
    assert predict_scale_in(config, [3], 0.0, timing, held_seconds=23.0).earliest_change_seconds == 43


def test_current_versions_may_take_back_growth_within_the_policys_period():
    """calculateScaleDownLimitWithBehaviors begins from the count before the growth; Kubernetes 1.25 does not."""
    behaviors = (down(("Percent", 50, 600)), down(("Pods", 2, 600)))
    assert check(range(15), AVERAGE, current=False, downscale=0.0, behaviors=behaviors) > 4
    assert check(range(15), AVERAGE, current=True, downscale=0.0, behaviors=behaviors) > 4


def test_every_scale_in_to_a_baseline_is_as_predicted():
    """From above the HPA asks for 2 replicas at 10.5 of 10; if the query dips while pods leave, it may stay at 1."""
    assert check(range(30), AVERAGE, 0.7, current=False) > 12
    assert check(range(30), AVERAGE, 0.98, current=False, behaviors=(None,), downscale=0.0) > 12


def test_a_dip_longer_than_the_stabilization_may_cost_one_more_replica():
    """While pods leave, the query may dip for longer than a short stabilization."""
    assert check(range(30), AVERAGE, 0.98, current=False, behaviors=(SHORT,)) > 12


def test_every_scale_in_of_a_value_is_as_predicted():
    assert check(range(40), TOTAL, current=False, maximum=5) > 12


def test_every_scale_in_of_a_value_to_a_baseline_is_as_predicted():
    """Each step asks for a share of the current replicas, and the stabilization delays each of them."""
    assert check(range(30), TOTAL, 0.5, current=False, maximum=5, behaviors=ALL_AT_ONCE) > 8


def test_every_scale_to_zero_is_as_predicted():
    for seed in range(60):
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
        end = predict(
            worlds.hpa_config(world), world.load, worlds.initial_state(world), worlds.timing(world)
        ).times.latest_seconds
        world = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
        rules = KedaRules(0, 0, world.polling, world.cooldown, world.activation)
        result = predict_to_zero(rules, [1], worlds.timing(world))
        run = simulate(world, chance, until=end + result.latest_seconds + 60)
        seconds = [at - end for at, _before, after in run.keda if after == 0]
        assert len(seconds) == 1, (seed, world)
        assert result.earliest_change_seconds <= seconds[0] <= result.latest_seconds, (seed, world)
