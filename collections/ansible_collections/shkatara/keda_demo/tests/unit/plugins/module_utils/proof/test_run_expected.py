# SPDX-License-Identifier: MIT
"""Proofs by expectations: loads of others, a Kafka consumer without a Prometheus, and what can't be predicted."""

from __future__ import annotations

import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.external import Begin, External
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.expectation import Expected
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    MetExpectation,
    MissedExpectation,
    NoRise,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import (
    expectation_messages,
    progress_lines,
)
from ansible_collections.shkatara.keda_demo.tests.support import broken_links
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, SCALEDOBJECT, changed, deployed, scaled
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    map_objects,
    metric,
    ready_replicas,
    seen,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import SCALE_OUT_HOPS, ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

FOUR = Expected(4, 4, 90.0)
KAFKA = changed(SCALEDOBJECT, "spec.triggers.0", {"type": "kafka", "metadata": {"lagThreshold": "10"}})
FORMULA = changed(SCALEDOBJECT, "spec.advanced", {"scalingModifiers": {"formula": "s0 * 2", "target": "10"}})
LATENCY = changed(HPA["spec"]["metrics"][0], "external.target", {"type": "Value", "value": "250m"})


def of_kafka(observations):
    """Observations of a world in which there is no Prometheus at all."""
    return with_object(without(observations, "prometheus"), "scaledobjects", KAFKA)


def of_others(folder, observations, expected=FOUR, external=None, **options):
    return Run(folder, observations, expected=expected, external=external or External(), **options)


# A consumer of Kafka


def test_a_consumer_of_kafka(tmp_path):
    events = of_kafka([*ready_chain(), *scale_out()])
    run = of_others(tmp_path, events, scaledobject=KAFKA, counter=None)
    assert run.verdict == ("scaled", "as_expected")
    assert run.passed == [("scale_out", True), ("hold", True)]
    met = run.proof.results[-1].verdict.facts
    assert isinstance(met, MetExpectation)
    assert (met.replicas, met.ready_seconds) == (4, pytest.approx(33.4, abs=0.3))
    # The hops are timed all the same, but those of a query.
    hops = list(run.result["hops"])
    assert hops[0] == "load_begun"
    assert hops[-2:] == ["replicas_ready", "observation_ended"]
    assert set(SCALE_OUT_HOPS) - set(hops) == {"metric_over_threshold"}
    assert [reason["reason"] for reason in run.result["phases"]] == ["as_expected", "as_expected"]
    # Held for 15 s, not longer.
    assert run.seconds == pytest.approx(33.4 + 15, abs=1)


def test_what_verdict_json_says_of_an_expectation(tmp_path):
    written = {}
    events = of_kafka([*ready_chain(), *scale_out()])
    run = of_others(
        tmp_path,
        events,
        Expected(3, 5, 90.0),
        scaledobject=KAFKA,
        counter=None,
        at=[(2.0, lambda run: written.update(run.written()))],
    )
    predicted = run.result["predicted"]
    assert written["predicted"] == predicted, "it is there before the load"
    assert predicted["source"] == "expected"
    assert predicted["expected"] == {"min": 3, "max": 5, "within_seconds": 90.0}
    assert (predicted["replicas"], predicted["possible_replicas"], predicted["from_replicas"]) == (5, [3, 4, 5], 1)
    assert (predicted["latest_seconds"], predicted["hops"]) == (90.0, {})
    assert [entry["trigger"] for entry in predicted["not_predicted"]] == ["0 (kafka)"]
    load = run.result["load"]
    assert (load["sender"], load["url"], load["rate"], load["stages"], load["sent"]) == ("external", "", None, [], 0)
    assert (load["duration"], load["ended_early"]) == (120.0, True)
    assert (run.result["end_to_end"], run.result["deviations"]) == (None, [])


