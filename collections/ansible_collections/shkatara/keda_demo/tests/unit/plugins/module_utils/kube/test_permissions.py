# SPDX-License-Identifier: MIT
"""Permissions that are missing, against a server that reviews access as the API server does."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.permissions import (
    Permission,
    credential_permissions,
    missing_permissions,
    remedy,
    required_permissions,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.resources import STATEFULSET
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import ROLLOUTS

PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def review(tmp_path, required, allow):
    """Return the names of the missing permissions, and the attributes of each review.

    `allow` gives the answer to a review, a bool, or the status of a refusal.
    """
    reviewed = []

    def answer(handler, path):
        assert (handler.command, path) == ("POST", PATH)
        attributes = handler.body["spec"]["resourceAttributes"]
        reviewed.append(attributes)
        allowed = allow(attributes)
        if isinstance(allowed, bool):
            handler.send({**handler.body, "status": {"allowed": allowed}}, 201)
        else:
            handler.send({"kind": "Status", "message": "no"}, allowed)

    with serve(answer) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
        return [str(permission) for permission in missing_permissions(cluster, required)], reviewed


def test_each_missing_permission_is_named(tmp_path):
    required = required_permissions("test", prometheus_namespace="monitoring", counters=True)
    denied = {("watch", "scaledobjects"), ("list", "endpoints"), ("get", "pods")}
    missing, reviewed = review(tmp_path, required, lambda item: (item["verb"], item["resource"]) not in denied)
    assert missing == [
        "watch on scaledobjects.keda.sh in namespace test",
        "list on endpoints in namespace monitoring",
        "get on pods/portforward in namespace test",
        "get on pods/portforward in namespace monitoring",
    ]
    assert len(reviewed) == len(required)
    assert {"verb": "watch", "group": "apps", "resource": "replicasets", "namespace": "test"} in reviewed
    assert {
        "verb": "get",
        "group": "",
        "resource": "pods",
        "subresource": "portforward",
        "namespace": "monitoring",
    } in reviewed


def test_an_object_by_its_name(tmp_path):
    permission = Permission("get", "apps", "deployments", "test", name="web")
    missing, reviewed = review(tmp_path, [permission], lambda _item: False)
    assert missing == ["get on deployments.apps web in namespace test"]
    assert reviewed[0]["name"] == "web"


@pytest.mark.parametrize("status", [403, 404])
def test_nothing_is_missing_if_reviews_are_refused(tmp_path, status):
    required = required_permissions("test", prometheus_namespace=None, counters=False)
    assert review(tmp_path, required, lambda _item: status)[0] == []


def test_credentials_that_are_not_accepted(tmp_path):
    with pytest.raises(ClusterError, match="does not accept the kubeconfig's credentials"):
        review(tmp_path, [Permission("list", "", "pods", "test")], lambda _item: 401)


def test_an_api_server_that_is_not_there(tmp_path):
    with serve(lambda *_args: None) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
    with pytest.raises(ClusterError, match=r"does not answer: .*refused"):
        missing_permissions(cluster, [Permission("list", "", "pods", "test")])


def test_reviews_run_at_the_same_time(tmp_path):
    together = threading.Barrier(4, timeout=10)  # raises unless four requests are there at once

    def allow(_item):
        together.wait()
        return True

    required = [Permission("list", "", kind, "test") for kind in ("pods", "services", "endpoints", "events")]
    assert review(tmp_path, required, allow)[0] == []
    assert not together.broken


def test_permissions_for_a_prometheus_with_a_url_and_without_counters():
    required = required_permissions("test", prometheus_namespace=None, counters=False)
    assert {item.verb for item in required} == {"list", "watch"}
    assert {item.namespace for item in required} == {"test"}
    assert [item.resource for item in required if item.verb == "watch"] == [
        "scaledobjects",
        "horizontalpodautoscalers",
        "deployments",
        "replicasets",
        "pods",
        "events",
    ]


def test_a_port_forward_in_one_namespace_is_required_once():
    required = required_permissions("test", prometheus_namespace="test", counters=True)
    assert [str(item) for item in required if item.subresource] == ["get on pods/portforward in namespace test"]


@pytest.mark.parametrize(
    ("workload", "kinds"),
    [
        (
            STATEFULSET,
            ["list on statefulsets.apps in namespace test", "watch on statefulsets.apps in namespace test"],
        ),
        (
            ROLLOUTS,
            [
                "list on rollouts.argoproj.io in namespace test",
                "watch on rollouts.argoproj.io in namespace test",
                "get on rollouts/scale.argoproj.io in namespace test",
            ],
        ),
        (None, []),
    ],
)
def test_permissions_for_the_kind_of_the_workload(workload, kinds):
    required = required_permissions("test", workload, prometheus_namespace=None, counters=False)
    others = {"scaledobjects", "horizontalpodautoscalers", "pods", "events"}
    assert [str(item) for item in required if item.resource not in others] == kinds


def test_the_remedy_of_missing_permissions():
    required = required_permissions("test", ROLLOUTS, prometheus_namespace=None, counters=False)
    assert [word in remedy(required) for word in ("[argoproj.io]", "[rollouts/scale]", "[get]", "test")] == [True] * 4
    others = remedy([item for item in required if item.subresource != "scale"])
    assert "scale" not in others
    assert "shkatara.keda_demo.manifests" in others
    assert "prometheus_headers" not in remedy(required)
    assert "prometheus_headers" in remedy(credential_permissions("test"))
    assert remedy([]) == ""


@pytest.mark.parametrize(
    ("version", "verbs"),
    [
        ("v1.25.0", ["get"]),
        ("", ["get"]),
        ("v1.34.9", ["get"]),
        ("v1.35.0", ["get", "create"]),
        ("v1.36.3+k3s1", ["get", "create"]),
        ("v1.34.4-gke.1043002", ["get"]),
        ("v1.35.0-eks-036c24b", ["get", "create"]),
        ("v2.0.0", ["get", "create"]),
    ],
)
def test_verbs_of_a_port_forward(version, verbs):
    required = required_permissions("test", prometheus_namespace=None, counters=True, version=version)
    assert [item.verb for item in required if item.subresource] == verbs
