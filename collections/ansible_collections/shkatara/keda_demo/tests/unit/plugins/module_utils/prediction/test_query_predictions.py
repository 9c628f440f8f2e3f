# SPDX-License-Identifier: MIT
"""Predictions by the shape of the query, computed by hand; random worlds are in test_query_worlds.py."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    AVERAGE_VALUE,
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction import rate_choice, scale_out
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import (
    predict_scale_in,
    predict_to_zero,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import InitialState
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import (
    OverTime,
    OverTimeFunction,
    QueryShape,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support import query_worlds, worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import AVERAGE, TOTAL, Load, Rule, World
from ansible_collections.shkatara.keda_demo.tests.support.simulated_query import Query
from ansible_collections.shkatara.keda_demo.tests.support.simulation import simulate


def timing(function="rate", window=30.0, **fields):
    return Timing(5.0, shape=QueryShape("requests_total", function, window, **fields))


def hpa(target=10.0, kind=AVERAGE_VALUE, minimum=1, maximum=10):
    return HpaConfig((Metric("s0", target, kind),), minimum, maximum)


def predict(query, rate=34.5, config=None, start=None):
    return scale_out.predict(config or hpa(), Load(((0.0, rate),)), start or InitialState(1), query)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (timing("increase", factor=30.0), 300.0),
        (timing(factor=60.0), 600.0),
        (timing(factor=0.5), 5.0),
    ],
)
def test_a_factor_changes_the_unit_and_nothing_else(query, target):
    start = InitialState(1, per_request=query.query.factor)
    prediction, plain = predict(query, config=hpa(target), start=start), predict(Timing(5, 30))
    assert (prediction.possible_replicas, prediction.metric) == ([4], 34.5 * query.query.factor)
    assert prediction.times == plain.times
    rate = rate_choice.choose_rate(hpa(target), 4, start, query)
    assert rate == pytest.approx(rate_choice.choose_rate(hpa(), 4, InitialState(1), Timing(5, 30)), rel=0.01)


@pytest.mark.parametrize(
    ("query", "rate", "possible", "reason"),
    [
        (timing(high=30.0), 100, [3], "load"),
        (timing(high=9.0), 100, [1], "query_limit"),
        (timing(high=9.0), 5, [1], "load_under_threshold"),
        (timing(low=5.0), 4, [1], "load_under_threshold"),
    ],
)
def test_limits_of_the_value(query, rate, possible, reason):
    prediction = predict(query, rate)
    assert (prediction.possible_replicas, prediction.reason) == (possible, reason)


def test_a_lower_limit_keeps_the_replicas_of_the_rest():
    start = InitialState(3, baseline=25.0)
    assert predict(timing(low=25.0), 34.5, start=start).metric == 34.5
    assert predict_scale_in(hpa(), [4], 25.0, timing(low=25.0)).replicas == 3


def test_keda_never_sleeps_with_a_limit_above_the_activation():
    rules = KedaRules(0, 0, activation=4.0)
    assert predict_to_zero(rules, [1], timing(low=5.0)).latest_seconds == math.inf
    assert predict_to_zero(rules, [1], timing(low=4.0)).latest_seconds < math.inf


def test_a_maximum_keeps_the_peak_for_certain():
    query = timing(over_time=(OverTime(OverTimeFunction.MAX, 120, 10),))
    plain, kept = (predict_scale_in(hpa(), [4], 0.0, item) for item in (timing(), query))
    assert kept.earliest_change_seconds == plain.earliest_change_seconds + 110
    assert kept.latest_change_seconds == plain.latest_change_seconds + 130
    assert predict(query).times.latest_change_seconds == predict(timing()).times.latest_change_seconds + 10


def test_an_offset_delays_for_certain():
    late, plain = predict(timing(offset=60.0)).times, predict(timing()).times
    assert late.earliest_change_seconds == pytest.approx(plain.earliest_change_seconds + 60, abs=0.11)
    assert late.latest_change_seconds == plain.latest_change_seconds + 60


@pytest.mark.parametrize(
    ("rate", "maximum", "reason"),
    [
        (34.5, 10, "falls_back"),  # at 4 the mean is 8.6, which asks for 1
        (15.0, 10, "falls_back"),  # at 2 it is 7.5, which asks for 1, and 15 at 1 asks for 2
        (34.5, 2, "load"),  # at 2 it is 17.25, which asks for 2
        (8.0, 10, "load_under_threshold"),
    ],
)
def test_a_mean_that_the_hpa_divides_again_falls_back(rate, maximum, reason):
    assert predict(timing(mean=True), rate, hpa(maximum=maximum)).reason == reason
    world = World(Load(((0.0, rate),)), (Rule(10.0, AVERAGE),), maximum, query=Query(mean=True), downscale=0.0)
    runs = [simulate(world, random.Random(seed), until=900.0) for seed in range(20)]
    fell = any(after < before for run in runs for at, before, after in run.decisions if at > 100)
    assert fell is (reason == "falls_back")


def test_a_mean_with_a_value_rests_at_the_load_divided_by_the_threshold():
    prediction = predict(timing(mean=True), config=hpa(kind=VALUE))
    assert (prediction.replicas, min(prediction.possible_replicas), prediction.reason) == (4, 4, "load")
    world = World(Load(((0.0, 34.5),)), (Rule(10.0, TOTAL),), 10, query=Query(mean=True))
    for seed in range(20):
        run = simulate(world, random.Random(seed), until=1500.0)
        assert run.replicas == 4, run.path()
        assert {after for _at, _before, after in run.decisions} <= {*prediction.steps}


@pytest.mark.parametrize(("kind", "words"), [(AVERAGE_VALUE, "metricType: Value"), (VALUE, "several counts be right")])
def test_a_mean_has_no_rate_for_a_count(kind, words):
    with pytest.raises(ValueError, match=words):
        rate_choice.choose_rate(hpa(kind=kind), 4, InitialState(1), timing(mean=True))


@pytest.mark.parametrize("name", ["irate", "offset", "max", "avg", "gauge", "mean"])
def test_the_simulation_can_tell_a_shape(name):
    """Some runs of a shape are outside the prediction for a plain rate."""
    different = 0
    for seed in range(60):
        chance = random.Random(seed)
        world = query_worlds.random_world(chance, name, kind=TOTAL if name == "mean" else AVERAGE, own_pods=True)
        plain = dataclasses.replace(query_worlds.timing(world), shape=None, query_window=world.window or 30.0)
        start = query_worlds.initial_state(world)
        prediction = scale_out.predict(worlds.hpa_config(world), world.load, start, plain)
        run = simulate(world, chance)
        times, decided = prediction.times, [at for at, _before, _after in run.decisions]
        different += run.replicas not in prediction.possible_replicas
        if decided and times.earliest_change_seconds is not None:
            different += not times.earliest_change_seconds - 0.06 <= decided[0] <= times.latest_change_seconds
    assert different > 0
