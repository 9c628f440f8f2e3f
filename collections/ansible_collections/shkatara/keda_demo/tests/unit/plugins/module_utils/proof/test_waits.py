# SPDX-License-Identifier: MIT
"""What a proof waits for before it sends anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import times
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import Problem
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.chain import missing_links
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code, Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import (
    finding_messages,
    phrases,
    progress_lines,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import State
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FIRST,
    FROM_ZERO,
    HPA,
    SCALEDOBJECT,
    changed,
    deployed,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    NOON,
    map_objects,
    metric,
    seen,
    target,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("deployments", "deployment_missing"),
        ("prometheus", "prometheus_unreachable"),
        ("scaledobjects", "scaledobject_missing"),
        ("horizontalpodautoscalers", "hpa_missing"),
    ],
)
def test_a_chain_that_does_not_become_ready(tmp_path, missing, reason):
    run = Run(tmp_path, without(ready_chain(), missing), wait_timeout=60.0)
    assert run.verdict == ("not_ready", reason)
    assert run.load.orders == []
    assert run.seconds == pytest.approx(60, abs=0.5)
    assert run.facts.seconds == 60


def test_a_reason_that_stays_is_shown_every_half_minute(tmp_path):
    run = Run(tmp_path, without(ready_chain(), "deployments"), wait_timeout=100.0, wait_sleep=5.0)
    waits = [line for line in run.lines if "  waiting: " in line]
    assert len({line.partition("waiting")[2] for line in waits}) == 1
    assert len(waits) == 4


def test_a_url_that_refuses_connections_until_the_port_of_its_service_is_open(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], refused_for=0.25)
    assert run.verdict == ("scaled", "as_predicted")
    (wait,) = [line for line in run.lines if "waiting up to 60 s: refused" in line]
    assert run.lines.index(wait) < next(number for number, line in enumerate(run.lines) if "  ready: " in line)


@pytest.mark.parametrize(("wait_timeout", "seconds"), [(300.0, 60), (5.0, 5)])
def test_a_url_that_refuses_connections_for_longer(tmp_path, wait_timeout, seconds):
    run = Run(tmp_path, ready_chain(), refused_for=1000.0, wait_timeout=wait_timeout)
    assert run.verdict == ("aborted", "bad_input")
    assert run.result["message"].startswith("refused. Nothing was sent.")
    assert run.load.orders == []
    assert run.seconds == pytest.approx(seconds, abs=1)


def test_a_deleted_servicemonitor(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(0.1, None, targets=[target("other")])])
    assert run.verdict == ("not_ready", "scrape_target_missing")
    assert run.facts.missing == (Finding(Code.NO_POD_SCRAPED, {"pods": [FIRST]}),)


@pytest.mark.parametrize(
    ("problem", "reason", "code", "most"),
    [
        (Problem.SEVERAL_SERIES, "query_returns_several_series", Code.SEVERAL_SERIES, 8.0),
        (Problem.INVALID_QUERY, "query_invalid", Code.INVALID_QUERY, 1.0),
    ],
)
@pytest.mark.parametrize("scaledobject", [SCALEDOBJECT, FROM_ZERO])
def test_a_query_that_no_wait_mends_ends_the_wait(tmp_path, problem, reason, code, most, scaledobject):
    """The seed's own ScaledObject reads a raw counter, has no minReplicaCount, and is not Ready for KEDA."""
    answers = [metric(at + 0.1, None, errors={"0": "4 series"}, problems={"0": problem}) for at in range(0, 60, 2)]
    chain = with_object(ready_chain(), "scaledobjects", changed(scaledobject, "status.conditions", []))
    run = Run(tmp_path, [*chain, *answers], scaledobject=scaledobject, wait_timeout=300.0)
    assert run.verdict == ("not_ready", reason)
    assert run.seconds < most
    assert run.facts.first == Finding(code, {"error": "4 series"})
    assert [finding.code for finding in run.facts.missing] == [code, Code.NOT_READY]
    assert run.load.orders == []


