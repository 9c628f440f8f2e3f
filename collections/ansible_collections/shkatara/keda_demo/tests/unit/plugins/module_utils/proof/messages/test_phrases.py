# SPDX-License-Identifier: MIT
"""Phrases that sentences share have the numbers and names of their data."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.hop_bounds import MARGIN_SECONDS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import phrases
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support import sentences
from ansible_collections.shkatara.keda_demo.tests.support.loads import DIED, UNANSWERED, UNSENT
from ansible_collections.shkatara.keda_demo.tests.support.predictions import FOUR, predicted

PARTS = {"scrape": 2.0, "query_window": 10.0, "stabilization": 60.5}
VALUE_TARGET = HpaConfig((Metric("s0", 10.0, VALUE),), 1, 10)


@pytest.mark.parametrize(("count", "text"), [(0, "0 replicas"), (1, "1 replica"), (4, "4 replicas")])
def test_replicas(count, text):
    assert phrases.replicas(count) == text


@pytest.mark.parametrize(("rate", "numbers"), [(34.5, ["4"]), (41.0, ["4", "5"])])
def test_possible_counts(rate, numbers):
    prediction = predicted(rate)
    assert prediction.possible_replicas == list(map(int, numbers))
    assert sentences.numbers(phrases.possible(prediction)) == numbers


def test_metric_beside_the_target():
    assert sentences.numbers(phrases.metric(FOUR)) == ["34.5", "10"]
    assert phrases.metric(FOUR).endswith(phrases.threshold(FOUR))


def test_a_value_target_differs_from_an_average_value_target():
    value = predicted(34.5, target=VALUE_TARGET)
    assert sentences.numbers(phrases.threshold(value)) == sentences.numbers(phrases.threshold(FOUR)) == ["10"]
    assert phrases.threshold(value) != phrases.threshold(FOUR)


def test_parts():
    assert sentences.numbers(phrases.parts(PARTS)) == ["2", "10", "60.5"]
    assert list(sentences.lacks(phrases.parts(PARTS), list(PARTS))) == []


def test_wait_ended():
    sentence = phrases.wait_ended(72.5, PARTS)
    assert list(sentences.lacks(sentence, [MARGIN_SECONDS, 72.5, phrases.parts(PARTS)])) == []
    assert sentences.is_ended(sentence)


def test_load_outlasted_the_latest_time():
    sentence = phrases.load_outlasted(72.5, PARTS)
    assert list(sentences.lacks(sentence, [72.5, phrases.parts(PARTS)])) == []
    assert sentences.is_ended(sentence)


def test_last_counts():
    sentence = phrases.last_counts(ReplicaCounts(40.0, 6, 6, 5, 3))
    assert sentences.numbers(sentence) == ["6", "5", "3"]
    assert sentences.is_ended(sentence)


def test_errors():
    errors = (("deployments", "no answer"), ("pods", "the connection broke"))
    assert list(sentences.lacks(phrases.errors(errors), errors)) == []
    assert phrases.errors(()) == ""


def test_limit_has_its_sum_and_its_parts():
    limit = (("metric", 40.0), ("scale-in", 315.5), ("margin", 30.0))
    text = phrases.limit(iter(limit))
    assert sentences.numbers(text) == ["386", "40", "315.5", "30"]
    assert list(sentences.lacks(text, [name for name, _seconds in limit])) == []


@pytest.mark.parametrize(
    ("not_answered", "load", "mentions"),
    [
        (True, UNANSWERED, (900, 1980, "load.statuses", "load.errors", "load.http.url")),
        (False, DIED, (DIED.died, 2000)),
        (False, UNSENT, (1000, 2000)),
        (False, LoadStats(ended=True), ()),
    ],
)
def test_load_failure(not_answered, load, mentions):
    sentence = phrases.load_failure(not_answered, load)
    assert list(sentences.lacks(sentence, mentions)) == []
    assert (sentences.damage(sentence), sentences.is_ended(sentence)) == ([], True)
