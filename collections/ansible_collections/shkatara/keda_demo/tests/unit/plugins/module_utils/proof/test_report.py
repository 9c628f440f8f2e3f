# SPDX-License-Identifier: MIT
"""What is written of a proof, and that the module documents all of it."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.hops import HOPS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.records import Replicas
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.report import path_deviations
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FIRST,
    HPA,
    METRIC,
    PODS,
    changed,
    metric,
    ready_chain,
    scale_in,
    scale_out,
    seen,
)
from ansible_collections.shkatara.keda_demo.tests.support.scripted import URL, Run
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.proof.test_verdicts import FOUR

DOCUMENTED = yaml.safe_load(verify_scaling.RETURN)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The result of a proof with most phases."""
    run = Run(
        tmp_path_factory.mktemp("proof"),
        [*ready_chain(), metric(95, 0.0), *scale_out(95.3), *scale_in(483.0)],
        phases=("activation", "scale_out", "hold", "scale_in"),
    )
    assert run.verdict == ("scaled", "as_predicted")
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
    words = " ".join(documented["description"])
    for hop in (documented["contains"], *documented["sample"].values()):
        assert list(hop) == list(result["hops"]["replicas_ready"])
    known = {hop.name for hop in HOPS} | set(result["hops"])
    assert [name for name in sorted(known) if f"V({name})" not in words] == []


def test_each_phase_is_what_the_module_documents(result):
    words = " ".join(DOCUMENTED["phases"]["description"])
    assert {key for phase in result["phases"] for key in phase if f"C({key})" not in words} == set()


def test_what_was_observed_is_apart_from_the_end(result):
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


def test_bounds_of_the_way_back_are_told_from_the_first_request_on(result):
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
    assert [one["pod"] for one in evidence["targets"]] == list(PODS)
    assert evidence["pods"][0]["name"] == FIRST
    assert (evidence["query_window_seconds"], evidence["scrape_interval_seconds"]) == (30.0, 5.0)


def test_the_load_has_no_times_of_a_clock_that_nobody_has(result):
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
    chain = [
        seen(item.at, item.source, changed(item.data, "spec.behavior", behavior))
        if item.data.get("spec") == HPA["spec"]
        else item
        for item in ready_chain()
    ]
    predicted = Run(tmp_path, chain, load={"rate": 5.0}, kubernetes=kubernetes).result["predicted"]
    assert predicted["read"] == read
    assert set(predicted["assumed"]) == {
        "metric_per_request",
        "hpa_sync_period",
        "hpa_tolerance",
        "hpa_downscale_stabilization",
        "pod_start_seconds",
    } - set(read)


def counts(*specs):
    return [Replicas(float(at), spec, spec, spec, spec) for at, spec in enumerate(specs)]


def test_growth_is_held_against_the_predicted_steps():
    assert FOUR.steps == {1: [2, 3, 4], 2: [3, 4], 3: [4], 4: []}
    for path in ((1, 4), (1, 2, 4), (1, 2, 3, 4), (1, 1, 4, 4), (4, 1)):
        assert path_deviations(counts(*path), FOUR) == []
    assert path_deviations(counts(1, 2, 5, 6), FOUR) == [
        "Replicas went from 2 to 5, and from 2 only 3, 4 was predicted",
        "Replicas went from 5 to 6, and from 5 only no step was predicted",
    ]
