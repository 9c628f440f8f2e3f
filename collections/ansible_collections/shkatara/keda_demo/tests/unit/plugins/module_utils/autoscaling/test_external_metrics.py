# SPDX-License-Identifier: MIT
"""The targets of an HPA's external metrics."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import hpa_object
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.external_metrics import (
    ExternalTarget,
    external_targets,
    target_of_trigger,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, METRIC, changed

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}


def external(name, **target):
    return {"type": "External", "external": {"metric": {"name": name}, "target": target}}


KAFKA = external("s1-kafka-invoices", type="AverageValue", averageValue="50")
LATENCY = external("s10-prometheus", type="Value", value="250m")


def targets(*specs):
    return external_targets(hpa_object.hpa_view(changed(HPA, "spec.metrics", list(specs))))


def test_targets_of_all_external_metrics():
    assert external_targets(hpa_object.hpa_view(HPA)) == (ExternalTarget(METRIC, "AverageValue", 10.0),)
    assert targets(CPU, KAFKA, LATENCY) == (
        ExternalTarget("s1-kafka-invoices", "AverageValue", 50.0),
        ExternalTarget("s10-prometheus", "Value", 0.25),
    )
    assert targets(CPU) == targets() == ()


@pytest.mark.parametrize(("index", "name"), [(1, "s1-kafka-invoices"), (10, "s10-prometheus"), (0, None)])
def test_the_target_of_a_trigger(index, name):
    found = target_of_trigger(targets(LATENCY, KAFKA), index)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("kind", "replicas", "above"),
    [("AverageValue", 1, 55.0), ("AverageValue", 3, 165.0), ("AverageValue", 0, 55.0), ("Value", 3, 55.0)],
)
def test_where_the_hpa_acts(kind, replicas, above):
    assert ExternalTarget("a", kind, 50.0).acts_above(replicas, 0.1) == pytest.approx(above)
