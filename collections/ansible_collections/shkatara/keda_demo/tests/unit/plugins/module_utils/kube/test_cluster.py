# SPDX-License-Identifier: MIT
"""Access to a cluster: messages about bad input, lists, watches and selectors."""

from __future__ import annotations

import json
import socket

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import (
    OPENED,
    WATCH_SECONDS,
    Cluster,
    ClusterError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.selectors import label_selector
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve


@pytest.fixture
def kubeconfig(tmp_path):
    """A kubeconfig of a server that is not there."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}],
        "users": [{"name": "admin", "user": {}}],
        "current-context": "lab",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_missing_kubeconfig(tmp_path):
    with pytest.raises(ClusterError, match=r"nowhere does not exist: give the path .* in `kubeconfig`"):
        Cluster(str(tmp_path / "nowhere"), None)


def test_a_missing_kubeconfig_with_a_relative_path(tmp_path, monkeypatch):
    """A module runs in the folder of its playbook, where the user's relative path leads nowhere."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClusterError, match=rf"nowhere does not exist in {tmp_path}: give the absolute path of"):
        Cluster("nowhere", None)


def test_an_unknown_context_names_the_known_ones(kubeconfig):
    with pytest.raises(ClusterError, match=r"staging.*`context`; the file has: lab\)"):
        Cluster(str(kubeconfig), "staging")


@pytest.mark.parametrize("text", ["", "a: [", "just words", "clusters: 5"])
def test_a_broken_kubeconfig(tmp_path, text):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ClusterError, match=r"kubeconfig .*kubeconfig"):
        Cluster(str(path), None)


def test_a_server_that_is_not_there(kubeconfig):
    cluster = Cluster(str(kubeconfig), "lab")
    with pytest.raises(ClusterError, match=r"The API server http://127\.0\.0\.1:\d+ does not answer: .*refused"):
        cluster.list("pods", "test")
    with pytest.raises(ClusterError, match="does not answer"):
        cluster.server_version()
    assert cluster.keda_version() is None


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"matchLabels": {"app": "test", "tier": "web"}}, "app=test,tier=web"),
        (
            {
                "matchExpressions": [
                    {"key": "a", "operator": "In", "values": ["1", "2"]},
                    {"key": "b", "operator": "NotIn", "values": ["3"]},
                    {"key": "c", "operator": "Exists"},
                    {"key": "d", "operator": "DoesNotExist"},
                ]
            },
            "a in (1,2),b notin (3),c,!d",
        ),
        ({}, ""),
    ],
)
def test_label_selector(selector, expected):
    assert label_selector(selector) == expected


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("replicasets", "/apis/apps/v1/namespaces/test/replicasets"),
        ("events", "/api/v1/namespaces/test/events"),
        ("scaledobjects", "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects"),
        ("horizontalpodautoscalers", "/apis/autoscaling/v2/namespaces/test/horizontalpodautoscalers"),
    ],
)
def test_lists_and_watches_of_a_kind(tmp_path, kind, path):
    deployment = {"metadata": {"name": "web"}}

    def answer(handler, _path):
        if handler.query.get("watch"):
            handler.begin_stream()
            handler.send_piece(json.dumps({"type": "ADDED", "object": deployment}) + "\n")
            handler.end_stream()
        else:
            handler.send({"metadata": {"resourceVersion": "7"}, "items": [deployment]})

    with serve(answer) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
        assert cluster.list(kind, "test", labels="app=web") == ([deployment], "7")
        assert list(cluster.watch(kind, "test", "7", labels="app=web")) == [(OPENED, {}), ("ADDED", deployment)]
    (_verb, listed, first), (_verb, watched, second) = api.asked
    assert (listed, first) == (path, {"labelSelector": "app=web"})
    assert watched == path
    assert second["resourceVersion"] == "7"
    assert second["timeoutSeconds"] == str(WATCH_SECONDS)


@pytest.mark.parametrize("verb", ["list", "watch"])
def test_a_missing_permission_is_named(tmp_path, verb):
    document = {"kind": "Status", "message": "events is forbidden", "code": 403}
    with serve(lambda handler, _path: handler.send(document, 403)) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
        message = rf"verb {verb} on events in namespace test \(events is forbidden\)"
        with pytest.raises(ClusterError, match=message) as caught:
            cluster.list("events", "test") if verb == "list" else list(cluster.watch("events", "test", "7"))
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("image", "labels", "version"),
    [
        ("ghcr.io/kedacore/keda:2.17.2", {}, "2.17.2"),
        ("registry.example:5000/keda:2.16.1@sha256:7d9f5b6c4", {}, "2.16.1"),
        ("registry.example:5000/keda", {}, None),
        ("ghcr.io/kedacore/keda@sha256:7d9f5b6c4", {}, None),
        ("ghcr.io/kedacore/keda:main", {"app.kubernetes.io/version": "2.18.0"}, "2.18.0"),
    ],
)
def test_the_version_of_keda(tmp_path, image, labels, version):
    operator = {
        "metadata": {"name": "keda-operator", "namespace": "keda", "labels": labels},
        "spec": {
            "selector": {},
            "template": {"spec": {"containers": [{"name": "keda-operator", "image": image}]}},
        },
    }
    found = {"apiVersion": "apps/v1", "kind": "DeploymentList", "metadata": {}, "items": [operator]}
    with serve(lambda handler, _path: handler.send(found)) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "config"), None)
        assert (cluster.keda_version(), cluster.keda_namespace()) == (version, "keda")


@pytest.mark.parametrize(("place", "version"), [("keda", "2.10.0"), ("kube-system", "2.10.0"), ("scaling", None)])
def test_the_version_of_keda_for_a_user_who_may_not_list_all_namespaces(tmp_path, place, version):
    operator = {
        "metadata": {"name": "keda-operator", "namespace": place, "labels": {"app.kubernetes.io/version": "2.10.0"}},
        "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "keda-operator"}]}}},
    }

    def answer(handler, path):
        if path == f"/apis/apps/v1/namespaces/{place}/deployments":
            handler.send({"apiVersion": "apps/v1", "kind": "DeploymentList", "metadata": {}, "items": [operator]})
        else:
            handler.send({"kind": "Status", "message": "forbidden"}, 403)

    with serve(answer) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "config"), None)
        assert cluster.keda_version() == version
        # Without an answer it is KEDA's default.
        assert cluster.keda_namespace() == (place if version else "keda")
