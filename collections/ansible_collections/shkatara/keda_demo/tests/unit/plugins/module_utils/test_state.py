# SPDX-License-Identifier: MIT
"""What is read from objects, when a chain counts as ready and when as at rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils import _views
from ansible_collections.shkatara.keda_demo.plugins.module_utils._chain import missing, rest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Replicas
from ansible_collections.shkatara.keda_demo.plugins.module_utils._state import State
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.objects import (
    DEPLOYMENT,
    HPA,
    SCALEDOBJECT,
    changed,
    deployed,
    pod,
    ready_chain,
    scaled,
    seen,
    target,
)

SETTLE = 55.0
COLLECTIONS = Path(__file__).parents[7]


def state_of(*observations):
    state = State()
    for observation in (*ready_chain(), *observations):
        state.apply(observation)
    return state


def test_views_of_the_demo():
    scaledobject = _views.scaledobject_view(SCALEDOBJECT)
    assert (scaledobject.target_kind, scaledobject.target_name) == ("Deployment", "test")
    assert (scaledobject.ready, scaledobject.active, scaledobject.paused) == (True, False, False)
    hpa = _views.hpa_view(HPA)
    assert (hpa.min_replicas, hpa.max_replicas, hpa.desired, hpa.average, hpa.valid) == (1, 10, 1, 0, True)
    deployment = _views.deployment_view(DEPLOYMENT)
    assert (deployment.spec_replicas, deployment.replicas, deployment.ready) == (1, 1, 1)
    assert _views.probe_seconds(DEPLOYMENT) == 1 + 2 * (1 + 1)


def test_views_of_objects_that_were_just_made():
    assert not _views.scaledobject_view(changed(SCALEDOBJECT, "status", None)).ready
    assert not _views.hpa_view(changed(HPA, "status", {"currentReplicas": 1, "desiredReplicas": 0})).valid
    assert _views.deployment_view({"metadata": {"name": "test"}, "spec": {}}).spec_replicas == 1
    made = _views.pod_view({"metadata": {"name": "test-2"}, "spec": {}})
    assert (made.scheduled, made.ready, made.node) == (False, False, "")


def test_an_hpa_without_a_value_lists_a_metric_without_a_type():
    hpa = _views.hpa_view(changed(HPA, "status.currentMetrics", [{"type": ""}]))
    assert (hpa.average, hpa.valid) == (None, False)


def test_a_pod_says_why_it_waits():
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImageNeverPull"}}}]}
    assert _views.pod_view(pod("test-2", ready=False, **waiting)).waiting == "ErrImageNeverPull"
    full = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}]}
    assert _views.pod_view(pod("test-2", ready=False, **full)).waiting == "0/2 nodes are available"


def test_a_ready_chain_misses_nothing():
    assert missing(state_of()) == []


def test_nothing_seen_yet_misses_everything_in_the_order_of_the_chain():
    assert [gap.reason for gap in missing(State())] == [
        "deployment_missing",
        "prometheus_unreachable",
        "scaledobject_missing",
        "hpa_missing",
    ]


def test_what_was_not_seen_yet_is_not_called_gone():
    state = State()
    assert "the Deployment was not seen yet" in missing(state)[0].message
    state.apply(seen(1, "deployments", {"message": "deployments is forbidden"}, "ERROR"))
    assert "can't be watched: deployments is forbidden" in missing(state)[0].message
    state.apply(seen(2, "deployments", DEPLOYMENT, "ADDED"))
    state.apply(seen(3, "deployments", DEPLOYMENT, "DELETED"))
    assert "the Deployment is not there" in missing(state)[0].message


@pytest.mark.parametrize(
    ("observation", "reason", "words"),
    [
        (seen(1, "deployments", deployed(2, 2, 1)), "pods_not_ready", "1 of 2 pods Ready"),
        (seen(1, "deployments", deployed(0, 0, 0)), "pods_not_ready", "0 of 0 pods Ready"),
        (
            seen(1, "prometheus", {"message": "pod monitoring/prometheus-k8s-0 does not answer"}, "ERROR"),
            "prometheus_unreachable",
            "prometheus-k8s-0 does not answer",
        ),
        (
            seen(1, "prometheus", {"value": None, "targets": [target("other")]}),
            "scrape_target_missing",
            "scrapes none of the pods test-1",
        ),
        (
            seen(1, "prometheus", {"value": 0.0, "targets": [target("test-1", False, "connection refused")]}),
            "scrape_target_down",
            "connection refused",
        ),
        (seen(1, "pods", pod("test-2"), "ADDED"), "scrape_target_missing", "does not scrape test-2 yet"),
        (
            seen(1, "scaledobjects", changed(SCALEDOBJECT, "status.conditions", [])),
            "scaledobject_not_ready",
            "no condition Ready yet",
        ),
        (
            seen(
                1,
                "scaledobjects",
                changed(SCALEDOBJECT, "metadata.annotations", {"autoscaling.keda.sh/paused-replicas": "1"}),
            ),
            "scaledobject_paused",
            "paused",
        ),
        (seen(1, "horizontalpodautoscalers", HPA, "DELETED"), "hpa_missing", "not made"),
        (
            seen(
                1,
                "horizontalpodautoscalers",
                changed(
                    HPA,
                    "status.conditions.1",
                    {
                        "type": "ScalingActive",
                        "status": "False",
                        "reason": "FailedGetExternalMetric",
                        "message": "unable to get external metric",
                    },
                ),
            ),
            "hpa_metric_invalid",
            "FailedGetExternalMetric: unable to get external metric",
        ),
    ],
)
def test_what_is_missing_is_named(observation, reason, words):
    gaps = missing(state_of(observation))
    assert gaps[0].reason == reason
    assert words in gaps[0].message


def test_a_leaving_pod_needs_no_target():
    leaving = changed(pod("test-2"), "metadata.deletionTimestamp", "2026-11-24T09:00:00Z")
    assert missing(state_of(seen(1, "pods", leaving))) == []


def test_at_rest():
    found = rest(state_of(), 10, SETTLE, now=1)
    assert (found.at_rest, found.baseline) == (True, 0)


@pytest.mark.parametrize(
    "observation",
    [
        seen(1, "horizontalpodautoscalers", scaled(4, "9")),
        seen(1, "deployments", deployed(4, 4, 4)),
        seen(1, "deployments", deployed(1, 4, 1)),
        seen(1, "pods", changed(pod("test-2"), "metadata.deletionTimestamp", "2026-11-24T09:00:00Z")),
        seen(1, "prometheus", {"value": 4.0}),  # it may fall still
        seen(1, "horizontalpodautoscalers", HPA, "DELETED"),
    ],
)
def test_not_at_rest(observation):
    assert not rest(state_of(observation), 10, SETTLE, now=2).at_rest


def test_a_metric_that_stays_is_traffic_of_others():
    samples = [seen(at, "prometheus", {"value": 4.0}) for at in range(1, 70, 2)]
    state = state_of(*samples)
    assert not rest(state, 10, SETTLE, now=50).at_rest
    found = rest(state, 10, SETTLE, now=69)
    assert found.at_rest
    assert found.baseline == pytest.approx(4.0)


def test_changes_are_told_once():
    state = state_of()
    first = state.apply(seen(5, "horizontalpodautoscalers", scaled(4, "9250m")))
    assert [(change.field, change.value) for change in first] == [("desired", 4), ("average", 9.25)]
    assert state.apply(seen(6, "horizontalpodautoscalers", scaled(4, "9250m"))) == []
    error = seen(7, "pods", {"message": "the connection broke"}, "ERROR")
    assert [change.field for change in state.apply(error)] == ["error"]
    assert state.apply(error) == []
    gone = state.apply(seen(8, "pods", pod("test-1"), "DELETED"))
    assert [(change.name, change.field, change.value) for change in gone] == [
        ("", "error", ""),
        ("test-1", "exists", False),
    ]
    assert "test-1" not in state.pods


def test_history_begins_with_the_state_before_the_first_request():
    state = state_of(
        seen(50, "deployments", deployed(1, 1, 1)),
        seen(122.1, "deployments", deployed(4, 1, 1)),
        seen(122.3, "horizontalpodautoscalers", scaled(4, "9250m")),
    )
    history = state.since(100)
    assert history == [
        Replicas(0, 1, 1, 1, 1),
        Replicas(pytest.approx(22.1), 1, 4, 1, 1),
        Replicas(pytest.approx(22.3), 4, 4, 1, 1),
    ]


def gone(at, source, obj):
    return seen(at, source, obj, "DELETED")


@pytest.mark.parametrize(
    ("observation", "counts"),
    [
        (gone(5, "horizontalpodautoscalers", HPA), (0, 1, 1, 1)),
        (gone(5, "deployments", DEPLOYMENT), (1, 0, 0, 0)),
    ],
)
def test_what_is_gone_counts_as_zero(observation, counts):
    state = state_of(observation)
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
    assert "the connection broke" in rest(state, 10, SETTLE, now=6).message
    changes = state.apply(seen(8, source, {}, "RECOVERED"))
    assert [(change.source, change.field, change.value) for change in changes] == [(source, "error", "")]
    assert state.unwatched == ""
    assert [state.is_catching_up(now) for now in (8.0, 8.9, 9.0)] == [True, True, False]
    assert rest(state, 10, SETTLE, now=9).at_rest


def test_a_broken_watch_of_pods_hides_no_replicas():
    assert state_of(seen(5, "pods", {"message": "the connection broke"}, "ERROR")).unwatched == ""


def test_old_samples_are_no_rest_while_prometheus_does_not_answer():
    state = state_of(seen(1, "prometheus", {"message": "connection refused"}, "ERROR"))
    found = rest(state, 10, SETTLE, now=2)
    assert not found.at_rest
    assert "connection refused" in found.message
    state.apply(seen(3, "prometheus", {"value": 0.0}))
    assert rest(state, 10, SETTLE, now=3).at_rest


def test_a_chain_with_a_gap_is_not_at_rest():
    found = rest(state_of(seen(1, "prometheus", {"value": 0.0, "targets": [target("other")]})), 10, SETTLE, now=2)
    assert not found.at_rest
    assert "scrapes none of the pods test-1" in found.message


PURE = ("_records", "_predict", "_state", "_chain", "_verdict", "_hops", "_words", "_result", "_views", "_units")


def test_what_only_computes_loads_neither_threads_of_ours_nor_the_kubernetes_library():
    package = "ansible_collections.shkatara.keda_demo.plugins.module_utils"
    code = f"import sys, {', '.join(f'{package}.{name}' for name in PURE)}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = {name.removeprefix(f"{package}.") for name in loaded if name.startswith(f"{package}.")}
    assert ours == set(PURE)
    assert not {"kubernetes", "aiohttp", "queue", "multiprocessing"} & set(loaded)


def trigger_with(ignore_null_values):
    path = "spec.triggers.0.metadata.ignoreNullValues"
    return seen(0.5, "scaledobjects", changed(SCALEDOBJECT, path, ignore_null_values))


@pytest.mark.parametrize("ignore_null_values", [None, "true"])
def test_no_data_counts_as_zero_where_it_does_for_keda(ignore_null_values):
    state = state_of(trigger_with(ignore_null_values), seen(1, "prometheus", {"value": None}))
    assert state.metric is None
    found = rest(state, 10, SETTLE, now=1)
    assert (found.at_rest, found.baseline) == (True, 0)


def test_no_data_is_no_rest_where_it_is_an_error_for_keda():
    state = state_of(trigger_with("false"), seen(1, "prometheus", {"value": None}))
    found = rest(state, 10, SETTLE, now=1)
    assert not found.at_rest
    assert "no data" in found.message
    state.apply(seen(3, "prometheus", {"value": 0.0}))
    assert rest(state, 10, SETTLE, now=3).at_rest
