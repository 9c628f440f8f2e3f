# SPDX-License-Identifier: MIT
"""Pods that a workload's selector selects, and that belong to others."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import owners
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.resources import DEPLOYMENT, STATEFULSET
from ansible_collections.shkatara.keda_demo.tests.support import objects
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import FIRST, REPLICASET, changed, pod, replicaset
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    FLEET,
    FLEETS,
    ROLLOUT,
    ROLLOUTS,
    fleet_pod,
    owned,
    stateful_pod,
)
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import STATEFULSET as STATEFUL

OWN_REPLICASET = replicaset(1, 1, 1)
CANARY = changed(changed(objects.DEPLOYMENT, "metadata.name", "canary"), "metadata.uid", "canary")
CANARY_REPLICASET = owned(
    changed(changed(OWN_REPLICASET, "metadata.name", "canary-1"), "metadata.uid", "canary-1"),
    "Deployment",
    "canary",
    "canary",
)
CANARY_POD = owned(pod("canary-1-a"), "ReplicaSet", "canary-1", "canary-1")
NAKED = changed(pod("debug"), "metadata.ownerReferences", None)
CLUSTER = Objects(replicasets=[OWN_REPLICASET, CANARY_REPLICASET], deployments=[objects.DEPLOYMENT, CANARY])


@pytest.mark.parametrize(
    ("resource", "workload", "pods", "others"),
    [
        (DEPLOYMENT, objects.DEPLOYMENT, [pod(FIRST)], {}),
        (DEPLOYMENT, objects.DEPLOYMENT, [pod(FIRST), CANARY_POD], {"canary-1": "Deployment canary"}),
        (DEPLOYMENT, objects.DEPLOYMENT, [NAKED], {"": "no workload"}),
        (DEPLOYMENT, objects.DEPLOYMENT, [owned(pod("log-x"), "DaemonSet", "log", "log")], {"log": "DaemonSet log"}),
        (DEPLOYMENT, objects.DEPLOYMENT, [owned(pod("run-x"), "Job", "run", "run", "batch/v1")], {"run": "Job run"}),
        # The ReplicaSet was replaced by another of the same name.
        (DEPLOYMENT, objects.DEPLOYMENT, [owned(pod("a"), "ReplicaSet", REPLICASET, "older")], {}),
        (STATEFULSET, STATEFUL, [stateful_pod(0)], {}),
        (STATEFULSET, STATEFUL, [owned(pod("db-0"), "StatefulSet", "db", "db")], {"db": "StatefulSet db"}),
        # It is no pod of the StatefulSet, whatever the ReplicaSet belongs to.
        (STATEFULSET, STATEFUL, [CANARY_POD], {"canary-1": "ReplicaSet canary-1"}),
        (FLEETS, FLEET, [fleet_pod("test-0"), NAKED], {}),
        (FLEETS, FLEET, [CANARY_POD], {"canary-1": "Deployment canary"}),
        # A kind of an operator in between, which is not read.
        (FLEETS, FLEET, [owned(pod("a"), "FleetSlice", "test-a", "slice", "shop.example/v1")], {}),
        (ROLLOUTS, ROLLOUT, [owned(pod("gone"), "ReplicaSet", "gone", "gone")], {}),
    ],
)
def test_controllers_of_other_workloads(resource, workload, pods, others):
    assert owners.other_owners(CLUSTER, resource, workload, pods) == others


def test_pods_of_a_rollout_are_its_own_by_their_replicaset():
    cluster = Objects(replicasets=[owned(OWN_REPLICASET, "Rollout", "test", "rollout", "argoproj.io/v1alpha1")])
    assert owners.other_owners(cluster, ROLLOUTS, ROLLOUT, [pod(FIRST)]) == {}


def test_objects_that_own_each_other_do_not_loop():
    loop = Objects(replicasets=[owned(OWN_REPLICASET, "ReplicaSet", REPLICASET, "replicaset")])
    assert owners.other_owners(loop, ROLLOUTS, ROLLOUT, [pod(FIRST)]) == {}


@pytest.mark.parametrize(("status", "raised"), [(403, False), (404, False), (0, True)])
def test_what_may_not_be_read_is_taken_for_its_own(status, raised):
    class Forbidden:
        def list(self, *_arguments):
            raise ClusterError("no", status)

    if raised:
        with pytest.raises(ClusterError):
            owners.other_owners(Forbidden(), DEPLOYMENT, objects.DEPLOYMENT, [CANARY_POD])
    else:
        assert owners.other_owners(Forbidden(), DEPLOYMENT, objects.DEPLOYMENT, [CANARY_POD]) == {}
