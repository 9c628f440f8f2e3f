# SPDX-License-Identifier: MIT
"""The record of an HPA, of each kind of target and while it has no value."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_object import hpa_view
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, METRIC, changed


def test_the_hpa_of_the_demo():
    view = hpa_view(HPA)
    assert (view.min_replicas, view.max_replicas, view.desired, view.current, view.valid) == (1, 10, 1, 1, True)
    assert (view.values, view.behavior) == ({METRIC: 0}, None)


def test_an_hpa_that_was_just_created_is_not_valid():
    assert not hpa_view(changed(HPA, "status", {"currentReplicas": 1, "desiredReplicas": 0})).valid


def test_an_hpa_without_a_value_lists_a_metric_without_a_type():
    view = hpa_view(changed(HPA, "status.currentMetrics", [{"type": ""}]))
    assert (view.values, view.valid) == ({}, False)


def test_a_value_target_is_read_as_a_total():
    current = {"external": {"metric": {"name": METRIC}, "current": {"value": "17444m"}}, "type": "External"}
    assert hpa_view(changed(HPA, "status.currentMetrics", [current])).values == {METRIC: 17.444}


@pytest.mark.parametrize(
    ("reason", "valid"),
    [
        ("FailedGetScale", False),
        # A conflict, which the next sync makes good.
        ("FailedUpdateScale", True),
    ],
)
def test_an_hpa_that_does_not_find_its_target_says_so(reason, valid):
    """It leaves ScalingActive as it was, or without a value."""
    able = {"type": "AbleToScale", "status": "False", "reason": reason, "message": "no matches for kind"}
    for others in ([], HPA["status"]["conditions"][1:]):
        view = hpa_view(changed(HPA, "status.conditions", [able, *others]))
        assert view.valid is (valid and bool(others))
        assert (view.message == "FailedGetScale: no matches for kind") is not valid
