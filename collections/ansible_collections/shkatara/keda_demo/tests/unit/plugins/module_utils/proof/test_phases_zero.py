# SPDX-License-Identifier: MIT
"""Proofs of a ScaledObject that has no replica at rest: from zero, to zero, and loads that do not activate it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    Reading,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import ScaledIn
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FIRST,
    FROM_ZERO,
    HPA,
    HPA_AT_ZERO,
    changed,
    deployed,
    pod,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    GATEWAY,
    metric,
    seen,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_in, scale_out, zero_chain
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

# When the load ends: replicas are held for 15 s.
ENDED = 48.5
TO_ZERO = ("scale_out", "hold", "to_zero")


def test_the_phase_to_zero_is_refused_without_a_minimum_of_zero(tmp_path):
    run = Run(tmp_path, ready_chain(), phases=TO_ZERO)
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"to_zero\b.*minReplicaCount\b.*idleReplicaCount 0", run.facts.text)


def fed_by_gateway(observation):
    """Return an observation with the gateway as the only scrape target."""
    if not isinstance(observation, Reading) or observation.targets is None:
        return observation
    return replace(observation, targets=TargetsReading([GATEWAY], feeds={(GATEWAY.job, GATEWAY.instance)}))


def from_zero(begin=0.3):
    """A scale-out from 0: KEDA makes the first pod 4 s after the first request, and the HPA does the rest."""
    first = [
        seen(begin + 4.0, "deployments", deployed(1, 0, 0)),
        seen(begin + 4.1, "pods", pod(FIRST, ready=False), "ADDED"),
        seen(begin + 6.0, "pods", pod(FIRST)),
        seen(begin + 6.1, "deployments", deployed(1, 1, 1)),
        seen(begin + 15.0, "horizontalpodautoscalers", HPA),
    ]
    return [*first, *map(fed_by_gateway, scale_out(begin))]


def counts_of_the_gateway(run, targets):
    return {target.pod: float(run.load.stats.answered) for target in targets}


def zero_run(folder, events, scaledobject=FROM_ZERO, **options):
    chain = with_object(zero_chain(), "scaledobjects", scaledobject)
    return Run(folder, [*chain, *events], scaledobject=scaledobject, counted=counts_of_the_gateway, **options)


def test_a_proof_from_zero(tmp_path):
    run = zero_run(tmp_path, from_zero())
    assert run.verdict == ("scaled", "as_predicted")
    predicted = run.result["predicted"]
    assert (predicted["from_replicas"], predicted["replicas"], predicted["steps"][0]) == (0, 4, [1])
    assert predicted["latest_parts"]["keda_activation"] == 5.0
    assert run.result["hops"]["keda_activation"]["seconds"] == pytest.approx(4.0, abs=0.3)
    assert run.result["deviations"] == []
    assert run.result["end_to_end"]["agrees"] is True


def keda_removes_all(at):
    return [
        seen(at, "deployments", deployed(0, 4, 4)),
        seen(at + 0.5, "deployments", deployed(0, 0, 0)),
        seen(at + 8.0, "horizontalpodautoscalers", HPA_AT_ZERO),
    ]


def test_a_scale_in_to_zero(tmp_path):
    quick = changed(FROM_ZERO, "spec.cooldownPeriod", 20)
    run = zero_run(tmp_path, [*from_zero(), *keda_removes_all(ENDED + 50)], quick, phases=TO_ZERO)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True), ("to_zero", True)]
    assert run.result["predicted"]["to_zero"]["latest_parts"] == {
        "scrape": 30.0,
        "query_window": 30.0,
        "cooldown": 20.0,
        "polling": 10.0,
        "controllers": 3.0,
    }
    assert run.result["hops"]["scaled_to_zero"]["seconds"] == pytest.approx(ENDED + 49.7, abs=0.4)
    assert run.result["deviations"] == []
    # The proof ends when the pods are gone, before the HPA reports it.
    assert run.seconds == pytest.approx(ENDED + 50.5, abs=0.5)


def test_replicas_that_never_become_zero(tmp_path):
    quick = changed(FROM_ZERO, "spec.cooldownPeriod", 20)
    run = zero_run(tmp_path, from_zero(), quick, phases=TO_ZERO)
    assert run.verdict == ("not_scaled_in", "not_at_zero")
    assert run.seconds == pytest.approx(ENDED + 93 + 15, abs=1)


def test_scale_in_and_to_zero(tmp_path):
    """KEDA removes the last replica after the HPA has removed the others."""
    chain = [*from_zero(), *scale_in(ENDED + 340)]
    gone = [
        seen(ENDED + 350, "deployments", deployed(0, 1, 1)),
        seen(ENDED + 350.5, "deployments", deployed(0, 0, 0)),
        seen(ENDED + 355, "horizontalpodautoscalers", HPA_AT_ZERO),
    ]
    run = zero_run(tmp_path, [*chain, *gone], phases=("scale_out", "hold", "scale_in", "to_zero"))
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True), ("scale_in", True), ("to_zero", True)]
    facts = [result.verdict.facts for result in run.proof.results]
    assert facts[-2:] == [
        ScaledIn(1, pytest.approx(340.5, abs=0.3)),
        ScaledIn(0, pytest.approx(350.5, abs=0.3)),
    ]


ACTIVATED_AT_5 = changed(FROM_ZERO, "spec.triggers.0.metadata.activationThreshold", "5")


def test_an_activation_at_zero_needs_a_threshold(tmp_path):
    run = zero_run(tmp_path, [], phases=("activation", "scale_out"))
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"activation\b.*activationThreshold\D+0\b", run.facts.text)


def test_a_load_under_the_activation_threshold_brings_no_replica(tmp_path):
    run = zero_run(tmp_path, [metric(20, 2.5)], ACTIVATED_AT_5, phases=("activation",))
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("activation", True)]
    assert [spec.rate for spec in run.load.specs] == [2.5]
    assert run.result["phases"][0]["reason"] == "load_under_activation"


def test_a_load_under_the_activation_threshold_that_brings_a_replica(tmp_path):
    first = [item for item in without(from_zero(), "prometheus") if item.at < 16]
    run = zero_run(tmp_path, first, ACTIVATED_AT_5, phases=("activation", "scale_out"))
    assert run.verdict[0] == "wrong_count"
    assert run.passed == [("activation", False)]


def test_a_load_that_does_not_reach_the_activation_threshold_is_predicted_to_bring_nothing(tmp_path):
    scaledobject = changed(FROM_ZERO, "spec.triggers.0.metadata.activationThreshold", "50")
    chain = with_object(zero_chain(), "scaledobjects", scaledobject)
    run = Run(tmp_path, chain, scaledobject=scaledobject, load={"rate": 30.0, "duration": 400.0}, phases=("scale_out",))
    assert run.verdict == ("not_scaled", "load_under_activation")
    assert run.result["predicted"]["possible_replicas"] == [0]
    refused = Run(tmp_path, chain, scaledobject=scaledobject, load={"replicas": 3})
    assert refused.verdict == ("aborted", "bad_input")
    assert re.search(r"load\.http\.replicas\D+3\b.*activationThreshold\D+50\b", refused.facts.text)
