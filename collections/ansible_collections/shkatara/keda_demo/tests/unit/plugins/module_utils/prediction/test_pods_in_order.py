# SPDX-License-Identifier: MIT
"""Pods that start and end one after the other: times computed by hand, and random worlds against simulated runs."""

from __future__ import annotations

import dataclasses
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction import scale_in, scale_out
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import InitialState
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.stabilization import (
    ShortStabilization,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import Load
from ansible_collections.shkatara.keda_demo.tests.support.simulation_in_order import InOrder

DEMO = HpaConfig((Metric("s0", 10.0),), 1, 10)
AT_ONCE = Timing(5, 30)
IN_ORDER = dataclasses.replace(AT_ONCE, pods_in_order=True)
GRACE = dataclasses.replace(AT_ONCE, pod_stop=20.0)


def predict(timing, rate=34.5, start=1, config=DEMO):
    return scale_out.predict(config, Load(((0.0, rate),)), InitialState(start), timing)


@pytest.mark.parametrize(
    ("timing", "start", "rate", "seconds"),
    [
        (AT_ONCE, 1, 34.5, 30),
        (IN_ORDER, 1, 34.5, 3 * 30),  # from 1 to 4
        (IN_ORDER, 3, 34.5, 30),
        (IN_ORDER, 0, 34.5, 4 * 30),
        (IN_ORDER, 1, 5.0, 30),  # nothing grows
    ],
)
def test_each_new_pod_has_its_start(timing, start, rate, seconds):
    assert predict(timing, rate, start).times.latest_parts["pod_start"] == seconds


def test_the_first_change_is_no_later():
    one, other = predict(AT_ONCE).times, predict(IN_ORDER).times
    assert one.latest_change_seconds == other.latest_change_seconds
    assert other.latest_seconds == one.latest_seconds + 2 * 30


def test_the_metric_dips_until_the_last_pod_is_counted():
    config = dataclasses.replace(DEMO, behavior={"scaleDown": {"stabilizationWindowSeconds": 120}})
    assert predict(AT_ONCE, config=config).warnings == []
    assert predict(IN_ORDER, config=config).warnings == [ShortStabilization(3 * 30 + 45 + 15, 120)]


@pytest.mark.parametrize(
    ("timing", "seconds"),
    [
        (AT_ONCE, None),  # a Deployment's pods count no more as soon as they are deleted
        (GRACE, 20),
        (dataclasses.replace(GRACE, pods_in_order=True), 4 * 20),  # from 5 to 1
    ],
)
def test_pods_that_end_count_as_replicas(timing, seconds):
    plain = scale_in.predict_scale_in(DEMO, [4, 5], 0.0, AT_ONCE)
    result = scale_in.predict_scale_in(DEMO, [4, 5], 0.0, timing)
    assert result.latest_parts.get("pods_stopped") == seconds
    assert result.latest_seconds == plain.latest_seconds + (seconds or 0)
    assert result.latest_change_seconds == plain.latest_change_seconds


def test_the_last_pods_end_after_keda_took_them():
    rules = KedaRules(0, 0, polling_interval=5.0, cooldown=60.0)
    in_order = dataclasses.replace(GRACE, pods_in_order=True)
    result = scale_in.predict_to_zero(rules, [1, 4], in_order)
    assert (result.latest_parts["pods_stopped"], result.latest_change_seconds) == (4 * 20, 113)
    assert result.latest_seconds == 113 + 80


@pytest.mark.parametrize("seed", range(60))
def test_every_scale_out_in_order_is_as_predicted(seed):
    chance = random.Random(seed)
    world = worlds.random_world(chance)
    timing = dataclasses.replace(worlds.timing(world), pods_in_order=True)
    prediction = scale_out.predict(worlds.hpa_config(world), world.load, worlds.initial_state(world), timing)
    run = InOrder(world, chance).simulate()
    assert run.replicas in prediction.possible_replicas, world
    if prediction.changes and not prediction.warnings:
        ready = [pod.ready for pod in run.pods if pod.gone > 1e9]
        assert max(ready) <= prediction.times.latest_seconds, world