@pytest.mark.parametrize(
    ("until", "expected", "verdict"),
    [
        (34, Expected(4, 4, 20.0), ("scaled_late", "after_expected")),
        (31, FOUR, ("wrong_count", "fewer_than_expected")),
        (32, FOUR, ("wrong_count", "pods_not_ready")),
        (34, Expected(2, 3, 90.0), ("wrong_count", "more_than_expected")),
        (0, FOUR, ("not_scaled", "metric_not_over_threshold")),
    ],
)
def test_what_is_not_as_expected(tmp_path, until, expected, verdict):
    events = of_kafka([*ready_chain(), *(item for item in scale_out() if item.at < until)])
    run = of_others(tmp_path, events, expected, scaledobject=KAFKA, counter=None)
    assert run.verdict == verdict
    if verdict[0] in ("wrong_count", "not_scaled"):
        assert isinstance(run.facts, MissedExpectation)
        assert run.facts.waited
        # The wait ends 15 s after the expected time.
        assert run.seconds == pytest.approx(105, abs=1)


def test_a_lag_over_the_target_that_moves_nothing(tmp_path):
    lag = seen(20, "horizontalpodautoscalers", scaled(1, "35"))
    run = of_others(tmp_path, of_kafka([*ready_chain(), lag]), scaledobject=KAFKA, counter=None)
    assert run.verdict == ("not_scaled", "hpa_did_not_act")
    assert list(run.result["hops"]) == ["load_begun", "hpa_metric_over_threshold", "observation_ended"]


def test_replicas_that_do_not_stay(tmp_path):
    gone = [seen(39, "horizontalpodautoscalers", scaled(2, "9")), seen(40, "deployments", deployed(2, 2, 2))]
    run = of_others(tmp_path, of_kafka([*ready_chain(), *scale_out(), *gone]), scaledobject=KAFKA, counter=None)
    assert run.verdict == ("flapped", "left_during_hold")


def test_replicas_that_somebody_else_writes(tmp_path):
    written = seen(40, "deployments", deployed(2, 2, 2))
    run = of_others(tmp_path, of_kafka([*ready_chain(), *scale_out(), written]), scaledobject=KAFKA, counter=None)
    assert run.verdict == ("wrong_cause", "other_writer")


def test_the_lines_of_a_load_of_others(tmp_path):
    run = of_others(tmp_path, of_kafka([*ready_chain(), *scale_out()]), scaledobject=KAFKA, counter=None)
    line = expectation_messages.line(run.proof.plan.scale_out.expectation)
    assert len([text for text in run.lines if line in text]) == 1
    counts = progress_lines.counts(run.session.state.cluster.last_counts)
    assert any(counts in text for text in run.lines)
    # Nothing was sent, and nothing is said of it.
    assert not any("requests/s" in text or re.search(r"sent \d", text) for text in run.lines)
    assert any(re.search(r"replicas ready within \d+ s", text) for text in run.lines)
    assert {row["object"] for row in run.rows if row["source"] == "load"} == {"external"}


# Begin


def test_a_load_of_others_need_not_begin_from_rest(tmp_path):
    """k6 sends already: the metric is up, and the second replica is on its way."""
    *chain, reading = ready_chain()
    busy = [*chain, metric(reading.at, 20.0, targets=reading.targets.targets, feeds=reading.targets.feeds)]
    second = [seen(1.0, "deployments", deployed(2, 2, 2)), seen(1.1, "horizontalpodautoscalers", scaled(2, "20"))]
    run = of_others(tmp_path, [*busy, *second, *scale_out()])
    assert run.verdict == ("scaled", "as_expected")
    assert run.result["hops"]["load_begun"]["seconds"] == 0
    assert run.result["predicted"]["from_replicas"] == 1


def test_replicas_that_are_there_already_prove_nothing(tmp_path):
    busy = [seen(0.05, "deployments", deployed(4, 4, 4)), seen(0.05, "horizontalpodautoscalers", scaled(4, "9"))]
    run = of_others(tmp_path, [*ready_chain(), *busy])
    assert run.verdict == ("aborted", "bad_input")
    assert "expected.replicas" in run.facts.text


