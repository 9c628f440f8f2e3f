# SPDX-License-Identifier: MIT
"""The rate for exactly one count: simulated runs end with that count."""

from __future__ import annotations

import dataclasses
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.rate_choice import choose_rate
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import QueryShape
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE, Load
from ansible_collections.shkatara.keda_demo.tests.support.simulation import simulate

DEMO_TIMING = Timing(5, 30)


def hpa(target=10.0, minimum=1, maximum=10, others=(), **options):
    return HpaConfig((Metric("s0", target), *others), minimum, maximum, **options)


# Above the tolerance of one replica less, and below the rate that the query may show as more than the target
@pytest.mark.parametrize(
    ("replicas", "low", "high"),
    [
        (2, 11, 20),
        (3, 22, 30 / (1 + 1 / 2 * 5 / 30)),
        (4, 33, 40 / (1 + 2 / 3 * 5 / 30)),
        (10, 99, 150),
    ],
)
def test_the_rate_is_in_the_middle_of_its_range(replicas, low, high):
    rate = choose_rate(hpa(), replicas, InitialState(1), DEMO_TIMING)
    assert low < rate < high
    assert predict(hpa(), Load(((0.0, rate),)), InitialState(1), DEMO_TIMING).possible_replicas == [replicas]
    assert rate == pytest.approx((low + high) / 2, rel=0.01)


def test_the_rate_allows_for_the_baseline_and_a_requests_worth():
    plain = choose_rate(hpa(), 4, InitialState(1), DEMO_TIMING)
    assert choose_rate(hpa(), 4, InitialState(1, per_request=2.0), DEMO_TIMING) == pytest.approx(plain / 2, rel=0.01)
    assert choose_rate(hpa(), 4, InitialState(1, baseline=6.0), DEMO_TIMING) == pytest.approx(plain - 6, rel=0.01)


def test_from_zero_it_begins_with_the_replicas_that_keda_brings():
    timing = Timing(5, 30, own_pods=False)
    assert 33 < choose_rate(hpa(), 4, InitialState(0, from_zero=2), timing) < 40
    with pytest.raises(ValueError, match=r"from 2 replica\(s\) on"):
        choose_rate(hpa(), 2, InitialState(0, from_zero=2), timing)


@pytest.mark.parametrize("replicas", [-1, 0, 1, 11])
def test_a_count_that_no_load_can_make_is_refused(replicas):
    with pytest.raises(ValueError, match="a load can lead to 2 to 10"):
        choose_rate(hpa(), replicas, InitialState(1), DEMO_TIMING)


@pytest.mark.parametrize(
    ("replicas", "message"),
    [
        (6, "up to a metric of 55, 5 replica.s. are within the tolerance of 0.1, and above 52.94"),
        (7, "load.http.replicas is 7, and no rate has only this answer"),
        # 44 to 44.4, so close that chance in balancing decides
        (5, "up to a metric of 44, 4 replica.s. are within the tolerance of 0.1, and above 44.44"),
    ],
)
def test_a_count_without_a_rate_of_its_own_is_refused(replicas, message):
    with pytest.raises(ValueError, match=message):
        choose_rate(hpa(), replicas, InitialState(1), DEMO_TIMING)


@pytest.mark.parametrize(
    ("shape", "replicas", "message"),
    [
        (QueryShape("c", window=30, high=30.0), 4, r"above 33, and the trigger's query limits it to 30"),
        (QueryShape("c", window=30, high=45.0), 6, r"above 55, and the trigger's query limits it to 45"),
        (QueryShape("c", "irate", 300), 4, r"or a query that takes `rate`"),
        (QueryShape("c", window=10), 4, r"or a longer query window"),
    ],
)
def test_a_count_that_the_query_keeps_from_a_rate_of_its_own(shape, replicas, message):
    with pytest.raises(ValueError, match=message):
        choose_rate(hpa(), replicas, InitialState(1), Timing(5, shape=shape))


def test_another_metric_may_ask_for_more():
    others = (Metric("s1", 10.0, value=45.0, by_load=False),)
    with pytest.raises(ValueError, match="no rate has only this answer"):
        choose_rate(hpa(others=others), 4, InitialState(1), DEMO_TIMING)


def chosen(seeds, most, **options):
    """Yield (seed, world, replicas, chance) for each count of a random world that has a rate of its own."""
    for seed in seeds:
        chance = random.Random(seed)
        world = worlds.random_world(chance, kind=AVERAGE, **options)
        world = dataclasses.replace(world, rules=world.rules[:1])
        if world.start + 1 > min(world.maximum, most):
            continue
        replicas = chance.randint(world.start + 1, min(world.maximum, most))
        try:
            rate = choose_rate(worlds.hpa_config(world), replicas, worlds.initial_state(world), worlds.timing(world))
        except ValueError:
            continue
        yield seed, dataclasses.replace(world, load=Load(((0.0, rate),))), replicas, chance


@pytest.mark.parametrize("random_balancing", [False, True], ids=["even", "random"])
def test_every_run_with_a_chosen_rate_ends_with_its_count(random_balancing):
    """With random balancing one sync may read too little, and a later sync makes up for it."""
    ends = 0
    for seed, world, replicas, chance in chosen(range(24), 6, random_balancing=random_balancing):
        prediction = predict(worlds.hpa_config(world), world.load, worlds.initial_state(world), worlds.timing(world))
        assert prediction.possible_replicas == [replicas], seed
        for _ in range(3):
            run = simulate(world, chance)
            assert run.replicas == replicas, (seed, run.path(), world)
            ends += 1
    assert ends > 20


def test_rounding_stays_in_the_range():
    """1234 a replica: rates with three digits are ten apart, and the range is narrow."""
    timing = Timing(1, 30)
    for replicas in range(2, 7):
        rate = choose_rate(hpa(1234.5), replicas, InitialState(1, per_request=3.0), timing)
        load = Load(((0.0, rate),))
        assert predict(hpa(1234.5), load, InitialState(1, per_request=3.0), timing).possible_replicas == [replicas]
