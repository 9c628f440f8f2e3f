# SPDX-License-Identifier: MIT
"""All that is against a demo comes at once, and the rights are those of what is done."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.errors import ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey import survey
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.survey import Wishes
from ansible_collections.shkatara.keda_demo.tests.support.survey_clusters import (
    MANAGER,
    api_service,
    keda_claims,
    node,
    obj,
    prometheus,
    service,
    snapshot,
)

STACK = {
    "components": {"keda": {"version": "2.10.0"}, "kube_prometheus": {"version": "0.12.0"}},
    "kubernetes_windows": {name: {"oldest": "1.24", "newest": "1.25"} for name in ("keda", "kube_prometheus")},
}
WISHES = Wishes("detect", "detect", "", "", "auto", False, 30115, MANAGER)
NODES = [node(("InternalIP", "192.0.2.11"))]


def decide(cluster, *, reached=True, denied=lambda _right: False):
    """Return the survey, and the rights that were reviewed."""
    reviewed = []

    def review(rights):
        reviewed.extend(rights)
        return [right for right in rights if denied(right)]

    found = survey.decide(
        cluster, WISHES, STACK, "https://192.0.2.10:6443", reaches=lambda *_way: reached, review=review
    )
    return found, {str(right) for right in reviewed}


def test_a_bare_cluster_gets_everything():
    found, rights = decide(snapshot(nodes=NODES))
    assert found.problems == ()
    assert found.result()["keda"] == {"state": "present", "namespace": ""}
    assert found.result()["load"]["url"] == "http://192.0.2.11:30115/"
    for right in (
        "create on customresourcedefinitions.apiextensions.k8s.io",
        "patch on rolebindings.rbac.authorization.k8s.io in namespace kube-system",
        "delete on deployments.apps in namespace keda",
        "create on prometheuses.monitoring.coreos.com in namespace monitoring",
        "watch on scaledobjects.keda.sh in namespace test",
        "get on pods/portforward in namespace monitoring",
        "list on services",
    ):
        assert right in rights
    assert "create on secrets in namespace test" not in rights


EXISTING = {
    "version": "v1.31.2",
    "api_service": api_service(),
    "claims": keda_claims(),
    "prometheuses": [prometheus("main", "observability")],
    "services": [service("metrics", "observability", {"prometheus": "main"}, {"port": 9090, "targetPort": "web"})],
    "namespaces": {"keda": obj("keda"), "monitoring": obj("monitoring"), "test": None},
}


def test_what_a_cluster_has_is_not_touched_and_needs_no_rights():
    found, rights = decide(snapshot(nodes=NODES, **EXISTING), reached=False)
    # The versions and the namespaces are those of somebody else's parts.
    assert found.problems == ()
    assert (found.keda.state, found.kube_prometheus.state, found.way.name) == ("existing", "existing", "api")
    assert not [right for right in rights if "in namespace keda" in right or "in namespace monitoring" in right]
    assert "create on clusterroles.rbac.authorization.k8s.io" not in rights
    assert "get on pods/portforward in namespace observability" in rights
    assert {"get on services/proxy in namespace test", "create on secrets in namespace test"} <= rights


def test_all_problems_come_at_once():
    cluster = snapshot(
        version="v1.31.2",
        nodes=NODES,
        namespaces={name: obj(name) for name in ("test", "keda", "monitoring")},
        services=[service("web", "shop", {}, {"port": 80, "nodePort": 30115})],
    )
    found, _rights = decide(cluster, denied=lambda right: right.resource in ("namespaces", "deployments"))
    starts = [
        "Kubernetes is 1.31.2, and KEDA 2.10.0",
        "Kubernetes is 1.31.2, and kube-prometheus 0.12.0",
        "the namespace monitoring exists and is not the demo's",
        "the namespace keda exists",
        "the namespace test exists",
        "demo_app_node_port is 30115, which Service shop/web holds",
        "the user of cluster_kubeconfig lacks ",
    ]
    assert [problem.startswith(start) for problem, start in zip(found.problems, starts, strict=True)] == [True] * len(
        starts
    )
    assert found.problems[-1].partition(": ")[2].partition(". Give")[0].split("; ") == [
        "get, create, patch, delete, list on namespaces, and list on deployments.apps",
        "in namespace monitoring: get, create, patch, delete on deployments.apps",
        "in namespace keda: get, create, patch, delete on deployments.apps",
        "in namespace test: get, create, patch, delete, list, watch on deployments.apps",
    ]


def test_own_namespaces_are_no_problem():
    own = {"labels": {"app.kubernetes.io/part-of": "keda-demo"}}
    namespaces = {"test": obj("test", **own), "keda": obj("keda", manager=MANAGER), "monitoring": None}
    assert decide(snapshot(nodes=NODES, namespaces=namespaces))[0].problems == ()


@pytest.mark.parametrize("reviews_say_so", [True, False])
def test_a_read_that_is_refused_is_named_once(reviews_say_so):
    refusal = ClusterError("Missing permission: verb list on nodes (no)", 403)
    found, _rights = decide(
        snapshot(refusals=[refusal]), denied=lambda right: reviews_say_so and right.resource == "nodes"
    )
    expected = "the user of cluster_kubeconfig lacks a right: list on nodes" if reviews_say_so else str(refusal)
    assert [problem.startswith(expected) for problem in found.problems] == [True]
