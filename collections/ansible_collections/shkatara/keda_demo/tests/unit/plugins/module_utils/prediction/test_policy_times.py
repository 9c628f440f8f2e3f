# SPDX-License-Identifier: MIT
"""How long policies take between two counts, computed by hand; the fuzz compares them with simulated runs."""

from __future__ import annotations

import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.policy_times import (
    growth_seconds,
    shrink_seconds,
)
from ansible_collections.shkatara.keda_demo.tests.support.worlds import policies

DISABLED = {"selectPolicy": "Disabled"}


def hpa(behavior):
    return HpaConfig((Metric("s0", 10.0),), 1, 200, behavior=behavior)


def up(*rows, select="Max"):
    return {"scaleUp": policies(*rows, select=select)}


def down(*rows, select="Max"):
    return {"scaleDown": policies(*rows, select=select)}


@pytest.mark.parametrize(
    ("behavior", "start", "target", "expected"),
    [
        (None, 1, 1, 0),
        (None, 1, 4, 0),  # at most twice the replicas, or 4
        (None, 1, 5, 15),
        (None, 1, 9, 30),
        (None, 3, 7, 15),
        ({"scaleDown": {}}, 1, 5, 0),  # the defaults: 4 pods or 100 % in 15 s
        ({"scaleDown": {}}, 1, 9, 15),
        (up(("Pods", 1, 60)), 1, 4, 120),
        (up(("Pods", 2, 60)), 1, 4, 60),
        (up(("Pods", 1, 5)), 1, 4, 30),  # the HPA looks once in 15 s
        (up(("Percent", 10, 60)), 1, 3, 60),  # rounded up
        # The largest change at each step: 1 -> 3 -> 5, and from 4 on 50 % is more.
        (up(("Pods", 2, 60), ("Percent", 50, 60)), 1, 12, 3 * 60),  # 3, 5, 8, 12
        # The smallest: 1 -> 2 -> 3 -> 5 -> 7 -> 9 -> 11 -> 13
        (up(("Pods", 2, 60), ("Percent", 50, 60), select="Min"), 1, 12, 6 * 60),
        # Periods that overlap: 4 at once by the longer one, then one each 15 s until the period of 60 s has passed.
        (up(("Pods", 4, 60), ("Pods", 1, 15)), 1, 9, 60),
        (up(("Pods", 4, 60), ("Pods", 1, 15), select="Min"), 1, 9, 7 * 15),
        ({"scaleUp": DISABLED}, 1, 2, math.inf),
        (up(("Pods", 1, 60)), 1, 101, 99 * 60),  # however long it takes
    ],
)
def test_growth(behavior, start, target, expected):
    assert growth_seconds(hpa(behavior), start, target, 15) == expected


@pytest.mark.parametrize(
    ("behavior", "start", "target", "expected"),
    [
        (None, 1, 1, 0),
        (None, 40, 1, 0),
        (down(("Pods", 1, 60)), 4, 1, 120),
        (down(("Pods", 1, 5)), 4, 1, 30),
        (down(("Percent", 50, 30)), 8, 1, 2 * 30),  # 4, 2, 1
        (down(("Percent", 50, 30)), 8, 2, 30),
        (down(("Pods", 1, 60), ("Percent", 100, 15)), 4, 1, 0),
        (down(("Pods", 1, 60), ("Percent", 100, 15), select="Min"), 4, 1, 120),
        # 38, 36, ... 10 by two pods, and then each 10 % are one pod: 15 + 9 steps, the first of them at once
        (down(("Pods", 2, 60), ("Percent", 10, 60), select="Min"), 40, 1, 23 * 60),
        # 36, 32, 28, 25, 22, 19, 17, 15, 13, 11, then two pods are more: 9, 7, 5, 3, 1
        (down(("Pods", 2, 60), ("Percent", 10, 60)), 40, 1, 14 * 60),
        ({"scaleDown": DISABLED}, 4, 1, math.inf),
        ({"scaleDown": DISABLED}, 1, 1, 0),
    ],
)
def test_shrinking(behavior, start, target, expected):
    assert shrink_seconds(hpa(behavior), start, target, 15) == expected


def test_a_period_ends_at_a_sync():
    """One replica in 15 s, and a sync each 10 s: after the first change each waits for two syncs."""
    assert shrink_seconds(hpa(down(("Pods", 1, 15))), 10, 1, 10) == 8 * 20


@pytest.mark.parametrize("behavior", [down(("Pods", 0, 60)), down(("Percent", 0, 60))])
def test_a_policy_that_allows_nothing_takes_for_ever(behavior):
    """The API refuses such a policy, and a ScaledObject may have it."""
    assert shrink_seconds(hpa(behavior), 4, 1, 15) == math.inf
