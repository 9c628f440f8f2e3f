# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Applying objects and deleting the others of their label, by requests to an API server on loopback."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.access import Access
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.access_options import AccessOptions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.errors import ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.labelled import KINDS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.requests import Requests
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.server_side import Applier
from ansible_collections.shkatara.keda_demo.plugins.modules import k8s_apply
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

LABEL = "keda-demo/role=kube_prometheus"
TIME = "2026-11-26T20:15:09Z"
# By group and version: the kinds, with their plural names.
CORE = {"Namespace": "namespaces", "Service": "services", "ConfigMap": "configmaps", "Secret": "secrets"}
KNOWN = {
    "v1": CORE,
    "apps/v1": {"Deployment": "deployments"},
    "rbac.authorization.k8s.io/v1": {"ClusterRole": "clusterroles", "Role": "roles"},
    "apiextensions.k8s.io/v1": {"CustomResourceDefinition": "customresourcedefinitions"},
}
OPERATOR = {"ServiceMonitor": "servicemonitors"}
IN_NO_NAMESPACE = ("Namespace", "ClusterRole", "CustomResourceDefinition")
VERSIONS = {
    **{kind: version for version, kinds in KNOWN.items() for kind in kinds},
    "ServiceMonitor": "monitoring.coreos.com/v1",
}


def obj(kind, name, namespace="monitoring", *, owned=False, label=LABEL, **fields):
    metadata = {"name": name, "labels": dict([label.split("=")])}
    if namespace and kind not in IN_NO_NAMESPACE:
        metadata["namespace"] = namespace
    if owned:
        metadata["ownerReferences"] = [{"kind": "Prometheus", "name": "k8s"}]
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": metadata, **fields}


class Cluster:
    """Holds objects by path, merges what is applied, and deletes.

    `later` is how many requests for its kinds a group of a new definition needs until it has them.
    """

    def __init__(self, *objects, later=0):
        self.known = {version: dict(kinds) for version, kinds in KNOWN.items()}
        self.later = later
        self.objects = {self.path(item): self._stored(item, 1) for item in objects}
        self.version = 1
        self.written, self.deleted, self.queries, self.status = [], [], [], {}

    def path(self, item):
        version, metadata = item["apiVersion"], item["metadata"]
        plural = {**CORE, **OPERATOR, **{k: p for kinds in KNOWN.values() for k, p in kinds.items()}}[item["kind"]]
        place = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
        return f"/{'apis' if '/' in version else 'api'}/{version}{place}/{plural}/{metadata['name']}"

    def _stored(self, item, version):
        fields = [{"manager": "us", "time": TIME}, {"manager": "other", "time": "2027-01-01T00:00:00Z"}]
        metadata = {**item["metadata"], "resourceVersion": str(version), "managedFields": fields}
        return {**item, "metadata": metadata, "status": {"seen": version}}

    def answer(self, handler, path):
        kinds = self._kinds(path)
        if path in self.status:
            handler.send({"kind": "Status", "message": "because"}, self.status[path])
        elif kinds is not None:
            entries = [
                {"kind": kind, "name": name, "namespaced": kind not in IN_NO_NAMESPACE} for kind, name in kinds.items()
            ]
            handler.send({"resources": [*entries, {"kind": "Scale", "name": "deployments/scale", "namespaced": True}]})
        elif "labelSelector" in handler.query:
            handler.send({"items": list(self._selected(path, handler.query["labelSelector"]))})
        elif handler.command == "PATCH":
            self._patch(handler, path)
        elif path not in self.objects:
            handler.send({"kind": "Status", "message": "not found"}, 404)
        elif handler.command == "DELETE":
            item = self.objects.pop(path)
            self.deleted.append(f"{item['kind']} {item['metadata']['name']}")
            handler.send({"kind": "Status", "status": "Success"})
        else:
            handler.send(self.objects[path])

    def _kinds(self, path):
        version = re.sub("^/apis?/", "", path)
        has_definition = any("customresourcedefinitions" in each for each in self.objects)
        if version == "monitoring.coreos.com/v1" and has_definition:
            self.later -= 1
            return OPERATOR if self.later < 0 else {}
        return self.known.get(version)

    def _patch(self, handler, path):
        assert handler.headers["Content-Type"] == "application/apply-patch+yaml"
        self.queries.append(handler.query)
        namespace = re.search("/namespaces/([^/]+)/", path)
        if namespace and f"/api/v1/namespaces/{namespace[1]}" not in self.objects:
            handler.send({"kind": "Status", "message": f'namespaces "{namespace[1]}" not found'}, 404)
            return
        before, item = self.objects.get(path), handler.body
        self.version += 1
        # The status of each object moves all the time, and with it the version.
        merged = {**(before or {}), **item, "metadata": {**(before or {}).get("metadata", {}), **item["metadata"]}}
        stored = self._stored(merged, self.version)
        if "dryRun" not in handler.query:
            self.objects[path] = stored
            self.written.append(f"{item['kind']} {item['metadata']['name']}")
        handler.send(stored)

    def _selected(self, path, selector):
        name, _, value = selector.partition("=")
        for place, item in list(self.objects.items()):
            everywhere = re.sub("/namespaces/[^/]+(?=/)", "", place).rpartition("/")[0]
            if everywhere == path and item["metadata"]["labels"].get(name) == value:
                # Items of a list have no kind of their own.
                yield {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}


