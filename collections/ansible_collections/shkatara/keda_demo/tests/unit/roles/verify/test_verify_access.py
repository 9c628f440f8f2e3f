# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The account of a proof by a pipeline may do what the module does, and nothing else.

The requests are those that the module has reviewed before it sends anything, and those without which it goes on.
"""

import itertools
import json

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import controller_flags
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import permissions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.permissions import Permission
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.resources import DEPLOYMENT, STATEFULSET
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import ROLLOUTS
from kubernetes.client import ApiClient

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# What a proof does without.
OPTIONAL = {
    "list on deployments.apps in namespace keda",
    "list on pods in namespace kube-system",
}
CASES = {
    "default": {},
    "statefulset": {"verify_access_workload": "statefulsets.apps"},
    "rollout": {"verify_access_workload": "rollouts.argoproj.io", "verify_namespace": "shop"},
    "controller": {"verify_access_workload": "replicationcontrollers"},
    # As -e gives them: strings.
    "least": {
        "verify_access_prometheus_namespace": "",
        "verify_access_keda_namespace": "",
        "verify_access_controller_manager": "false",
    },
    "one_namespace": {
        "verify_namespace": "shop",
        "verify_access_prometheus_namespace": "shop",
        "verify_access_keda_namespace": "kube-system",
        "verify_access_account": "gate",
    },
}
WORKLOADS = {"default": DEPLOYMENT, "statefulset": STATEFULSET, "rollout": ROLLOUTS}
WRONG = {
    "keda": (
        {"verify_access_keda_namespace": "scaling"},
        "value of verify_access_keda_namespace must be one of: keda, ",
    ),
    "kind": (
        {"verify_access_workload": "Deployment"},
        "verify_access_workload is Deployment: give the plural name and",
    ),
    "no_group": ({"verify_access_workload": "deployments"}, "verify_access_workload is deployments: give the plural"),
    "names": (
        {"verify_access_account": "", "verify_access_prometheus_namespace": "Monitoring", "verify_namespace": "a/b"},
        "verify_namespace, verify_access_account, verify_access_prometheus_namespace: give the name of an account or a",
    ),
}


@pytest.fixture(scope="module")
def rendered(run_role):
    """Return the text of proof-rbac.yaml of each case, or the message of its refusal."""
    wrong = {name: given for name, (given, _says) in WRONG.items()}
    results = run_role(CASES | wrong, "lookup('ansible.builtin.template', 'proof-rbac.yaml.j2')")
    return {case: result.get("value") or result["failed"] for case, result in results.items()}


@pytest.fixture(scope="module")
def objects(rendered):
    return lambda case, kind=None: [item for item in yaml.safe_load_all(rendered[case]) if kind in (None, item["kind"])]


def granted(roles):
    """Return the permissions of Roles."""
    return [
        Permission(verb, group, *_names(resource, role["metadata"]["namespace"]))
        for role in roles
        for rule in role["rules"]
        for verb, group, resource in itertools.product(rule["verbs"], rule["apiGroups"], rule["resources"])
    ]


def _names(resource, namespace):
    name, _slash, subresource = resource.partition("/")
    return name, namespace, subresource


def required(case="default"):
    """Return what the module has reviewed, in the newest Kubernetes."""
    given = CASES[case]
    return permissions.required_permissions(
        given.get("verify_namespace", "test"),
        WORKLOADS[case],
        prometheus_namespace="monitoring",
        counters=True,
        version="v1.36.0",
    )


@pytest.mark.parametrize("case", CASES)
def test_nothing_has_a_wildcard(objects, case):
    found = granted(objects(case, "Role"))
    assert found
    assert [one for one in found if "*" in str(one)] == []
    assert {item["kind"] for item in objects(case)} == {"ServiceAccount", "Role", "RoleBinding"}


@pytest.mark.parametrize("case", WORKLOADS)
def test_the_account_may_do_what_is_reviewed_and_what_is_optional(objects, case):
    found = sorted(map(str, granted(objects(case, "Role"))))
    assert found == sorted({*map(str, required(case)), *OPTIONAL})


def test_no_verb_changes_an_object(objects):
    # `create` on pods/portforward opens a connection.
    verbs = {(one.verb, one.subresource) for case in CASES for one in granted(objects(case, "Role"))}
    assert verbs == {("list", ""), ("watch", ""), ("get", "portforward"), ("create", "portforward"), ("get", "scale")}


def test_a_replication_controller_is_of_the_core_group(objects):
    found = {str(one) for one in granted(objects("controller", "Role"))}
    assert "list on replicationcontrollers in namespace test" in found
    assert [one for one in found if "deployments" in one and "keda" not in one] == []


def test_what_is_left_out_is_not_granted(objects):
    assert {role["metadata"]["namespace"] for role in objects("least", "Role")} == {"test"}


@pytest.mark.parametrize("case", CASES)
def test_each_namespace_has_one_role_and_its_binding_to_the_account(objects, case):
    name = CASES[case].get("verify_access_account", "keda-demo-proof")
    (account,) = objects(case, "ServiceAccount")
    assert account["metadata"]["name"] == name
    assert account["metadata"]["namespace"] == CASES[case].get("verify_namespace", "test")
    roles = [role["metadata"]["namespace"] for role in objects(case, "Role")]
    assert len(set(roles)) == len(roles)
    assert [binding["metadata"]["namespace"] for binding in objects(case, "RoleBinding")] == roles
    for binding in objects(case, "RoleBinding"):
        assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": name, "namespace": account["metadata"]["namespace"]}
        ]


@pytest.mark.parametrize("kind", ["ServiceAccount", "Role", "RoleBinding"])
def test_every_field_is_one_that_kubernetes_knows(objects, kind):
    # A field that the typed client does not know, such as a misspelt one, is lost on the way through it.
    client = ApiClient()
    for made in objects("rollout", kind):
        typed = client.deserialize(json.dumps(made), f"V1{kind}", "application/json")
        assert client.sanitize_for_serialization(typed) == made


def test_each_rule_says_why(rendered):
    lines = rendered["default"].splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("  - apiGroups:")]
    assert rules
    assert [lines[number] for number in rules if not lines[number - 1].startswith("  # ")] == []


def reviewed(tmp_path, allowed, required_of):
    """Return what the module names as missing, against a server that allows only some permissions."""

    def answer(handler, path):
        assert path == REVIEWS
        attributes = handler.body["spec"]["resourceAttributes"]
        one = Permission(
            attributes["verb"],
            attributes["group"],
            attributes["resource"],
            attributes["namespace"],
            attributes.get("subresource") or "",
        )
        handler.send({**handler.body, "status": {"allowed": one in allowed}}, 201)

    with serve(answer) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
        return list(map(str, permissions.missing_permissions(cluster, required_of)))


def test_the_lack_of_each_permission_is_named_or_done_without(objects, tmp_path):
    found = granted(objects("default", "Role"))
    assert reviewed(tmp_path, found, required()) == []
    named = {
        str(left_out): reviewed(tmp_path, [one for one in found if one != left_out], required()) for left_out in found
    }
    assert named == {name: [] if name in OPTIONAL else [name] for name in named}


def test_a_proof_does_without_what_is_optional(tmp_path):
    """A cluster that forbids everything: the flags and the version are not known, and nothing fails."""
    with serve(lambda handler, _path: handler.send({"kind": "Status", "message": "forbidden"}, 403)) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
        assert controller_flags.read_flags(cluster) == {}
        assert cluster.keda_version() is None
        asked = {(path, query.get("labelSelector")) for _method, path, query in api.asked}
    # The permissions that the Roles have for it.
    assert {
        ("/api/v1/namespaces/kube-system/pods", "component=kube-controller-manager"),
        ("/apis/apps/v1/namespaces/keda/deployments", "app.kubernetes.io/name=keda-operator"),
    } <= asked


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(rendered, case):
    assert WRONG[case][1] in rendered[case]
