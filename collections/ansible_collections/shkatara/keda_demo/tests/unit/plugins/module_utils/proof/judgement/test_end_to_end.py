# SPDX-License-Identifier: MIT
"""Whether pods have counted the requests that were answered."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import end_to_end
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.end_to_end import EndToEnd

BEFORE = {"test-mtb98": 991.0}
# The counts of a real proof.
AFTER = {"test-mtb98": 1574.0, "test-q8grk": 338.0, "test-drlb4": 118.0, "test-kxvb5": 105.0}
INCREASES = {"test-drlb4": 118.0, "test-kxvb5": 105.0, "test-mtb98": 583.0, "test-q8grk": 338.0}


def test_as_many_as_were_answered():
    comparison = end_to_end.compare(BEFORE, AFTER, answered=1144, sent=1144)
    assert comparison == EndToEnd(answered=1144, most=1144, counted=1144.0, agrees=True, pods=INCREASES)


@pytest.mark.parametrize("answered", [1145, 1143])
def test_a_difference_of_a_single_request_is_a_disagreement(answered):
    comparison = end_to_end.compare(BEFORE, AFTER, answered=answered, sent=answered)
    assert comparison == EndToEnd(answered, answered, counted=1144.0, agrees=False, pods=INCREASES)


@pytest.mark.parametrize(
    ("answered", "sent", "agrees"), [(1144, 1150, True), (1140, 1144, True), (1130, 1143, False), (1145, 1150, False)]
)
def test_failed_requests_may_have_been_counted_or_not(answered, sent, agrees):
    comparison = end_to_end.compare(BEFORE, AFTER, answered, sent)
    assert comparison.agrees is agrees
    assert (comparison.answered, comparison.most) == (answered, sent)


@pytest.mark.parametrize(
    ("before", "after", "mentions"),
    [
        (BEFORE, {"test-q8grk": 338.0}, ()),  # the pod is gone
        (BEFORE, {"test-mtb98": 12.0}, ("991", "12")),  # its counter was reset
        (BEFORE, {"test-mtb98": "connection refused"}, ("connection refused",)),
        ({"test-mtb98": "404 Not Found"}, {"test-mtb98": 12.0}, ("404 Not Found",)),
    ],
)
def test_a_counter_without_an_increase_is_neither_right_nor_wrong(before, after, mentions):
    comparison = end_to_end.compare(before, after, answered=10, sent=10)
    assert (comparison.counted, comparison.agrees) == (None, None)
    cause = comparison.pods["test-mtb98"]
    assert isinstance(cause, str)
    assert all(mention in cause for mention in mentions)


def test_no_pod_to_read():
    assert end_to_end.compare({}, {}, answered=10, sent=10) == EndToEnd(10, 10, None, None, {})


def test_each_pod_has_its_increase_or_the_cause_of_its_absence():
    comparison = end_to_end.compare(BEFORE, {**AFTER, "test-q8grk": "503", "test-mtb98": 0.0}, 10, 10)
    assert {pod: increase for pod, increase in comparison.pods.items() if isinstance(increase, float)} == {
        "test-drlb4": 118.0,
        "test-kxvb5": 105.0,
    }
    assert comparison.pods["test-q8grk"] == "503"
    assert "991" in comparison.pods["test-mtb98"]
