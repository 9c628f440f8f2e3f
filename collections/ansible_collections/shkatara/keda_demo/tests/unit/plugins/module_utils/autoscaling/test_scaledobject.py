# SPDX-License-Identifier: MIT
"""The record of a ScaledObject: its defaults, its count without load, and its fallback."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    Failures,
    Fallback,
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import METRIC, SCALEDOBJECT, changed


def test_the_scaledobject_of_the_demo():
    view = scaledobject_view(SCALEDOBJECT)
    assert (view.scale_target.kind, view.scale_target.name) == ("Deployment", "test")
    assert (view.ready, view.active, view.pause) == (True, False, {})
    assert (view.polling_interval, view.cooldown) == (5, 300)
    assert (view.inactive_replicas, view.failures, view.formula) == (1, Failures(), "")


def test_a_scaledobject_that_was_just_created_is_not_ready():
    assert not scaledobject_view(changed(SCALEDOBJECT, "status", None)).ready


@pytest.mark.parametrize(
    ("spec", "inactive"),
    [
        ({"minReplicaCount": 2}, 2),
        ({"minReplicaCount": 0}, 0),
        ({"minReplicaCount": None}, 0),
        ({"minReplicaCount": 2, "idleReplicaCount": 0}, 0),
    ],
)
def test_replicas_without_any_load(spec, inactive):
    scaledobject = changed(SCALEDOBJECT, "spec.minReplicaCount", spec["minReplicaCount"])
    scaledobject = changed(scaledobject, "spec.idleReplicaCount", spec.get("idleReplicaCount"))
    assert scaledobject_view(scaledobject).inactive_replicas == inactive


def test_a_cooldown_of_zero_is_not_the_default():
    assert scaledobject_view(changed(SCALEDOBJECT, "spec.cooldownPeriod", 0)).cooldown == 0


@pytest.mark.parametrize(("failures", "falling_back"), [(0, []), (3, []), (4, [METRIC])])
def test_a_metric_falls_back_after_its_failures(failures, falling_back):
    """KEDA compares the number of failures with `>`."""
    scaledobject = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 6})
    scaledobject = changed(scaledobject, f"status.health.{METRIC}.numberOfFailures", failures)
    view = scaledobject_view(scaledobject)
    assert view.failures.falling_back == falling_back
    assert view.failures.failing == ([METRIC] if failures else [])
    assert view.failures.fallback == Fallback(3, 6, "static")


def test_a_metric_without_a_fallback_never_falls_back():
    scaledobject = changed(SCALEDOBJECT, f"status.health.{METRIC}.numberOfFailures", 40)
    assert scaledobject_view(scaledobject).failures == Failures([METRIC], [])
