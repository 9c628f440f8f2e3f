# SPDX-License-Identifier: MIT
"""The plan of a proof in check mode: the numbers of a real proof, and nothing of its actions."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.external import External
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.expectation import Expected
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import Problem
from ansible_collections.shkatara.keda_demo.tests.support import sentences
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    HPA,
    METRIC,
    SCALEDOBJECT,
    changed,
    deployed,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    map_objects,
    metric,
    seen,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

KAFKA = changed(SCALEDOBJECT, "spec.triggers.0", {"type": "kafka", "metadata": {"lagThreshold": "10"}})
FOUR = Expected(4, 4, 90.0)


def plan(folder, observations=None, **options):
    return Run(folder, ready_chain() if observations is None else observations, plan_only=True, **options)


def kafka(observations):
    return with_object(without(observations, "prometheus"), "scaledobjects", KAFKA)


def foreseen(run):
    found = run.result["foreseen"]
    return None if found is None else (found["verdict"], found["reason"])


def test_a_plan_has_the_numbers_of_the_proof(tmp_path):
    (tmp_path / "proof").mkdir()
    planned = plan(tmp_path / "proof")
    (tmp_path / "real").mkdir()
    proven = Run(tmp_path / "real", [*ready_chain(), *scale_out()])
    assert planned.result["predicted"] == proven.result["predicted"]
    for name in ("url", "rate", "duration", "stages", "sender"):
        assert planned.result["load"][name] == proven.result["load"][name]
    assert foreseen(planned) == ("scaled", "as_predicted") == proven.verdict
    json.dumps(planned.result)


def test_a_plan_sends_and_writes_nothing(tmp_path):
    run = plan(tmp_path)
    assert (run.load.orders, run.asked) == ([], [])
    # The lines of progress are the task's own.
    assert [path.name for path in tmp_path.rglob("*")] == ["progress"]
    assert run.seconds < 1


def test_the_lines_of_a_plan_are_its_message(tmp_path):
    run = plan(tmp_path, phases=("activation", "scale_out", "hold", "scale_in"))
    message = run.result["message"]
    spoken = [line.split("check", 1)[1].strip() for line in run.lines]
    assert " ".join(spoken) == message
    predicted = run.result["predicted"]
    numbers = sentences.numbers(message)
    for name in ("earliest_change_seconds", "latest_change_seconds", "earliest_seconds", "latest_seconds"):
        assert f"{predicted[name]:g}" in numbers
    for part in ("test/scaledobject-py", "Deployment test", "34.5 requests/s", "http://192.0.2.11:30115/", "210 s"):
        assert part in message
    assert f"{predicted['scale_in']['latest_seconds']:g}" in numbers
    assert sentences.damage(message) == []


@pytest.mark.parametrize(
    ("load", "named"),
    [
        ({"replicas": 4}, ["34.5 requests/s", "4 replicas"]),
        ({"stages": (Stage(5.0, 30.0), Stage(34.5, 250.0))}, ["34.5 requests/s", "2 stages", "280 s"]),
    ],
)
def test_the_load_of_a_plan(tmp_path, load, named):
    message = plan(tmp_path, load=load).result["message"]
    assert [text for text in named if text not in message] == []


def test_new_pods_do_not_raise_the_value_of_a_fallback(tmp_path):
    failing = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 6})
    failing = changed(failing, f"status.health.{METRIC}.numberOfFailures", 5)
    predicted = plan(tmp_path, with_object(ready_chain(), "scaledobjects", failing)).result["predicted"]
    assert (predicted["metric"], predicted["possible_replicas"]) == (60.0, [6])


# What can't be proven


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"load": {"rate": 34.5, "duration": 60.0}}, r"load\.http\.duration of 60 s"),
        ({"load": {"replicas": 11}}, r"load\.http\.replicas is 11"),
        ({"phases": ("scale_in",)}, r"phase scale_in without scale_out"),
        ({"phases": ("to_zero",)}, r"phase to_zero needs"),
        ({"expected": Expected(5, 5, 90.0)}, r"expected\.replicas is 5, and a metric of 34\.5"),
        ({"expected": Expected(4, 4, 90.0), "external": External(60.0)}, r"load\.external\.duration of 60 s"),
    ],
)
def test_what_the_proof_would_refuse_is_refused(tmp_path, options, named):
    with pytest.raises(BadInput, match=named):
        plan(tmp_path, **options)


def test_thousands_of_requests_are_refused(tmp_path):
    chain = map_objects(
        ready_chain(),
        "horizontalpodautoscalers",
        lambda hpa: changed(hpa, "spec.metrics.0.external.target.averageValue", "600"),
    )
    with pytest.raises(BadInput, match=r"load\.http\.max_rate is 200"):
        plan(tmp_path, chain, load={"replicas": 4})


def test_a_consumer_of_kafka_is_not_proven_by_requests(tmp_path):
    with pytest.raises(BadInput, match="kafka"):
        plan(tmp_path, kafka(ready_chain()), scaledobject=KAFKA, counter=None)
    load = {"rate": 34.5, "duration": 60.0}
    run = plan(tmp_path, kafka(ready_chain()), scaledobject=KAFKA, counter=None, load=load)
    assert foreseen(run) == ("aborted", "not_predictable")
    assert "Not predicted: 0 (kafka)" in run.result["message"]


def test_a_consumer_of_kafka_with_an_expectation(tmp_path):
    run = plan(tmp_path, kafka(ready_chain()), scaledobject=KAFKA, counter=None, expected=FOUR, external=External())
    assert foreseen(run) == ("scaled", "as_expected")
    assert run.result["predicted"]["expected"] == {"min": 4, "max": 4, "within_seconds": 90.0}
    assert run.result["load"]["sender"] == "external"
    assert all(text in run.result["message"] for text in ("Nothing would be sent", "120 s", "4 replicas within 90 s"))
    assert sentences.damage(run.result["message"]) == []


def test_a_load_under_the_threshold_would_not_scale(tmp_path):
    assert foreseen(plan(tmp_path, load={"rate": 5.0})) == ("not_scaled", "load_under_threshold")


# What is not as it is to be


def test_a_chain_that_is_not_ready_is_a_note(tmp_path):
    *objects, reading = ready_chain()
    run = plan(tmp_path, [*objects, seen(0.05, "deployments", deployed(2, 2, 1)), reading], wait_timeout=77.0)
    assert foreseen(run) == ("scaled", "as_predicted")
    (note,) = run.result["notes"]
    assert re.search(r"1 of 2 pods Ready.*\b77 s", note)
    # One look, and no wait.
    assert run.seconds == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("missing", ["scaledobjects", "horizontalpodautoscalers", "deployments", "prometheus"])
def test_without_its_objects_there_is_no_plan_and_no_failure(tmp_path, missing):
    run = plan(tmp_path, without(ready_chain(), missing))
    assert (foreseen(run), run.result["predicted"]) == (None, None)
    assert len(run.result["notes"]) == 1
    assert sentences.damage(run.result["message"]) == []


def test_what_no_wait_mends_is_foreseen(tmp_path):
    refusals = [PollFailed(at, "refused /api/v1/query: HTTP 401", Problem.REFUSED) for at in range(0, 60, 2)]
    run = plan(tmp_path, [*without(ready_chain(), "prometheus"), *refusals])
    assert foreseen(run) == ("not_ready", "prometheus_refused")
    assert run.seconds < 1


def test_a_workload_that_is_not_at_rest_is_planned_from_rest(tmp_path):
    *objects, reading = ready_chain()
    busy = [
        seen(0.05, "horizontalpodautoscalers", scaled(4, "9", current=4)),
        seen(0.05, "deployments", deployed(4, 4, 4)),
        replace(reading, values={"0": 36.0}),
    ]
    run, quiet = plan(tmp_path, [*objects, *busy]), plan(tmp_path)
    assert foreseen(run) == ("scaled", "as_predicted")
    assert run.result["predicted"] == quiet.result["predicted"]
    (note,) = run.result["notes"]
    assert "not at rest" in note
    assert quiet.result["notes"] == []
    assert run.seconds < 1


def test_a_reading_that_is_older_than_the_replicas_is_no_note(tmp_path):
    *objects, reading = ready_chain(at=1.0)
    run = plan(tmp_path, [metric(0.5, 0.0, targets=reading.targets.targets), *objects, metric(3.0, 0.0)])
    assert (run.result["notes"], foreseen(run)) == ([], ("scaled", "as_predicted"))


def test_warnings_of_the_prediction_are_notes(tmp_path):
    short = changed(HPA, "spec.behavior", {"scaleDown": {"stabilizationWindowSeconds": 5}})
    run = plan(tmp_path, with_object(ready_chain(), "horizontalpodautoscalers", short))
    assert [note.rstrip(".") for note in run.result["notes"]] == run.result["predicted"]["warnings"] != []


def test_a_signal_ends_the_look(tmp_path):
    def interrupt(run):
        run.interrupt.name = "SIGINT"

    run = plan(tmp_path, [], at=[(2.0, interrupt)])
    assert foreseen(run) == ("aborted", "interrupted")
