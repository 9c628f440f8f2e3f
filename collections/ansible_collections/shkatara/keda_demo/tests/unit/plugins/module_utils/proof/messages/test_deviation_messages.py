# SPDX-License-Identifier: MIT
"""The sentences about warnings and deviations have the numbers of their data."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.stabilization import (
    ShortStabilization,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import end_to_end
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import deviation_messages
from ansible_collections.shkatara.keda_demo.tests.support import sentences

BEFORE = {"test-mtb98": 991.0}
AFTER = {"test-mtb98": 1574.0, "test-q8grk": 561.0}
# What each kind of comparison counts: all, one too few or too many, and a range.
COUNTED = 1144


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (deviation_messages.short_stabilization(ShortStabilization(90.0, 60.0)), ["90", "60"]),
        (deviation_messages.outside_bounds("pod_ready", 95.25, 7.9, 90.0), ["95.25", "7.9", "90"]),
        (deviation_messages.unpredicted_step(2, 5, [3, 4]), ["2", "5", "2", "3", "4"]),
        (deviation_messages.unpredicted_step(5, 6, []), ["5", "6", "5"]),
    ],
)
def test_numbers_in_the_order_of_the_sentence(text, numbers):
    assert sentences.numbers(text) == numbers
    assert sentences.damage(text) == []


def test_hop_is_named():
    assert list(sentences.lacks(deviation_messages.outside_bounds("pod_ready", 95.0, 7.9, 90.0), "pod_ready")) == []


@pytest.mark.parametrize(
    ("answered", "sent"),
    [(1144, 1144), (1145, 1145), (1143, 1143), (1144, 1150), (1140, 1144), (1130, 1143), (1145, 1150)],
)
def test_comparison_has_what_was_counted_and_what_was_expected(answered, sent):
    comparison = end_to_end.compare(BEFORE, AFTER, answered, sent)
    sentence = deviation_messages.end_to_end(comparison)
    expected = [str(answered)] if answered == sent else [str(answered), str(sent)]
    # The class of the status, 2xx, has a number too.
    assert sentences.numbers(sentence) == [str(COUNTED), *expected, "2"]
    assert (sentences.damage(sentence), sentences.is_ended(sentence)) == ([], True)


def test_agreement_and_disagreement_differ():
    """Beside their numbers the sentences differ in their words."""
    relations = {
        deviation_messages.end_to_end(end_to_end.compare(BEFORE, AFTER, answered, sent))
        .replace(str(answered), "N")
        .replace(str(sent), "N")
        for answered, sent in ((1144, 1144), (1145, 1145), (1140, 1150), (1130, 1143))
    }
    assert len(relations) == 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, {"test-q8grk": 338.0}),
        (BEFORE, {"test-mtb98": 12.0}),
        (BEFORE, {"test-mtb98": "connection refused"}),
        ({"test-mtb98": "404 Not Found"}, {"test-mtb98": 12.0}),
        (BEFORE, {**AFTER, "test-q8grk": "503", "test-mtb98": 0.0}),
    ],
)
def test_each_pod_that_can_not_be_compared_is_named_with_its_cause(before, after):
    comparison = end_to_end.compare(before, after, answered=10, sent=10)
    causes = [(pod, cause) for pod, cause in comparison.pods.items() if isinstance(cause, str)]
    sentence = deviation_messages.end_to_end(comparison)
    assert causes
    assert list(sentences.lacks(sentence, causes)) == []
    assert (sentences.damage(sentence), sentences.is_ended(sentence)) == ([], True)


def test_without_a_pod_there_is_a_cause_too():
    sentence = deviation_messages.end_to_end(end_to_end.compare({}, {}, answered=10, sent=10))
    assert (sentences.damage(sentence), sentences.is_ended(sentence)) == ([], True)
