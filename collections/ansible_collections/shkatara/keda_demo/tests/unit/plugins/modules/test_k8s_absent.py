# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Removing all objects of some labels, by requests to an API server on loopback that holds objects."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.labelled import ALL_KINDS, KINDS
from ansible_collections.shkatara.keda_demo.plugins.modules import k8s_absent
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

APP, KEDA = "keda-demo/role=demo_app", "keda-demo/role=keda"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# The kinds that the tests have beside those of the module.
PLURALS = {"StatefulSet": "statefulsets", "PersistentVolumeClaim": "persistentvolumeclaims"} | {
    kind: plural for kind, (_version, plural) in ALL_KINDS.items()
}


def obj(kind, name, namespace=None, label=None, **fields):
    metadata = {"name": name, "labels": dict([label.split("=")]) if label else {}}
    if namespace:
        metadata["namespace"] = namespace
    return {"kind": kind, "metadata": metadata, **fields}


def definition(plural, kind, label=KEDA):
    spec = {
        "group": "keda.sh",
        "names": {"plural": plural, "kind": kind},
        "versions": [{"name": "v1alpha1", "served": True}],
    }
    return obj("CustomResourceDefinition", f"{plural}.keda.sh", label=label, spec=spec)


class Cluster:
    """Holds objects. A deleted one is still listed `lasting` times, as one with a finalizer."""

    def __init__(self, *objects, lasting=0, denied=()):
        self.objects = list(objects)
        self.deleted = []
        self.lasting = lasting
        self.denied = set(denied)
        self._ending = {}

    def answer(self, handler, path):
        if path == REVIEWS:
            attributes = handler.body["spec"]["resourceAttributes"]
            allowed = (attributes["verb"], attributes["resource"]) not in self.denied
            handler.send({**handler.body, "status": {"allowed": allowed}}, 201)
            return
        parts = path.strip("/").split("/")
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 2 else None
        plural, *name = rest[2:] if namespace else rest
        if handler.command == "DELETE":
            self._delete(handler, plural, namespace, name[0])
            return
        wanted = handler.query.get("labelSelector")
        found = [item for item in self.objects if self._is_listed(item, plural, namespace, wanted)]
        # Items of a list have no kind of their own.
        handler.send({"items": [{key: value for key, value in item.items() if key != "kind"} for item in found]})

    def _is_listed(self, item, plural, namespace, selector):
        metadata = item["metadata"]
        if PLURALS[item["kind"]] != plural or (namespace and metadata.get("namespace") != namespace):
            return False
        if selector:
            name, _, value = selector.partition("=")
            if metadata["labels"].get(name) != value:
                return False
        left = self._ending.get(id(item))
        if left is not None:
            self._ending[id(item)] = left - 1
            if left == 0:
                self.objects.remove(item)
                return False
        return True

    def _delete(self, handler, plural, namespace, name):
        for item in self.objects:
            metadata = item["metadata"]
            if (PLURALS[item["kind"]], metadata.get("namespace"), metadata["name"]) == (plural, namespace, name):
                self.deleted.append(f"{item['kind']} {name}")
                if self.lasting and item["kind"] in ("ScaledObject", "Namespace", "CustomResourceDefinition"):
                    self._ending[id(item)] = self.lasting
                else:
                    self.objects.remove(item)
                handler.send({"kind": "Status", "status": "Success"})
                return
        handler.send({"kind": "Status", "message": "not found"}, 404)


