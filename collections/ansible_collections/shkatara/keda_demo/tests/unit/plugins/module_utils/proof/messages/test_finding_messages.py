# SPDX-License-Identifier: MIT
"""The phrases about findings: one for each code, with all numbers and names of its data."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code, Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import finding_messages
from ansible_collections.shkatara.keda_demo.tests.support import sentences

EXAMPLES = (
    Finding(Code.UNWATCHED, {"object": "the Deployment", "error": "403 Forbidden"}),
    Finding(Code.UNSEEN, {"object": "the ScaledObject"}),
    Finding(Code.GONE, {"object": "the HPA, which KEDA creates,"}),
    Finding(
        Code.PODS_WAITING,
        {"kind": "Rollout", "name": "test", "ready": 2, "wanted": 4, "waiting": ["ErrImagePull", "CrashLoopBackOff"]},
    ),
    Finding(Code.PODS_WAITING, {"kind": "StatefulSet", "name": "test", "ready": 0, "wanted": 1, "waiting": []}),
    Finding(Code.NO_ANSWER, {"error": "connection refused"}),
    Finding(Code.REFUSED, {"error": "http://prometheus:9090 refused /api/v1/query: HTTP 401"}),
    Finding(Code.INVALID_QUERY, {"error": "1:5: parse error: unclosed left parenthesis"}),
    Finding(Code.SEVERAL_SERIES, {"error": "the trigger's query returns 4 series, and KEDA takes one: up"}),
    Finding(Code.QUERY_FAILED, {"error": "many-to-many matching not allowed"}),
    Finding(Code.NO_TARGETS, {"error": "404 Not Found"}),
    Finding(Code.TARGETS_UNLISTED, {"error": "404 Not Found"}),
    Finding(Code.NO_INTERVAL),
    Finding(Code.TARGET_DOWN, {"url": "http://10.244.1.2:5000/metrics", "error": "connection refused"}),
    Finding(Code.NO_POD),
    Finding(Code.NO_POD_SCRAPED, {"pods": ["test-mtb98", "test-q8grk"]}),
    Finding(Code.POD_NOT_SCRAPED, {"pods": ["test-mtb98"]}),
    Finding(Code.PAUSED, {"name": "scaledobject-py", "annotation": "autoscaling.keda.sh/paused-replicas"}),
    Finding(
        Code.PAUSED_BY_CONDITION,
        {"name": "scaledobject-py", "condition": "ScaledObjectPaused: ScaledObject is paused"},
    ),
    Finding(Code.NOT_READY, {"name": "scaledobject-py", "condition": "ScaledObjectCheckFailed: no target"}),
    Finding(Code.NO_VALID_METRIC, {"name": "keda-hpa", "condition": "FailedGetExternalMetric: no metrics"}),
    Finding(Code.NO_VALUE, {"name": "keda-hpa", "metric": "s0-prometheus", "condition": "ValidMetricFound"}),
    Finding(Code.REPLICAS_GONE, {"kind": "StatefulSet"}),
    Finding(Code.REPLICAS_MOVING, {"wanted": 1, "desired": 4, "current": 3, "ready": 2}),
    Finding(Code.PODS_LEAVING, {"count": 3}),
    Finding(Code.ROLLING_OUT, {"kind": "StatefulSet", "name": "test"}),
    Finding(Code.REPLICAS_UNWATCHED, {"errors": (("deployments", "no answer"), ("pods", "the connection broke"))}),
    Finding(Code.NO_DATA),
    Finding(Code.NOT_READ),
    Finding(Code.METRIC_FALLING, {"value": 27.3802711}),
    Finding(Code.NO_METRIC, {"replicas": 3}),
    Finding(Code.QUIET, {"replicas": 4}),
    Finding(Code.OTHER_TRAFFIC, {"value": 12.0}),
    Finding(Code.SCRAPED_TWICE, {"times": 2, "jobs": ["test", "test-canary"]}),
    Finding(Code.MEAN_LAGS, {"seconds": 45.0, "stabilization": 300.0}),
    Finding(Code.TWO_SAMPLES, {"function": "irate", "window": 65.0, "interval": 30.0}),
)


def test_each_code_has_an_example():
    assert {finding.code for finding in EXAMPLES} == set(Code)


@pytest.mark.parametrize("finding", EXAMPLES, ids=lambda finding: finding.code.value)
def test_phrase_has_the_numbers_and_names_of_its_data(finding):
    assert list(sentences.lacks(finding_messages.phrase(finding), list(finding.data.values()))) == []


@pytest.mark.parametrize("finding", EXAMPLES, ids=lambda finding: finding.code.value)
def test_phrase_is_complete(finding):
    phrase = finding_messages.phrase(finding)
    assert sentences.damage(phrase) == []
    assert not phrase.endswith("."), "a phrase is a part of a sentence"


def test_phrases_differ():
    assert len({finding_messages.phrase(finding) for finding in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize(
    ("finding", "same"),
    [
        # A target without an error was not scraped yet.
        (
            Finding(Code.TARGET_DOWN, {"url": "http://10.244.1.2:5000/metrics", "error": ""}),
            Finding(Code.TARGET_DOWN, {"url": "http://10.244.1.2:5000/metrics", "error": "it was not scraped yet"}),
        ),
        # No pod is Ready.
        (Finding(Code.NO_POD_SCRAPED, {"pods": []}), Finding(Code.NO_POD_SCRAPED, {"pods": ["(none is Ready)"]})),
    ],
)
def test_absent_data_has_a_text_of_its_own(finding, same):
    phrase = finding_messages.phrase(finding)
    assert phrase == finding_messages.phrase(same)
    assert sentences.damage(phrase) == []


def test_values_have_four_digits():
    phrase = finding_messages.phrase(Finding(Code.METRIC_FALLING, {"value": 27.3802711}))
    assert sentences.numbers(phrase) == ["27.38"]
