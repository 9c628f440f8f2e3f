# SPDX-License-Identifier: MIT
"""The lines that a person reads while a proof runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.progress import (
    Progress,
    ProgressReader,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import predict_scale_in
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import phrases, progress_lines
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages.progress_lines import (
    ProgressLines,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support import sentences
from ansible_collections.shkatara.keda_demo.tests.support.predictions import TARGET, TIMING, predicted

# The pods of the demo's application start in 32 s at most.
SLOW_START = replace(TIMING, pod_start=32)


class Time:
    """A clock that a test sets."""

    now = 1000.0


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "progress")


@pytest.fixture
def lines(time, path):
    return ProgressLines(Progress(path), lambda: time.now, pause=5.0)


def test_a_line_has_the_seconds_of_the_proof_and_the_phase(lines, time, path):
    time.now += 12.4
    lines.say("scale_out", "4 pods")
    assert [line.split() for line in ProgressReader(path).read_new()] == [["12", "s", "scale_out", "4", "pods"]]


def test_a_regular_line_is_due_a_pause_after_any_line(lines, time):
    assert lines.is_due
    lines.say("ready", "waiting")
    time.now += 4.9
    assert not lines.is_due
    time.now += 0.1
    assert lines.is_due
    lines.say("ready", "news")
    assert not lines.is_due


def test_rates_are_those_since_the_last_call(lines, time):
    load = LoadStats(sent=20, answered=10, first_sent=time.now)
    time.now += 2.0
    assert sentences.numbers(lines.rates(load)) == ["10.0", "5.0"]
    time.now += 4.0
    assert sentences.numbers(lines.rates(replace(load, sent=120, answered=30))) == ["25.0", "5.0"]


def test_rates_of_a_second_load_begin_with_its_first_request(lines, time):
    lines.rates(LoadStats(sent=500, answered=500, first_sent=time.now))
    time.now += 60.0
    second = LoadStats(sent=30, answered=15, first_sent=time.now - 3.0)
    assert sentences.numbers(lines.rates(second)) == ["10.0", "5.0"]


def test_rates_of_a_load_without_a_request(lines):
    assert sentences.numbers(lines.rates(LoadStats())) == ["0.0", "0.0"]


def test_prediction():
    prediction = predicted(34.5, timing=SLOW_START)
    line = progress_lines.prediction(prediction, 34.5)
    times = [7.9, 58, 21.7, 180]
    assert sentences.numbers(line) == ["34.5", "34.5", "10", "4", "1", *(f"{seconds:g}" for seconds in times)]
    assert sentences.damage(line) == []


def test_prediction_of_several_counts():
    line = progress_lines.prediction(predicted(41.0, timing=SLOW_START), 41.0)
    assert sentences.numbers(line)[:6] == ["41", "41", "10", "4", "5", "1"]


def test_prediction_without_a_change_has_no_times():
    line = progress_lines.prediction(predicted(5.0, timing=SLOW_START), 5.0)
    assert sentences.numbers(line) == ["5", "5", "10", "1", "1"]
    assert "1 replica " in line


def test_scale_in():
    predicted_scale_in = predict_scale_in(TARGET, [4], 0.0, SLOW_START)
    line = progress_lines.scale_in(predicted_scale_in)
    assert sentences.numbers(line) == ["1", "285", "373", "373"]
    assert list(sentences.lacks(line, phrases.replicas(1))) == []


BOUNDS = {
    "first_request": (0.0, 0.0),
    "load_scraped": (0.0, 8.0),
    "metric_over_threshold": (7.9, 43.0),
    "replicas_ready": (21.7, 167.0),
}


@pytest.mark.parametrize(
    ("observed", "now", "hop", "seconds"),
    [
        ((), 0.0, "first_request", "0"),
        (("first_request",), 2.4, "load_scraped", "6"),
        # A hop that did not come in time is not expected any more: it is a deviation.
        (("first_request",), 8.1, "metric_over_threshold", "35"),
        (("first_request", "load_scraped", "metric_over_threshold"), 50.0, "replicas_ready", "117"),
    ],
)
def test_next_hop(observed, now, hop, seconds):
    text = progress_lines.next_hop(BOUNDS, observed, now)
    assert hop.replace("_", " ") in text
    assert sentences.numbers(text) == [seconds]


@pytest.mark.parametrize(("observed", "now"), [(tuple(BOUNDS), 50.0), (("first_request",), 167.1)])
def test_no_next_hop(observed, now):
    assert progress_lines.next_hop(BOUNDS, observed, now) == ""


@pytest.mark.parametrize(("metric", "text"), [(None, "none"), (0.0, "0.0"), (34.46, "34.5")])
def test_value(metric, text):
    assert progress_lines.value(metric) == text


def test_counts():
    assert sentences.numbers(progress_lines.counts(ReplicaCounts(40.0, 6, 6, 5, 3))) == ["6", "5", "3"]
