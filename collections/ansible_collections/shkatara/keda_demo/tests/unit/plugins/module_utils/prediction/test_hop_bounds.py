# SPDX-License-Identifier: MIT
"""Each hop's bounds against what a simulated run shows of it."""

from __future__ import annotations

import dataclasses
import math
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
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE
from ansible_collections.shkatara.keda_demo.tests.support.simulation import LONG_AGO, simulate

GRID = 0.5


def first(found):
    return min(found, default=None)


def settled_times(run, counts):
    """When as many pods as were asked for were Ready, while one of `counts` was asked for."""
    changes = [change for change in run.changes if change[0] >= 0]
    for index, (at, before, after) in enumerate(changes):
        end = changes[index + 1][0] if index + 1 < len(changes) else math.inf
        if after > before and after in counts:
            pods = sorted((pod for pod in run.pods if pod.created < at + 1.01), key=lambda pod: pod.created)
            ready = max([at, *(pod.ready for pod in pods[:after])])
            if ready < end:
                yield ready


def seen_out(world, run, prediction):
    """Hop: (seconds, resolution) of all that a run shows on its way out."""
    new = [pod for pod in run.pods if pod.created > LONG_AGO]
    count, over = max(1, world.start), prediction.acts_above
    series = [run.gateway] if run.gateway else run.pods
    ticks = (GRID * tick for tick in range(int(prediction.latest_seconds / GRID)))
    query = (tick for tick in ticks if sum(pod.rate(tick, world.window) or 0 for pod in series) > over)
    share = count if world.rules[0].kind == AVERAGE else 1
    goal = world.rules[0].goal * 1.1 * share
    decided = [at for at, before, after in run.decisions if after > max(1, world.start)]
    found = {
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
    return {name: hop for name, hop in found.items() if hop[0] is not None}


def outside(bounds, seen):
    """All hops outside their bounds, as the module says it."""
    return [
        words
        for name, (seconds, resolution) in seen.items()
        if name in bounds
        for words in [
            hop_bounds.outside(
                name,
                {
                    "seconds": round(seconds, 3),
                    "resolution_seconds": resolution,
                    "earliest": bounds[name][0],
                    "latest": bounds[name][1],
                },
            )
        ]
        if words
    ]


def zero_world(chance, **given):
    """A world that begins at 0, with a counter that is not on the pods that are scaled."""
    world = worlds.random_world(
        chance, kind=AVERAGE, start=0, minimum=1, own_pods=False, polling=float(chance.choice([5, 15, 30])), **given
    )
    return dataclasses.replace(
        world,
        rules=world.rules[:1],
        cooldown=float(chance.choice([30, 120])),
        activation=chance.choice([0.0, world.load.rate / 3]),
    )


def told(world):
    return predict(worlds.hpa_target(world), world.load, worlds.start(world), worlds.timing(world))


@pytest.mark.parametrize("make", [worlds.random_world, zero_world], ids=["from-the-minimum", "from-zero"])
@pytest.mark.parametrize("random_balancing", [False, True], ids=["even", "random"])
def test_all_that_a_run_shows_is_inside_its_bounds(make, random_balancing):
    names = set()
    for seed in worlds.seeds(40):
        chance = random.Random(seed)
        given = {} if make is zero_world else {"kind": AVERAGE}
        world = make(chance, random_balancing=random_balancing, **given)
        prediction = told(world)
        run = simulate(world, chance)
        seen = seen_out(world, run, prediction)
        bounds = scale_out_bounds(prediction, worlds.timing(world))
        if prediction.changes:
            names |= set(seen) & set(bounds)
        assert outside(bounds, seen) == [], (seed, world)
    assert names >= {"load_scraped", "metric_over_threshold", "hpa_decision", "pod_ready", "replicas_ready"}
    assert ("keda_activation" in names) is (make is zero_world)
    assert ("new_pod_counted" in names) is (make is not zero_world)


def test_a_load_that_changes_nothing_has_only_its_first_hops():
    world = worlds.random_world(random.Random(0), kind=AVERAGE)
    small = dataclasses.replace(world.load, stages=((0.0, world.rules[0].goal * 0.5),))
    prediction = told(dataclasses.replace(world, load=small, start=1, minimum=1, rules=world.rules[:1]))
    assert set(scale_out_bounds(prediction, worlds.timing(world))) == {"first_request", "load_scraped"}


def back(world, seconds):
    """The world with an end of its load, the two predictions of the way back and a run of both ways."""
    target, timing = worlds.hpa_target(world), worlds.timing(world)
    possible = told(world).possible_replicas
    scale_in = predict_scale_in(target, possible, world.baseline, timing)
    to_zero = None
    if not world.start:
        rules = KedaRules(0, 0, world.polling, world.cooldown, world.activation)
        to_zero = predict_to_zero(rules, possible, timing)
    world = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=seconds))
    return world, scale_in, to_zero