def test_a_prometheus_that_refuses_ends_the_wait(tmp_path):
    refusals = [PollFailed(at, "refused /api/v1/query: HTTP 401", Problem.REFUSED) for at in range(0, 60, 2)]
    run = Run(tmp_path, [*without(ready_chain(), "prometheus"), *refusals], wait_timeout=300.0)
    assert run.verdict == ("not_ready", "prometheus_refused")
    assert run.seconds < 1


def test_a_query_that_fails_while_the_workload_comes_to_rest(tmp_path):
    """Somebody changed the password of Prometheus meanwhile."""
    refusals = [PollFailed(at, "refused /api/v1/query: HTTP 401", Problem.REFUSED) for at in range(20, 60, 2)]
    run = Run(tmp_path, [*ready_chain(), *BUSY, *refusals])
    assert run.verdict == ("not_ready", "prometheus_refused")
    assert run.seconds == pytest.approx(20, abs=1)


def test_series_that_vanish_after_a_rollout_are_waited_for(tmp_path):
    late = {"errors": {"0": "2 series"}, "problems": {"0": Problem.SEVERAL_SERIES}}
    rollout = [
        seen(0.0, "deployments", deployed(1, 2, 0)),
        *(metric(at + 0.1, None, **late) for at in range(1, 30, 2)),
        seen(28.0, "deployments", deployed(1, 1, 1)),
        metric(31.0, 0.0),
    ]
    run = Run(tmp_path, [*ready_chain(), *rollout, *scale_out(begin=31.3)])
    assert run.verdict == ("scaled", "as_predicted")


def test_every_missing_link_is_named(tmp_path):
    observations = [
        *ready_chain(),
        metric(0.1, None, targets=[target("other")]),
        seen(0.1, "deployments", deployed(2, 2, 1)),
    ]
    pods, scrape = Run(tmp_path, observations).facts.missing
    assert (pods.code, pods.data["ready"], pods.data["wanted"]) == (Code.PODS_WAITING, 1, 2)
    assert scrape.code == Code.NO_POD_SCRAPED


def phrases_of(code):
    """The phrases about each object of a proof that is not there."""
    findings = [link.finding for link in missing_links(State(metrics=MetricState("0")))]
    return [finding_messages.phrase(Finding(code, item.data)) for item in findings if item.code == Code.UNSEEN]


@pytest.mark.parametrize("late", [0.0, 0.2, 4.0])
def test_objects_that_were_not_observed_yet_are_not_called_gone(tmp_path, late):
    """The watches bring one object after the other, on a busy machine seconds later."""
    chain = [replace(item, at=0.1 + number * late) for number, item in enumerate(ready_chain())]
    lines = Run(tmp_path, [*chain, *scale_out(begin=5 * late + 0.5)]).lines
    # For the first two seconds no line names them.
    assert any(phrase in line for line in lines for phrase in phrases_of(Code.UNSEEN)) == (late == 4.0)
    assert not any(phrase in line for line in lines for phrase in phrases_of(Code.GONE))


def test_an_interrupted_wait_is_aborted(tmp_path):
    def interrupt(run):
        run.interrupt.name = "SIGTERM"

    run = Run(tmp_path, [], at=[(2.0, interrupt)])
    assert run.verdict == ("aborted", "interrupted")
    assert "SIGTERM" in run.facts.text


BUSY = [
    seen(0.2, "horizontalpodautoscalers", scaled(4, "0", current=4)),
    seen(0.2, "deployments", deployed(4, 4, 4)),
]


# 330 s are the stabilization of 300 s and two syncs; no policy limits how fast replicas shrink.
LONGEST_WAIT = (
    ("metric", 55.0),
    ("scale-in", 330.0),
    ("metric again", 55.0),
    ("pods leaving", 30.0),
    ("margin", 30.0),
)


def test_the_proof_waits_for_rest_after_an_earlier_load(tmp_path):
    calm = [
        seen(200, "horizontalpodautoscalers", HPA),
        seen(200, "deployments", deployed(1, 1, 1)),
        metric(201, 0.0),
    ]
    run = Run(tmp_path, [*ready_chain(), *BUSY, *calm, *scale_out(begin=201.3)])
    assert run.verdict == ("scaled", "as_predicted")
    # The longest wait is named once, before the wait, with the reason.
    (line,) = [line for line in run.lines if phrases.limit(LONGEST_WAIT) in line]
    finding = Finding(Code.REPLICAS_MOVING, {"wanted": 1, "desired": 4, "current": 4, "ready": 4})
    assert finding_messages.phrase(finding) in line
    assert float(line.split()[0]) < 1


