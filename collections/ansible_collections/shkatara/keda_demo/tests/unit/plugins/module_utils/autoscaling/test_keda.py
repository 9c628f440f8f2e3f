# SPDX-License-Identifier: MIT
"""The fallback's value, by KEDA's version, the fallback's behavior and the metric's type."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import VALUE, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import fallback_value
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import METRIC, SCALEDOBJECT, changed


def falling_back(behavior=None, failures=4):
    fallback = {"failureThreshold": 3, "replicas": 6, **({"behavior": behavior} if behavior else {})}
    obj = changed(SCALEDOBJECT, "spec.fallback", fallback)
    return scaledobject_view(changed(obj, f"status.health.{METRIC}.numberOfFailures", failures))


@pytest.mark.parametrize(
    ("behavior", "current", "keda", "value"),
    [
        (None, 2, (2, 10), 60.0),
        ("static", 9, (2, 17), 60.0),
        ("currentReplicas", 2, (2, 17), 20.0),
        ("currentReplicas", 9, (2, 18), 90.0),
        ("currentReplicasIfHigher", 2, (2, 17), 60.0),
        ("currentReplicasIfHigher", 9, (2, 17), 90.0),
        ("currentReplicasIfLower", 2, (2, 17), 20.0),
        ("currentReplicasIfLower", 9, (2, 17), 60.0),
        # An operator older than its CRD does not know the field.
        ("currentReplicas", 9, (2, 16), 60.0),
        ("currentReplicas", 9, None, 90.0),
        # Behaviors of formulas give no value.
        ("triggerScoped", 9, (2, 20), None),
    ],
)
def test_the_behavior_of_the_fallback(behavior, current, keda, value):
    assert fallback_value(falling_back(behavior), Metric(METRIC, 10.0), current, keda) == value


@pytest.mark.parametrize(
    ("keda", "read", "value"),
    [
        ((2, 10), 5.0, None),
        ((2, 17), 5.0, None),
        ((2, 18), None, 30.0),
        ((2, 19), 5.0, 30.0),
        # The HPA's value shows whether a KEDA of an unknown version gives one.
        (None, 5.0, 30.0),
        (None, None, None),
    ],
)
def test_a_target_of_type_value_has_a_fallback_since_2_18(keda, read, value):
    metric = Metric(METRIC, 10.0, VALUE)
    assert fallback_value(falling_back(), metric, 2, keda, read) == value


@pytest.mark.parametrize(("keda", "value"), [((2, 10), 15.0), ((2, 17), 12.0), ((2, 18), 15.0), (None, 15.0)])
def test_a_target_with_a_fraction(keda, value):
    """KEDA 2.17 cuts the target down to a whole number."""
    assert fallback_value(falling_back(), Metric(METRIC, 2.5), 1, keda) == value


def test_no_fallback_before_its_threshold():
    assert fallback_value(falling_back(failures=3), Metric(METRIC, 10.0), 1, (2, 18)) is None
