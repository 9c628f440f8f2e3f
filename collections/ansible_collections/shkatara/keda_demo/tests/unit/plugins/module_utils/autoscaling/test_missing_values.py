# SPDX-License-Identifier: MIT
"""Metrics of an HPA that have no value now."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import missing_values
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_object import hpa_view
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.missing_values import Why
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import (
    CANNOT_READ,
    KAFKA_METRIC,
    NO_CPU,
    PARTIAL_ERROR,
    TRIGGER_ERROR,
    hpa_without_kafka,
    idle_hpa_without_kafka,
    with_kafka,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    HPA,
    HPA_AT_ZERO,
    METRIC,
    SCALEDOBJECT,
    changed,
)

# KEDA of today notes no failures of a ScaledObject without a fallback.
NEW, OLD = with_kafka(health=False), with_kafka(health=True)
STALE = [
    *HPA["status"]["currentMetrics"],
    {"type": "External", "external": {"metric": {"name": KAFKA_METRIC}, "current": {"averageValue": "2"}}},
]
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}


def with_cpu(**changes):
    """An HPA with a metric of the CPU too, which KEDA puts behind the external ones."""
    hpa = changed(HPA, "spec.metrics", [*HPA["spec"]["metrics"], CPU])
    for path, value in changes.items():
        hpa = changed(hpa, path.replace("_", "."), value)
    return hpa


def found(hpa, obj, load_index=0):
    missing = missing_values.missing_values(hpa_view(hpa), scaledobject_view(obj), load_index)
    return {name: value.why for name, value in missing.items()}


@pytest.mark.parametrize(
    ("hpa", "obj", "expected"),
    [
        (HPA, SCALEDOBJECT, {}),
        # The last sync decided.
        (hpa_without_kafka(), NEW, {KAFKA_METRIC: Why.NOT_READ}),
        (hpa_without_kafka(), OLD, {KAFKA_METRIC: Why.KEDA_FAILS}),
        (changed(HPA, "status.currentMetrics", [{"type": ""}]), SCALEDOBJECT, {METRIC: Why.NOT_READ}),
        # It did not: values of an earlier sync, or none, say nothing.
        (idle_hpa_without_kafka(), NEW, {KAFKA_METRIC: Why.CANNOT_READ}),
        (idle_hpa_without_kafka(current=STALE), NEW, {KAFKA_METRIC: Why.CANNOT_READ}),
        (idle_hpa_without_kafka(current=STALE), OLD, {KAFKA_METRIC: Why.KEDA_FAILS}),
        # At 0 replicas the HPA reads nothing.
        (hpa_without_kafka(changed(HPA_AT_ZERO, "status.currentMetrics", [])), NEW, {}),
        (
            hpa_without_kafka(changed(HPA_AT_ZERO, "status.currentMetrics", [])),
            with_kafka(health=False, ready=TRIGGER_ERROR),
            {KAFKA_METRIC: Why.TRIGGER_ERROR},
        ),
        # A resource.
        (
            with_cpu(
                status_currentMetrics=[
                    *HPA["status"]["currentMetrics"],
                    {"type": "Resource", "resource": {"name": "cpu"}},
                ]
            ),
            SCALEDOBJECT,
            {},
        ),
        (with_cpu(), SCALEDOBJECT, {"cpu": Why.NOT_READ}),
        (with_cpu(status_conditions_1=NO_CPU), SCALEDOBJECT, {"cpu": Why.CANNOT_READ}),
        # An HPA that was just made has not read anything yet, and nothing is known.
        (changed(HPA, "status", {}), SCALEDOBJECT, {}),
    ],
)
def test_which_metrics_have_no_value(hpa, obj, expected):
    assert found(hpa, obj) == expected


def test_a_name_that_another_begins_with_is_not_blamed():
    hpa = idle_hpa_without_kafka()
    hpa["spec"]["metrics"][1]["external"]["metric"]["name"] = f"{KAFKA_METRIC}-late"
    assert found(hpa, NEW) == {}


def test_a_metric_in_fallback_has_a_value():
    obj = changed(OLD, "spec.fallback", {"failureThreshold": 3, "replicas": 2})
    assert found(hpa_without_kafka(), obj) == {}
    obj["status"]["health"][KAFKA_METRIC]["numberOfFailures"] = 3
    assert found(hpa_without_kafka(), obj) == {KAFKA_METRIC: Why.KEDA_FAILS}


@pytest.mark.parametrize(
    ("keda", "is_read", "expected"),
    [
        ((2, 17), False, {KAFKA_METRIC: Why.KEDA_FAILS}),
        ((2, 18), False, {}),
        (None, False, {KAFKA_METRIC: Why.KEDA_FAILS}),
        (None, True, {}),
    ],
)
def test_a_target_of_type_value_has_a_fallback_since_2_18(keda, is_read, expected):
    obj = changed(OLD, "spec.fallback", {"failureThreshold": 3, "replicas": 2})
    hpa = changed(hpa_without_kafka(), "spec.metrics.1.external.target", {"type": "Value", "value": "5"})
    if is_read:
        current = {"metric": {"name": KAFKA_METRIC}, "current": {"value": "10"}}
        hpa["status"]["currentMetrics"][1] = {"type": "External", "external": current}
    missing = missing_values.missing_values(hpa_view(hpa), scaledobject_view(obj), 0, keda)
    assert {name: value.why for name, value in missing.items()} == expected


OWN_FAILS = changed(OLD, f"status.health.{METRIC}", {"numberOfFailures": 2, "status": "Failing"})
OWN_NAMED = {**CANNOT_READ, "message": CANNOT_READ["message"].replace(KAFKA_METRIC, METRIC)}


@pytest.mark.parametrize(
    ("hpa", "obj", "expected"),
    [
        (HPA, SCALEDOBJECT, False),
        (HPA, changed(SCALEDOBJECT, "status.conditions.0", TRIGGER_ERROR), False),
        (hpa_without_kafka(), NEW, True),
        (hpa_without_kafka(), with_kafka(health=False, ready=PARTIAL_ERROR), True),
        (idle_hpa_without_kafka(), NEW, True),
        (idle_hpa_without_kafka(), OLD, True),
        # All metrics are invalid: no sync decides.
        (idle_hpa_without_kafka(), OWN_FAILS, False),
        (changed(idle_hpa_without_kafka(), "status.conditions.1", OWN_NAMED), OLD, False),
        (changed(hpa_without_kafka(), "status.currentMetrics.0", {"type": ""}), NEW, False),
    ],
)
def test_whether_only_others_fail(hpa, obj, expected):
    assert missing_values.only_others_are_missing(hpa_view(hpa), scaledobject_view(obj), 0) is expected
