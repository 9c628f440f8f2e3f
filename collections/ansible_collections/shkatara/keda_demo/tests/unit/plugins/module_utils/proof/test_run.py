# SPDX-License-Identifier: MIT
"""Proofs of a scale-out from beginning to end, over what a cluster showed of a real one."""

from __future__ import annotations

import json

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    deployed,
    event,
    metric,
    ready_chain,
    scale_out,
    seen,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run


def test_a_proof_from_beginning_to_end(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True)]
    assert run.load.orders == ["start", "drain"]
    result = run.result
    assert (result["predicted"]["replicas"], result["observed"]["replicas"]) == (4, 4)
    assert result["load"]["ended_early"] is True
    assert "ended early" in result["message"]
    assert result["versions"] == {"kubernetes": "v1.25.0", "keda": "2.10.0", "prometheus": "2.41.0"}
    assert result["deviations"] == []
    # The order of the real proof.
    assert list(result["hops"]) == [
        "first_request",
        "load_scraped",
        "metric_over_threshold",
        "deployment_scaled",
        "hpa_metric_over_threshold",
        "hpa_decision",
        "replicaset_scaled",
        "pod_created",
        "pod_scheduled",
        "image_there",
        "container_started",
        "pod_ready",
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


def test_counts_of_the_pods_are_compared_before_and_after(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *(item for item in scale_out() if item.at < 46)])
    assert len(run.result["evidence"]["targets"]) == 2
    check = run.result["end_to_end"]
    assert (check["agrees"], check["counted"]) == (True, run.load.stats.answered)
    # Before there was one pod; afterwards all, whether Prometheus has found them or not.
    assert [len(targets) for targets in run.asked] == [1, 4]
    assert any(check["message"] in line for line in run.lines)


def test_a_difference_end_to_end_is_a_deviation_and_no_verdict(tmp_path):
    def counted(run, targets):
        return {one.pod: 0.9 * run.load.stats.answered / len(targets) for one in targets}

    run = Run(tmp_path, [*ready_chain(), *scale_out()], counted=counted)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["end_to_end"]["agrees"] is False
    assert run.result["deviations"] == [run.result["end_to_end"]["message"]]


def test_counters_that_cannot_be_read_are_a_deviation_too(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), *scale_out()],
        counted=lambda _run, targets: {one.pod: "403 Forbidden" for one in targets},
    )
    assert run.result["end_to_end"]["agrees"] is None
    assert len(run.result["deviations"]) == 1
    assert "403 Forbidden" in run.result["deviations"][0]


def test_without_a_counter_nothing_is_compared(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], counter=None)
    assert run.verdict == ("scaled", "as_predicted")
    assert (run.result["end_to_end"], run.asked) == (None, [])
    # What nobody reads is not expected either.
    assert not [line for line in run.lines if "load scraped" in line or "new pod counted" in line]


def test_files_of_a_proof(tmp_path):
    written = {}
    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(2.0, lambda run: written.update(run.written()))])
    assert written["verdict"] is None
    assert written["predicted"]["replicas"] == 4
    assert written["predicted"]["hops"]["replicas_ready"] == [21.7, 167.0]
    assert written["load"]["sent"] == 0, "the prediction must be there before the first request"
    assert run.written() == json.loads(json.dumps(run.result))
    hops = {row["object"]: row["phase"] for row in run.rows if row["source"] == "hop"}
    assert (hops["replicas_ready"], hops["load_ended"]) == ("scale_out", "hold")
    desired = [row for row in run.rows if (row["source"], row["field"]) == ("horizontalpodautoscalers", "desired")]
    assert [row["value"] for row in desired] == ["1", "2", "4"]
    assert list(dict.fromkeys(row["phase"] for row in run.rows)) == ["ready", "scale_out", "hold"]


def test_lines_of_a_proof(tmp_path):
    lines = Run(tmp_path, [*ready_chain(), *scale_out()]).lines
    assert any(
        "predicted: 34.5 requests/s make a metric of 34.5, at 10 a replica that is 4 replicas" in line for line in lines
    )
    regular = [line for line in lines if "sent 34." in line]
    assert len(regular) >= 6
    assert regular[0].endswith("replicas desired 1, current 1, ready 1; next: load scraped within 3 s")
    assert "next: metric over threshold within 33 s" in regular[1]
    assert "replicas desired 4, current 4, ready 4" in regular[-1]
    assert "verdict: scaled (as_predicted)" in lines[-1]


