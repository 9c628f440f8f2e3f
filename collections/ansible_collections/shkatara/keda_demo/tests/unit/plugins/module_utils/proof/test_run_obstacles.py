# SPDX-License-Identifier: MIT
"""Proofs beside a trigger whose source is gone, and of ScaledObjects that are paused in one direction."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import ChainNotReady
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import (
    PAUSED,
    PREFIX,
    TRIGGER_ERROR,
    annotated,
    hpa_without_kafka,
    idle_hpa_without_kafka,
    with_kafka,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, METRIC, changed
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    map_objects,
    metric,
    seen,
    with_object,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

# KEDA of today notes no failures of a ScaledObject without a fallback, and KEDA 2.10 does.
NEW, OLD = (with_kafka(health=health, ready=TRIGGER_ERROR) for health in (False, True))


def without_kafka(observations, obj):
    """Observations with the HPA of two triggers, which decides only under the load."""

    def of_hpa(hpa):
        return idle_hpa_without_kafka(hpa) if hpa["status"]["desiredReplicas"] == 1 else hpa_without_kafka(hpa)

    observations = map_objects(observations, "horizontalpodautoscalers", of_hpa)
    return with_object(observations, "scaledobjects", obj)


@pytest.mark.parametrize("obj", [NEW, OLD])
def test_a_scale_out_is_proven_beside_a_trigger_without_a_source(tmp_path, obj):
    run = Run(tmp_path, without_kafka([*ready_chain(), *scale_out()], obj), scaledobject=obj)
    assert run.verdict == ("scaled", "as_predicted")
    predicted = run.result["predicted"]
    assert predicted["possible_replicas"] == [4]
    (other,) = predicted["not_predicted"]
    assert other["trigger"] == "lag (kafka)"
    assert "does not shrink" in other["why"]
    assert "its value of 0" not in other["why"]
    (warning,) = predicted["warnings"]
    assert "lag (kafka)" in warning
    assert any(line.endswith(f"warning: {warning}") for line in run.lines), "it is said before the load"


@pytest.mark.parametrize("obj", [NEW, OLD])
@pytest.mark.parametrize("phases", [("scale_out", "hold", "scale_in"), ("scale_in",)])
def test_a_scale_in_is_refused_beside_a_trigger_without_a_source(tmp_path, obj, phases):
    run = Run(tmp_path, without_kafka(ready_chain(), obj), scaledobject=obj, phases=phases)
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"scale_in\b.*lag \(kafka\)", run.facts.text)
    assert run.load.orders == []


def test_nothing_is_sent_if_no_metric_is_valid(tmp_path):
    """The first sync with no valid metric does nothing: no replicas are predicted of it."""
    obj = changed(OLD, f"status.health.{METRIC}", {"numberOfFailures": 3, "status": "Failing"})
    run = Run(tmp_path, without_kafka(ready_chain(), obj), scaledobject=obj)
    assert run.verdict == ("not_ready", "scaledobject_not_ready")
    assert isinstance(run.facts, ChainNotReady)
    assert {finding.code for finding in run.facts.missing} == {Code.NOT_READY, Code.NO_VALID_METRIC}
    assert run.load.orders == []


FROZEN_DOWN = changed(HPA, "spec.behavior", {"scaleDown": {"selectPolicy": "Disabled"}})
PAUSED_IN = annotated(PAUSED, paused_scale_in="true")


def paused_in(observations):
    """Observations of a ScaledObject whose scale-in KEDA 2.18 has paused."""
    behavior = FROZEN_DOWN["spec"]["behavior"]
    observations = map_objects(
        observations, "horizontalpodautoscalers", lambda hpa: changed(hpa, "spec.behavior", behavior)
    )
    return with_object(observations, "scaledobjects", PAUSED_IN)


def test_a_scale_out_is_proven_while_the_scale_in_is_paused(tmp_path):
    run = Run(tmp_path, paused_in([*ready_chain(), *scale_out()]), scaledobject=PAUSED_IN, keda="2.18.1")
    assert run.verdict == ("scaled", "as_predicted")
    (warning,) = run.result["predicted"]["warnings"]
    assert f"{PREFIX}paused-scale-in" in warning


def test_a_paused_scale_in_is_refused(tmp_path):
    run = Run(
        tmp_path,
        paused_in(ready_chain()),
        scaledobject=PAUSED_IN,
        keda="2.18.1",
        phases=("scale_out", "hold", "scale_in"),
    )
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(rf"scale_in\b.*{PREFIX}paused-scale-in\b", run.facts.text)


@pytest.mark.parametrize(
    ("obj", "keda", "verdict"),
    [
        (annotated(PAUSED, paused="true"), "2.17.0", ("not_ready", "scaledobject_paused")),
        (annotated(PAUSED), "2.17.0", ("not_ready", "scaledobject_paused")),
        (annotated(PAUSED, paused_scale_in="true"), "2.17.0", ("not_ready", "scaledobject_paused")),
        (annotated(paused="true"), "2.10.0", ("scaled", "as_predicted")),
        (annotated(paused="true"), None, ("not_ready", "scaledobject_paused")),
        (annotated(PAUSED, paused_scale_in="true"), None, ("scaled", "as_predicted")),
    ],
)
def test_a_pause_counts_by_kedas_version(tmp_path, obj, keda, verdict):
    events = with_object([*ready_chain(), *scale_out()], "scaledobjects", obj)
    assert Run(tmp_path, events, scaledobject=obj, keda=keda).verdict == verdict


@pytest.mark.parametrize(
    ("phases", "verdict"),
    [(("scale_out", "hold"), ("scaled", "as_predicted")), (("scale_out", "scale_in"), ("aborted", "bad_input"))],
)
def test_a_trigger_that_begins_to_fail_during_the_rest_is_seen(tmp_path, phases, verdict):
    """The plan is made after the rest, of the objects then."""
    *objects, reading = ready_chain()
    late = [seen(2, "scaledobjects", NEW), seen(2, "horizontalpodautoscalers", hpa_without_kafka()), metric(10, 0.0)]
    under_load = without_kafka(scale_out(begin=10.2), NEW)
    events = [*objects, replace(reading, values={"0": 3.0}), *late, *under_load]
    run = Run(tmp_path, events, scaledobject=NEW, phases=phases)
    assert run.verdict == verdict
    if verdict[0] == "scaled":
        assert "lag (kafka)" in run.result["predicted"]["warnings"][0]
    else:
        assert re.search(r"scale_in\b.*lag \(kafka\)", run.facts.text)
        assert run.load.orders == []
