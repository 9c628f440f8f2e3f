# SPDX-License-Identifier: MIT
"""The result of a proof, and that the module and the collection document all of it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_model import NotPredicted
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import report
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.hops import HOPS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import (
    Outcome,
    Reason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import (
    deviation_messages,
    verdict_messages,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.tests.support.documentation import documented_options
from ansible_collections.shkatara.keda_demo.tests.support.objects import FIRST, HPA, METRIC, PODS, changed
from ansible_collections.shkatara.keda_demo.tests.support.observations import metric, with_object
from ansible_collections.shkatara.keda_demo.tests.support.predictions import FOUR
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_in, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import URL, Run

DOCUMENTED = yaml.safe_load(verify_scaling.RETURN)
GUIDE = (Path(__file__).parents[5] / "docs" / "proof.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A proof with most phases."""
    run = Run(
        tmp_path_factory.mktemp("proof"),
        [*ready_chain(), metric(95, 0.0), *scale_out(95.3), *scale_in(483.0)],
        phases=("activation", "scale_out", "hold", "scale_in"),
    )
    assert run.verdict == ("scaled", "as_predicted")
    return run


@pytest.fixture(scope="module")
def result(run):
    return run.result


def test_the_result_is_what_the_module_documents(result):
    assert list(DOCUMENTED) == list(result)


@pytest.mark.parametrize("name", ["predicted", "observed", "load", "end_to_end", "evidence", "versions"])
def test_each_part_is_what_the_module_documents(result, name):
    contains = DOCUMENTED[name]["contains"]
    assert list(contains) == list(result[name])
    assert [key for key, field in contains.items() if "sample" not in field and "contains" not in field] == []


@pytest.mark.parametrize(
    ("name", "entries"), [("observed", "path"), ("evidence", "targets"), ("evidence", "pods"), ("evidence", "triggers")]
)
def test_each_list_is_what_the_module_documents(result, name, entries):
    assert list(DOCUMENTED[name]["contains"][entries]["sample"][0]) == list(result[name][entries][0])


def test_each_hop_is_what_the_module_documents(result):
    documented = DOCUMENTED["hops"]
    description = " ".join(documented["description"])
    for hop in (documented["contains"], *documented["sample"].values()):
        assert list(hop) == list(result["hops"]["replicas_ready"])
    known = {hop.name for hop in HOPS} | set(result["hops"])
    assert [name for name in sorted(known) if f"V({name})" not in description] == []


def test_each_phase_is_what_the_module_documents(result):
    description = " ".join(DOCUMENTED["phases"]["description"])
    assert {key for phase in result["phases"] for key in phase if f"C({key})" not in description} == set()


def test_the_module_documents_each_outcome_and_each_reason():
    description = " ".join(documented_options(verify_scaling)["expect"]["description"])
    assert set(re.findall(r"\bV\((\w+)\)", description)) == set(Outcome)
    assert set(re.findall(r"C\((\w+)\)", description)) == set(Reason)


def test_the_guide_documents_each_outcome_with_its_reasons_and_each_hop(result):
    verdicts = _section(GUIDE, "The verdicts")
    rows = re.findall(r"^\| `(\w+)` \|", verdicts, re.MULTILINE)
    assert rows == [outcome.value for outcome in Outcome]
    assert set(re.findall(r"`(\w+)`", verdicts)) >= {reason.value for reason in Reason}
    hops = set(re.findall(r"`(\w+)`", _section(GUIDE, "The hops")))
    assert {hop.name for hop in HOPS} | set(result["hops"]) <= hops


