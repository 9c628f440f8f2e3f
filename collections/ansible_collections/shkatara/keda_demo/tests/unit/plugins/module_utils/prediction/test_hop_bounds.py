# SPDX-License-Identifier: MIT
"""Each hop's bounds against its time in simulated runs."""

from __future__ import annotations

import dataclasses
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction import hop_bounds
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.hop_bounds import (
    scale_in_bounds,
    scale_out_bounds,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import (
    predict_scale_in,
    predict_to_zero,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import predict
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.fuzz_checks import settled_times
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE
from ansible_collections.shkatara.keda_demo.tests.support.simulation import LONG_AGO, simulate

GRID = 0.5


def first(times):
    return min(times, default=None)


def observed_scale_out(world, run, prediction):
    """Hop: (seconds, resolution) of the hops that a run shows during scale-out."""
    new = [pod for pod in run.pods if pod.created > LONG_AGO]
    count, threshold = max(1, world.start), prediction.acts_above
    series = [run.gateway] if run.gateway else run.pods
    ticks = (GRID * tick for tick in range(int(prediction.times.latest_seconds / GRID)))
    query = (tick for tick in ticks if sum(pod.rate(tick, world.window) or 0 for pod in series) > threshold)
    share = count if world.rules[0].kind == AVERAGE else 1
    goal = world.rules[0].goal * 1.1 * share
    decided = [at for at, before, after in run.decisions if after > max(1, world.start)]
    hops = {
        "load_scraped": (run.scraped, 0.0),
        "metric_over_threshold": (next(query, None), GRID),
        "keda_activation": (first(at for at, before, _after in run.keda if not before), 0.0),
        # KEDA's first replica has to be there before the HPA looks.
        "hpa_metric_over_threshold": (
            first(at for at, value in run.values if value > goal and (world.start or at > run.keda[0][0])),
            0.0,
        ),
        "hpa_decision": (first(decided), 0.0),
        "hpa_target_decision": (
            first(at for at, _b, after in run.decisions if after in prediction.possible_replicas),
            0.0,
        ),
        "deployment_scaled": (first(at for at, _before, _after in run.changes), 0.0),
        "pod_created": (first(pod.created for pod in new), 0.0),
        "container_started": (first(pod.started for pod in new), 0.0),
        "pod_ready": (first(pod.ready for pod in new), 0.0),
        "new_pod_counted": (run.counted if world.own_pods else None, 0.0),
        "replicas_ready": (first(settled_times(run, prediction.possible_replicas)), 0.0),
    }
    return {name: hop for name, hop in hops.items() if hop[0] is not None}


def outside(bounds, observed):
    """The observed hops that are outside their bounds: (name, seconds, bounds)."""
    return [
        (name, seconds, bounds[name])
        for name, (seconds, resolution) in observed.items()
        if name in bounds and hop_bounds.is_outside(round(seconds, 3), resolution, *bounds[name])
    ]


def zero_world(chance, **options):
    """A world that begins at 0, with a counter that is not on the pods that are scaled."""
    world = worlds.random_world(
        chance, kind=AVERAGE, start=0, minimum=1, own_pods=False, polling=float(chance.choice([5, 15, 30])), **options
    )
    return dataclasses.replace(
        world,
        rules=world.rules[:1],
        cooldown=float(chance.choice([30, 120])),
        activation=chance.choice([0.0, world.load.rate / 3]),
    )


def predicted(world):
    return predict(worlds.hpa_config(world), world.load, worlds.initial_state(world), worlds.timing(world))


@pytest.mark.parametrize("make", [worlds.random_world, zero_world], ids=["from-the-minimum", "from-zero"])
@pytest.mark.parametrize("random_balancing", [False, True], ids=["even", "random"])
def test_every_hop_of_scale_out_is_inside_its_bounds(make, random_balancing):
    names = set()
    for seed in range(40):
        chance = random.Random(seed)
        options = {} if make is zero_world else {"kind": AVERAGE}
        world = make(chance, random_balancing=random_balancing, **options)
        prediction = predicted(world)
        run = simulate(world, chance)
        observed = observed_scale_out(world, run, prediction)
        bounds = scale_out_bounds(prediction, worlds.timing(world))
        if prediction.changes:
            names |= set(observed) & set(bounds)
        assert outside(bounds, observed) == [], (seed, world)
    assert names >= {"load_scraped", "metric_over_threshold", "hpa_decision", "pod_ready", "replicas_ready"}
    assert ("keda_activation" in names) is (make is zero_world)
    assert ("new_pod_counted" in names) is (make is not zero_world)


def test_a_load_that_changes_nothing_has_only_its_first_hops():
    world = worlds.random_world(random.Random(0), kind=AVERAGE)
    small = dataclasses.replace(world.load, stages=((0.0, world.rules[0].goal * 0.5),))
    prediction = predicted(dataclasses.replace(world, load=small, start=1, minimum=1, rules=world.rules[:1]))
    assert set(scale_out_bounds(prediction, worlds.timing(world))) == {"first_request", "load_scraped"}


def with_scale_in(world, seconds):
    """The world with an end of its load, and the two predictions of scale-in."""
    config, timing = worlds.hpa_config(world), worlds.timing(world)
    possible = predicted(world).possible_replicas
    scale_in = predict_scale_in(config, possible, world.baseline, timing)
    to_zero = None
    if not world.start:
        rules = KedaRules(0, 0, world.polling, world.cooldown, world.activation)
        to_zero = predict_to_zero(rules, possible, timing)
    world = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=seconds))
    return world, scale_in, to_zero


