# SPDX-License-Identifier: MIT
"""The phrases of what hinders: one for each code and each cause, with its names."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.missing_values import (
    MissingValue,
    Why,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.obstacles import Code, Obstacle
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import obstacle_messages
from ansible_collections.shkatara.keda_demo.tests.support import sentences
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import CANNOT_READ, NO_CPU

EXAMPLES = (
    Obstacle(Code.NO_VALUE, "lag (kafka)", MissingValue("s1-kafka", Why.NOT_READ)),
    Obstacle(Code.NO_VALUE, "lag (kafka)", MissingValue("s1-kafka", Why.KEDA_FAILS)),
    Obstacle(Code.NO_VALUE, "lag (kafka)", MissingValue("s1-kafka", Why.TRIGGER_ERROR, "TriggerError: not working")),
    Obstacle(Code.NO_VALUE, "1 (prometheus)", MissingValue("s1-x", Why.CANNOT_READ, "FailedGetExternalMetric: s1-x")),
    Obstacle(Code.NO_RESOURCE_VALUE, "1 (cpu)", MissingValue("cpu", Why.CANNOT_READ, NO_CPU["message"])),
    Obstacle(Code.FALLBACK, "lag (kafka)", behavior="currentReplicasIfHigher"),
    Obstacle(Code.PAUSED_SCALE_IN, annotation="autoscaling.keda.sh/paused-scale-in"),
    Obstacle(Code.PAUSED_SCALE_IN, annotation="autoscaling.keda.sh/paused-scale-in", keda_known=False),
    Obstacle(Code.PAUSED_SCALE_OUT, annotation="autoscaling.keda.sh/paused-scale-out"),
    Obstacle(Code.FORCED_ACTIVATION, annotation="autoscaling.keda.sh/force-activation"),
)


def test_each_code_and_each_cause_has_an_example():
    assert {example.code for example in EXAMPLES} == set(Code)
    assert {example.missing.why for example in EXAMPLES if example.missing} == set(Why)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_phrase_has_its_names(example):
    phrase = obstacle_messages.obstacle(example)
    names = [example.trigger, example.behavior, example.annotation, example.missing.detail if example.missing else ""]
    assert list(sentences.lacks(phrase, names)) == []
    assert sentences.damage(phrase) == []
    warning = obstacle_messages.warning(example)
    assert (warning[0].isupper(), warning[1:]) == (True, phrase[1:])


def test_a_version_that_is_not_known_is_said():
    by_version = {example.keda_known: obstacle_messages.obstacle(example) for example in EXAMPLES[6:8]}
    assert "2.18" in by_version[False]
    assert "2.18" not in by_version[True]


def test_phrases_differ():
    assert len({obstacle_messages.obstacle(example) for example in EXAMPLES}) == len(EXAMPLES)


def test_a_phrase_may_hold_braces_of_a_message():
    """The HPA's message has the selector, with braces."""
    example = Obstacle(Code.NO_VALUE, "lag (kafka)", MissingValue("s1", Why.CANNOT_READ, CANNOT_READ["message"]))
    assert CANNOT_READ["message"] in obstacle_messages.obstacle(example)
