# SPDX-License-Identifier: MIT
"""The HPA's arithmetic against the tables of Kubernetes' own tests.

Rows marked with a test's name are from pkg/controller/podautoscaler/{replica_calculator,horizontal}_test.go; they are
the same in Kubernetes 1.25 and 1.36 unless a comment says otherwise. Their values there are in thousandths.
"""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    AVERAGE_VALUE,
    VALUE,
    HpaConfig,
    Metric,
    desired_replicas,
    next_replicas,
    proposed_replicas,
)

OLD, CURRENT = (1, 25), (1, 36)


def hpa(target=10.0, kind=AVERAGE_VALUE, minimum=1, maximum=100, **options):
    return HpaConfig((Metric("s0", target, kind), *options.pop("others", ())), minimum, maximum, **options)


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
        (0, 10, 4, 0),  # the minimum is applied later
    ],
)
def test_an_average_value_asks_for_its_pods(value, target, current, expected, version):
    config = hpa(target, version=version)
    assert proposed_replicas(config, config.load_metric, value, current) == expected


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
    config = hpa(target, VALUE, version=version)
    assert proposed_replicas(config, config.load_metric, value, current, ready) == expected


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
    config = hpa(10, kind, version=version)
    assert desired_replicas(config, value, current) == expected


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
        config = hpa(target, kind, behavior=behavior, version=version)
        assert desired_replicas(config, value, 3) == replicas, version


def test_each_direction_has_its_own_tolerance():
    """TestConfigurableTolerance (1.36): 90 % for scale-in keeps 3 at 30 % of the target, and growth has the flag's."""
    config = hpa(1.0, behavior={"scaleDown": {"tolerance": "0.9"}}, version=CURRENT)
    assert (config.down_tolerance, config.up_tolerance) == (0.9, 0.1)
    assert desired_replicas(config, 0.9, 3) == 3
    assert desired_replicas(config, 3.2, 3) == 3
    assert desired_replicas(config, 3.4, 3) == 4


def test_the_flags_tolerance():
    assert desired_replicas(hpa(tolerance=0.3), 12, 1) == 1
    assert desired_replicas(hpa(tolerance=0.0), 10.1, 1) == 2


def test_the_highest_of_all_metrics_counts():
    others = (Metric("s1", 2.0, AVERAGE_VALUE, 7.0, by_load=False), Metric("s2", 50.0, VALUE, 5.0, by_load=False))
    config = hpa(others=others)
    assert config.load_metric.name == "s0"
    assert desired_replicas(config, 0, 1) == 4  # s1 asks for 3.5
    assert desired_replicas(config, 57, 1) == 6
    assert desired_replicas(config, 0, 4) == 4


@pytest.mark.parametrize(("target", "current"), [(0, 1), (-1, 1), (10, 0)])
def test_values_that_no_hpa_can_have_are_refused(target, current):
    with pytest.raises(ValueError, match="must be"):
        desired_replicas(hpa(target), 10, current)


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
def test_missing_parts_of_a_behavior_have_the_api_servers_defaults(behavior, up, stabilization, select):
    config = hpa(behavior=behavior)
    assert (config.scale_up and config.scale_up["stabilizationWindowSeconds"]) == up
    assert config.stabilization == stabilization
    assert config.scale_down["selectPolicy"] == select
    assert config.scale_down["policies"] == [{"type": "Percent", "value": 100, "periodSeconds": 15}]