def _section(text, heading):
    """The text below a heading of the second level."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return section


def test_counts_at_the_end_of_the_load_differ_from_the_final_ones(result):
    observed = result["observed"]
    assert [observed[key] for key in ("replicas", "desired_replicas", "current_replicas", "final_replicas")] == [
        4,
        4,
        4,
        1,
    ]
    assert observed["path"][0] == {"seconds": 0.0, "desired": 1, "spec": 1, "current": 1, "ready": 1}
    specs = [step["spec"] for step in observed["path"]]
    assert sorted(set(specs), key=specs.index) == [1, 2, 4]


def test_bounds_of_the_scale_in_are_in_seconds_since_the_first_request(result):
    hops = result["hops"]
    ended = hops["load_ended"]["seconds"]
    for name in ("scale_in_decision", "replicas_at_minimum"):
        earliest, latest = result["predicted"]["hops_back"][name]
        assert hops[name]["earliest"] == pytest.approx(ended + earliest, abs=0.01)
        assert hops[name]["latest"] == pytest.approx(ended + latest, abs=0.01)
    assert hops["load_ended"]["latest"] is None, "nothing was predicted for it"


def test_evidence(result):
    evidence = result["evidence"]
    assert (evidence["hpa_values"], evidence["hpa_behavior"], evidence["trigger"]) == ({METRIC: 0}, None, "0")
    assert evidence["counter"] == 'python_request_operations_total{namespace="test"}'
    assert [target["pod"] for target in evidence["targets"]] == list(PODS)
    assert evidence["pods"][0]["name"] == FIRST
    assert (evidence["query_window_seconds"], evidence["scrape_interval_seconds"]) == (30.0, 5.0)


def test_the_load_has_no_times_of_the_monotonic_clock(result):
    assert (result["load"]["url"], result["load"]["rate"]) == (URL, 34.5)
    assert not {"first_sent", "last_sent"} & set(result["load"])


@pytest.mark.parametrize(
    ("behavior", "kubernetes", "read"),
    [
        (None, "v1.25.0", {}),
        ({"scaleDown": {"stabilizationWindowSeconds": 60}}, "v1.25.0", {"hpa_downscale_stabilization": 60}),
        ({"scaleUp": {"tolerance": "50m"}}, "v1.32.0", {}),  # such a field is not known yet
        ({"scaleUp": {"tolerance": "50m"}}, "v1.33.0", {"hpa_tolerance": 0.05}),
    ],
)
def test_what_was_read_is_not_assumed(tmp_path, behavior, kubernetes, read):
    chain = with_object(ready_chain(), "horizontalpodautoscalers", changed(HPA, "spec.behavior", behavior))
    predicted = Run(tmp_path, chain, load={"rate": 5.0}, kubernetes=kubernetes).result["predicted"]
    read = {**read, "metric_per_request": 1.0}  # by the query
    assert predicted["read"] == read
    assert set(predicted["assumed"]) == {
        "metric_per_request",
        "hpa_sync_period",
        "hpa_tolerance",
        "hpa_downscale_stabilization",
        "pod_start_seconds",
    } - set(read)


def counts(*specs):
    return [ReplicaCounts(float(at), spec, spec, spec, spec) for at, spec in enumerate(specs)]


def test_growth_is_compared_with_the_predicted_steps():
    assert FOUR.steps == {1: [2, 3, 4], 2: [3, 4], 3: [4], 4: []}
    for path in ((1, 4), (1, 2, 4), (1, 2, 3, 4), (1, 1, 4, 4), (4, 1)):
        assert report.path_deviations(counts(*path), FOUR) == []
    assert report.path_deviations(counts(1, 2, 5, 6), FOUR) == [
        deviation_messages.unpredicted_step(2, 5, [3, 4]),
        deviation_messages.unpredicted_step(5, 6, []),
    ]


def test_a_passed_proof_has_the_sentences_of_its_phases(run):
    """The sentence about the hold has all of the scale-out's, and that about the scale-out all of the activation's."""
    phases = {result.phase: verdict_messages.verdict(result.verdict) for result in run.proof.results}
    assert list(phases) == ["activation", "scale_out", "hold", "scale_in"]
    message = run.result["message"]
    assert message.startswith(f"{phases['hold']} {phases['scale_in']}")
    assert phases["activation"] not in message
    assert phases["scale_out"] not in message


def test_a_load_that_ended_early_has_its_seconds_in_the_message(run, monkeypatch):
    assert run.result["load"]["ended_early"]
    early = report.message(run.proof)
    assert f"{run.proof.plan.scale_out.spec.duration:g} s" in early
    monkeypatch.setattr(run.session, "ended_early", False)
    assert len(report.message(run.proof)) < len(early)


def test_a_proof_under_way_has_no_verdict(run):
    under_way = report.result(replace(run.proof, verdict=None, results=[]))
    assert (under_way["verdict"], under_way["reason"], under_way["phases"]) == (None, None, [])
    assert under_way["message"]
    assert list(under_way) == list(run.result)


def test_a_failed_proof_has_the_sentence_of_its_verdict_alone(tmp_path):
    run = Run(tmp_path, ready_chain(), load={"rate": 5.0})
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert run.result["message"].startswith(verdict_messages.verdict(run.proof.verdict))


def test_a_result_without_a_plan_predicts_nothing(run):
    assert report.result(replace(run.proof, plan=None))["predicted"] is None


def test_not_predicted_triggers_are_in_the_result(run):
    model = replace(run.proof.plan.model, config=None, not_predicted=(NotPredicted("0 (cpu)", "its type"),))
    plan = replace(run.proof.plan, model=model, scale_out=None, activation=None, scale_in=None)
    predicted = report.result(replace(run.proof, plan=plan))["predicted"]
    assert predicted["not_predicted"] == [{"trigger": "0 (cpu)", "why": "its type"}]
    assert predicted["replicas"] is None


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_does_not_have_are_none(run, number):
    plan = replace(
        run.proof.plan,
        scale_in=replace(run.proof.plan.scale_in, latest_seconds=number, latest_parts={"policies": number}),
        bounds={**run.proof.plan.bounds, "replicas_ready": (0.0, number)},
    )
    proof = replace(run.proof, plan=plan)
    result = report.result(proof)
    assert result["predicted"]["scale_in"]["latest_seconds"] is None
    assert result["predicted"]["scale_in"]["latest_parts"] == {"policies": None}
    assert result["predicted"]["hops"]["replicas_ready"] == [0.0, None]
    assert result["hops"]["replicas_ready"]["latest"] is None
    json.dumps(result, allow_nan=False)
    before = run.written()
    try:
        report.write(proof)
        assert run.written()["predicted"]["scale_in"]["latest_seconds"] is None
    finally:
        report.write(run.proof)
    assert run.written() == before
