# SPDX-License-Identifier: MIT
"""The HPA's arithmetic against the tables of Kubernetes' own tests.

Rows marked with a test's name are from pkg/controller/podautoscaler/{replica_calculator,horizontal}_test.go; where
nothing is said they are the same in Kubernetes 1.25 and 1.36. Their values are thousandths of ours.
"""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    AVERAGE_VALUE,
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    VALUE,
    HpaConfig,
    Metric,
    ScaleEvent,
    desired_replicas,
    next_replicas,
    proposed_replicas,
    scale_down_limit,
    scale_up_limit,
)

OLD, CURRENT = (1, 25), (1, 36)


def hpa(target=10.0, kind=AVERAGE_VALUE, minimum=1, maximum=100, **given):
    return HpaConfig((Metric("s0", target, kind), *given.pop("others", ())), minimum, maximum, **given)


@pytest.mark.parametrize("version", [OLD, CURRENT])
@pytest.mark.parametrize(
    ("value", "target", "current", "expected"),
    [
        (8.6, 2.15, 3, 4),  # TestReplicaCalcScaleUpPerPodCMExternal
        (8.6, 2.867, 5, 3),  # TestReplicaCalcScaleDownPerPodCMExternal
        (8.6, 2.9, 3, 3),  # TestReplicaCalcTolerancePerPodCMExternal
        (8.6, 2.222, 3, 4),  # TestScaleUpPerPodCMExternal
        (8.6, 2.2, 4, 4),  # TestTolerancePerPodCMExternal
        (8.6, 3.0, 5, 3),  # TestScaleDownPerPodCMExternal
        (10.9, 10, 1, 1),
        (11.1, 10, 1, 2),
        (21, 10, 2, 2),  # 5 % over: inside, nothing moves
        (37, 10, 1, 4),
        (40.0009, 10, 1, 4),  # whole thousandths are seen: 40
        (40.001, 10, 1, 5),
        (0, 10, 4, 0),  # the minimum comes later
    ],
)
def test_an_average_value_asks_for_its_pods(value, target, current, expected, version):
    told = hpa(target, version=version)
    assert proposed_replicas(told, told.load_metric, value, current) == expected


@pytest.mark.parametrize("version", [OLD, CURRENT])
@pytest.mark.parametrize(
    ("value", "target", "current", "ready", "expected"),
    [
        (8.6, 4.4, 1, None, 2),  # TestReplicaCalcScaleUpCMExternal
        (8.6, 4.4, 3, 1, 2),  # TestReplicaCalcScaleUpCMExternalIgnoresUnreadyPods: of 3 only 1 is Ready
        (8.6, 4.4, 3, None, 6),  # the same with all Ready
        (8.6, 14.334, 5, None, 3),  # TestReplicaCalcScaleDownCMExternal
        (8.6, 8.888, 3, None, 3),  # TestReplicaCalcToleranceCMExternal
        (8.6, 6.666, 3, None, 4),  # TestScaleUpCMExternal
        (8.6, 8.666, 4, None, 4),  # TestToleranceCMExternal
        (37, 10, 2, 0, 0),  # none is Ready yet
    ],
)
def test_a_value_multiplies_the_ready_pods(value, target, current, ready, expected, version):
    told = hpa(target, VALUE, version=version)
    assert proposed_replicas(told, told.load_metric, value, current, ready) == expected


@pytest.mark.parametrize(
    ("version", "kind", "value", "current", "expected"),
    [
        # 11 of 10 is 1.1: 1.0 - 1.1 is further from 0 than 0.1 in doubles, while 1.1 <= 1.0 + 0.1
        (OLD, AVERAGE_VALUE, 11, 1, 2),
        ((1, 32), AVERAGE_VALUE, 11, 1, 2),
        ((1, 33), AVERAGE_VALUE, 11, 1, 1),
        (CURRENT, AVERAGE_VALUE, 11, 1, 1),
        (OLD, AVERAGE_VALUE, 22, 2, 3),
        (CURRENT, AVERAGE_VALUE, 22, 2, 2),
        (OLD, VALUE, 11, 1, 2),
        (CURRENT, VALUE, 11, 1, 1),
        (OLD, AVERAGE_VALUE, 9, 1, 1),  # the other end is inside in both
        (CURRENT, AVERAGE_VALUE, 9, 1, 1),
    ],
)
def test_the_edge_of_the_tolerance_depends_on_the_version(version, kind, value, current, expected):
    told = hpa(10, kind, version=version)
    assert desired_replicas(told, value, current) == expected


