# SPDX-License-Identifier: MIT
"""Changes of objects, the history of the replica counts, and watches that are broken."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.cluster_state import (
    ClusterState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    HPA,
    METRIC,
    REPLICASET,
    SCALEDOBJECT,
    deployed,
    event,
    pod,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import failed, recovered, seen
from ansible_collections.shkatara.keda_demo.tests.support.recordings import state_of


def cluster_of(*observations):
    return state_of(*observations).cluster


def fields_of(changes):
    return [(change.name, change.field, change.value) for change in changes]


def test_each_change_is_reported_once():
    cluster = cluster_of()
    changes = cluster.apply(seen(5, "horizontalpodautoscalers", scaled(4, "9250m")))
    assert [(change.field, change.value) for change in changes] == [("desired", 4), ("values", {METRIC: 9.25})]
    assert cluster.apply(seen(6, "horizontalpodautoscalers", scaled(4, "9250m"))) == []


def test_an_error_of_a_watch_is_reported_once_and_ends_with_the_next_event():
    cluster = cluster_of()
    assert fields_of(cluster.apply(failed(7, "pods"))) == [("", "error", "the connection broke")]
    assert cluster.apply(failed(7, "pods")) == []
    changes = cluster.apply(seen(8, "pods", pod(FIRST), "DELETED"))
    assert fields_of(changes) == [("", "error", ""), (FIRST, "exists", False)]
    assert FIRST not in cluster.pods


@pytest.mark.parametrize(
    ("kind", "obj", "fields"),
    [
        (
            "scaledobjects",
            SCALEDOBJECT,
            {
                "active",
                "cooldown",
                "failures",
                "formula",
                "idle_replicas",
                "initial_cooldown",
                "message",
                "min_replicas",
                "pause",
                "polling_interval",
                "ready",
            },
        ),
        (
            "horizontalpodautoscalers",
            HPA,
            {
                "current",
                "desired",
                "max_replicas",
                "message",
                "min_replicas",
                "scaling_active",
                "values",
            },
        ),
    ],
)
def test_fields_that_fill_a_page_are_no_changes(kind, obj, fields):
    changes = ClusterState().apply(seen(1, kind, obj, "ADDED"))
    assert {change.field for change in changes} == fields


@pytest.mark.parametrize(
    ("kind", "name", "is_own"),
    [
        ("HorizontalPodAutoscaler", "keda-hpa-scaledobject-py", True),
        ("Deployment", "test", True),
        ("ReplicaSet", REPLICASET, True),
        ("Pod", FIRST, True),
        ("Pod", f"{REPLICASET}-q8grk", True),  # the pod itself may arrive after its first event
        ("Pod", "other-6fcd547755-hnxql", False),
        ("Deployment", "other", False),
    ],
)
def test_events_of_the_own_objects_are_reported(kind, name, is_own):
    changes = cluster_of().apply(seen(5, "events", event(kind, name, "Killing", "Stopping container app"), "ADDED"))
    assert fields_of(changes) == ([(f"{kind}/{name}", "Killing", "Stopping container app")] if is_own else [])


def test_an_event_is_reported_again_when_it_is_repeated():
    cluster = cluster_of(seen(5, "events", event("Pod", FIRST, "Unhealthy", "probe failed"), "ADDED"))
    assert cluster.apply(seen(6, "events", event("Pod", FIRST, "Unhealthy", "probe failed"))) == []
    assert len(cluster.apply(seen(7, "events", event("Pod", FIRST, "Unhealthy", "probe failed", count=2)))) == 1
    # The API server forgets events after an hour.
    assert cluster.apply(seen(8, "events", event("Pod", FIRST, "Unhealthy", "probe failed", count=2), "DELETED")) == []


def test_history_begins_with_the_counts_before_the_first_request():
    cluster = cluster_of(
        seen(50, "deployments", deployed(1, 1, 1)),
        seen(122.1, "deployments", deployed(4, 1, 1)),
        seen(122.3, "horizontalpodautoscalers", scaled(4, "9250m")),
    )
    assert cluster.history_since(100) == [
        ReplicaCounts(0, 1, 1, 1, 1),
        ReplicaCounts(pytest.approx(22.1), 1, 4, 1, 1),
        ReplicaCounts(pytest.approx(22.3), 4, 4, 1, 1),
    ]


@pytest.mark.parametrize(
    ("kind", "obj", "counts"),
    [("horizontalpodautoscalers", HPA, (0, 1, 1, 1)), ("deployments", DEPLOYMENT, (1, 0, 0, 0))],
)
def test_an_object_that_is_gone_counts_as_zero(kind, obj, counts):
    cluster = cluster_of(seen(5, kind, obj, "DELETED"))
    assert [(entry.seconds, entry.settled) for entry in cluster.history] == [(0, 1), (5, None)]
    assert cluster.last_counts.counts == counts


def test_history_begins_when_hpa_and_deployment_were_observed():
    cluster = ClusterState()
    cluster.apply(seen(1, "horizontalpodautoscalers", HPA, "ADDED"))
    assert cluster.history == []
    cluster.apply(seen(2, "deployments", DEPLOYMENT, "ADDED"))
    assert cluster.history == [ReplicaCounts(2, 1, 1, 1, 1)]


@pytest.mark.parametrize("kind", ["horizontalpodautoscalers", "deployments"])
def test_replicas_are_unwatched_until_the_watch_has_recovered(kind):
    cluster = cluster_of(failed(5, kind))
    assert cluster.unwatched == ((kind, "the connection broke"),)
    changes = cluster.apply(recovered(8, kind))
    assert [(change.source, change.field, change.value) for change in changes] == [(kind, "error", "")]
    assert cluster.unwatched == ()
    assert [cluster.is_catching_up(now) for now in (8.0, 8.9, 9.0)] == [True, True, False]


def test_counts_after_a_broken_watch_may_be_as_old_as_the_break():
    cluster = cluster_of(failed(5, "deployments"), failed(6, "deployments"), recovered(8, "deployments"))
    cluster.apply(seen(8.5, "deployments", deployed(4, 1, 1)))
    cluster.apply(seen(9.5, "deployments", deployed(4, 4, 4)))
    assert [(entry.seconds, entry.earliest) for entry in cluster.history[1:]] == [(8.5, 5), (9.5, None)]
    assert [entry.earliest for entry in cluster.history_since(6)] == [None, 0, None]


def test_a_broken_watch_of_pods_hides_no_replicas():
    assert cluster_of(failed(5, "pods")).unwatched == ()


def test_a_scaledobject_is_deleted_only_after_it_was_there():
    cluster = ClusterState()
    assert not cluster.is_deleted
    cluster.apply(seen(1, "scaledobjects", SCALEDOBJECT, "ADDED"))
    assert not cluster.is_deleted
    cluster.apply(seen(2, "scaledobjects", SCALEDOBJECT, "DELETED"))
    assert cluster.is_deleted
