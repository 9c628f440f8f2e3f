# SPDX-License-Identifier: MIT
"""Links of the chain that are not ready, and their reasons."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import workloads
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import Problem
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.chain import (
    MissingLink,
    minimum_replicas,
    missing_links,
    missing_value,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code, Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import Reason
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import State
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import (
    CANNOT_READ,
    PARTIAL_ERROR,
    PAUSED,
    TRIGGER_ERROR,
    annotated,
    hpa_without_kafka,
    idle_hpa_without_kafka,
    with_kafka,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    FROM_ZERO,
    HPA,
    HPA_AT_ZERO,
    METRIC,
    NEW,
    SCALEDOBJECT,
    changed,
    deployed,
    leaving_pod,
    pod,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    GATEWAY,
    failed,
    metric,
    seen,
    target,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import (
    ready_chain,
    state_of,
    zero_state_of,
)


def reasons_of(state):
    return [link.reason for link in missing_links(state)]


def test_a_ready_chain_misses_nothing():
    assert missing_links(state_of()) == []


def test_without_observations_every_link_is_missing_in_the_order_of_the_chain():
    assert reasons_of(State(metrics=MetricState("0"))) == [
        Reason.DEPLOYMENT_MISSING,
        Reason.PROMETHEUS_UNREACHABLE,
        Reason.SCALEDOBJECT_MISSING,
        Reason.HPA_MISSING,
    ]


def test_an_object_that_was_never_seen_is_not_called_gone():
    state = State(metrics=MetricState("0"))
    assert missing_links(state)[0].finding.code == Code.UNSEEN
    state.apply(failed(1, "deployments", "deployments is forbidden"))
    finding = missing_links(state)[0].finding
    assert (finding.code, finding.data["error"]) == (Code.UNWATCHED, "deployments is forbidden")
    state.apply(seen(2, "deployments", DEPLOYMENT, "ADDED"))
    state.apply(seen(3, "deployments", DEPLOYMENT, "DELETED"))
    assert missing_links(state)[0].finding.code == Code.GONE


FAILED = {
    "type": "ScalingActive",
    "status": "False",
    "reason": "FailedGetExternalMetric",
    "message": "unable to get external metric",
}


@pytest.mark.parametrize(
    ("observation", "reason", "code", "data"),
    [
        (
            seen(1, "deployments", deployed(2, 2, 1)),
            Reason.PODS_NOT_READY,
            Code.PODS_WAITING,
            {"kind": "Deployment", "name": "test", "ready": 1, "wanted": 2, "waiting": []},
        ),
        (
            seen(1, "deployments", deployed(0, 0, 0)),
            Reason.PODS_NOT_READY,
            Code.PODS_WAITING,
            {"kind": "Deployment", "name": "test", "ready": 0, "wanted": 0, "waiting": []},
        ),
        (
            PollFailed(1, "pod monitoring/prometheus-k8s-0 does not answer"),
            Reason.PROMETHEUS_UNREACHABLE,
            Code.NO_ANSWER,
            {"error": "pod monitoring/prometheus-k8s-0 does not answer"},
        ),
        (
            PollFailed(1, "refused /api/v1/query: HTTP 401", Problem.REFUSED),
            Reason.PROMETHEUS_REFUSED,
            Code.REFUSED,
            {"error": "refused /api/v1/query: HTTP 401"},
        ),
        (
            metric(1, None, errors={"0": "parse error at char 4"}, problems={"0": Problem.INVALID_QUERY}),
            Reason.QUERY_INVALID,
            Code.INVALID_QUERY,
            {"error": "parse error at char 4"},
        ),
        (
            metric(1, None, errors={"0": "returns 4 series"}, problems={"0": Problem.SEVERAL_SERIES}),
            Reason.QUERY_RETURNS_SEVERAL_SERIES,
            Code.SEVERAL_SERIES,
            {"error": "returns 4 series"},
        ),
        (
            metric(1, None, errors={"0": "many-to-many matching"}),
            Reason.QUERY_FAILED,
            Code.QUERY_FAILED,
            {"error": "many-to-many matching"},
        ),
        (
            metric(1, 0.0, targets_unlisted=True, targets_error="404 Not Found"),
            Reason.SCRAPE_INTERVAL_UNKNOWN,
            Code.TARGETS_UNLISTED,
            {"error": "404 Not Found"},
        ),
        (
            metric(1, 0.0, targets=None, targets_error="404 Not Found"),
            Reason.PROMETHEUS_UNREACHABLE,
            Code.NO_TARGETS,
            {"error": "404 Not Found"},
        ),
        (
            metric(1, None, targets=[target("other")]),
            Reason.SCRAPE_TARGET_MISSING,
            Code.NO_POD_SCRAPED,
            {"pods": [FIRST]},
        ),
        (
            metric(1, 0.0, targets=[target(up=False, error="connection refused")]),
            Reason.SCRAPE_TARGET_DOWN,
            Code.TARGET_DOWN,
            {"url": "http://10.244.1.2:5000/metrics", "error": "connection refused"},
        ),
        # No scrape was made yet.
        (
            metric(1, 0.0, targets=[target(up=False)]),
            Reason.SCRAPE_TARGET_DOWN,
            Code.TARGET_DOWN,
            {"url": "http://10.244.1.2:5000/metrics", "error": ""},
        ),
        (
            seen(1, "pods", pod(NEW[0]), "ADDED"),
            Reason.SCRAPE_TARGET_MISSING,
            Code.POD_NOT_SCRAPED,
            {"pods": [NEW[0]]},
        ),
        (
            seen(1, "scaledobjects", changed(SCALEDOBJECT, "status.conditions", [])),
            Reason.SCALEDOBJECT_NOT_READY,
            Code.NOT_READY,
            {"name": "scaledobject-py", "condition": workloads.condition_summary({}, "Ready")},
        ),
        (
            seen(1, "scaledobjects", annotated(paused_replicas="1")),
            Reason.SCALEDOBJECT_PAUSED,
            Code.PAUSED,
            {"name": "scaledobject-py", "annotation": "autoscaling.keda.sh/paused-replicas"},
        ),
        (
            seen(1, "horizontalpodautoscalers", changed(HPA, "status.conditions.1", FAILED)),
            Reason.HPA_METRIC_INVALID,
            Code.NO_VALID_METRIC,
            {
                "name": "keda-hpa-scaledobject-py",
                "condition": "FailedGetExternalMetric: unable to get external metric",
            },
        ),
    ],
)
def test_a_missing_link_has_its_reason_and_its_data(observation, reason, code, data):
    assert missing_links(state_of(observation))[0] == MissingLink(reason, Finding(code, data))


def test_an_hpa_that_was_deleted_is_gone():
    (link,) = missing_links(state_of(seen(1, "horizontalpodautoscalers", HPA, "DELETED")))
    assert (link.reason, link.finding.code) == (Reason.HPA_MISSING, Code.GONE)


def test_the_reasons_why_pods_wait_are_listed_once():
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImageNeverPull"}}}]}
    state = state_of(*(seen(1, "pods", pod(name, ready=False, **waiting)) for name in NEW))
    state.apply(seen(2, "deployments", deployed(4, 4, 1)))
    assert missing_links(state)[0].finding.data["waiting"] == ["ErrImageNeverPull"]


def test_a_leaving_pod_needs_no_target():
    leaving = leaving_pod()
    assert missing_links(state_of(seen(1, "pods", leaving))) == []


def test_a_list_of_targets_is_not_needed_with_the_interval_of_the_user():
    state = state_of(metric(1, 0.0, targets=None, targets_error="404 Not Found"))
    state.metrics.given_interval = 30.0
    assert missing_links(state) == []


def test_pods_need_no_target_where_others_feed_the_metric():
    state = state_of(metric(1, 0.0, targets=[GATEWAY], feeds={(GATEWAY.job, GATEWAY.instance)}))
    assert missing_links(state) == []
    down = dataclasses.replace(GATEWAY, up=False, error="connection refused")
    state.apply(metric(2, 0.0, targets=[down]))
    assert missing_links(state) == [
        MissingLink(
            Reason.SCRAPE_TARGET_DOWN,
            Finding(Code.TARGET_DOWN, {"url": GATEWAY.url, "error": "connection refused"}),
        )
    ]


def test_no_replica_is_ready_where_keda_removes_the_last_replica():
    state = zero_state_of()
    assert missing_links(state) == []
    assert minimum_replicas(state) == 0


def test_a_metric_of_the_pods_themselves_cannot_bring_the_first_pod():
    state = zero_state_of(metric(1, 0.0, targets=[], feeds=set()))
    assert missing_links(state) == [MissingLink(Reason.SCRAPE_TARGET_MISSING, Finding(Code.NO_POD))]


def test_a_replica_is_no_missing_link_where_keda_removes_the_last_replica():
    state = state_of(seen(0.5, "scaledobjects", FROM_ZERO))
    assert missing_links(state) == []
    assert minimum_replicas(state) == 0


def test_an_hpa_that_is_disabled_at_one_replica_is_not_ready():
    disabled_at_one = changed(changed(HPA_AT_ZERO, "status.currentReplicas", 1), "status.desiredReplicas", 1)
    assert reasons_of(state_of(seen(1, "horizontalpodautoscalers", disabled_at_one))) == [Reason.HPA_METRIC_INVALID]


def test_prometheus_is_not_needed_where_no_trigger_asks_it():
    state = State()
    for observation in without(ready_chain(), "prometheus"):
        state.apply(observation)
    assert missing_links(state) == []


def test_targets_without_an_interval_need_that_of_the_user():
    silent = dataclasses.replace(target(), interval=0.0)
    state = state_of(metric(1.0, 0.0, targets=[silent]))
    assert missing_links(state) == [MissingLink(Reason.SCRAPE_INTERVAL_UNKNOWN, Finding(Code.NO_INTERVAL))]
    state.metrics.given_interval = 30.0
    assert missing_links(state) == []


def test_an_hpa_of_the_cpu_alone_is_ready():
    resource = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 3}}}
    hpa = changed(HPA, "status.currentMetrics", [resource])
    assert missing_links(state_of(seen(1.0, "horizontalpodautoscalers", hpa))) == []
    nothing = changed(HPA, "status.currentMetrics", [{"type": ""}])
    assert reasons_of(state_of(seen(1.0, "horizontalpodautoscalers", nothing))) == [Reason.HPA_METRIC_INVALID]


def test_a_value_of_another_metric_is_no_value_of_the_loads_metric():
    state = state_of()
    assert missing_value(state, METRIC) == []
    assert missing_value(state, "") == []
    (link,) = missing_value(state, "s1-prometheus")
    assert (link.reason, link.finding.code) == (Reason.HPA_METRIC_INVALID, Code.NO_VALUE)
    assert link.finding.data["metric"] == "s1-prometheus"
    # An HPA at zero replicas reads no metric.
    assert missing_value(zero_state_of(), METRIC) == []


@pytest.mark.parametrize(
    ("obj", "keda", "expected"),
    [
        (annotated(PAUSED, paused="true"), (2, 17), {"annotation": "autoscaling.keda.sh/paused"}),
        (annotated(paused="true"), (2, 10), None),
        (annotated(PAUSED), (2, 17), {"condition": "ScaledObjectPaused: ScaledObject is paused"}),
        # KEDA 2.18 pauses one direction: the chain is ready, and the phases tell what can be proven.
        (annotated(PAUSED, paused_scale_in="true"), (2, 18), None),
        (annotated(PAUSED, paused_scale_out="true"), None, None),
    ],
)
def test_a_pause_is_named_by_what_pauses(obj, keda, expected):
    state = state_of(seen(1, "scaledobjects", obj))
    state.cluster.keda = keda
    links = missing_links(state)
    assert [link.reason for link in links] == ([Reason.SCALEDOBJECT_PAUSED] if expected else [])
    for link in links:
        assert link.finding.data == {"name": "scaledobject-py", **expected}
        assert link.finding.code is (Code.PAUSED if "annotation" in expected else Code.PAUSED_BY_CONDITION)


def state_with(hpa, obj):
    return state_of(seen(1, "scaledobjects", obj), seen(1, "horizontalpodautoscalers", hpa))


@pytest.mark.parametrize(
    ("hpa", "obj"),
    [
        # Idle: the metric of 0 asks for no replica, so that the sync ends without a decision.
        (idle_hpa_without_kafka(), with_kafka(health=False, ready=TRIGGER_ERROR)),
        (idle_hpa_without_kafka(current=HPA["status"]["currentMetrics"]), with_kafka(health=True, ready=TRIGGER_ERROR)),
        # With some traffic it decides.
        (hpa_without_kafka(), with_kafka(health=False, ready=PARTIAL_ERROR)),
    ],
)
def test_a_second_trigger_without_a_source_is_no_missing_link(hpa, obj):
    state = state_with(hpa, obj)
    assert missing_links(state) == []
    assert missing_value(state, METRIC) == []


@pytest.mark.parametrize(
    ("hpa", "obj", "reasons"),
    [
        # All metrics are invalid, by the health of each.
        (
            idle_hpa_without_kafka(),
            changed(with_kafka(health=True, ready=TRIGGER_ERROR), f"status.health.{METRIC}", {"numberOfFailures": 1}),
            [Reason.SCALEDOBJECT_NOT_READY, Reason.HPA_METRIC_INVALID],
        ),
        # The condition names the first of them.
        (
            changed(
                idle_hpa_without_kafka(),
                "status.conditions.1.message",
                CANNOT_READ["message"].replace("s1-kafka-orders", METRIC),
            ),
            with_kafka(health=False, ready=TRIGGER_ERROR),
            [Reason.SCALEDOBJECT_NOT_READY, Reason.HPA_METRIC_INVALID],
        ),
        # KEDA can't make its scalers at all.
        (
            idle_hpa_without_kafka(),
            with_kafka(health=False, ready={**TRIGGER_ERROR, "reason": "ScaledObjectCheckFailed"}),
            [Reason.SCALEDOBJECT_NOT_READY],
        ),
        # A single trigger that fails is the load's.
        (HPA, changed(SCALEDOBJECT, "status.conditions.0", TRIGGER_ERROR), [Reason.SCALEDOBJECT_NOT_READY]),
    ],
)
def test_a_failure_that_may_be_the_loads_trigger_is_a_missing_link(hpa, obj, reasons):
    assert reasons_of(state_with(hpa, obj)) == reasons


def test_at_zero_replicas_keda_does_not_say_which_trigger_fails():
    hpa = hpa_without_kafka(changed(HPA_AT_ZERO, "status.currentMetrics", []))
    obj = changed(with_kafka(health=False, ready=TRIGGER_ERROR), "spec.minReplicaCount", 0)
    assert missing_links(zero_state_of(seen(1, "scaledobjects", obj), seen(1, "horizontalpodautoscalers", hpa))) == []