@pytest.mark.parametrize(
    ("kind", "value", "target", "expected"),
    [
        (VALUE, 8.9, 8.8, 4),  # TestReplicaCalcConfigurableToleranceCMExternal (1.36)
        (AVERAGE_VALUE, 8.6, 2.8, 4),  # TestReplicaCalcConfigurableTolerancePerPodCMExternal (1.36)
    ],
)
def test_the_hpas_own_tolerance_counts_from_1_33_on(kind, value, target, expected):
    behavior = {"scaleUp": {"tolerance": "10m"}}
    for version, replicas in ((CURRENT, expected), ((1, 33), expected), ((1, 32), 3), (OLD, 3)):
        told = hpa(target, kind, behavior=behavior, version=version)
        assert desired_replicas(told, value, 3) == replicas, version


def test_each_direction_has_its_own_tolerance():
    """TestConfigurableTolerance (1.36): 90 % for scale-in keeps 3 at 30 % of the target, and growth has the flag's."""
    told = hpa(1.0, behavior={"scaleDown": {"tolerance": "0.9"}}, version=CURRENT)
    assert (told.down_tolerance, told.up_tolerance) == (0.9, 0.1)
    assert desired_replicas(told, 0.9, 3) == 3
    assert desired_replicas(told, 3.2, 3) == 3
    assert desired_replicas(told, 3.4, 3) == 4


def test_the_flags_tolerance():
    assert desired_replicas(hpa(tolerance=0.3), 12, 1) == 1
    assert desired_replicas(hpa(tolerance=0.0), 10.1, 1) == 2


def test_the_highest_of_all_metrics_counts():
    others = (Metric("s1", 2.0, AVERAGE_VALUE, 7.0, by_load=False), Metric("s2", 50.0, VALUE, 5.0, by_load=False))
    told = hpa(others=others)
    assert told.load_metric.name == "s0"
    assert desired_replicas(told, 0, 1) == 4  # s1 asks for 3.5
    assert desired_replicas(told, 57, 1) == 6
    assert desired_replicas(told, 0, 4) == 4


@pytest.mark.parametrize(("target", "current"), [(0, 1), (-1, 1), (10, 0)])
def test_what_no_hpa_can_have_is_refused(target, current):
    with pytest.raises(ValueError, match="must be"):
        desired_replicas(hpa(target), 10, current)


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
    part = period / len(changes)
    return [ScaleEvent(-(period - part * index + part / 2), change) for index, change in enumerate(changes, 1)]


@pytest.mark.parametrize(
    ("given", "grown", "shrunk", "current", "expected"),
    [
        (None, (), (), 1, 4),
        (None, (), (), 2, 4),
        (None, (), (), 3, 6),  # TestConvertDesiredReplicasWithRules: calculateScaleUpLimit
        (None, (), (), 10, 20),
        # TestScalingWithRules
        (rules(0, 0, 1, 60), (), (), 3, 4),
        (rules(100, 60, 100, 60), (), (), 10, 110),
        (rules(2, 60, 100, 60), (), (), 10, 20),
        (rules(30, 60), (), (), 10, 40),
        (rules(0, 0, 200, 60), (), (), 10, 30),
        (rules(5, 120), events([1, 5, 9], 120), (), 100, 100),
        (rules(150, 120), events([1, 5, 9], 120), (), 100, 235),
        (rules(0, 0, 200, 120), events([1, 5, 9], 120), (), 100, 255),
        (rules(1000, 30, 100, 60), events([8, 12, 9, 11], 120), (), 100, 1089),
        # TestScalingWithRules, "previous scale up and down events" (1.36 only; 1.25 does not count what shrank)
        (rules(0, 0, 300, 300), events([4], 120), events([2], 120), 6, 16),
        # TestCalculateScaleUpLimitWithScalingRules
        (rules(2, 60, 50, 60, select="Min"), (), (), 1, 2),
        # The API server's defaults
        (DEFAULT_SCALE_UP, (), (), 1, 5),
        (DEFAULT_SCALE_UP, (), (), 7, 14),
        (DEFAULT_SCALE_UP, [ScaleEvent(-14, 4)], (), 5, 5),
        (DEFAULT_SCALE_UP, [ScaleEvent(-15, 4)], (), 5, 10),
        (rules(30, 60, 100, 60, select="Min"), (), (), 10, 20),
        (rules(30, 60, select="Disabled"), (), (), 10, 10),
    ],
)
def test_what_one_sync_may_add(given, grown, shrunk, current, expected):
    assert scale_up_limit(current, given, grown, 0.0, shrunk) == expected


