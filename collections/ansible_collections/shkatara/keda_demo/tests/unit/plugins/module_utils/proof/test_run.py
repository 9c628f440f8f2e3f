# SPDX-License-Identifier: MIT
"""Proofs of a scale-out from beginning to end, over the observations of a real scale-out."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import Mismatch
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import (
    deviation_messages,
    progress_lines,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support.objects import NEW, deployed, event, pod, scaled
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    later,
    metric,
    seen,
    series,
    source,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import SCALE_OUT_HOPS, ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run


def test_a_proof_from_beginning_to_end(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True)]
    assert run.load.orders == ["start", "drain"]
    result = run.result
    assert (result["predicted"]["replicas"], result["observed"]["replicas"]) == (4, 4)
    assert result["load"]["ended_early"] is True
    assert re.search(rf"\b{run.proof.plan.scale_out.spec.duration:g} s\b", result["message"])
    assert result["versions"] == {"kubernetes": "v1.25.0", "keda": "2.10.0", "prometheus": "2.41.0"}
    assert result["deviations"] == []
    # The order of the real proof.
    assert list(result["hops"]) == [
        "first_request",
        "load_scraped",
        *SCALE_OUT_HOPS,
        "new_pod_counted",
        "hpa_target_decision",
        "replicas_ready",
        "load_ended",
    ]
    seconds = {name: hop["seconds"] for name, hop in result["hops"].items()}
    assert seconds["load_scraped"] == pytest.approx(4.991, abs=0.3)
    assert seconds["new_pod_counted"] == pytest.approx(25.274, abs=0.3)
    assert seconds["replicas_ready"] == pytest.approx(33.056, abs=0.3)
    # Held for 15 s, not longer.
    assert run.seconds == pytest.approx(0.3 + 33.1 + 15, abs=0.5)


def test_counters_are_read_before_and_after_the_load(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *(item for item in scale_out() if item.at < 46)])
    assert len(run.result["evidence"]["targets"]) == 2
    check = run.result["end_to_end"]
    assert (check["agrees"], check["counted"]) == (True, run.load.stats.answered)
    # One pod before the load, and all pods after it, whether Prometheus has found them or not.
    assert [len(targets) for targets in run.asked] == [1, 4]
    assert any(check["message"] in line for line in run.lines)


def test_requests_that_were_not_counted_are_a_wrong_cause(tmp_path):
    def counted(run, targets):
        return {target.pod: 0.9 * run.load.stats.answered / len(targets) for target in targets}

    run = Run(tmp_path, [*ready_chain(), *scale_out()], counted=counted)
    assert run.verdict == ("wrong_cause", "requests_not_counted")
    assert run.passed == [("scale_out", False)]
    assert run.result["end_to_end"]["agrees"] is False
    assert run.result["deviations"] == [run.result["end_to_end"]["message"]]


def test_counters_that_cannot_be_read_are_a_deviation_too(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), *scale_out()],
        counted=lambda _run, targets: {target.pod: "403 Forbidden" for target in targets},
    )
    assert run.result["end_to_end"]["agrees"] is None
    assert len(run.result["deviations"]) == 1
    assert "403 Forbidden" in run.result["deviations"][0]


def test_without_a_counter_nothing_is_compared(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], counter=None)
    assert run.verdict == ("scaled", "as_predicted")
    assert (run.result["end_to_end"], run.asked) == (None, [])
    # A counter that is not read is not expected either.
    assert not [line for line in run.lines if "load scraped" in line or "new pod counted" in line]


def test_files_of_a_proof(tmp_path):
    written = {}
    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(2.0, lambda run: written.update(run.written()))])
    assert written["verdict"] is None
    assert written["predicted"]["replicas"] == 4
    assert written["predicted"]["hops"]["replicas_ready"] == [21.7, 180.0]
    assert written["load"]["sent"] == 0, "the prediction must be there before the first request"
    assert run.written() == json.loads(json.dumps(run.result))
    hops = {row["object"]: row["phase"] for row in run.rows if row["source"] == "hop"}
    assert (hops["replicas_ready"], hops["load_ended"]) == ("scale_out", "hold")
    desired = [row for row in run.rows if (row["source"], row["field"]) == ("horizontalpodautoscalers", "desired")]
    assert [row["value"] for row in desired] == ["1", "2", "4"]
    assert list(dict.fromkeys(row["phase"] for row in run.rows)) == ["ready", "scale_out", "hold"]


def test_files_have_no_infinite_number(tmp_path):
    """A query that divides by zero has an infinite value, which JSON does not have."""
    run = Run(tmp_path, [*ready_chain(), *scale_out(), metric(47.5, math.inf), metric(48.0, math.nan)])
    assert run.verdict == ("scaled", "as_predicted")
    names = []
    json.loads((run.files.folder / "verdict.json").read_text(), parse_constant=names.append)
    assert names == []
    assert run.result["observed"]["metric"] is None
    values = [row["value"] for row in run.rows if (row["source"], row["field"]) == ("prometheus", "value")]
    assert values[-3:] == ["30.779899999999998", "", ""]


def test_lines_of_a_proof(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()])
    lines = run.lines
    assert any(progress_lines.prediction(run.proof.plan.scale_out.prediction, 34.5) in line for line in lines)
    regular = [line for line in lines if re.search(r"\b34\.\d/s.*\b34\.\d/s", line)]
    assert len(regular) >= 6
    assert progress_lines.counts(ReplicaCounts(0.0, 1, 1, 1, 1)) in regular[0]
    assert re.search(r"load scraped\b.*\b3 s$", regular[0])
    assert re.search(r"metric over threshold\b.*\b33 s$", regular[1])
    assert progress_lines.counts(ReplicaCounts(0.0, 4, 4, 4, 4)) in regular[-1]
    assert "scaled (as_predicted)" in lines[-1]


def test_events_from_before_the_proof_are_left_out(tmp_path):
    pod = "test-8694f75cd4-mtb98"
    old = seen(0.0, "events", event("Pod", pod, "Killing", "Stopping container app"), "ADDED")
    new = seen(20.0, "events", event("Pod", pod, "Unhealthy", "Readiness probe failed"), "ADDED")
    run = Run(tmp_path, [*ready_chain(), old, *scale_out(), new])
    reasons = {row["field"] for row in run.rows if row["source"] == "events"}
    assert reasons == {"SuccessfulCreate", "Pulled", "Unhealthy"}


def test_a_growth_that_is_no_predicted_step_is_a_deviation(tmp_path):
    five = [
        seen(25.0, "deployments", deployed(5, 2, 2)),
        seen(25.1, "horizontalpodautoscalers", scaled(5, "18060m", current=2)),
    ]
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *five])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["deviations"] == [deviation_messages.unpredicted_step(2, 5, [3, 4])]


def slow_start(item):
    """Return the observation of a scale-out whose containers start 90 s later."""
    is_start = source(item) == "pods" and item.object["status"]["phase"] == "Running"
    return later(item, 90.0) if is_start or item.at > 33.3 else item


def test_a_hop_outside_its_bounds_is_a_deviation(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *map(slow_start, without(scale_out(), "prometheus"))])
    assert run.verdict == ("scaled", "as_predicted")
    hop = run.result["hops"]["container_started"]
    assert (hop["earliest"], hop["latest"]) == (7.9, 90.0)
    assert [deviation.split()[0] for deviation in run.result["deviations"]] == [
        "container_started",
        "pod_ready",
    ]
    expected = deviation_messages.outside_bounds("container_started", hop["seconds"], 7.9, 90.0)
    assert run.result["deviations"][0] == expected


def test_a_wait_ends_soon_after_the_latest_time(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *(item for item in scale_out() if item.at < 31)])
    assert run.verdict == ("wrong_count", "fewer_than_predicted")
    assert run.passed == [("scale_out", False)]
    assert run.seconds == pytest.approx(0.3 + 180 + 15, abs=1)
    assert isinstance(run.facts, Mismatch)
    assert run.facts.waited
    assert run.facts.prediction.times.latest_seconds == 180.0
    assert run.facts.prediction.times.latest_parts["scrape"] == 10.0
    assert run.facts.last.counts == (2, 2, 2, 2)
    assert run.load.orders == ["start", "drain"]


def test_a_load_under_the_threshold_changes_no_replicas(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(20, 5.0)], load={"rate": 5.0})
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert (run.result["predicted"]["replicas"], run.result["observed"]["replicas"]) == (1, 1)
    assert run.passed == [("scale_out", False)]


def test_a_target_that_vanishes_under_load(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(8, 5.2), metric(14, None)], load={"rate": 34.5, "duration": 195.0})
    assert run.verdict == ("not_scaled", "metric_not_over_threshold")
    assert run.load.orders == ["start"], "the load goes on until its end"
    assert run.result["load"]["ended_early"] is False


def test_traffic_of_others_is_part_of_the_prediction(tmp_path):
    *chain, prometheus = ready_chain()
    begun = replace(prometheus, values={"0": 9.0})
    others = [metric(at, 9.0) for at in range(1, 58, 2)]
    run = Run(tmp_path, [*chain, begun, *others, *scale_out(begin=58)], load={"rate": 25.5})
    assert run.result["predicted"]["metric"] == pytest.approx(34.5, abs=0.5)
    assert run.result["predicted"]["replicas"] == 4


def test_a_rate_is_chosen_for_the_given_replicas(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], load={"replicas": 4})
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["predicted"]["possible_replicas"] == [4]
    assert 33 < run.result["load"]["rate"] < 40


def test_a_chosen_rate_that_does_not_exist_is_refused(tmp_path):
    run = Run(tmp_path, ready_chain(), load={"replicas": 11})
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"load\.http\.replicas\D+11\b.*\b10\b.*\b2\D+10\b", run.facts.text)
    assert run.load.orders == []


def test_stages_take_their_time(tmp_path):
    stages = (Stage(34.5, 30.0, ramp=True), Stage(34.5, 250.0))
    run = Run(tmp_path, [*ready_chain(), *scale_out(begin=20.0)], load={"stages": stages})
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["predicted"]["latest_parts"]["stages"] == 30.0
    assert run.result["load"]["stages"] == [
        {"rate": 34.5, "duration": 30.0, "ramp": True},
        {"rate": 34.5, "duration": 250.0, "ramp": False},
    ]


def test_a_load_that_is_too_short_is_refused_before_it_is_sent(tmp_path):
    run = Run(tmp_path, ready_chain(), load={"rate": 34.5, "duration": 60.0})
    assert run.verdict == ("aborted", "bad_input")
    assert run.load.orders == []
    assert run.result["load"]["sent"] == 0
    assert re.search(r"load\.http\.duration\D+60\b.*\b195\b", run.facts.text)


def test_a_load_that_is_long_enough_to_the_second(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], load={"rate": 34.5, "duration": 195.0})
    assert run.verdict == ("scaled", "as_predicted")


def test_a_load_that_this_machine_cannot_send_is_refused(tmp_path):
    run = Run(tmp_path, ready_chain(), load={"rate": 1e6})
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"load\.http\.rate 1e\+06", run.facts.text)
    assert run.facts.text.endswith(".")
    assert ".." not in run.facts.text
    assert run.load.orders == []


def test_a_new_pod_may_be_observed_after_its_samples(tmp_path):
    sample = metric(16.5, 15.0, counter=[series(NEW[0], (16.0, 5.0))])
    run = Run(tmp_path, [*ready_chain(), sample, seen(17.0, "pods", pod(NEW[0]), "ADDED")], phases=("scale_out",))
    assert run.result["hops"]["new_pod_counted"]["seconds"] == pytest.approx(16.0 - 0.3, abs=0.3)
