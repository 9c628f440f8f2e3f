# SPDX-License-Identifier: MIT
"""Views of workloads, pods and events, of complete objects and of objects that were just created."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.workloads import (
    EventView,
    WorkloadView,
    event_view,
    pod_view,
    probe_seconds,
    workload_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    NEW,
    REPLICASET,
    event,
    pod,
    replicaset,
)


def test_workloads_of_the_demo():
    assert workload_view(DEPLOYMENT) == WorkloadView("test", 1, 1, 1)
    assert workload_view(replicaset(4, 3, 2)) == WorkloadView(REPLICASET, 4, 3, 2)


def test_probes_delay_readiness_by_a_period_and_one_more():
    assert probe_seconds(DEPLOYMENT) == 1 * (1 + 1)


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
