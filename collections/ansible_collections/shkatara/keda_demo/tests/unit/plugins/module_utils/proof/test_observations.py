# SPDX-License-Identifier: MIT
"""What is read from objects, and what is known of a chain after each observation."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_object import hpa_view
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.workloads import (
    WorkloadView,
    event_view,
    pod_view,
    probe_seconds,
    workload_view,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observations import State
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.records import Replicas
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    GATEWAY,
    HPA,
    METRIC,
    NEW,
    REPLICASET,
    SCALEDOBJECT,
    changed,
    deployed,
    event,
    metric,
    pod,
    replicaset,
    scaled,
    seen,
    series,
    state_of,
    target,
)

COLLECTIONS = Path(__file__).parents[8]


def test_views_of_the_demo():
    scaledobject = scaledobject_view(SCALEDOBJECT)
    assert (scaledobject.scale_target.kind, scaledobject.scale_target.name) == ("Deployment", "test")
    assert (scaledobject.ready, scaledobject.active, scaledobject.paused) == (True, False, False)
    assert (scaledobject.polling_interval, scaledobject.cooldown) == (5, 300)
    assert (scaledobject.inactive_replicas, scaledobject.fallback_replicas, scaledobject.formula) == (1, None, "")
    hpa = hpa_view(HPA)
    assert (hpa.min_replicas, hpa.max_replicas, hpa.desired, hpa.current, hpa.valid) == (1, 10, 1, 1, True)
    assert (hpa.values, hpa.behavior) == ({METRIC: 0}, None)
    deployment = workload_view(DEPLOYMENT)
    assert (deployment.spec_replicas, deployment.replicas, deployment.ready) == (1, 1, 1)
    assert probe_seconds(DEPLOYMENT) == 1 * (1 + 1)
    started = pod_view(pod(FIRST))
    assert (started.started, started.ready, started.restarts, started.node) == (True, True, 0, "worker1")
    assert workload_view(replicaset(4, 3, 2)) == WorkloadView(REPLICASET, 4, 3, 2)
    said = event_view(event("Pod", FIRST, "Pulled", "already present", count=2))
    assert (said.kind, said.object, said.reason, said.message, said.count) == (
        "Pod",
        FIRST,
        "Pulled",
        "already present",
        2,
    )


def test_views_of_objects_that_were_just_made():
    assert not scaledobject_view(changed(SCALEDOBJECT, "status", None)).ready
    assert not hpa_view(changed(HPA, "status", {"currentReplicas": 1, "desiredReplicas": 0})).valid
    assert workload_view({"metadata": {"name": "test"}, "spec": {}}).spec_replicas == 1
    made = pod_view({"metadata": {"name": "test-2"}, "spec": {}})
    assert (made.scheduled, made.ready, made.started, made.node) == (False, False, False, "")


def test_an_hpa_without_a_value_lists_a_metric_without_a_type():
    hpa = hpa_view(changed(HPA, "status.currentMetrics", [{"type": ""}]))
    assert (hpa.values, hpa.valid) == ({}, False)


def test_a_value_target_is_read_as_a_whole():
    current = {"external": {"metric": {"name": METRIC}, "current": {"value": "17444m"}}, "type": "External"}
    assert hpa_view(changed(HPA, "status.currentMetrics", [current])).values == {METRIC: 17.444}


@pytest.mark.parametrize(
    ("spec", "resting"),
    [
        ({"minReplicaCount": 2}, 2),
        ({"minReplicaCount": 0}, 0),
        ({"minReplicaCount": None}, 0),
        ({"minReplicaCount": 2, "idleReplicaCount": 0}, 0),
    ],
)
def test_the_replicas_without_any_load(spec, resting):
    found = changed(SCALEDOBJECT, "spec.minReplicaCount", spec["minReplicaCount"])
    found = changed(found, "spec.idleReplicaCount", spec.get("idleReplicaCount"))
    assert scaledobject_view(found).inactive_replicas == resting


def test_a_cooldown_of_zero_is_none_of_the_default():
    assert scaledobject_view(changed(SCALEDOBJECT, "spec.cooldownPeriod", 0)).cooldown == 0


@pytest.mark.parametrize(("failures", "falling_back"), [(0, []), (3, []), (4, [METRIC])])
def test_a_metric_falls_back_after_its_failures(failures, falling_back):
    """KEDA compares the number of failures with `>`."""
    found = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 6})
    found = changed(found, f"status.health.{METRIC}.numberOfFailures", failures)
    view = scaledobject_view(found)
    assert (view.falling_back, view.fallback_replicas) == (falling_back, 6)


def test_failures_without_a_fallback_are_none():
    found = changed(SCALEDOBJECT, f"status.health.{METRIC}.numberOfFailures", 40)
    assert scaledobject_view(found).falling_back == []


def test_a_pod_says_why_it_waits():
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImageNeverPull"}}}]}
    assert pod_view(pod(NEW[0], ready=False, **waiting)).waiting == "ErrImageNeverPull"
    full = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}]}
    found = pod_view(pod(NEW[0], ready=False, containerStatuses=[], **full))
    assert (found.waiting, found.scheduled) == ("0/2 nodes are available", False)


def test_changes_are_told_once():
    state = state_of()
    first = state.apply(seen(5, "horizontalpodautoscalers", scaled(4, "9250m")))
    assert [(change.field, change.value) for change in first] == [("desired", 4), ("values", {METRIC: 9.25})]
    assert state.apply(seen(6, "horizontalpodautoscalers", scaled(4, "9250m"))) == []
    error = seen(7, "pods", {"message": "the connection broke"}, "ERROR")
    assert [change.field for change in state.apply(error)] == ["error"]
    assert state.apply(error) == []
    gone = state.apply(seen(8, "pods", pod(FIRST), "DELETED"))
    assert [(change.name, change.field, change.value) for change in gone] == [
        ("", "error", ""),
        (FIRST, "exists", False),
    ]
    assert FIRST not in state.pods


def test_each_trigger_has_its_value():
    state = state_of(seen(2, "prometheus", {"values": {"0": 4.0, "queue": None}}))
    assert (state.values, state.metric) == ({"0": 4.0, "queue": None}, 4.0)
    changes = state.apply(seen(4, "prometheus", {"values": {"0": 4.0, "queue": 7.0}}))
    assert [(change.name, change.field, change.value) for change in changes] == [("queue", "value", 7.0)]
    assert state.metrics[-2:] == [(2, 4.0), (4, 4.0)]


def test_an_error_of_the_moved_query_is_one_of_prometheus():
    state = state_of(seen(2, "prometheus", {"values": {"0": 1.0, "queue": None}, "errors": {"queue": "parse error"}}))
    assert state.prometheus_error == ""
    state.apply(seen(4, "prometheus", {"values": {"0": None, "queue": 7.0}, "errors": {"0": "many-to-many matching"}}))
    assert state.prometheus_error == "many-to-many matching"


def test_targets_stay_while_they_are_not_read():
    state = state_of(metric(2, 1.0))
    assert state.targets == [target()]
    changes = state.apply(metric(4, 1.0, targets=[target(up=False, error="connection refused")]))
    assert [(change.name, change.field, change.value) for change in changes] == [(target().url, "up", False)]
    state.apply(metric(6, 1.0, targets=None, targets_error="404 Not Found"))
    assert (state.targets, state.targets_error) == (None, "404 Not Found")


def test_the_counter_is_the_sum_of_its_newest_samples():
    pods = [series(FIRST, (0, 991.0), (5, 1160.0)), series(NEW[0], (5, 40.0))]
    state = state_of()
    changes = state.apply(metric(6, 0.0, counter=pods, offset=-0.2))
    assert [(change.name, change.field, change.value) for change in changes] == [("counter", "total", 1200.0)]
    assert (state.counted, state.clock_offset) == (1200.0, -0.2)


@pytest.mark.parametrize(
    ("feeds", "feeding", "own", "interval"),
    [
        (None, [target()], True, 5.0),  # nobody tells: the pods, which is the worse case
        (set(), [target()], True, 5.0),
        ({("test", target().instance)}, [target()], True, 5.0),
        ({("gateway", GATEWAY.instance)}, [GATEWAY], False, 15.0),
        # With one of the pods among them, all of the pods: a new one has no series yet.
        ({("gateway", GATEWAY.instance), ("test", target().instance)}, [target()], True, 5.0),
        ({("gone", "10.244.1.77:9113")}, [target()], True, 5.0),
    ],
)
def test_what_feeds_the_metric(feeds, feeding, own, interval):
    state = state_of(metric(2, 0.0, targets=[GATEWAY, target()], feeds=feeds))
    assert (state.feeding_targets, state.own_pods_feed, state.scrape_interval) == (feeding, own, interval)


def test_a_scrape_interval_that_was_given_wins():
    state = state_of()
    state.given_interval = 30.0
    assert state.scrape_interval == 30.0


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("HorizontalPodAutoscaler", "keda-hpa-scaledobject-py", True),
        ("Deployment", "test", True),
        ("ReplicaSet", REPLICASET, True),
        ("Pod", FIRST, True),
        ("Pod", f"{REPLICASET}-q8grk", True),  # the pod itself may come after its first event
        ("Pod", "other-6fcd547755-hnxql", False),
        ("Deployment", "other", False),
    ],
)
def test_events_of_the_own_objects_are_told(kind, name, told):
    state = state_of()
    changes = state.apply(seen(5, "events", event(kind, name, "Killing", "Stopping container app"), "ADDED"))
    found = [(change.name, change.field, change.value) for change in changes]
    assert found == ([(f"{kind}/{name}", "Killing", "Stopping container app")] if told else [])


def test_an_event_is_told_again_when_it_happens_again():
    state = state_of(seen(5, "events", event("Pod", FIRST, "Unhealthy", "probe failed"), "ADDED"))
    assert state.apply(seen(6, "events", event("Pod", FIRST, "Unhealthy", "probe failed"))) == []
    assert len(state.apply(seen(7, "events", event("Pod", FIRST, "Unhealthy", "probe failed", count=2)))) == 1
    # The API server forgets events after an hour.
    assert state.apply(seen(8, "events", event("Pod", FIRST, "Unhealthy", "probe failed", count=2), "DELETED")) == []


def test_history_begins_with_the_state_before_the_first_request():
    state = state_of(
        seen(50, "deployments", deployed(1, 1, 1)),
        seen(122.1, "deployments", deployed(4, 1, 1)),
        seen(122.3, "horizontalpodautoscalers", scaled(4, "9250m")),
    )
    assert state.since(100) == [
        Replicas(0, 1, 1, 1, 1),
        Replicas(pytest.approx(22.1), 1, 4, 1, 1),
        Replicas(pytest.approx(22.3), 4, 4, 1, 1),
    ]


@pytest.mark.parametrize(
    ("source", "obj", "counts"),
    [("horizontalpodautoscalers", HPA, (0, 1, 1, 1)), ("deployments", DEPLOYMENT, (1, 0, 0, 0))],
)
def test_what_is_gone_counts_as_zero(source, obj, counts):
    state = state_of(seen(5, source, obj, "DELETED"))
    assert [(item.seconds, item.settled) for item in state.history] == [(0, 1), (5, None)]
    assert state.history[-1].counts == counts


def test_history_begins_when_both_were_seen():
    state = State()
    state.apply(seen(1, "horizontalpodautoscalers", HPA, "ADDED"))
    assert state.history == []
    state.apply(seen(2, "deployments", DEPLOYMENT, "ADDED"))
    assert state.history == [Replicas(2, 1, 1, 1, 1)]


@pytest.mark.parametrize("source", ["horizontalpodautoscalers", "deployments"])
def test_replicas_are_not_watched_until_the_watch_is_told_to_go_on(source):
    state = state_of(seen(5, source, {"message": "the connection broke"}, "ERROR"))
    assert state.unwatched == f"{source}: the connection broke"
    changes = state.apply(seen(8, source, {}, "RECOVERED"))
    assert [(change.source, change.field, change.value) for change in changes] == [(source, "error", "")]
    assert state.unwatched == ""
    assert [state.is_catching_up(now) for now in (8.0, 8.9, 9.0)] == [True, True, False]


def test_a_broken_watch_of_pods_hides_no_replicas():
    assert state_of(seen(5, "pods", {"message": "the connection broke"}, "ERROR")).unwatched == ""