def outside_back(world, chance):
    """What of a run's way back is outside its bounds; None where nothing had grown."""
    end = told(world).latest_seconds + world.sync
    world, scale_in, to_zero = back(world, end)
    bounds = scale_in_bounds(scale_in, to_zero)
    run = simulate(world, chance, until=end + max(high for _low, high in bounds.values()) + 30)
    changes = [(at - end, after) for at, _before, after in run.changes if at > end]
    if not changes:
        return None
    seen = {
        "scale_in_decision": (changes[0][0], 0.0),
        "replicas_at_minimum": (first(at for at, after in changes if after <= world.minimum), 0.0),
    }
    if to_zero is not None:
        seen["scaled_to_zero"] = (first(at for at, after in changes if after == 0), 0.0)
    assert None not in [seconds for seconds, _resolution in seen.values()], (world, changes)
    return outside(bounds, seen)


@pytest.mark.parametrize("make", [worlds.random_world, zero_world], ids=["to-the-minimum", "to-zero"])
def test_the_way_back_is_inside_its_bounds(make):
    shown = 0
    for seed in worlds.seeds(40):
        chance = random.Random(seed)
        given = {"kind": AVERAGE} if make is worlds.random_world else {}
        world = make(chance, downscale=float(chance.choice([60, 120])), behavior=None, **given)
        world = dataclasses.replace(world, rules=world.rules[:1])
        if min(told(world).possible_replicas) > max(1, world.start):
            found = outside_back(world, chance)
            shown += found is not None
            assert not found, (seed, world)
    assert shown > 16


def test_where_the_hpa_never_grew_keda_takes_the_only_replica():
    """Nothing is left for the HPA then, so that the first change back is KEDA's, after its cooldown."""
    world = dataclasses.replace(
        zero_world(random.Random(1)), cooldown=300.0, downscale=60.0, activation=0.0, behavior=None
    )
    small = dataclasses.replace(world.load, stages=((0.0, world.rules[0].goal * 0.8),))
    world = dataclasses.replace(world, load=small)
    assert told(world).possible_replicas == [1]
    assert outside_back(world, random.Random(1)) == []


def test_there_are_no_bounds_without_a_way_back():
    assert scale_in_bounds(None, None) == {}


@pytest.mark.parametrize(
    ("seconds", "resolution", "words"),
    [
        (4.9, 0.0, "hpa_decision came after 4.9 s, and 5 to 20 s were predicted"),
        (5.0, 0.0, ""),
        (20.0, 0.0, ""),
        (20.1, 0.0, "hpa_decision came after 20.1 s, and 5 to 20 s were predicted"),
        (21.0, 1.0, ""),  # it came up to a second before it was seen
        (4.9, 1.0, "hpa_decision came after 4.9 s, and 5 to 20 s were predicted"),
    ],
)
def test_outside(seconds, resolution, words):
    hop = {"seconds": seconds, "resolution_seconds": resolution, "earliest": 5, "latest": 20}
    assert hop_bounds.outside("hpa_decision", hop) == words


def test_a_hop_without_bounds_is_not_outside():
    assert hop_bounds.outside("answered", {"seconds": 1.0, "resolution_seconds": 0.0, "latest": None}) == ""