def test_events_from_before_are_not_told(tmp_path):
    pod = "test-8694f75cd4-mtb98"
    old = seen(0.0, "events", event("Pod", pod, "Killing", "Stopping container app"), "ADDED")
    new = seen(20.0, "events", event("Pod", pod, "Unhealthy", "Readiness probe failed"), "ADDED")
    run = Run(tmp_path, [*ready_chain(), old, *scale_out(), new])
    told = {row["field"] for row in run.rows if row["source"] == "events"}
    assert told == {"SuccessfulCreate", "Pulled", "Unhealthy"}


def test_a_path_outside_the_steps_is_a_deviation(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out(), seen(25.0, "deployments", deployed(5, 2, 2))])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["deviations"] == ["Replicas went from 2 to 5, and from 2 only 3, 4 was predicted"]


def slow(item):
    """The same as it would be with containers that start 90 s later."""
    is_start = item.source == "pods" and item.data["status"]["phase"] == "Running"
    more = 90.0 if is_start or item.at > 33.3 else 0.0
    return seen(item.at + more, item.source, item.data, item.event)


def test_a_step_outside_its_bounds_is_a_deviation(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *map(slow, without(scale_out(), "prometheus"))])
    assert run.verdict == ("scaled", "as_predicted")
    hop = run.result["hops"]["container_started"]
    assert (hop["earliest"], hop["latest"]) == (7.9, 90.0)
    assert [words.partition(" came after ")[0] for words in run.result["deviations"]] == [
        "container_started",
        "pod_ready",
    ]
    assert run.result["deviations"][0].endswith(f"after {hop['seconds']:g} s, and 7.9 to 90 s were predicted")


def test_a_wait_ends_soon_after_the_latest_time_and_says_why(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *(item for item in scale_out() if item.at < 31)])
    assert run.verdict == ("wrong_count", "fewer_than_predicted")
    assert run.passed == [("scale_out", False)]
    assert run.seconds == pytest.approx(0.3 + 167 + 15, abs=1)
    assert "The wait ended 15 s after the latest predicted time, which is 167 s (scrape 10 +" in run.result["message"]
    assert run.load.orders == ["start", "drain"]


def test_a_load_under_the_threshold_moves_nothing(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(20, 5.0)], load={"rate": 5.0})
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert (run.result["predicted"]["replicas"], run.result["observed"]["replicas"]) == (1, 1)
    assert run.passed == [("scale_out", False)]


def test_a_target_that_vanishes_under_load(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(8, 5.2), metric(14, None)], load={"rate": 34.5, "duration": 182.0})
    assert run.verdict == ("not_scaled", "metric_not_over_threshold")
    assert run.load.orders == ["start"], "the load goes on until its end"
    assert run.result["load"]["ended_early"] is False


def test_traffic_of_others_is_part_of_the_prediction(tmp_path):
    *chain, prometheus = ready_chain()
    begun = seen(prometheus.at, "prometheus", {**prometheus.data, "values": {"0": 9.0}})
    others = [metric(at, 9.0) for at in range(1, 58, 2)]
    run = Run(tmp_path, [*chain, begun, *others, *scale_out(begin=58)], load={"rate": 25.5})
    assert run.result["predicted"]["metric"] == pytest.approx(34.5, abs=0.5)
    assert run.result["predicted"]["replicas"] == 4


def test_a_rate_is_chosen_for_the_replicas_that_were_asked_for(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], load={"replicas": 4})
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["predicted"]["possible_replicas"] == [4]
    assert 33 < run.result["load"]["rate"] < 40


def test_a_chosen_rate_that_does_not_exist_is_refused(tmp_path):
    run = Run(tmp_path, ready_chain(), load={"replicas": 11})
    assert run.verdict == ("aborted", "bad_input")
    assert "with a maximum of 10, a load can make 2 to 10" in run.result["message"]
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
    assert "load.http.duration of 60 s is too short" in run.result["message"]
    assert "Give at least 182, or leave it out. Nothing was sent." in run.result["message"]


def test_a_load_that_is_long_enough_to_the_second(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], load={"rate": 34.5, "duration": 182.0})
    assert run.verdict == ("scaled", "as_predicted")


def test_a_load_that_this_machine_cannot_send_is_refused(tmp_path):
    run = Run(tmp_path, ready_chain(), load={"rate": 1e6})
    assert run.verdict == ("aborted", "bad_input")
    assert "This machine can't send the load" in run.result["message"]
    assert run.result["message"].endswith(" Nothing was sent.")
    assert ".." not in run.result["message"]
    assert run.load.orders == []