def run(cluster, tmp_path, definition, check_mode=False, diff=False, **options):
    """Run the module as Ansible does, and return its result."""
    with serve(cluster.answer) as api:
        arguments = {
            "kubeconfig": api.kubeconfig(tmp_path / "kubeconfig"),
            "definition": definition,
            "field_manager": "us",
            "prune_label": LABEL,
            "wait_timeout": 2,
            **options,
            "_ansible_check_mode": check_mode,
            "_ansible_diff": diff,
        }
        done = subprocess.run(
            [sys.executable, "-m", "ansible_collections.shkatara.keda_demo.plugins.modules.k8s_apply"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            env=os.environ | {"PYTHONPATH": str(Path(k8s_apply.__file__).parents[5])},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


NAMESPACE = obj("Namespace", "monitoring")
WANTED = [obj("Deployment", "operator", spec={"replicas": 1}), obj("ClusterRole", "operator", None), NAMESPACE]


def changes(result):
    return [f"{each['kind']} {each['name']}" for each in result["objects"] if each["changed"]]


# Applying


def test_namespaces_and_definitions_come_first_and_a_second_run_changes_nothing(tmp_path):
    cluster = Cluster(later=2)
    definition = [obj("ServiceMonitor", "app"), *WANTED, obj("CustomResourceDefinition", "servicemonitors")]
    result = run(cluster, tmp_path, definition)
    names = [
        "Namespace monitoring",
        "CustomResourceDefinition servicemonitors",
        "ServiceMonitor app",
        "Deployment operator",
        "ClusterRole operator",
    ]
    assert (changes(result), result["changed"]) == (names, True)
    # Several of the others are on their way at a time.
    assert (cluster.written[:2], sorted(cluster.written)) == (names[:2], sorted(names))
    assert cluster.queries[0] == {"fieldManager": "us", "force": "false"}
    # The status and the version move, and nothing else.
    result = run(cluster, tmp_path, definition, force_conflicts=True)
    assert (result["changed"], changes(result), result["deleted"]) == (False, [], [])
    assert cluster.queries[-1] == {"fieldManager": "us", "force": "true"}
    assert result["objects"][2] == {
        "kind": "ServiceMonitor",
        "namespace": "monitoring",
        "name": "app",
        "changed": False,
        "applied_at": TIME,
    }
    # Three megabytes of definitions are not sent back.
    assert "definition" not in result["invocation"]["module_args"]


@pytest.mark.parametrize(
    "drifted", [{"spec": {"replicas": 7}}, {"metadata": {**WANTED[0]["metadata"], "labels": {"a": "b"}}}]
)
def test_what_somebody_changed_is_repaired(tmp_path, drifted):
    cluster = Cluster({**WANTED[0], **drifted}, *WANTED[1:])
    result = run(cluster, tmp_path, WANTED, diff=True)
    assert changes(result) == ["Deployment operator"]
    (diff,) = result["diff"]
    assert diff["before_header"] == "Deployment monitoring/operator"
    assert (diff["after"]["spec"], "status" in diff["after"]) == ({"replicas": 1}, False)
    assert changes(run(cluster, tmp_path, WANTED)) == []


def test_the_data_of_a_secret_is_not_shown(tmp_path):
    secret = obj("Secret", "login", data={"password": "aHVudGVyMg=="})
    result = run(Cluster(NAMESPACE), tmp_path, [secret], diff=True)
    assert result["diff"][0]["after"]["metadata"]["name"] == "login"
    assert "aHVudGVyMg" not in json.dumps(result)


def test_check_mode_writes_nothing(tmp_path):
    cluster = Cluster(NAMESPACE, WANTED[0], obj("ConfigMap", "old"))
    new = [obj("ServiceMonitor", "app"), obj("Service", "web", "shop"), obj("Namespace", "shop")]
    result = run(cluster, tmp_path, [*WANTED, *new], check_mode=True)
    assert changes(result) == ["Namespace shop", "ClusterRole operator", "ServiceMonitor app", "Service web"]
    assert result["deleted"] == ["ConfigMap monitoring/old"]
    assert (cluster.written, cluster.deleted) == ([], [])
    assert {query["dryRun"] for query in cluster.queries} == {"All"}


def test_a_namespace_in_the_manifest_of_what_is_in_none_does_not_count(tmp_path):
    role = obj("ClusterRole", "operator", None)
    cluster = Cluster(NAMESPACE, role)
    named = {**role, "metadata": {**role["metadata"], "namespace": "monitoring"}}
    result = run(cluster, tmp_path, [named])
    assert (result["objects"][0]["namespace"], result["deleted"]) == ("", [])


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        ([], "definition is empty: give the objects to apply"),
        ("[]", "definition is empty: give the objects to apply"),
        ("- kind: Role", "definition is text, but not JSON: Expecting value"),
        (json.dumps(NAMESPACE), "definition is dict: give a list of objects"),
        (NAMESPACE, "definition is dict: give a list of objects"),
        ([WANTED[0], {"kind": "Role"}], "definition: item 2 lacks apiVersion, kind or metadata.name"),
        ([{**WANTED[0], "metadata": {}}], "definition: item 1 lacks"),
        ([{"kind": "Role", "metadata": {"name": "a"}}], "definition: item 1 lacks"),
        ([obj("ServiceMonitor", "app")], "the cluster has no kind ServiceMonitor of monitoring.coreos.com/v1"),
        ([obj("Service", "web", "nowhere")], 'Service nowhere/web can\'t be applied: namespaces "nowhere" not found'),
    ],
)
def test_what_can_t_be_applied_is_named(tmp_path, definition, says):
    result = run(Cluster(NAMESPACE), tmp_path, definition, wait_timeout=0)
    assert result["failed"]
    assert says in result["msg"]
    assert "definition" not in result["invocation"]["module_args"]