def test_a_new_hpa_keeps_the_replicas_that_it_was_made_with(tmp_path):
    """Its first recommendation is the count that it finds, and counts for the whole stabilization of 300 s."""
    made = map_objects(
        [*ready_chain(), *BUSY],
        "horizontalpodautoscalers",
        lambda hpa: changed(hpa, "metadata.creationTimestamp", times.utc(NOON - 20.0)),
    )
    lines = [line for line in Run(tmp_path, made).lines if phrases.limit(LONGEST_WAIT) in line]
    assert lines[0].endswith(progress_lines.wait_for_rest((), "", 280.0).rpartition(". ")[2])


def test_a_workload_that_never_rests(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *BUSY])
    assert run.verdict == ("not_ready", "not_at_rest")
    assert run.seconds == pytest.approx(500, abs=1)
    assert run.load.orders == []
    assert (run.facts.limit, run.facts.load_sent) == (LONGEST_WAIT, False)
    assert run.facts.finding.code == Code.REPLICAS_MOVING


def test_the_wait_for_rest_knows_how_fast_an_hpa_may_shrink(tmp_path):
    slow = {
        "scaleDown": {
            "stabilizationWindowSeconds": 60,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        }
    }
    chain = map_objects(
        [*ready_chain(), *BUSY], "horizontalpodautoscalers", lambda hpa: changed(hpa, "spec.behavior", slow)
    )
    run = Run(tmp_path, chain)
    # 60 s stabilization, a sync, and three replicas at 60 s each
    assert dict(run.facts.limit)["scale-in"] == 210


@pytest.mark.parametrize(("initial", "seconds"), [(None, 640), (600, 940)])
def test_the_wait_for_zero_knows_the_cooldown_of_a_new_scaledobject(tmp_path, initial, seconds):
    """The initialCooldownPeriod counts, from its creation, while a ScaledObject was never active."""
    new = changed(FROM_ZERO, "spec.initialCooldownPeriod", initial)
    run = Run(tmp_path, with_object([*ready_chain(), *BUSY], "scaledobjects", new), scaledobject=new)
    assert run.verdict == ("not_ready", "not_at_rest")
    assert dict(run.facts.limit)["scale-in"] == seconds


def test_a_proof_does_not_begin_while_prometheus_is_away(tmp_path):
    away = [PollFailed(at, "connection refused") for at in range(1, 60, 2)]
    busy = seen(0.2, "deployments", deployed(1, 2, 1))
    calm = seen(5, "deployments", deployed(1, 1, 1))
    run = Run(tmp_path, [*ready_chain(), busy, *away, calm, metric(60, 0.0), *scale_out(begin=60.3)])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["hops"]["first_request"]["time"] >= "2026-11-24T09:01:00"
    phrase = finding_messages.phrase(Finding(Code.NO_ANSWER, {"error": "connection refused"}))
    assert any(phrase in line for line in run.lines)


def test_an_hpa_of_another_kind_is_watched(tmp_path):
    """A Value target, which is the other kind that KEDA makes."""
    hpa = changed(HPA, "spec.metrics.0.external.target", {"type": "Value", "value": "10"})
    chain = [*without(ready_chain(), "horizontalpodautoscalers"), seen(0, "horizontalpodautoscalers", hpa)]
    run = Run(tmp_path, chain, load={"rate": 5.0})
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert run.result["predicted"]["target_type"] == "Value"


def test_the_wait_for_rest_ends_with_the_scaledobject(tmp_path):
    gone = seen(9, "scaledobjects", SCALEDOBJECT, "DELETED")
    run = Run(tmp_path, [*ready_chain(), *BUSY, gone])
    assert run.verdict == ("aborted", "scaledobject_deleted")
    assert "start" not in run.load.orders
