# SPDX-License-Identifier: MIT
"""What keeps the HPA and KEDA from scaling in one direction."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import obstacles, triggers
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_object import hpa_view
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.obstacles import (
    Code,
    Direction,
    Obstacle,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import (
    PAUSED,
    annotated,
    hpa_without_kafka,
    idle_hpa_without_kafka,
    with_kafka,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, SCALEDOBJECT, changed

FALLING_BACK = changed(
    with_kafka(health=True), "spec.fallback", {"failureThreshold": 3, "replicas": 2, "behavior": "currentReplicas"}
)
CPU = changed(SCALEDOBJECT, "spec.triggers", [*SCALEDOBJECT["spec"]["triggers"], {"type": "cpu", "metadata": {}}])
HPA_OF_CPU = changed(
    HPA,
    "spec.metrics",
    [
        *HPA["spec"]["metrics"],
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
    ],
)
BACK = {Direction.IN, Direction.TO_ZERO}


def found(hpa, obj, keda=(2, 18)):
    view = scaledobject_view(obj)
    known = triggers.triggers_of(view)
    return obstacles.obstacles(hpa_view(hpa), view, known, known[0], keda)


@pytest.mark.parametrize(
    ("hpa", "obj", "code", "trigger", "hindered"),
    [
        (hpa_without_kafka(), with_kafka(health=False), Code.NO_VALUE, "lag (kafka)", BACK),
        (idle_hpa_without_kafka(), with_kafka(health=True), Code.NO_VALUE, "lag (kafka)", BACK),
        (HPA_OF_CPU, CPU, Code.NO_RESOURCE_VALUE, "1 (cpu)", {Direction.IN}),
        (hpa_without_kafka(), FALLING_BACK, Code.FALLBACK, "lag (kafka)", BACK),
        (HPA, annotated(PAUSED, paused_scale_in="true"), Code.PAUSED_SCALE_IN, "", BACK),
        (
            HPA,
            annotated(paused_scale_out="true"),
            Code.PAUSED_SCALE_OUT,
            "",
            {Direction.OUT, Direction.FROM_ZERO},
        ),
        (HPA, annotated(force_activation="true"), Code.FORCED_ACTIVATION, "", {Direction.TO_ZERO}),
    ],
)
def test_what_hinders_and_what_it_hinders(hpa, obj, code, trigger, hindered):
    (obstacle,) = found(hpa, obj)
    assert (obstacle.code, obstacle.trigger) == (code, trigger)
    assert {direction for direction in Direction if obstacle.hinders(direction)} == hindered


@pytest.mark.parametrize("keda", [(2, 10), (2, 17)])
def test_annotations_that_a_version_does_not_know_hinder_nothing(keda):
    obj = annotated(paused_scale_in="true", paused_scale_out="true", force_activation="true")
    assert found(HPA, obj, keda) == ()
    assert [obstacle.keda_known for obstacle in found(HPA, obj, None)] == [False] * 3


def test_nothing_hinders_the_demo():
    assert found(HPA, SCALEDOBJECT) == ()


def test_several_obstacles_in_order():
    obj = annotated(obj=FALLING_BACK, paused_scale_in="true")
    assert found(hpa_without_kafka(), obj) == (
        Obstacle(Code.FALLBACK, "lag (kafka)", behavior="currentReplicas"),
        Obstacle(Code.PAUSED_SCALE_IN, annotation="autoscaling.keda.sh/paused-scale-in"),
    )
