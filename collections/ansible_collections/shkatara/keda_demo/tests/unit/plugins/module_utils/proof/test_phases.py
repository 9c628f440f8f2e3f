# SPDX-License-Identifier: MIT
"""Phases of a proof other than the scale-out: a load under the threshold, and the scale-in."""

from __future__ import annotations

import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    NotScaledIn,
    RestBroken,
    ScaledIn,
    ScaledInLate,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, NEW, PODS, changed, deployed, pod, scaled
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    later,
    metric,
    pod_targets,
    ready_replicas,
    seen,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_in, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

# The load of the phase activation lasts until the latest time of a change: 10 + 30 + 15 + 3 + 32 s.
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
    # Load and hops in the result are those of the second load.
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
    assert run.result["hops"] == {}, "hops are those of the phase scale_out"


def test_a_load_under_the_threshold_that_changes_replicas(tmp_path):
    grown = [
        seen(40, "deployments", deployed(2, 1, 1)),
        seen(40, "horizontalpodautoscalers", scaled(2, "5")),
    ]
    run = Run(tmp_path, [*ready_chain(), *grown], phases=("activation", "scale_out", "hold"))
    assert run.verdict == ("wrong_count", "more_than_predicted")
    assert run.passed == [("activation", False)]
    assert isinstance(run.facts, RestBroken)
    assert run.facts.highest == 2
    assert len(run.load.specs) == 1, "nothing more is sent"


def test_a_load_that_is_over_the_threshold_is_no_activation(tmp_path):
    load = {"rate": 34.5, "activation_rate": 12.0}
    run = Run(tmp_path, ready_chain(), load=load, phases=("activation", "scale_out"))
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"load\.http\.activation_rate\D+12\D+0\D+10\b", run.facts.text)
    assert run.load.orders == []


def value_target(observations, replicas):
    """Return a chain at its minimum of `replicas`, whose HPA has a target for the total of all replicas."""
    hpa = changed(HPA, "spec.metrics.0.external.target", {"type": "Value", "value": "10"})
    hpa = changed(hpa, "spec.minReplicas", replicas)
    hpa = changed(changed(hpa, "status.desiredReplicas", replicas), "status.currentReplicas", replicas)
    replaced = with_object(observations, "horizontalpodautoscalers", hpa)
    return [
        *without(replaced, "deployments"),
        *ready_replicas(0, replicas),
        metric(0.15, 0.0, targets=pod_targets(replicas)),
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


# The scale-in

TO_MINIMUM = ("scale_out", "hold", "scale_in")
# The load ends at 48.5 s. Replicas shrink 208 to 373 s later: 300 for the stabilization. The load ends within the
# dip of the new pods, so that the last high recommendation may be older by 77 s, in which they start and are counted.
ENDED = 48.5


def test_a_scale_in_in_time(tmp_path):
    written = {}

    def look(run):
        written.update(run.written())

    run = Run(tmp_path, [*ready_chain(), *scale_out(), *scale_in(ENDED + 340)], at=[(60, look)], phases=TO_MINIMUM)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True), ("scale_in", True)]
    predicted = written["predicted"]["scale_in"]
    assert predicted["replicas"] == 1
    assert (predicted["earliest_change_seconds"], predicted["latest_seconds"]) == (208.0, 373.0)
    hops = run.result["hops"]
    assert list(hops)[-3:] == ["load_ended", "scale_in_decision", "replicas_at_minimum"]
    assert hops["scale_in_decision"]["seconds"] == pytest.approx(ENDED + 340 - 0.3, abs=0.3)
    assert hops["scale_in_decision"]["earliest"] == pytest.approx(ENDED + 208 - 0.3, abs=0.3)
    assert run.result["deviations"] == []
    # The observed replicas are those under load; the end has a field of its own.
    observed = run.result["observed"]
    assert (observed["replicas"], observed["final_replicas"]) == (4, 1)
    assert observed["path"][-1]["ready"] == 1
    assert run.proof.results[-1].verdict.facts == ScaledIn(1, pytest.approx(340.5, abs=0.3))
    assert any("scale_in" in line and "scale in decision" in line for line in run.lines)


def test_a_scale_in_that_is_late(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *scale_in(ENDED + 375)], phases=TO_MINIMUM)
    assert run.verdict == ("scaled_late", "scale_in_after_latest")
    assert run.passed == [("scale_out", True), ("hold", True), ("scale_in", False)]
    assert isinstance(run.facts, ScaledInLate)
    assert run.facts.scale_in.latest_seconds == 373.0
    assert run.facts.seconds == pytest.approx(375.5, abs=0.3)


def test_a_scale_in_that_is_too_early_is_a_deviation(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *scale_in(ENDED + 100)], phases=TO_MINIMUM)
    assert run.verdict == ("scaled", "as_predicted")
    assert [deviation.split()[0] for deviation in run.result["deviations"]] == [
        "scale_in_decision",
        "replicas_at_minimum",
    ]


