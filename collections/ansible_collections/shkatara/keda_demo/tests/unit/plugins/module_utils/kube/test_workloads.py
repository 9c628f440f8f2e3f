# SPDX-License-Identifier: MIT
"""Views of workloads, pods and events, of complete objects and of objects that were just created."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.workloads import (
    EventView,
    WorkloadView,
    event_view,
    pod_view,
    probe_seconds,
    replicaset_view,
    revision,
    scaled_view,
    starts_in_order,
    workload_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    NEW,
    REPLICASET,
    changed,
    event,
    pod,
    replicaset,
)
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    FLEET,
    ROLLOUT,
    STATEFULSET,
    scale,
    stateful,
)


def test_workloads_of_the_demo():
    assert workload_view(changed(DEPLOYMENT, "spec.template", None)) == WorkloadView("test", 1, 1, 1)
    assert replicaset_view(replicaset(4, 3, 2)) == WorkloadView(REPLICASET, 4, 3, 2)


def test_probes_delay_readiness_by_a_period_and_one_more():
    assert probe_seconds(DEPLOYMENT["spec"]["template"]["spec"]) == 1 * (1 + 1)


def test_a_pod_of_the_demo():
    view = pod_view(pod(FIRST))
    assert (view.started, view.ready, view.restarts, view.node) == (True, True, 0, "worker1")


def test_an_event_of_the_demo():
    view = event_view(event("Pod", FIRST, "Pulled", "already present", count=2))
    assert view == EventView(f"{FIRST}.Pulled", "Pod", FIRST, "Pulled", "already present", 2)


def test_objects_that_were_just_created():
    assert workload_view({"metadata": {"name": "test"}, "spec": {}}).spec_replicas == 1
    view = pod_view({"metadata": {"name": "test-2"}, "spec": {}})
    assert (view.scheduled, view.ready, view.started, view.node) == (False, False, False, "")


def test_a_pod_has_the_reason_why_it_waits():
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImageNeverPull"}}}]}
    assert pod_view(pod(NEW[0], ready=False, **waiting)).waiting == "ErrImageNeverPull"
    full = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}]}
    view = pod_view(pod(NEW[0], ready=False, containerStatuses=[], **full))
    assert (view.waiting, view.scheduled) == ("0/2 nodes are available", False)


# Workloads of other kinds


def test_a_fleet_has_the_replicas_of_its_scale_and_counts_its_pods():
    view = scaled_view(FLEET, scale(3, 2), ready_pods=1)
    assert (view.name, view.spec_replicas, view.replicas, view.ready) == ("test", 3, 2, 1)
    # The API leaves a count of 0 out of `spec`.
    assert scaled_view(FLEET, scale(0, 0), ready_pods=0).spec_replicas == 0


@pytest.mark.parametrize(("ready", "expected"), [(2, 2), (0, 0), (None, 5), ("2/3", 5), (True, 5)], ids=repr)
def test_a_kinds_own_ready_count_comes_first(ready, expected):
    assert scaled_view(changed(ROLLOUT, "status.readyReplicas", ready), scale(3, 3), ready_pods=5).ready == expected


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (changed(DEPLOYMENT, "metadata.annotations", {"deployment.kubernetes.io/revision": "7"}), "7"),
        (STATEFULSET, "test-6c5b8d8f9d"),
        (ROLLOUT, "5f8d9c7b6"),
        (FLEET, ""),
    ],
)
def test_the_revision_of_a_template(obj, expected):
    assert revision(obj) == expected


def test_without_a_name_the_template_itself_tells_revisions_apart():
    restarted = changed(
        DEPLOYMENT, "spec.template.metadata", {"annotations": {"kubectl.kubernetes.io/restartedAt": "1"}}
    )
    assert revision(DEPLOYMENT) == revision(changed(DEPLOYMENT, "spec.replicas", 4)) != ""
    assert revision(restarted) != revision(DEPLOYMENT)


CANARY = {"currentPodHash": "7d9f5b6c4", "replicas": 4, "updatedReplicas": 1}
NEW_REVISION = {"updateRevision": "test-7d9f5b6c4", "updatedReplicas": 1}


@pytest.mark.parametrize(
    ("obj", "rolling_out"),
    [
        (DEPLOYMENT, False),
        (changed(DEPLOYMENT, "status", {"replicas": 3, "updatedReplicas": 1}), True),
        (changed(changed(DEPLOYMENT, "status", {"replicas": 3, "updatedReplicas": 1}), "spec.paused", True), False),
        # The API leaves out the new pods while there are none, as under a quota. A ReplicaSet never has the count.
        (changed(changed(DEPLOYMENT, "status", {"replicas": 3}), "spec.strategy", {"type": "RollingUpdate"}), True),
        (replicaset(3, 3, 3), False),
        (stateful(3, 3, 3), False),
        (stateful(3, 3, 3, **NEW_REVISION), True),
        # Pods that stay old on purpose.
        (changed(stateful(3, 3, 3, **NEW_REVISION), "spec.updateStrategy", {"type": "OnDelete"}), False),
        (changed(stateful(3, 3, 3, **NEW_REVISION), "spec.updateStrategy.rollingUpdate.partition", 2), False),
        (changed(stateful(3, 3, 3, **NEW_REVISION), "spec.updateStrategy.rollingUpdate.partition", 1), True),
    ],
)
def test_a_rollout_on_its_way(obj, rolling_out):
    assert workload_view(obj).rolling_out is rolling_out


@pytest.mark.parametrize(
    ("obj", "rolling_out"),
    [
        (ROLLOUT, False),
        (changed(ROLLOUT, "status", {**ROLLOUT["status"], **CANARY, "phase": "Progressing"}), True),
        # A canary that waits for somebody stays as it is, and scales.
        (changed(ROLLOUT, "status", {**ROLLOUT["status"], **CANARY, "phase": "Paused"}), False),
        # A Rollout that only grows is progressing, too.
        (changed(ROLLOUT, "status.phase", "Progressing"), False),
        (changed(FLEET, "status", {"phase": "Progressing", "replicas": 3}), False),
    ],
)
def test_a_canary_on_its_way(obj, rolling_out):
    assert scaled_view(obj, scale(4, 4), 4).rolling_out is rolling_out


@pytest.mark.parametrize(
    ("kind", "obj", "expected"),
    [
        ("StatefulSet", STATEFULSET, True),
        ("StatefulSet", changed(STATEFULSET, "spec.podManagementPolicy", "Parallel"), False),
        ("StatefulSet", changed(STATEFULSET, "spec.podManagementPolicy", None), True),
        ("Deployment", DEPLOYMENT, False),
        ("Fleet", FLEET, False),
    ],
)
def test_pods_that_start_in_order(kind, obj, expected):
    assert starts_in_order(kind, obj) is expected
