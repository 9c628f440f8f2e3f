# SPDX-License-Identifier: MIT
"""Random worlds with each shape of a query against simulated runs: counts, times and hops."""

from __future__ import annotations

import dataclasses
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction import hop_bounds
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import predict_scale_in
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import predict
from ansible_collections.shkatara.keda_demo.tests.support import query_worlds, worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE, TOTAL
from ansible_collections.shkatara.keda_demo.tests.support.simulation import simulate


def predicted(world):
    return predict(worlds.hpa_config(world), world.load, query_worlds.initial_state(world), query_worlds.timing(world))


def at_rest(world):
    """Whether the HPA keeps the replicas without the load."""
    return predicted(dataclasses.replace(world, load=query_worlds.constant(0.0))).possible_replicas == [world.start]


def outside(world, prediction, run):
    """Each difference between a run and its prediction."""
    bounds = hop_bounds.scale_out_bounds(prediction, query_worlds.timing(world))
    found = []
    if run.replicas not in prediction.possible_replicas:
        found.append(f"ends with {run.replicas} of {prediction.possible_replicas}")
    for _at, before, after in run.decisions:
        # An excess leads the HPA above its rest, to which it comes back after its stabilization.
        is_back = after < before and {before, after} <= {*prediction.possible_replicas}
        if not is_back and after not in prediction.steps.get(before, ()):
            found.append(f"step from {before} to {after}, not to {prediction.steps.get(before)}")
    if not run.decisions:
        return found
    if not prediction.changes:
        return [*found, f"changes to {run.path()}"]
    goals = [at for at, _before, after in run.decisions if after in prediction.possible_replicas]
    share = max(1, world.start) if world.rules[0].kind == AVERAGE else 1
    goal = world.rules[0].goal * 1.1 * share
    over = [at for at, value in run.values if value > goal]
    hops = {
        "load_scraped": run.scraped,
        "hpa_metric_over_threshold": over[0] if over else None,
        "hpa_decision": run.decisions[0][0],
        "hpa_target_decision": goals[0] if goals else None,
        "pod_ready": run.ready_at(world.start + 1),
        "new_pod_counted": run.counted if world.own_pods else None,
        "replicas_ready": run.ready_at(run.replicas),
    }
    found += [
        f"{name} at {seconds}, not {bounds[name]}"
        for name, seconds in hops.items()
        if seconds is not None and hop_bounds.is_outside(round(seconds, 3) + 0.06, 0.12, *bounds[name])
    ]
    return found


# A mean with an AverageValue target falls back.
OPTIONS = {
    name: {"kind": TOTAL if name.startswith("mean") else AVERAGE, "room": 0.002} for name in query_worlds.QUERIES
}


@pytest.mark.parametrize("name", query_worlds.QUERIES)
def test_every_run_of_a_shape_is_as_predicted(name):
    changed = 0
    for seed in range(25):
        chance = random.Random(seed)
        world = query_worlds.random_world(chance, name, **OPTIONS[name])
        if not at_rest(world):
            continue
        prediction = predicted(world)
        run = simulate(world, chance)
        changed += bool(run.decisions)
        assert outside(world, prediction, run) == [], (seed, world)
    assert changed > 5


ENDS = (None, {"scaleDown": {"stabilizationWindowSeconds": 0}}, {"scaleDown": {"stabilizationWindowSeconds": 60}})


def run_scale_in(name, seed, share=0.0):
    """A run with an end of its load: (world, prediction of scale-in, changes since the end).

    `share` is the baseline, as a share of what the minimum tolerates.
    """
    chance = random.Random(seed)
    options = {
        **OPTIONS[name],
        "room": 0.01,
        "downscale": float(chance.choice([0, 30, 60, 300])),
        "behavior": chance.choice(ENDS),
        "current": False,
        "maximum": 5,
    }
    world = query_worlds.random_world(chance, name, **options)
    tolerated = world.rules[0].goal / query_worlds.unit(world.query, world.window)
    most = tolerated * (world.start if world.rules[0].kind == AVERAGE or world.query.mean else 1)
    world = dataclasses.replace(world, rules=world.rules[:1], baseline=share * most)
    if not at_rest(world):
        return world, None, None
    prediction = predicted(world)
    end = prediction.times.latest_seconds + world.sync
    world = dataclasses.replace(world, load=query_worlds.constant(world.load.rate, end))
    result = predict_scale_in(
        worlds.hpa_config(world),
        prediction.possible_replicas,
        query_worlds.baseline(world),
        query_worlds.timing(world),
        pods_at_rest=world.start,
        held_seconds=world.sync,
    )
    run = simulate(world, chance, until=end + result.latest_seconds + 400)
    if any(after < before and at <= end for at, before, after in run.decisions):
        return world, result, None  # it shrank during scale-out, which the prediction warns of
    counts = [after for at, _before, after in run.decisions if at <= end]
    if (counts or [world.start])[-1] not in result.from_replicas:
        return world, result, None
    return world, result, [(at - end, before, after) for at, before, after in run.decisions if at > end]


def outside_scale_in(prediction, changes):
    """Each difference between a run's scale-in and its prediction."""
    found = [f"step from {was} to {after}" for _at, was, after in changes if after not in prediction.steps.get(was, ())]
    if not changes:
        return ["does not shrink"] if min(prediction.from_replicas) > prediction.replicas else []
    first, last = changes[0], changes[-1]
    if not prediction.earliest_change_seconds <= first[0] <= prediction.latest_change_seconds:
        found.append(
            f"first change at {first[0]}, not {prediction.earliest_change_seconds} to "
            f"{prediction.latest_change_seconds}"
        )
    if last[2] > prediction.replicas or last[2] not in prediction.steps:
        found.append(f"ends with {last[2]}, not {prediction.replicas}")
    if last[0] > prediction.latest_seconds:
        found.append(f"ends at {last[0]}, not until {prediction.latest_seconds}")
    return found


@pytest.mark.parametrize("share", [0.0, 0.7])
@pytest.mark.parametrize("name", query_worlds.QUERIES)
def test_every_scale_in_of_a_shape_is_as_predicted(name, share):
    shrank = 0
    for seed in range(12):
        world, prediction, changes = run_scale_in(name, seed, share)
        # Growth after the load is not predicted.
        if changes and all(after < before for _at, before, after in changes):
            shrank += 1
            assert outside_scale_in(prediction, changes) == [], (seed, world)
    assert shrank > 0
