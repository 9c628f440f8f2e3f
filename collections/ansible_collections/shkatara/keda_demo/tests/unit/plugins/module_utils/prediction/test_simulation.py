# SPDX-License-Identifier: MIT
"""The simulation itself, against the tables of Kubernetes' own tests.

Rows marked with a test's name are from pkg/controller/podautoscaler/horizontal_test.go.
"""

from __future__ import annotations

import dataclasses
import random

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import (
    AVERAGE,
    TOTAL,
    Autoscaler,
    Load,
    Rule,
    World,
)
from ansible_collections.shkatara.keda_demo.tests.support.simulation import Pod, simulate
from ansible_collections.shkatara.keda_demo.tests.support.worlds import policies

DEMO = World(load=Load(((0.0, 37.0),)), rules=(Rule(10.0),), maximum=10)


def autoscaler(recommendations=(), behavior=None, **options):
    made = Autoscaler(dataclasses.replace(DEMO, maximum=1000, behavior=behavior, **options))
    made.recommendations = [(60.0 * minutes, count) for count, minutes in recommendations]
    return made


@pytest.mark.parametrize(
    ("recommendations", "wanted", "expected"),
    [
        # TestNormalizeDesiredReplicas
        ([], 5, 5),
        ([(4, -2), (5, -1)], 3, 5),
        ([(1, -2), (2, -1)], 3, 3),
        ([(10, -10), (9, -9)], 3, 3),
        ([(10, -10), (4, -1), (5, -2), (9, -9)], 3, 5),
    ],
)
def test_stabilization_without_a_behavior(recommendations, wanted, expected):
    assert autoscaler(recommendations).simple(0.0, 5, wanted) == expected


@pytest.mark.parametrize(
    ("recommendations", "current", "wanted", "up", "down", "expected"),
    [
        # TestNormalizeDesiredReplicasWithBehavior
        ([], 100, 5, 0, 0, 5),
        ([(4, -2), (5, -1)], 100, 3, 0, 180, 5),
        ([(4, -2), (5, -1)], 1, 7, 300, 0, 4),
        ([(1, -2), (2, -1)], 100, 3, 300, 0, 3),
        ([(4, -2), (5, -1)], 1, 3, 0, 300, 3),
        ([(10, -10), (9, -9)], 1, 100, 0, 0, 100),
        ([(10, -10), (4, -1), (5, -2), (9, -9)], 100, 3, 0, 180, 5),
        ([(10, -100), (6, -1), (5, -2), (9, -3)], 1, 100, 300, 0, 5),
        ([(2, -100), (3, -3)], 2, 1, 300, 300, 2),
        ([(2, -100), (1, -3)], 2, 3, 300, 300, 2),
    ],
)
def test_stabilization_with_a_behavior(recommendations, current, wanted, up, down, expected):
    behavior = {"scaleUp": {"stabilizationWindowSeconds": up}, "scaleDown": {"stabilizationWindowSeconds": down}}
    assert autoscaler(recommendations, behavior).stabilized(0.0, current, wanted) == expected


@pytest.mark.parametrize(
    ("version", "rules", "current", "wanted", "expected"),
    [
        # The arithmetic of TestScalingWithRules, with 4 added and 2 taken a minute ago
        ("current", {"scaleUp": policies(("Percent", 300, 300))}, 6, 24, 16),
        ("old", {"scaleUp": policies(("Percent", 300, 300))}, 6, 24, 8),
        ("current", {"scaleDown": policies(("Percent", 50, 180))}, 10, 1, 4),
        ("old", {"scaleDown": policies(("Percent", 50, 180))}, 10, 1, 6),
        ("old", {"scaleUp": policies(("Pods", 30, 30))}, 10, 50, 40),
        ("old", {"scaleUp": policies(("Pods", 2, 60), ("Percent", 50, 60), select="Min")}, 1, 9, 1),
    ],
)
def test_limits_count_what_changed_before(version, rules, current, wanted, expected):
    made = autoscaler(behavior=rules, current=version == "current")
    made.ups, made.downs = [(-59.0, 4)], [(-59.0, 2)]
    assert made.limited(0.0, current, wanted) == expected


@pytest.mark.parametrize(
    ("kind", "goal", "value", "spec", "ready", "expected"),
    [
        (AVERAGE, 2.15, 8.6, 3, 3, 4),  # TestReplicaCalcScaleUpPerPodCMExternal
        (TOTAL, 4.4, 8.6, 3, 1, 2),  # TestReplicaCalcScaleUpCMExternalIgnoresUnreadyPods
        (TOTAL, 8.888, 8.6, 3, 3, 3),  # TestReplicaCalcToleranceCMExternal
    ],
)
def test_proposals(kind, goal, value, spec, ready, expected):
    assert autoscaler().proposal(Rule(goal, kind), value, spec, spec, ready) == expected


# Each row is one branch of extrapolatedRate.
@pytest.mark.parametrize(
    ("samples", "now", "window", "expected"),
    [
        ([(0, 0), (300, 10), (600, 20), (900, 30), (1200, 40), (1500, 50)], 1500, 1500, 50 / 1500),
        ([(0, 0)], 5, 30, None),
        ([(0, 5), (5, 5), (10, 5)], 10, 30, 0.0),
        ([(2, 1000), (7, 1010), (12, 1020)], 15, 15, 2.0),  # extrapolated to both edges
        ([(10, 1000), (15, 1010)], 15, 30, 2.0 * (5 + 2.5) / 30),  # half an interval before the first sample
        ([(10, 4), (15, 14)], 15, 30, 2.0 * (5 + 2) / 30),  # and not below 0
        ([(10, 0), (15, 10)], 30, 30, 2.0 * (5 + 0 + 2.5) / 30),
    ],
)
def test_rate(samples, now, window, expected):
    pod = Pod(0, 0, 0)
    pod.times, pod.values = map(list, zip(*samples, strict=True))
    assert pod.rate(now, window) == (expected if expected is None else pytest.approx(expected))


def test_the_demo_goes_from_1_to_4():
    ends = [simulate(dataclasses.replace(DEMO, random_balancing=True), random.Random(seed)) for seed in range(30)]
    assert {run.replicas for run in ends} == {4}
    assert {tuple(run.path()) for run in ends} > {(4,)}
    assert len({run.path()[0] for run in ends}) > 1


def test_keda_wakes_and_puts_to_sleep():
    world = dataclasses.replace(
        DEMO, load=Load(((0.0, 37.0),), 100.0), start=0, own_pods=False, polling=10.0, cooldown=30.0
    )
    run = simulate(world, random.Random(1), until=300.0)
    assert [(before, after) for _at, before, after in run.keda] == [(0, 1), (4, 0)]
    assert run.replicas == 0
    # The window of 30 s is empty 30 to 40 s after the last request, and the cooldown is 30 s.
    assert 100 + 30 + 30 - 11 <= run.keda[1][0] <= 100 + 40 + 30 + 11


def test_a_load_is_counted_in_whole_requests():
    load = Load(((0.0, 10.0), (5.0, 20.0)), 10.0)
    assert (load.rate, load.last_stage_start) == (20.0, 5.0)
    assert [load.requests_until(seconds) for seconds in (0, 1, 5, 7, 10, 99)] == [0, 10, 50, 90, 150, 150]
