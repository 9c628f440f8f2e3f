# SPDX-License-Identifier: MIT
"""How far one sync may change the replicas, against the tables of Kubernetes' own tests.

Rows marked with a test's name are from pkg/controller/podautoscaler/horizontal_test.go; they are the same in Kubernetes
1.25 and 1.36 unless a comment says otherwise.
"""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaling_limits import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    ScaleEvent,
    scale_down_limit,
    scale_up_limit,
)


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
    ("policies", "scale_ups", "scale_downs", "current", "expected"),
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
        # TestScalingWithRules, "previous scale up and down events" (1.36 only; 1.25 does not count changes downwards)
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
def test_the_highest_count_of_one_sync(policies, scale_ups, scale_downs, current, expected):
    assert scale_up_limit(current, policies, scale_ups, 0.0, scale_downs) == expected


@pytest.mark.parametrize(
    ("policies", "scale_downs", "scale_ups", "current", "expected"),
    [
        # TestScalingWithRules; its rows that end at the minimum have a lower limit here
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
def test_the_lowest_count_of_one_sync(policies, scale_downs, scale_ups, current, expected):
    assert scale_down_limit(current, policies, scale_downs, 0.0, scale_ups) == expected