def test_a_probe_that_fails_after_the_load_is_no_scale_in(tmp_path):
    """The HPA may rest at 4 or at 5, and rests at 4."""
    flap = [seen(60, "deployments", deployed(4, 4, 3)), seen(61, "deployments", deployed(4, 4, 4))]
    run = Run(
        tmp_path,
        [*ready_chain(), *scale_out(), *flap, *scale_in(ENDED + 340)],
        load={"rate": 41.0},
        phases=TO_MINIMUM,
    )
    assert run.result["predicted"]["possible_replicas"] == [4, 5]
    assert run.result["hops"]["scale_in_decision"]["seconds"] == pytest.approx(ENDED + 339.7, abs=0.3)
    assert run.result["deviations"] == []


def test_replicas_that_never_shrink(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], phases=TO_MINIMUM)
    assert run.verdict == ("not_scaled_in", "not_at_minimum")
    assert run.seconds == pytest.approx(ENDED + 373 + 15, abs=1)
    assert isinstance(run.facts, NotScaledIn)
    assert run.facts.scale_in.latest_seconds == 373.0
    parts = run.facts.scale_in.latest_parts
    assert list(parts.items())[:4] == [
        ("scrape", 10.0),
        ("query_window", 30.0),
        ("stabilization", 300.0),
        ("hpa_sync", 30.0),
    ]
    assert run.facts.last.counts == (4, 4, 4, 4)


def test_a_failed_scale_out_is_not_followed_by_the_scale_in(tmp_path):
    run = Run(tmp_path, ready_chain(), phases=TO_MINIMUM)
    assert run.verdict == ("not_scaled", "metric_not_over_threshold")
    assert run.passed == [("scale_out", False)]


def test_a_signal_during_the_scale_in(tmp_path):
    def interrupt(run):
        run.interrupt.name = "SIGTERM"

    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(100, interrupt)], phases=TO_MINIMUM)
    assert run.verdict == ("aborted", "interrupted")
    assert run.passed == [("scale_out", True), ("hold", True)]
    assert run.result["observed"]["replicas"] == 4


def test_an_hpa_that_never_shrinks_is_refused(tmp_path):
    hpa = changed(HPA, "spec.behavior", {"scaleDown": {"selectPolicy": "Disabled"}})
    run = Run(tmp_path, with_object(ready_chain(), "horizontalpodautoscalers", hpa), phases=TO_MINIMUM)
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"scale_in\b.*behavior\.scaleDown\.selectPolicy\b.*Disabled", run.facts.text)
    assert run.load.orders == []


def test_policies_that_never_reach_the_minimum_are_refused(tmp_path):
    """The API server allows no such policy; without the check the files would have an infinite time."""
    policy = {"type": "Pods", "value": 0, "periodSeconds": 15}
    hpa = changed(HPA, "spec.behavior", {"scaleDown": {"policies": [policy]}})
    run = Run(tmp_path, with_object(ready_chain(), "horizontalpodautoscalers", hpa), phases=TO_MINIMUM)
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"scale_in\b.*behavior\.scaleDown\D+4\D+1\b", run.facts.text)
    assert run.load.orders == []


def four_replicas():
    """Return a chain that has 4 replicas when the proof begins, from an earlier load."""
    return [
        *without(ready_chain(), "horizontalpodautoscalers", "deployments", "prometheus"),
        seen(0, "horizontalpodautoscalers", scaled(4, "0", current=4), "ADDED"),
        seen(0, "deployments", deployed(4, 4, 4), "ADDED"),
        *(seen(0, "pods", pod(name), "ADDED") for name in NEW),
        metric(0.1, 0.0, targets=pod_targets(len(PODS)), version="2.41.0"),
    ]


def test_the_scale_in_alone(tmp_path):
    run = Run(tmp_path, [*four_replicas(), *scale_in(200.0)], load={"url": ""}, phases=("scale_in",))
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_in", True)]
    assert run.load.orders == []
    assert run.result["predicted"]["scale_in"]["from_replicas"] == [4]
    assert (run.result["observed"]["final_replicas"], run.result["end_to_end"]) == (1, None)
    assert run.seconds == pytest.approx(200.5, abs=0.5)


def test_a_scale_out_that_is_late_has_not_passed(tmp_path):
    """Ready 188 s after the first request, where 180 was the latest, and then held."""
    late = [later(item, 155.0) for item in scale_out()]
    run = Run(tmp_path, [*ready_chain(), metric(1.0, 34.5), *late], load={"rate": 34.5, "duration": 400.0})
    assert run.verdict == ("scaled_late", "after_latest")
    assert run.passed == [("scale_out", False)]