def outside_scale_in(world, chance):
    """The hops of a run's scale-in that are outside their bounds; None if no change follows the load."""
    end = predicted(world).times.latest_seconds + world.sync
    world, scale_in, to_zero = with_scale_in(world, end)
    bounds = scale_in_bounds(scale_in, to_zero)
    run = simulate(world, chance, until=end + max(high for _low, high in bounds.values()) + 30)
    changes = [(at - end, after) for at, _before, after in run.changes if at > end]
    if not changes:
        return None
    observed = {
        "scale_in_decision": (changes[0][0], 0.0),
        "replicas_at_minimum": (first(at for at, after in changes if after <= world.minimum), 0.0),
    }
    if to_zero is not None:
        observed["scaled_to_zero"] = (first(at for at, after in changes if after == 0), 0.0)
    assert None not in [seconds for seconds, _resolution in observed.values()], (world, changes)
    return outside(bounds, observed)


@pytest.mark.parametrize("make", [worlds.random_world, zero_world], ids=["to-the-minimum", "to-zero"])
def test_every_hop_of_scale_in_is_inside_its_bounds(make):
    runs = 0
    for seed in (*range(40), 670):
        chance = random.Random(seed)
        options = {"kind": AVERAGE} if make is worlds.random_world else {}
        world = make(chance, downscale=float(chance.choice([60, 120])), behavior=None, **options)
        world = dataclasses.replace(world, rules=world.rules[:1])
        if min(predicted(world).possible_replicas) > max(1, world.start):
            hops = outside_scale_in(world, chance)
            runs += hops is not None
            assert not hops, (seed, world)
    assert runs > 16


def test_where_the_hpa_never_grew_keda_takes_the_only_replica():
    """The HPA has nothing to shrink then, so the first change is KEDA's, after its cooldown."""
    world = dataclasses.replace(
        zero_world(random.Random(1)), cooldown=300.0, downscale=60.0, activation=0.0, behavior=None
    )
    small = dataclasses.replace(world.load, stages=((0.0, world.rules[0].goal * 0.8),))
    world = dataclasses.replace(world, load=small)
    assert predicted(world).possible_replicas == [1]
    assert outside_scale_in(world, random.Random(1)) == []


def test_there_are_no_bounds_without_scale_in():
    assert scale_in_bounds(None, None) == {}


@pytest.mark.parametrize(
    ("seconds", "resolution", "expected"),
    [
        (4.9, 0.0, True),
        (5.0, 0.0, False),
        (20.0, 0.0, False),
        (20.1, 0.0, True),
        (21.0, 1.0, False),  # it may have come up to a second before its observation
        (21.1, 1.0, True),
        (4.9, 1.0, True),
    ],
)
def test_is_outside(seconds, resolution, expected):
    assert hop_bounds.is_outside(seconds, resolution, 5, 20) is expected


def test_a_hop_without_bounds_is_not_outside():
    assert hop_bounds.is_outside(1.0, 0.0, None, None) is False


def test_a_workload_without_replicasets_has_a_hop_of_its_own():
    bounds = {"hpa_decision": (1.0, 2.0), "deployment_scaled": (3.0, 4.0), "replicaset_scaled": (5.0, 6.0)}
    assert hop_bounds.without_replicasets(bounds) == {"hpa_decision": (1.0, 2.0), "workload_scaled": (3.0, 4.0)}
