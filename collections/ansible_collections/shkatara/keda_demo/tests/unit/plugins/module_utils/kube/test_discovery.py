# SPDX-License-Identifier: MIT
"""Kinds by their names in a ScaledObject, against the lists of an API server."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import discovery, resources
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    DISCOVERY,
    FLEET,
    FLEETS,
    ROLLOUTS,
    scale,
)

SCALE_PATH = "/apis/shop.example/v1/namespaces/test/fleets/test/scale"
FLEETS_PATH = "/apis/shop.example/v1/namespaces/test/fleets"


@pytest.fixture
def cluster_of(tmp_path):
    """Return what a function returns of a cluster with these documents by path; a number is the status of a refusal."""

    def call(documents, function):
        def answer(handler, path):
            document = documents.get(path, 404)
            if isinstance(document, int):
                handler.send({"kind": "Status", "message": "no"}, document)
            else:
                handler.send(document)

        with serve(answer) as api:
            result = function(Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None))
            return result, [path for _verb, path, _query in api.asked]

    return call


def find(cluster_of, api_version, kind, documents=DISCOVERY):
    return cluster_of(documents, lambda cluster: discovery.find_resource(cluster, api_version, kind))


@pytest.mark.parametrize(
    ("api_version", "kind", "resource"),
    [
        ("apps/v1", "Deployment", resources.DEPLOYMENT),
        ("apps/v1beta2", "StatefulSet", resources.STATEFULSET),
        ("apps/v1", "ReplicaSet", resources.REPLICASET),
        ("v1", "ReplicationController", resources.REPLICATION_CONTROLLER),
    ],
)
def test_kubernetes_own_kinds_need_no_request(cluster_of, api_version, kind, resource):
    assert find(cluster_of, api_version, kind) == (resource, [])


@pytest.mark.parametrize(
    ("api_version", "kind", "resource"),
    [("argoproj.io/v1alpha1", "Rollout", ROLLOUTS), ("shop.example/v1", "Fleet", FLEETS)],
)
def test_another_kind_is_looked_up_by_one_request(cluster_of, api_version, kind, resource):
    assert find(cluster_of, api_version, kind) == (resource, [f"/apis/{api_version}/"])


def test_names_of_a_kind():
    assert (FLEETS.name, FLEETS.scale_name, FLEETS.api_version) == (
        "fleets.shop.example",
        "fleets/scale.shop.example",
        "shop.example/v1",
    )
    assert (resources.STATEFULSET.name, resources.REPLICATION_CONTROLLER.api_version) == ("statefulsets", "v1")


@pytest.mark.parametrize(
    ("api_version", "kind", "pattern"),
    [
        ("apps/v1", "deployment", r"kind is 'deployment'.*: write Deployment$"),
        ("apps/v1", "DEPLOYMENT", r"kind is 'DEPLOYMENT'.*: write Deployment$"),
        ("apps/v1", "deployments", r"kind is 'deployments'.*: write Deployment$"),
        ("apps/v1", "deploy", r"kind is 'deploy'.*: write Deployment$"),
        ("apps/v1", "statefulset", r": write StatefulSet$"),
        ("argoproj.io/v1alpha1", "rollout", r": write Rollout$"),
        # apiVersion was left out, or is that of another group.
        ("apps/v1", "Rollout", r"'Rollout'.*not in apps/v1.*apiVersion.*: give argoproj.io/v1alpha1, kind Rollout$"),
        ("apps/v1", "rollout", r": give argoproj.io/v1alpha1, kind Rollout$"),
        ("v1", "Deployment", r"'Deployment'.*not in v1.*: give apps/v1, kind Deployment$"),
        ("extensions/v1beta1", "Deployment", r"not in extensions/v1beta1.*: give apps/v1, kind Deployment$"),
        ("argoproj.io/v1", "Rollout", r"apiVersion is argoproj.io/v1, and the cluster has Rollout in .*/v1alpha1$"),
        ("apps.kruise.io/v1alpha1", "CloneSet", r"'CloneSet' of apps.kruise.io/v1alpha1.*CustomResourceDefinition"),
        ("apps/v1", "Deploymint", r"'Deploymint' of apps/v1.*knows no such kind"),
        ("apps/v1", "DaemonSet", r"DaemonSet, which has no subresource scale"),
        ("batch/v1", "Job", r"Job, which has no subresource scale.*ScaledJob"),
        ("v1", "Pod", r"Pod, which has no subresource scale"),
        ("shop.example/v1", "ClusterFleet", r"ClusterFleet, which is not namespaced"),
        ("apps", "Deployment", r"not in apps\b"),
        ("a/b/v1", "Deployment", r"apiVersion is 'a/b/v1'.*apps/v1"),
        ("apps/", "Deploymint", r"apiVersion is 'apps/'.*apps/v1"),
    ],
)
def test_a_kind_that_keda_can_not_scale_is_refused_with_what_would_be_right(cluster_of, api_version, kind, pattern):
    with pytest.raises(BadInput, match=pattern):
        find(cluster_of, api_version, kind)


def test_a_group_whose_server_is_down_hides_no_other(cluster_of):
    documents = {**DISCOVERY, "/apis/broken.example/v1/": 503}
    with pytest.raises(BadInput, match=r"give argoproj\.io/v1alpha1"):
        find(cluster_of, "apps/v1", "Rollout", documents)


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_list_that_can_not_be_read_is_no_missing_kind(cluster_of, status):
    with pytest.raises(ClusterError, match=r"the kinds of argoproj.io/v1alpha1|credentials") as raised:
        find(cluster_of, "argoproj.io/v1alpha1", "Rollout", {"/apis/argoproj.io/v1alpha1/": status})
    assert raised.value.status == status


def test_a_kind_that_was_found_can_be_listed(cluster_of):
    found = {"kind": "FleetList", "items": [FLEET], "metadata": {"resourceVersion": "7"}}

    def find_and_list(cluster):
        resource = discovery.find_resource(cluster, "shop.example/v1", "Fleet")
        return cluster.list(resource.name, "test", "test")

    documents = {**DISCOVERY, FLEETS_PATH: found}
    assert cluster_of(documents, find_and_list) == (([FLEET], "7"), ["/apis/shop.example/v1/", FLEETS_PATH])


def test_the_scale_of_an_object(cluster_of):
    def read(cluster):
        return discovery.read_scale(cluster, FLEETS, "test", "test")

    assert cluster_of({SCALE_PATH: scale(2, 1)}, read) == (scale(2, 1), [SCALE_PATH])
    assert cluster_of({}, read)[0] is None
    with pytest.raises(ClusterError, match=r"verb get on fleets/scale\.shop\.example in namespace test") as raised:
        cluster_of({SCALE_PATH: 403}, read)
    assert raised.value.status == 403
