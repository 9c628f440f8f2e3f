# SPDX-License-Identifier: MIT
"""Whether pods have counted what was answered."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.end_to_end import compare

BEFORE = {"test-mtb98": 991.0}
# The counts of a real proof.
AFTER = {"test-mtb98": 1574.0, "test-q8grk": 338.0, "test-drlb4": 118.0, "test-kxvb5": 105.0}


def test_as_many_as_were_answered():
    found = compare(BEFORE, AFTER, answered=1144, sent=1144)
    assert (found.answered, found.most, found.counted, found.agrees) == (1144, 1144, 1144.0, True)
    assert found.pods == {"test-drlb4": 118.0, "test-kxvb5": 105.0, "test-mtb98": 583.0, "test-q8grk": 338.0}
    assert found.message == "The pods counted 1144 requests, as many as the 1144 that were answered with 2xx."


@pytest.mark.parametrize(("answered", "counted"), [(1145, "1144"), (1143, "1144")])
def test_one_more_or_less_is_not_as_many(answered, counted):
    found = compare(BEFORE, AFTER, answered=answered, sent=answered)
    assert (found.counted, found.agrees) == (1144.0, False)
    assert found.message == (
        f"The pods counted {counted} requests, and not the {answered} that were answered with 2xx."
    )


@pytest.mark.parametrize(
    ("answered", "sent", "agrees"), [(1144, 1150, True), (1140, 1144, True), (1130, 1143, False), (1145, 1150, False)]
)
def test_what_failed_may_have_been_counted_or_not(answered, sent, agrees):
    found = compare(BEFORE, AFTER, answered, sent)
    assert found.agrees is agrees
    assert f"{answered} to {sent}" in found.message


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (BEFORE, {"test-q8grk": 338.0}, "test-mtb98: it is gone, and with it what it had counted"),
        (BEFORE, {"test-mtb98": 12.0}, "test-mtb98: its counter fell from 991 to 12: it was started anew"),
        (BEFORE, {"test-mtb98": "connection refused"}, "test-mtb98: connection refused"),
        ({"test-mtb98": "404 Not Found"}, {"test-mtb98": 12.0}, "test-mtb98: 404 Not Found"),
        ({}, {}, "there was no pod to read"),
    ],
)
def test_what_cannot_be_compared_is_neither_right_nor_wrong(before, after, words):
    found = compare(before, after, answered=10, sent=10)
    assert (found.counted, found.agrees) == (None, None)
    assert words in found.message


def test_all_that_can_not_be_read_is_named():
    found = compare(BEFORE, {**AFTER, "test-q8grk": "503", "test-mtb98": 0.0}, 10, 10)
    assert "its counter fell from 991 to 0" in found.message
    assert "test-q8grk: 503" in found.message
    assert found.pods["test-drlb4"] == 118.0