def run(cluster, tmp_path, check_mode=False, **options):
    """Run the module as Ansible does, and return its result."""
    with serve(cluster.answer) as api:
        arguments = {"kubeconfig": api.kubeconfig(tmp_path / "kubeconfig"), "labels": [APP, KEDA], **options}
        arguments["_ansible_check_mode"] = check_mode
        done = subprocess.run(
            [sys.executable, "-m", "ansible_collections.shkatara.keda_demo.plugins.modules.k8s_absent"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            env=os.environ | {"PYTHONPATH": str(Path(k8s_absent.__file__).parents[5])},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def demo():
    """Return a demo with all that it has, in no order."""
    return [
        definition("scaledobjects", "ScaledObject"),
        obj("Namespace", "keda", label=KEDA),
        obj("Deployment", "keda-operator", "keda", KEDA),
        obj("APIService", "v1beta1.external.metrics.k8s.io", label=KEDA),
        obj("Namespace", "test", label=APP),
        obj("Service", "test", "test", APP),
        obj("ScaledObject", "scaledobject-py", "test", APP),
    ]


ORDER = [
    "ScaledObject test/scaledobject-py",
    "Service test/test",
    "Namespace test",
    "APIService v1beta1.external.metrics.k8s.io",
    "Deployment keda/keda-operator",
    "Namespace keda",
    "CustomResourceDefinition scaledobjects.keda.sh",
]


@pytest.mark.parametrize("lasting", [0, 1])
def test_everything_goes_in_the_order_in_which_it_can(tmp_path, lasting):
    cluster = Cluster(*demo(), lasting=lasting)
    result = run(cluster, tmp_path)
    assert (result["changed"], result["deleted"]) == (True, ORDER)
    assert [text.split()[0] for text in cluster.deleted] == [text.split()[0] for text in ORDER]
    assert cluster.objects == []
    # The second run has nothing to do.
    assert run(cluster, tmp_path) | {"invocation": None} == {
        "changed": False, "deleted": [], "diff": {"before": "", "after": ""}, "invocation": None,
    }  # fmt: skip


def test_what_comes_after_waits_for_the_end_of_what_is_before(tmp_path):
    cluster = Cluster(*demo(), lasting=1000)
    result = run(cluster, tmp_path, wait_timeout=1)
    assert result["failed"]
    assert "still there 1 s after the deletion: ScaledObject test/scaledobject-py" in result["msg"]
    assert cluster.deleted == ["ScaledObject scaledobject-py"]


def test_check_mode_deletes_nothing_and_returns_the_same(tmp_path):
    cluster = Cluster(*demo())
    result = run(cluster, tmp_path, check_mode=True)
    assert (result["changed"], result["deleted"], cluster.deleted) == (True, ORDER, [])


def test_what_has_no_label_stays(tmp_path):
    foreign = [obj("Namespace", "shop"), obj("Deployment", "web", "shop"), definition("widgets", "Widget", label=None)]
    cluster = Cluster(*demo(), *foreign)
    assert run(cluster, tmp_path)["deleted"] == ORDER
    assert cluster.objects == foreign


@pytest.mark.parametrize(
    ("foreign", "says"),
    [
        (
            obj("ScaledObject", "web", "shop"),
            "CustomResourceDefinition scaledobjects.keda.sh would take along what has none of the labels: ScaledObject "
            "shop/web. Delete or move it first",
        ),
        (
            obj("StatefulSet", "database", "test"),
            "Namespace test would take along what has none of the labels: StatefulSet test/database",
        ),
        (
            obj("PersistentVolumeClaim", "data", "keda"),
            "Namespace keda would take along what has none of the labels: PersistentVolumeClaim",
        ),
    ],
)
def test_nothing_of_somebody_else_s_is_taken_along(tmp_path, foreign, says):
    cluster = Cluster(*demo(), foreign)
    result = run(cluster, tmp_path)
    assert result["failed"]
    assert [problem.startswith(says) for problem in result["problems"]] == [True]
    assert cluster.deleted == []


def test_what_belongs_to_another_object_is_no_reason(tmp_path):
    owned = obj("StatefulSet", "prometheus-k8s", "keda")
    owned["metadata"]["ownerReferences"] = [{"kind": "Prometheus", "name": "k8s"}]
    cluster = Cluster(*demo(), owned)
    assert "failed" not in run(cluster, tmp_path)


def test_rights_that_are_missing_are_named_at_once(tmp_path):
    cluster = Cluster(*demo(), denied=[("delete", "namespaces"), ("delete", "services")])
    result = run(cluster, tmp_path)
    assert result["problems"] == ["the user lacks rights: delete on services in namespace test; delete on namespaces"]
    assert cluster.deleted == []


MADE = {"label": KEDA, "kind": "Service", "namespace": "kube-system", "name": "kubelet"}


def test_what_the_objects_have_made_goes_with_them(tmp_path):
    made = obj("Service", "kubelet", "kube-system")
    cluster = Cluster(*demo(), made)
    assert "Service kube-system/kubelet" in run(cluster, tmp_path, made=[MADE])["deleted"]
    assert cluster.objects == []
    cluster = Cluster(made)
    assert run(cluster, tmp_path, made=[MADE])["changed"] is False
    assert cluster.objects == [made]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"labels": []}, "labels is empty: give labels"),
        *(
            ({"labels": [label]}, f"labels is {label}: give labels")
            for label in ("a", "a=", "a=b,c=d", "a!=b", "a in (b)")
        ),
        ({"made": [{**MADE, "kind": "Pod"}]}, "made has Pod kubelet of keda-demo/role=keda: give one of the kinds"),
        ({"made": [{**MADE, "label": "a=b"}]}, "made has Service kubelet of a=b: give one of"),
    ],
)
def test_what_could_delete_too_much_is_refused(tmp_path, options, says):
    cluster = Cluster(*demo())
    result = run(cluster, tmp_path, **options)
    assert result["failed"]
    assert says in result["msg"]
    assert cluster.deleted == []


def test_refused_credentials_are_named_with_their_source(tmp_path):
    cluster = Cluster(*demo())
    cluster.answer = lambda handler, _path: handler.send({"kind": "Status", "message": "because"}, 401)
    assert re.search("does not accept the credentials of .*kubeconfig.*: because", run(cluster, tmp_path)["msg"])


def test_the_documentation_names_the_kinds_beside_those_of_k8s_apply():
    text = " ".join(k8s_absent.DOCUMENTATION.split())
    assert [kind for kind in ALL_KINDS if kind not in KINDS and f"C({kind})" not in text] == []
