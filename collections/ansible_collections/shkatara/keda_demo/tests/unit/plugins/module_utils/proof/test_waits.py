# SPDX-License-Identifier: MIT
"""What a proof waits for before it sends anything."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    HPA,
    changed,
    deployed,
    metric,
    ready_chain,
    scale_out,
    scaled,
    seen,
    target,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("deployments", "deployment_missing"),
        ("prometheus", "prometheus_unreachable"),
        ("scaledobjects", "scaledobject_missing"),
        ("horizontalpodautoscalers", "hpa_missing"),
    ],
)
def test_a_chain_that_does_not_become_ready(tmp_path, source, reason):
    run = Run(tmp_path, without(ready_chain(), source), wait_timeout=60.0)
    assert run.verdict == ("not_ready", reason)
    assert run.load.orders == []
    assert run.seconds == pytest.approx(60, abs=0.5)
    assert "After 60 s (wait_timeout)" in run.result["message"]
    assert run.result["message"].endswith("Nothing was sent.")


def test_a_deleted_servicemonitor(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(0.1, None, targets=[target("other")])])
    assert run.verdict == ("not_ready", "scrape_target_missing")
    assert "ServiceMonitor" in run.result["message"]


def test_all_that_is_missing_is_named(tmp_path):
    observations = [
        *ready_chain(),
        metric(0.1, None, targets=[target("other")]),
        seen(0.1, "deployments", deployed(2, 2, 1)),
    ]
    message = Run(tmp_path, observations).result["message"]
    assert "1 of 2 pods Ready; Prometheus scrapes none" in message


@pytest.mark.parametrize("late", [0.0, 0.2, 4.0])
def test_what_was_not_observed_yet_is_not_called_missing(tmp_path, late):
    """The watches bring one object after the other, on a busy machine seconds later."""
    begun = [seen(0.1 + number * late, item.source, item.data, item.event) for number, item in enumerate(ready_chain())]
    lines = Run(tmp_path, [*begun, *scale_out(begin=5 * late + 0.5)]).lines
    # For the first two seconds nothing is said of it.
    assert any("was not seen yet" in line for line in lines) == (late == 4.0)
    assert not [line for line in lines if "not there" in line or "not made" in line]


def test_an_interrupted_wait_is_aborted(tmp_path):
    def interrupt(run):
        run.interrupt.signal_name = "SIGTERM"

    run = Run(tmp_path, [], at=[(2.0, interrupt)])
    assert run.verdict == ("aborted", "interrupted")
    assert "SIGTERM" in run.result["message"]


BUSY = [
    seen(0.2, "horizontalpodautoscalers", scaled(4, "0", current=4)),
    seen(0.2, "deployments", deployed(4, 4, 4)),
]


def test_the_proof_waits_for_rest_after_an_earlier_load(tmp_path):
    calm = [
        seen(200, "horizontalpodautoscalers", HPA),
        seen(200, "deployments", deployed(1, 1, 1)),
        metric(201, 0.0),
    ]
    run = Run(tmp_path, [*ready_chain(), *BUSY, *calm, *scale_out(begin=201.3)])
    assert run.verdict == ("scaled", "as_predicted")
    # The stabilization of 300 s, and a sync; nothing limits how fast it shrinks.
    assert any("waiting for rest, at most" in line and "scale-in 330 s" in line for line in run.lines)


def test_a_workload_that_never_rests(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *BUSY])
    assert run.verdict == ("not_ready", "not_at_rest")
    # metric 2 x 55, scale-in 330, pods leaving 30, margin 30
    assert run.seconds == pytest.approx(500, abs=1)
    assert run.load.orders == []
    assert "metric 55 s, scale-in 330 s, metric again 55 s, pods leaving 30 s, margin 30 s" in run.result["message"]


def test_the_wait_for_rest_knows_how_fast_an_hpa_may_shrink(tmp_path):
    slow = {
        "scaleDown": {
            "stabilizationWindowSeconds": 60,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        }
    }
    busy = [
        seen(item.at, item.source, changed(item.data, "spec.behavior", slow)) if "auto" in item.source else item
        for item in BUSY
    ]
    chain = [
        seen(item.at, item.source, changed(item.data, "spec.behavior", slow)) if "auto" in item.source else item
        for item in ready_chain()
    ]
    run = Run(tmp_path, [*chain, *busy])
    # 60 s stabilization, a sync, and three replicas at 60 s each
    assert "scale-in 255 s" in run.result["message"]


def test_a_proof_does_not_begin_while_prometheus_is_away(tmp_path):
    away = [seen(at, "prometheus", {"message": "connection refused"}, "ERROR") for at in range(1, 60, 2)]
    busy = seen(0.2, "deployments", deployed(1, 2, 1))
    calm = seen(5, "deployments", deployed(1, 1, 1))
    run = Run(tmp_path, [*ready_chain(), busy, *away, calm, metric(60, 0.0), *scale_out(begin=60.3)])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["hops"]["first_request"]["time"] >= "2026-11-24T09:01:00"
    assert any("waiting for rest: Prometheus: connection refused" in line for line in run.lines)


def test_an_hpa_of_another_kind_is_watched(tmp_path):
    """A Value target, which is the other kind that KEDA makes."""
    hpa = changed(HPA, "spec.metrics.0.external.target", {"type": "Value", "value": "10"})
    chain = [*without(ready_chain(), "horizontalpodautoscalers"), seen(0, "horizontalpodautoscalers", hpa)]
    run = Run(tmp_path, chain, load={"rate": 5.0})
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert run.result["predicted"]["target_type"] == "Value"
