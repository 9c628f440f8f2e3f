# SPDX-License-Identifier: MIT
"""The HPA's arithmetic against the tables of Kubernetes' own tests, and what is predicted from it.

Rows marked with a test's name are from Kubernetes 1.25, pkg/controller/podautoscaler/*_test.go.
"""

from __future__ import annotations

import math
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils import _predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import HpaTarget, ScaleEvent, Timing

DEMO = HpaTarget(threshold=10, min_replicas=1, max_replicas=10)
DEMO_TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)


@pytest.mark.parametrize(
    ("total", "threshold", "current", "expected"),
    [
        (8600, 2150, 3, 4),  # TestReplicaCalcScaleUpPerPodCMExternal
        (8600, 2867, 5, 3),  # TestReplicaCalcScaleDownPerPodCMExternal
        (8600, 2900, 3, 3),  # TestReplicaCalcTolerancePerPodCMExternal
        (11, 10, 1, 2),  # 10 % over: IEEE doubles put it just outside the tolerance
        (10.9, 10, 1, 1),
        (21, 10, 2, 2),  # 5 % over: inside, nothing moves
        (37, 10, 1, 4),
        (0, 10, 4, 0),  # the minimum comes later
    ],
)
def test_desired_replicas(total, threshold, current, expected):
    assert _predict.desired_replicas(total, threshold, current) == expected


def test_desired_replicas_with_another_tolerance():
    assert _predict.desired_replicas(12, 10, 1, tolerance=0.3) == 1
    assert _predict.desired_replicas(10.1, 10, 1, tolerance=0) == 2


@pytest.mark.parametrize(("threshold", "current"), [(0, 1), (-1, 1), (10, 0)])
def test_desired_replicas_refuses(threshold, current):
    with pytest.raises(ValueError, match="must be"):
        _predict.desired_replicas(10, threshold, current)


def rules(pods=0, pods_period=0, percent=0, percent_period=0, select="Max"):
    """The rules of generateScalingRules in horizontal_test.go."""
    policies = []
    if pods:
        policies.append({"type": "Pods", "value": pods, "periodSeconds": pods_period})
    if percent:
        policies.append({"type": "Percent", "value": percent, "periodSeconds": percent_period})
    return {"selectPolicy": select, "policies": policies}


def events(changes, period):
    """The events of generateEventsUniformDistribution in horizontal_test.go, on a clock whose now is 0."""
    step = period / (len(changes) + 1)
    return [ScaleEvent(-period + index * step, change) for index, change in enumerate(changes, 1)]


@pytest.mark.parametrize(
    ("scaling_rules", "past", "current", "expected"),
    [
        (None, (), 1, 4),
        (None, (), 2, 4),
        (None, (), 10, 20),  # TestConvertDesiredReplicasWithRules
        # TestScalingWithRules
        (rules(100, 60, 100, 60), (), 10, 110),
        (rules(2, 60, 100, 60), (), 10, 20),
        (rules(30, 60), (), 10, 40),
        (rules(0, 0, 200, 60), (), 10, 30),
        (rules(5, 120), events([1, 5, 9], 120), 100, 100),
        (rules(150, 120), events([1, 5, 9], 120), 100, 235),
        (rules(0, 0, 200, 120), events([1, 5, 9], 120), 100, 255),
        # The API server's defaults
        (_predict.DEFAULT_SCALE_UP, (), 1, 5),
        (_predict.DEFAULT_SCALE_UP, (), 7, 14),
        (_predict.DEFAULT_SCALE_UP, [ScaleEvent(-14, 4)], 5, 5),
        (_predict.DEFAULT_SCALE_UP, [ScaleEvent(-15, 4)], 5, 10),
        (rules(30, 60, 100, 60, select="Min"), (), 10, 20),
        (rules(30, 60, select="Disabled"), (), 10, 10),
    ],
)
def test_scale_up_limit(scaling_rules, past, current, expected):
    assert _predict.scale_up_limit(current, scaling_rules, past) == expected


@pytest.mark.parametrize(
    ("total", "target", "expected"),
    [
        (17, DEMO, [(0, 2)]),
        (37, DEMO, [(0, 4)]),
        (57, DEMO, [(0, 4), (15, 6)]),
        (87, DEMO, [(0, 4), (15, 8)]),  # 8.7 % over 8 replicas: within the tolerance
        (97, DEMO, [(0, 4), (15, 8), (30, 10)]),
        (10.9, DEMO, []),
        (500, DEMO, [(0, 4), (15, 8), (30, 10)]),
        (87, HpaTarget(10, 1, 100, behavior={"scaleDown": {}}), [(0, 5), (15, 9)]),
        (
            37,
            HpaTarget(10, 1, 100, behavior={"scaleUp": {"policies": rules(1, 60)["policies"]}}),
            [(0, 2), (60, 3), (120, 4)],
        ),
        (37, HpaTarget(10, 1, 100, behavior={"scaleUp": {"selectPolicy": "Disabled"}}), []),
    ],
)
def test_climb(total, target, expected):
    assert _predict.climb(target, total, target.min_replicas) == expected


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (5, {1}),
        (10.5, {1}),  # within the tolerance of one replica
        (17, {2}),
        (32, {3, 4}),  # 3 replicas are within the tolerance, and a rising metric may stop there
        (37, {4}),
        (41, {4, 5}),
        (500, {10}),
    ],
)
def test_reachable_replicas(total, expected):
    assert _predict.reachable_replicas(DEMO, total, 1) == expected


