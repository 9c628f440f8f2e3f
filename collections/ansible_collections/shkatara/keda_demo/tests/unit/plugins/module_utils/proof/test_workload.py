# SPDX-License-Identifier: MIT
"""The workload of a ScaledObject: found by its kind, and refused where a proof of it is impossible."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import scaledobject
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import resources
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.workload import find_workload
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, changed, pod, replicaset
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    DISCOVERY,
    FLEET,
    FLEETS,
    ROLLOUT,
    ROLLOUTS,
    STATEFULSET,
    fleet_pod,
    owned,
    scale,
    scales,
    stateful_pod,
)

PARALLEL = changed(STATEFULSET, "spec.podManagementPolicy", "Parallel")
DOCUMENTS = {
    "the kinds of shop.example/v1": DISCOVERY["/apis/shop.example/v1/"],
    "the kinds of argoproj.io/v1alpha1": DISCOVERY["/apis/argoproj.io/v1alpha1/"],
    "the kinds of apps/v1": DISCOVERY["/apis/apps/v1/"],
    FLEETS.scale_name: scale(1, 1, "app=test,tier in (web)"),
    ROLLOUTS.scale_name: scale(1, 1, obj=ROLLOUT),
}


def workload_of(kind, api_version=None, documents=DOCUMENTS, name="test", **kinds):
    lists = {
        "deployments": [DEPLOYMENT],
        "statefulsets": [STATEFULSET],
        FLEETS.name: [FLEET],
        ROLLOUTS.name: [ROLLOUT],
        **kinds,
    }
    view = scaledobject.scaledobject_view(scales(kind, api_version, name))
    return find_workload(Objects(documents, **lists), "test", view)


@pytest.mark.parametrize(
    ("kind", "api_version", "resource", "labels"),
    [
        (None, None, resources.DEPLOYMENT, "app=test"),
        ("Deployment", "apps/v1", resources.DEPLOYMENT, "app=test"),
        ("StatefulSet", None, resources.STATEFULSET, "app=test"),
        ("Rollout", "argoproj.io/v1alpha1", ROLLOUTS, "app=test"),
        ("Fleet", "shop.example/v1", FLEETS, "app=test,tier in (web)"),
    ],
)
def test_a_workload_is_found_with_the_selector_of_its_pods(kind, api_version, resource, labels):
    found = workload_of(kind, api_version)
    assert (found.resource, found.name, found.pod_labels) == (resource, "test", labels)
    assert found.is_deployment == (resource is resources.DEPLOYMENT)
    assert found.reference == {"kind": resource.kind, "name": "test", "api_version": resource.api_version}


def test_a_selector_of_a_replication_controller_is_a_map():
    controller = {**STATEFULSET, "spec": {"replicas": 1, "selector": {"app": "test"}}}
    found = workload_of("ReplicationController", "v1", replicationcontrollers=[controller])
    assert found.pod_labels == "app=test"


@pytest.mark.parametrize("status", [{"replicas": 0}, {}])
def test_a_scale_that_does_not_count_the_pods(status):
    """No replica would ever be seen."""
    documents = {**DOCUMENTS, FLEETS.scale_name: changed(scale(1, 0), "status", {"selector": "app=test", **status})}
    with pytest.raises(BadInput, match=r"Fleet test, .* status\.replicas 0, and 1 of its pods .* a statusReplicasPath"):
        workload_of("Fleet", "shop.example/v1", documents, pods=[fleet_pod("test-0"), fleet_pod("test-1", ready=False)])
    others = [owned(pod("other-0"), "Job", "other", "other", "batch/v1"), fleet_pod("test-1", ready=False)]
    assert workload_of("Fleet", "shop.example/v1", documents, pods=others).title == "Fleet test"


def test_a_replicaset_of_a_deployment_is_refused():
    """The Deployment sets its replicas back; one without a Deployment is a workload as any other."""
    alone = changed(changed(replicaset(1, 1, 1), "metadata.name", "test"), "metadata.ownerReferences", [])
    alone = changed(alone, "spec.selector", {"matchLabels": {"app": "test"}})
    assert workload_of("ReplicaSet", "apps/v1", replicasets=[alone]).title == "ReplicaSet test"
    with pytest.raises(BadInput, match=r"scales ReplicaSet test, .* scale Deployment web \(scaleTargetRef\)$"):
        workload_of("ReplicaSet", "apps/v1", replicasets=[owned(alone, "Deployment", "web", "deployment")])


@pytest.mark.parametrize(
    ("statefulset", "start_seconds", "in_order", "leaving"),
    [
        (STATEFULSET, 2, True, 90),
        (PARALLEL, 2, False, 30),
        (changed(STATEFULSET, "spec.minReadySeconds", 10), 12, True, 90),
        (
            changed(changed(STATEFULSET, "spec.minReadySeconds", 10), "spec.podManagementPolicy", "Parallel"),
            2,
            False,
            30,
        ),
        # The default of the API, which an old object may not show.
        (changed(STATEFULSET, "spec.podManagementPolicy", None), 2, True, 90),
    ],
)
def test_pods_of_a_statefulset_start_and_leave_in_order(statefulset, start_seconds, in_order, leaving):
    found = workload_of("StatefulSet", statefulsets=[statefulset])
    assert (found.start_seconds, found.in_order, found.leaving_seconds(3)) == (start_seconds, in_order, leaving)
    assert found.counts_leaving


@pytest.mark.parametrize(("kind", "counts"), [("Deployment", False), ("StatefulSet", True)])
def test_status_replicas_of_some_kinds_counts_pods_that_leave(kind, counts):
    assert workload_of(kind).counts_leaving is counts


def test_a_kind_without_a_template_shows_its_probes_in_its_pods():
    probe = {"periodSeconds": 4, "successThreshold": 2, "initialDelaySeconds": 3}
    spec = {"terminationGracePeriodSeconds": 7, "containers": [{"name": "app", "readinessProbe": probe}]}
    found = workload_of("Fleet", "shop.example/v1", pods=[changed(fleet_pod("test-0"), "spec", spec)])
    assert (found.probe_seconds, found.grace_seconds) == (3 + 4 * 3, 7)
    without_pods = workload_of("Fleet", "shop.example/v1")
    assert (without_pods.probe_seconds, without_pods.grace_seconds) == (0, 30)


def test_pods_of_others_show_no_probes_and_are_named():
    spec = {"terminationGracePeriodSeconds": 7, "containers": []}
    other = changed(owned(pod("log-x"), "DaemonSet", "log", "log"), "spec", spec)
    found = workload_of("Fleet", "shop.example/v1", pods=[other])
    assert (found.other_owners, found.grace_seconds) == ({"log": "DaemonSet log"}, 30)
    assert workload_of("StatefulSet", pods=[stateful_pod(0)]).other_owners == {}


def test_no_grace_at_all_is_no_default():
    path = "spec.template.spec.terminationGracePeriodSeconds"
    assert workload_of("Deployment", deployments=[changed(DEPLOYMENT, path, 0)]).grace_seconds == 0


@pytest.mark.parametrize(
    ("kind", "api_version", "options", "pattern"),
    [
        ("deployment", None, {}, r"ScaledObject scaledobject-py: .*'deployment'.*write Deployment$"),
        ("DaemonSet", None, {}, r"ScaledObject scaledobject-py: .*DaemonSet.*no subresource scale"),
        ("StatefulSet", None, {"name": "gone"}, r"StatefulSet gone, which does not exist in test .*it has: test\)"),
        ("Deployment", None, {"deployments": []}, r"Deployment test, which does not exist in test .*it has: none\)"),
        (
            "Fleet",
            "shop.example/v1",
            {"documents": {**DOCUMENTS, FLEETS.scale_name: scale(1, 1, "")}},
            r"Fleet test, whose Scale has no status\.selector.*labelSelectorPath",
        ),
        (
            "Fleet",
            "shop.example/v1",
            {"documents": {**DOCUMENTS, FLEETS.scale_name: None}},
            r"Fleet test, whose subresource scale the API server does not have",
        ),
    ],
)
def test_a_workload_that_can_not_be_proven_is_refused(kind, api_version, options, pattern):
    with pytest.raises(BadInput, match=pattern):
        workload_of(kind, api_version, **options)