def test_times_count_from_the_first_rise(tmp_path):
    late = scale_out(begin=60.0)
    run = of_others(tmp_path, [*ready_chain(), *late], external=External(begin=Begin.RISE), wait_timeout=300.0)
    assert run.verdict == ("scaled", "as_expected")
    # The first value above that at rest came 6.7 s after the first request.
    assert run.result["hops"]["replicas_ready"]["seconds"] == pytest.approx(33.1 - 6.7, abs=0.3)
    assert run.result["hops"]["load_begun"]["time"].startswith("2026-11-24T09:01:06.")


def test_replicas_that_are_the_first_rise(tmp_path):
    """Nothing else of a Kafka trigger is seen: its first replicas are a part of the load, and no move before it."""
    events = of_kafka([*ready_chain(), *scale_out()])
    run = of_others(tmp_path, events, scaledobject=KAFKA, counter=None, external=External(begin=Begin.RISE))
    assert run.verdict == ("scaled", "as_expected")
    assert set(SCALE_OUT_HOPS) - set(run.result["hops"]) == {"metric_over_threshold"}
    assert run.result["hops"]["deployment_scaled"]["seconds"] < 0.3


def test_a_rise_that_somebody_wrote(tmp_path):
    entry = {"manager": "kubectl", "subresource": "scale", "operation": "Update", "time": "2026-11-25T03:05:45Z"}
    entry["fieldsV1"] = {"f:spec": {"f:replicas": {}}}
    by_hand = changed(deployed(4, 1, 1), "metadata.managedFields", [entry])
    events = of_kafka([*ready_chain(), seen(16.0, "deployments", by_hand), *scale_out(begin=20.0)])
    run = of_others(tmp_path, events, scaledobject=KAFKA, counter=None, external=External(begin=Begin.RISE))
    assert run.verdict == ("wrong_cause", "other_writer")


def test_a_rise_that_never_comes(tmp_path):
    run = of_others(tmp_path, ready_chain(), external=External(begin=Begin.RISE), wait_timeout=60.0)
    assert run.verdict == ("aborted", "load_not_seen")
    assert run.facts == NoRise(60.0)
    assert run.seconds == pytest.approx(60, abs=1)
    assert run.result["hops"] == {}


def test_an_interrupted_observation(tmp_path):
    def interrupt(run):
        run.interrupt.name = "SIGINT"

    run = of_others(tmp_path, ready_chain(), at=[(20.0, interrupt)])
    assert run.verdict == ("aborted", "interrupted")


# Triggers of Prometheus


def test_the_query_is_a_hop_of_a_load_of_others_too(tmp_path):
    run = of_others(tmp_path, [*ready_chain(), *scale_out()])
    assert run.verdict == ("scaled", "as_expected")
    assert set(SCALE_OUT_HOPS) | {"load_scraped", "new_pod_counted"} < set(run.result["hops"])
    # The pods' counters are compared with nothing.
    assert (run.result["end_to_end"], run.asked) == (None, [])


def test_a_latency_that_can_not_be_predicted_with_a_load_of_our_own(tmp_path):
    """The formula stands for a query that is not predicted; the HPA's target is a Value."""

    def slow(item):
        current = item["status"]["currentMetrics"][0]["external"]["current"]
        item = changed(item, "status.currentMetrics.0.external.current", {"value": current["averageValue"]})
        return changed(item, "spec.metrics", [LATENCY])

    events = with_object([*ready_chain(), *scale_out()], "scaledobjects", FORMULA)
    events = map_objects(events, "horizontalpodautoscalers", slow)
    run = Run(tmp_path, events, scaledobject=FORMULA, load={"rate": 12.0}, expected=FOUR)
    assert run.verdict == ("scaled", "as_expected")
    assert run.load.orders == ["start", "drain"]
    assert run.load.specs[0].duration == 120.0
    hops = run.result["hops"]
    assert {"first_request", "load_ended", "hpa_metric_over_threshold", "replicas_ready"} <= set(hops)
    assert run.result["load"]["sender"] == "http"
    assert run.result["end_to_end"]["agrees"] is True