def test_the_objects_may_be_json_text(tmp_path):
    cluster = Cluster(NAMESPACE)
    result = run(cluster, tmp_path, json.dumps(WANTED))
    assert changes(result) == ["Deployment operator", "ClusterRole operator"]
    assert changes(run(cluster, tmp_path, WANTED)) == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (403, "Missing permission: verb get on deployments.apps in namespace monitoring (because)"),
        (409, "Deployment monitoring/operator has fields of another field manager: because"),
        (422, "answered 422 for Deployment monitoring/operator: because"),
    ],
)
def test_a_refusal_of_an_object_is_named(tmp_path, status, says):
    cluster = Cluster(NAMESPACE)
    cluster.status[cluster.path(WANTED[0])] = status
    result = run(cluster, tmp_path, WANTED)
    assert says in result["msg"]
    assert cluster.deleted == []


def test_after_a_refusal_nobody_waits_for_a_kind(tmp_path):
    cluster = Cluster(NAMESPACE)
    cluster.status[cluster.path(WANTED[0])] = 422
    with serve(cluster.answer) as api:
        access = Access(AccessOptions(kubeconfig=api.kubeconfig(tmp_path / "kubeconfig")))
        # Its clock stands still, so that the wait has no other end.
        applier = Applier(
            Requests(access),
            "us",
            force=False,
            check_mode=False,
            wait_seconds=1,
            clock=lambda: 0,
            sleep=lambda seconds: time.sleep(seconds / 100),
        )
        with pytest.raises(ClusterError, match="answered 422 for Deployment monitoring/operator: because"):
            list(applier.apply([WANTED[0], obj("ServiceMonitor", "app")]))


