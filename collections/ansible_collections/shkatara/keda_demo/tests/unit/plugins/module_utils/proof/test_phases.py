# SPDX-License-Identifier: MIT
"""Phases of a proof other than the scale-out: a load that moves nothing, the way back, to zero and from there."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    HPA,
    NEW,
    PODS,
    changed,
    deployed,
    metric,
    pod,
    ready_chain,
    scale_in,
    scale_out,
    scaled,
    seen,
    target,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

# A load that moves nothing lasts until the latest time at which it would have: 10 + 30 + 15 + 3 + 32 s.
ACTIVATION_SECONDS = 90


def test_a_load_under_the_threshold_and_then_one_over_it(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), *(metric(at, 5.0) for at in range(5, 95, 5)), metric(95, 0.0), *scale_out(begin=95.3)],
        phases=("activation", "scale_out", "hold"),
    )
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("activation", True), ("scale_out", True), ("hold", True)]
    assert [spec.rate for spec in run.load.specs] == [5.0, 34.5]
    quiet = run.result["phases"][0]
    assert (quiet["reason"], quiet["requests"]) == ("load_under_threshold", 5 * ACTIVATION_SECONDS)
    # What is told of the load is that of the second one, and so are the steps.
    assert run.result["load"]["rate"] == 34.5
    assert run.result["hops"]["replicas_ready"]["seconds"] == pytest.approx(33.1, abs=0.3)
    assert run.result["deviations"] == []
    phases = list(dict.fromkeys(row["phase"] for row in run.rows))
    assert phases == ["ready", "activation", "rest", "scale_out", "hold"]


def test_a_load_under_the_threshold_alone(tmp_path):
    run = Run(
        tmp_path, [*ready_chain(), metric(20, 5.0)], load={"rate": 34.5, "activation_rate": 8.0}, phases=("activation",)
    )
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("activation", True)]
    assert [spec.rate for spec in run.load.specs] == [8.0]
    assert run.seconds == pytest.approx(ACTIVATION_SECONDS, abs=1)
    assert run.result["hops"] == {}, "those are of the load that is to move something"


def test_a_load_under_the_threshold_that_moves_something(tmp_path):
    grown = [
        seen(40, "deployments", deployed(2, 1, 1)),
        seen(40, "horizontalpodautoscalers", scaled(2, "5")),
    ]
    run = Run(tmp_path, [*ready_chain(), *grown], phases=("activation", "scale_out", "hold"))
    assert run.verdict == ("wrong_count", "more_than_predicted")
    assert run.passed == [("activation", False)]
    assert len(run.load.specs) == 1, "nothing more is sent"


def test_a_load_that_is_over_the_threshold_is_no_activation(tmp_path):
    load = {"rate": 34.5, "activation_rate": 12.0}
    run = Run(tmp_path, ready_chain(), load=load, phases=("activation", "scale_out"))
    assert run.verdict == ("aborted", "bad_input")
    assert (
        "load.http.activation_rate makes a metric of 12, and what moves nothing is above 0 and at most 10"
        in (run.result["message"])
    )
    assert run.load.orders == []


def value_target(observations, replicas):
    """The same with an HPA whose target is all replicas together, and with a minimum of replicas."""
    replaced = []
    for item in observations:
        data = item.data
        if item.source == "horizontalpodautoscalers":
            data = changed(data, "spec.metrics.0.external.target", {"type": "Value", "value": "10"})
            data = changed(data, "spec.minReplicas", replicas)
            data = changed(changed(data, "status.desiredReplicas", replicas), "status.currentReplicas", replicas)
        replaced.append(seen(item.at, item.source, data, item.event))
    pods = [seen(0, "pods", pod(name)) for name in list(PODS)[:replicas]]
    targets = metric(0.15, 0.0, targets=[target(name) for name in list(PODS)[:replicas]])
    return [
        *without(replaced, "deployments"),
        seen(0, "deployments", deployed(replicas, replicas, replicas)),
        *pods,
        targets,
    ]


def test_a_value_target_is_not_multiplied_by_the_replicas(tmp_path):
    run = Run(tmp_path, value_target(ready_chain(), 3), phases=("activation",))
    assert [spec.rate for spec in run.load.specs] == [5.0]
    assert run.passed == [("activation", True)]


def test_without_a_hold_the_proof_ends_with_the_count(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], phases=("scale_out",))
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True)]
    assert run.seconds == pytest.approx(33.4, abs=0.5)


# The way back

BACK = ("scale_out", "hold", "scale_in")
# The load ends at 48.5 s. Replicas go back 285 to 388 s later: 300 for the stabilization, less or more a sync.
ENDED = 48.5


def test_back_at_the_minimum_in_time(tmp_path):
    written = {}

    def look(run):
        written.update(run.written())

    run = Run(tmp_path, [*ready_chain(), *scale_out(), *scale_in(ENDED + 340)], at=[(60, look)], phases=BACK)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True), ("scale_in", True)]
    back = written["predicted"]["scale_in"]
    assert (back["replicas"], back["earliest_change_seconds"], back["latest_seconds"]) == (1, 285.0, 388.0)
    hops = run.result["hops"]
    assert list(hops)[-3:] == ["load_ended", "scale_in_decision", "replicas_at_minimum"]
    assert hops["scale_in_decision"]["seconds"] == pytest.approx(ENDED + 340 - 0.3, abs=0.3)
    assert hops["scale_in_decision"]["earliest"] == pytest.approx(ENDED + 285 - 0.3, abs=0.3)
    assert run.result["deviations"] == []
    # What is observed is that under load; the end has fields of its own.
    observed = run.result["observed"]
    assert (observed["replicas"], observed["final_replicas"]) == (4, 1)
    assert observed["path"][-1]["ready"] == 1
    assert "Back at 1 replica 340." in run.result["message"]
    assert any("scale_in" in line and "next: scale in decision within" in line for line in run.lines)


def test_replicas_that_go_back_late(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *scale_in(ENDED + 390)], phases=BACK)
    assert run.verdict == ("scaled_late", "scale_in_after_latest")
    assert run.passed == [("scale_out", True), ("hold", True), ("scale_in", False)]
    assert "predicted were 388 s at the latest" in run.result["message"]


def test_replicas_that_go_back_too_early_are_a_deviation(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *scale_in(ENDED + 100)], phases=BACK)
    assert run.verdict == ("scaled", "as_predicted")
    assert [words.partition(" came after ")[0] for words in run.result["deviations"]] == [
        "scale_in_decision",
        "replicas_at_minimum",
    ]


def test_a_probe_that_fails_after_the_load_is_no_way_back(tmp_path):
    """The HPA may stand at 4 or at 5, and stands at 4."""
    flap = [seen(60, "deployments", deployed(4, 4, 3)), seen(61, "deployments", deployed(4, 4, 4))]
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *flap, *scale_in(ENDED + 340)], load={"rate": 41.0}, phases=BACK)
    assert run.result["predicted"]["possible_replicas"] == [4, 5]
    assert run.result["hops"]["scale_in_decision"]["seconds"] == pytest.approx(ENDED + 339.7, abs=0.3)
    assert run.result["deviations"] == []


def test_replicas_that_never_go_back(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], phases=BACK)
    assert run.verdict == ("not_scaled_in", "not_at_minimum")
    assert run.seconds == pytest.approx(ENDED + 388 + 15, abs=1)
    assert (
        "The wait ended 15 s after the latest predicted time, which is 388 s (scrape 10 + query_window 30 + "
        in (run.result["message"])
    )
    assert "stabilization 300 + hpa_sync 30" in run.result["message"]


def test_a_failed_scale_out_is_not_followed_by_the_way_back(tmp_path):
    run = Run(tmp_path, ready_chain(), phases=BACK)
    assert run.verdict == ("not_scaled", "metric_not_over_threshold")
    assert run.passed == [("scale_out", False)]


def test_a_signal_on_the_way_back(tmp_path):
    def interrupt(run):
        run.interrupt.signal_name = "SIGTERM"

    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(100, interrupt)], phases=BACK)
    assert run.verdict == ("aborted", "interrupted")
    assert run.passed == [("scale_out", True), ("hold", True)]
    assert run.result["observed"]["replicas"] == 4


def test_an_hpa_that_never_shrinks_is_refused(tmp_path):
    hpa = changed(HPA, "spec.behavior", {"scaleDown": {"selectPolicy": "Disabled"}})
    run = Run(
        tmp_path,
        [*without(ready_chain(), "horizontalpodautoscalers"), seen(0, "horizontalpodautoscalers", hpa)],
        phases=BACK,
    )
    assert run.verdict == ("aborted", "bad_input")
    assert "behavior.scaleDown.selectPolicy of the HPA is Disabled" in run.result["message"]


def four_at_once():
    """A chain that is at 4 replicas when the proof begins, from a load of before."""
    return [
        *without(ready_chain(), "horizontalpodautoscalers", "deployments", "prometheus"),
        seen(0, "horizontalpodautoscalers", scaled(4, "0", current=4), "ADDED"),
        seen(0, "deployments", deployed(4, 4, 4), "ADDED"),
        *(seen(0, "pods", pod(name), "ADDED") for name in NEW),
        metric(0.1, 0.0, targets=[target(name) for name in PODS], version="2.41.0"),
    ]


def test_the_way_back_alone(tmp_path):
    run = Run(tmp_path, [*four_at_once(), *scale_in(200.0)], load={"url": ""}, phases=("scale_in",))
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_in", True)]
    assert run.load.orders == []
    assert run.result["predicted"]["scale_in"]["from_replicas"] == [4]
    assert (run.result["observed"]["final_replicas"], run.result["end_to_end"]) == (1, None)
    assert run.seconds == pytest.approx(200.5, abs=0.5)


def test_a_scale_out_that_is_late_has_not_passed(tmp_path):
    """Ready 173 s after the first request, where 167 was the latest, and then held."""
    late = [seen(item.at + 140.0, item.source, item.data, item.event) for item in scale_out()]
    run = Run(tmp_path, [*ready_chain(), metric(1.0, 34.5), *late], load={"rate": 34.5, "duration": 400.0})
    assert run.verdict == ("scaled_late", "after_latest")
    assert run.passed == [("scale_out", False)]