def test_expectations_judge_a_load_that_is_predicted_too(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], expected=Expected(4, 4, 30.0))
    assert run.verdict == ("scaled_late", "after_expected")
    predicted = run.result["predicted"]
    assert (predicted["source"], predicted["possible_replicas"], predicted["latest_seconds"]) == (
        "expected",
        [4],
        180.0,
    )
    assert predicted["expected"]["within_seconds"] == 30.0
    # Its hops have the bounds of the prediction.
    assert run.result["hops"]["replicas_ready"]["latest"] == 180.0


@pytest.mark.parametrize("broken", [broken_links.still_query, broken_links.still_value])
def test_an_expectation_of_a_load_that_is_predicted_needs_its_cause(tmp_path, broken):
    script = broken(broken_links.Script([*ready_chain(), *scale_out()]))
    run = Run(tmp_path, script.observations, expected=FOUR)
    assert run.verdict == ("wrong_cause", "metric_never_over")


def test_replicas_that_no_metric_of_the_hpa_asked_for(tmp_path):
    """Whatever others send: the HPA itself says that its metric did not ask for more."""
    script = broken_links.still_value(broken_links.Script(of_kafka([*ready_chain(), *scale_out()])))
    run = of_others(tmp_path, script.observations, scaledobject=KAFKA, counter=None)
    assert run.verdict == ("wrong_cause", "metric_never_over")
    assert (run.facts.highest, run.facts.limit, run.facts.replicas) == (0.0, 11.0, 2)


def test_a_value_within_the_usual_tolerance_may_have_asked(tmp_path):
    events = [*ready_replicas(20.0, 4), seen(20.1, "horizontalpodautoscalers", scaled(4, "10500m"))]
    run = of_others(tmp_path, of_kafka([*ready_chain(), *events]), scaledobject=KAFKA, counter=None)
    assert run.verdict == ("scaled", "as_expected")


def test_a_minimum_that_is_raised_under_a_load_of_others(tmp_path):
    raised = [
        *ready_replicas(20.0, 4),
        seen(20.1, "horizontalpodautoscalers", changed(scaled(4, "5"), "spec.minReplicas", 4)),
    ]
    run = of_others(tmp_path, of_kafka([*ready_chain(), *raised]), scaledobject=KAFKA, counter=None)
    assert run.verdict == ("wrong_cause", "other_writer")
    assert (run.facts.before, run.facts.after) == (1, 4)


@pytest.mark.parametrize("missing", ["status.currentMetrics", "spec.metrics.0.external.target"])
def test_an_hpa_that_does_not_say_what_was_asked_is_no_other_cause(tmp_path, missing):
    events = of_kafka([*ready_chain(), *scale_out()])
    empty = [] if missing.startswith("status") else {}
    events = map_objects(
        events,
        "horizontalpodautoscalers",
        lambda hpa: changed(hpa, missing, empty) if hpa["status"]["desiredReplicas"] > 1 else hpa,
    )
    run = of_others(tmp_path, events, scaledobject=KAFKA, counter=None)
    assert run.verdict == ("scaled", "as_expected")


def test_a_proof_without_expectations_says_that_it_is_by_the_prediction(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()])
    assert (run.result["predicted"]["source"], run.result["predicted"]["expected"]) == ("prediction", None)
    assert run.result["load"]["sender"] == "http"


def test_an_application_that_does_not_answer_ends_a_load_of_our_own(tmp_path):
    events = with_object([*ready_chain(), *scale_out()], "scaledobjects", FORMULA)
    run = Run(tmp_path, events, scaledobject=FORMULA, load={"rate": 34.5}, expected=FOUR, share=0.0)
    assert run.verdict == ("aborted", "load_not_answered")