def test_a_refused_list_of_kinds_is_named(tmp_path):
    cluster = Cluster(NAMESPACE)
    cluster.status["/apis/apps/v1"] = 503
    assert "answered 503 for the kinds of apps/v1: because" in run(cluster, tmp_path, WANTED)["msg"]


def test_refused_credentials_are_named_with_their_source(tmp_path):
    cluster = Cluster(NAMESPACE)
    cluster.status["/api/v1"] = 401
    assert "does not accept the credentials of kubeconfig" in run(cluster, tmp_path, WANTED)["msg"]


def test_a_server_that_does_not_answer(tmp_path):
    with serve(Cluster().answer) as api:
        kubeconfig = api.kubeconfig(tmp_path / "gone")
    result = run(Cluster(), tmp_path, WANTED, kubeconfig=kubeconfig)
    assert re.search(r"The API server http://127.0.0.1:\d+ does not answer: .*refused", result["msg"])


# Deleting


def test_what_is_not_kept_goes_in_the_order_of_the_kinds(tmp_path):
    cluster = Cluster(
        *WANTED,
        obj("ClusterRole", "old", None),
        obj("Service", "old"),
        obj("Role", "old", "shop"),
        obj("Deployment", "old"),
    )
    result = run(cluster, tmp_path, WANTED, diff=True)
    names = ["Deployment monitoring/old", "Service monitoring/old", "Role shop/old", "ClusterRole old"]
    assert (result["changed"], result["deleted"]) == (True, names)
    assert result["diff"] == [{"before": "".join(f"{name}\n" for name in names), "after": ""}]
    assert cluster.deleted == ["Deployment old", "Service old", "Role old", "ClusterRole old"]
    # The second run has nothing to do.
    result = run(cluster, tmp_path, WANTED)
    assert (result["changed"], result["deleted"]) == (False, [])


def test_an_object_of_the_same_name_in_another_namespace_is_another_one(tmp_path):
    cluster = Cluster(*WANTED, obj("Deployment", "operator", "other"))
    assert run(cluster, tmp_path, WANTED)["deleted"] == ["Deployment other/operator"]


def test_what_lacks_the_label_or_has_an_owner_stays(tmp_path):
    cluster = Cluster(
        *WANTED,
        obj("Service", "foreign", label="keda-demo/role=another"),
        obj("Service", "grafana", label="app.kubernetes.io/part-of=kube-prometheus"),
        obj("Service", "made-by-the-operator", owned=True),
    )
    result = run(cluster, tmp_path, WANTED)
    assert (result["changed"], cluster.deleted) == (False, [])


def test_without_a_label_nothing_is_deleted(tmp_path):
    cluster = Cluster(*WANTED, obj("Service", "old"))
    result = run(cluster, tmp_path, WANTED, prune_label="")
    assert (result["changed"], result["deleted"], cluster.deleted) == (False, [], [])


@pytest.mark.parametrize("label", ["keda-demo/role", "keda-demo/role=", "a=b,c=d", "a!=b", "a in (b)"])
def test_a_label_that_could_delete_too_much_is_refused(tmp_path, label):
    cluster = Cluster(*WANTED, obj("Service", "old"))
    result = run(cluster, tmp_path, WANTED, prune_label=label)
    assert f"prune_label is '{label}': give one label with its value" in result["msg"]
    assert (cluster.written, cluster.deleted) == ([], [])


def test_a_refused_list_ends_it_before_the_first_deletion(tmp_path):
    cluster = Cluster(*WANTED, obj("Deployment", "old"))
    cluster.status["/api/v1/configmaps"] = 403
    result = run(cluster, tmp_path, WANTED)
    assert re.search(r"answered 403 for ConfigMap: because", result["msg"])
    assert cluster.deleted == []


def test_the_documentation_names_all_kinds():
    text = " ".join(k8s_apply.DOCUMENTATION.split())
    assert [kind for kind in KINDS if f"C({kind})" not in text] == []