@pytest.mark.parametrize("pods", range(2, 7))
def test_a_load_of_n_less_three_tenths_has_one_right_answer(pods):
    assert _predict.reachable_replicas(DEMO, (pods - 0.3) * DEMO.threshold, 1) == {pods}


def test_every_simulated_climb_ends_where_it_was_predicted():
    """The HPA's loop over a metric that rises in random steps, at random moments of its window."""
    chance = random.Random(4)
    for _ in range(2000):
        target = HpaTarget(
            threshold=chance.choice([3, 7, 10, 25]),
            min_replicas=chance.choice([1, 1, 2]),
            max_replicas=chance.choice([5, 10, 100]),
            behavior=chance.choice([None, {"scaleDown": {}}]),
        )
        total = chance.uniform(0, 12) * target.threshold
        syncs = sorted(chance.random() for _ in range(chance.randint(0, 4)))
        count, past = target.min_replicas, []
        for number, share in enumerate([*syncs, *[1.0] * 20]):
            after = _predict.next_replicas(target, share * total, count, past, 15.0 * number)
            past.append(ScaleEvent(15.0 * number, after - count))
            count = after
        assert count in _predict.reachable_replicas(target, total, target.min_replicas), (
            target,
            total,
            syncs,
        )


def test_prediction_of_the_demo():
    found = _predict.predict(DEMO, 37, 1, DEMO_TIMING)
    assert (found.replicas, found.possible_replicas, found.from_replicas) == (4, [4], 1)
    assert (found.changes, found.reason) == (True, "load")
    assert found.latest_parts == {"scrape": 10, "query_window": 30, "hpa_sync": 15, "pod_start": 30}
    assert found.latest_change_seconds == 55
    assert found.latest_seconds == 85
    # A window that holds samples of 25 s: 11 requests/s are there after 11 / 37 of them.
    assert found.earliest_change_seconds == 7.4


def test_prediction_of_a_longer_climb_counts_its_syncs():
    found = _predict.predict(DEMO, 97, 1, DEMO_TIMING)
    assert found.latest_parts["further_syncs"] == 30
    assert found.latest_seconds == 115


def test_prediction_counts_keda_caching_and_stabilization():
    target = HpaTarget(10, 1, 10, behavior={"scaleUp": {"stabilizationWindowSeconds": 60}})
    found = _predict.predict(target, 37, 1, Timing(5, 30, keda_polling=20))
    assert found.latest_parts["scale_up_stabilization"] == 60
    assert found.latest_parts["keda_polling"] == 20
    assert found.latest_change_seconds == 135


@pytest.mark.parametrize(
    ("load", "target", "baseline", "replicas", "reason"),
    [
        (5, DEMO, 0, 1, "load_under_threshold"),
        (10.9, DEMO, 0, 1, "load_under_threshold"),
        (5, DEMO, 9, 2, "load"),  # what others send counts too
        (500, DEMO, 0, 10, "max_replicas"),
        (37, HpaTarget(10, 1, 1), 0, 1, "max_replicas"),
        (
            37,
            HpaTarget(10, 1, 9, behavior={"scaleUp": {"selectPolicy": "Disabled"}}),
            0,
            1,
            "scale_up_disabled",
        ),
    ],
)
def test_prediction_says_why(load, target, baseline, replicas, reason):
    found = _predict.predict(target, load, 1, DEMO_TIMING, baseline)
    assert (found.replicas, found.reason) == (replicas, reason)
    assert found.changes is (replicas != 1)
    assert (found.earliest_change_seconds is None) is (replicas == 1)


@pytest.mark.parametrize(
    ("behavior", "current", "expected"),
    [
        (None, 1, 0),
        (None, 4, 300 + 15 + 15),
        ({"scaleDown": {"stabilizationWindowSeconds": 0}}, 4, 15 + 15),
        ({"scaleDown": {"stabilizationWindowSeconds": 60}}, 4, 60 + 15 + 15),
        ({"scaleDown": {"policies": rules(1, 60)["policies"]}}, 4, 300 + 15 + 180),
        ({"scaleDown": {"policies": rules(0, 0, 50, 30)["policies"]}}, 8, 300 + 15 + 90),
        ({"scaleDown": {"policies": rules(1, 60, 100, 15)["policies"]}}, 4, 300 + 15 + 15),
        (
            {"scaleDown": {"selectPolicy": "Min", "policies": rules(1, 60, 100, 15)["policies"]}},
            4,
            300 + 15 + 180,
        ),
        ({"scaleDown": {"selectPolicy": "Disabled"}}, 4, math.inf),
    ],
)
def test_scale_down_seconds(behavior, current, expected):
    target = HpaTarget(10, 1, 10, behavior=behavior)
    assert _predict.scale_down_seconds(target, current, stabilization=300, hpa_sync=15) == expected