@pytest.mark.parametrize(
    ("given", "shrunk", "grown", "current", "expected"),
    [
        # TestScalingWithRules; where that row ends at the minimum, what is allowed is less
        (rules(20, 60), (), (), 1000, 980),
        (rules(20, 60, 1, 60), (), (), 100, 80),
        (rules(2, 60, 1, 60), (), (), 100, 98),
        (rules(100, 60), (), (), 10, -90),
        (rules(0, 0, 100, 60), (), (), 10, 0),
        (rules(5, 60), (), (), 10, 5),
        (rules(0, 0, 50, 60), (), (), 10, 5),
        (rules(115, 120), events([1, 5, 9], 120), (), 100, 0),
        (rules(5, 120), events([1, 5, 9], 120), (), 100, 100),
        (rules(0, 0, 50, 120), events([2, 4, 6], 120), (), 100, 56),
        (rules(0, 0, 10, 120), events([10, 10, 10], 120), (), 100, 100),
        (rules(0, 0, 1000, 120), events([10, 10, 10], 120), (), 10, -360),
        # TestScalingWithRules, "previous scale up and down events" (1.36 only)
        (rules(0, 0, 50, 180), events([4], 120), events([2], 120), 10, 6),
        # TestCalculateScaleDownLimitWithBehaviors
        (rules(2, 60, 50, 60, select="Min"), (), (), 5, 3),
        (DEFAULT_SCALE_DOWN, (), (), 7, 0),
        (rules(1, 60, select="Disabled"), (), (), 7, 7),
    ],
)
def test_what_one_sync_may_take(given, shrunk, grown, current, expected):
    assert scale_down_limit(current, given, shrunk, 0.0, grown) == expected


@pytest.mark.parametrize(
    ("current", "total", "maximum", "expected"),
    [
        (5, 70, 8, 7),  # TestConvertDesiredReplicasWithRules: within range
        (3, 10000, 2000, 6),  # the same: ScaleUpLimit
        (8, 10000, 10, 10),  # the same: TooManyReplicas
        (3, 10, 8, 3),  # a growing HPA does not shrink
    ],
)
def test_next_replicas(current, total, maximum, expected):
    assert next_replicas(hpa(maximum=maximum), total, current) == expected


@pytest.mark.parametrize(
    ("behavior", "up", "stabilization", "select"),
    [
        (None, None, 300, "Max"),
        ({"scaleDown": {"stabilizationWindowSeconds": 0}}, 0, 0, "Max"),
        ({"scaleUp": {"stabilizationWindowSeconds": 60}}, 60, 300, "Max"),
        ({"scaleDown": {"selectPolicy": "Disabled"}, "scaleUp": None}, 0, 300, "Disabled"),
    ],
)
def test_what_is_left_out_of_a_behavior_has_the_api_servers_defaults(behavior, up, stabilization, select):
    told = hpa(behavior=behavior)
    assert (told.scale_up and told.scale_up["stabilizationWindowSeconds"]) == up
    assert told.stabilization == stabilization
    assert told.scale_down["selectPolicy"] == select
    assert told.scale_down["policies"] == [{"type": "Percent", "value": 100, "periodSeconds": 15}]
