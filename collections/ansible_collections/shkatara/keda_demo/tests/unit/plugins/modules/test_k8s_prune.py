# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Deleting the objects of a label that are not wanted any more, by requests to an API server on loopback."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.labelled import KINDS
from ansible_collections.shkatara.keda_demo.plugins.modules import k8s_prune
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

LABEL = "keda-demo/role=kube_prometheus"
LISTS = {
    "/api/v1/services": "Service",
    "/api/v1/configmaps": "ConfigMap",
    "/apis/apps/v1/deployments": "Deployment",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": "ClusterRole",
    "/apis/rbac.authorization.k8s.io/v1/roles": "Role",
}
PATHS = {kind: path for path, kind in LISTS.items()}
# Group and version of the kinds that this cluster does not have.
UNKNOWN = "/apis/monitoring.coreos.com/v1/"


def obj(kind, name, namespace="monitoring", *, owned=False, label=LABEL):
    metadata = {"name": name, "labels": dict([label.split("=")])}
    if namespace:
        metadata["namespace"] = namespace
    if owned:
        metadata["ownerReferences"] = [{"kind": "Prometheus", "name": "k8s"}]
    return {"kind": kind, "metadata": metadata}


class Cluster:
    """Holds objects by kind; selects by the label that is asked for, and deletes."""

    def __init__(self, *objects):
        self.objects = list(objects)
        self.deleted = []
        self.status = {}

    def answer(self, handler, path):
        if path in self.status:
            handler.send({"kind": "Status", "message": "because"}, self.status[path])
        elif path.startswith(UNKNOWN):
            handler.send({"kind": "Status", "message": "the server could not find the requested resource"}, 404)
        elif handler.command == "DELETE":
            self._delete(handler, path)
        else:
            handler.send({"items": list(self._selected(LISTS.get(path), handler.query["labelSelector"]))})

    def _selected(self, kind, selector):
        name, _, value = selector.partition("=")
        # Items of a list have no kind of their own.
        for item in self.objects:
            if item["kind"] == kind and item["metadata"]["labels"].get(name) == value:
                yield {key: value for key, value in item.items() if key != "kind"}

    def _delete(self, handler, path):
        for item in self.objects:
            metadata = item["metadata"]
            head, _, plural = PATHS[item["kind"]].rpartition("/")
            place = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
            if path == f"{head}{place}/{plural}/{metadata['name']}":
                self.objects.remove(item)
                self.deleted.append(f"{item['kind']} {metadata['name']}")
                handler.send({"kind": "Status", "status": "Success"})
                return
        handler.send({"kind": "Status", "message": "not found"}, 404)


def run(cluster, tmp_path, keep, label=LABEL, check_mode=False):
    """Run the module as Ansible does, and return its result."""
    with serve(cluster.answer) as api:
        arguments = {"kubeconfig": api.kubeconfig(tmp_path / "kubeconfig"), "label": label, "keep": keep}
        arguments["_ansible_check_mode"] = check_mode
        done = subprocess.run(
            [sys.executable, "-m", "ansible_collections.shkatara.keda_demo.plugins.modules.k8s_prune"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            env=os.environ | {"PYTHONPATH": str(Path(k8s_prune.__file__).parents[5])},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


WANTED = [obj("Deployment", "operator"), obj("ClusterRole", "operator", None)]


def test_what_is_not_kept_goes_in_the_order_of_the_kinds(tmp_path):
    cluster = Cluster(
        *WANTED,
        obj("ClusterRole", "old", None),
        obj("Service", "old"),
        obj("Role", "old", "shop"),
        obj("Deployment", "old"),
    )
    result = run(cluster, tmp_path, WANTED)
    names = ["Deployment monitoring/old", "Service monitoring/old", "Role shop/old", "ClusterRole old"]
    assert (result["changed"], result["deleted"]) == (True, names)
    assert result["diff"] == {"before": "".join(f"{name}\n" for name in names), "after": ""}
    assert cluster.deleted == ["Deployment old", "Service old", "Role old", "ClusterRole old"]
    assert cluster.objects == WANTED
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


def test_check_mode_deletes_nothing_and_returns_the_same(tmp_path):
    cluster = Cluster(*WANTED, obj("ConfigMap", "old"))
    result = run(cluster, tmp_path, WANTED, check_mode=True)
    assert (result["changed"], result["deleted"], cluster.deleted) == (True, ["ConfigMap monitoring/old"], [])


def test_a_namespace_in_the_manifest_of_what_is_in_none_does_not_count(tmp_path):
    cluster = Cluster(*WANTED)
    kept = [WANTED[0], obj("ClusterRole", "operator", "monitoring")]
    assert run(cluster, tmp_path, kept)["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"keep": []}, "keep is empty: give the objects that stay"),
        ({"keep": [{"kind": "Role"}]}, "keep: item 1 has no kind or no metadata.name"),
        *(
            ({"label": label}, f"label is '{label}': give one label with its value")
            for label in ("", "keda-demo/role", "keda-demo/role=", "a=b,c=d", "a!=b", "a in (b)")
        ),
    ],
)
def test_what_could_delete_too_much_is_refused(tmp_path, arguments, says):
    cluster = Cluster(*WANTED, obj("Service", "old"))
    result = run(cluster, tmp_path, **({"keep": WANTED} | arguments))
    assert result["failed"]
    assert says in result["msg"]
    assert cluster.deleted == []


def test_a_refusal_of_the_server_is_named_and_ends_it(tmp_path):
    cluster = Cluster(*WANTED, obj("Deployment", "old"))
    cluster.status["/api/v1/configmaps"] = 403
    result = run(cluster, tmp_path, WANTED)
    assert result["failed"]
    assert re.search(r"answered 403 for ConfigMap: because", result["msg"])
    # All lists come before the first deletion.
    assert cluster.deleted == []


def test_the_documentation_names_all_kinds():
    text = " ".join(k8s_prune.DOCUMENTATION.split())
    assert [kind for kind in KINDS if f"C({kind})" not in text] == []
