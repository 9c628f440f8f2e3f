# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The objects of the profile lean: kube-prometheus' names, parts that find each other, a form that stays."""

import json

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.owners import CLAIMS, KUBE_PROMETHEUS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.rights import INSIDE
from kubernetes.client import ApiClient

# As in the manifests of kube-prometheus 0.12.0; the one below is ours.
NAMES = {
    "ClusterRole": {"kube-state-metrics", "node-exporter", "prometheus-k8s", "prometheus-operator"},
    "CustomResourceDefinition": {"prometheuses.monitoring.coreos.com"},
    "DaemonSet": {"node-exporter"},
    "Deployment": {"kube-state-metrics", "prometheus-operator"},
    "Namespace": {"monitoring"},
    "Prometheus": {"k8s"},
    "Role": {"prometheus-k8s", "prometheus-k8s-config"},
    "Service": {"kube-state-metrics", "node-exporter", "prometheus-k8s", "prometheus-operator"},
}
NAMES["ClusterRoleBinding"] = NAMES["ServiceAccount"] = NAMES["ClusterRole"]
NAMES["RoleBinding"] = NAMES["Role"]
NAMES["NetworkPolicy"] = NAMES["ClusterRole"] | {"prometheus-k8s-clients"}
NAMES["ServiceMonitor"] = NAMES["ClusterRole"] | {
    "coredns",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
}
OWN_KINDS = {"CustomResourceDefinition", "Prometheus", "ServiceMonitor"}
CLUSTER_KINDS = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}


@pytest.fixture(scope="module")
def rendered(run_role):
    """Return what the role applies with its default variables, and the images of the stack."""
    expression = "{'objects': __kube_prometheus_objects, 'images': cluster_stack_data.images}"
    return run_role({"default": {}}, expression)["default"]["value"]


@pytest.fixture(scope="module")
def objects(rendered):
    return rendered["objects"]


def of_kind(objects, *kinds):
    return [item for item in objects if item["kind"] in kinds]


def pod_templates(objects):
    return [item["spec"]["template"] for item in of_kind(objects, "Deployment", "DaemonSet")]


def containers(objects):
    return [container for template in pod_templates(objects) for container in template["spec"]["containers"]]


def test_the_names_are_those_of_kube_prometheus(objects):
    found = {kind: {item["metadata"]["name"] for item in of_kind(objects, kind)} for kind in NAMES}
    assert found == NAMES
    assert {item["kind"] for item in objects} == set(NAMES)


def test_the_survey_of_a_cluster_knows_what_is_outside_of_the_namespace(objects):
    outside = [item for item in objects if item["metadata"].get("namespace") != "monitoring"]
    found = {(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in outside}
    claims = {(claim.kind, claim.namespace, claim.name) for claim in CLAIMS[KUBE_PROMETHEUS]}
    # The bundle of this test has one definition.
    definitions = {claim for claim in claims if claim[0] == "CustomResourceDefinition"}
    assert found - {("Namespace", "", "monitoring")} == claims - definitions | (found & definitions)
    inside = {item["kind"].lower() for item in objects if item["metadata"].get("namespace") == "monitoring"}
    known = {resource.removesuffix("s") for _group, resource in INSIDE[KUBE_PROMETHEUS]}
    assert inside == {
        {"networkpolicie": "networkpolicy", "prometheuse": "prometheus"}.get(name, name) for name in known
    }


def test_no_object_is_there_twice(objects):
    keys = [(item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in objects]
    assert sorted(keys, key=str) == sorted(set(keys), key=str)


def test_what_defines_a_kind_comes_before_what_is_of_it(objects):
    kinds = [item["kind"] for item in objects]
    assert kinds[:2] == ["CustomResourceDefinition", "Namespace"]


def test_definitions_are_applied_without_descriptions(objects):
    (crd,) = of_kind(objects, "CustomResourceDefinition")
    assert crd["spec"]["versions"][0]["schema"] == {"openAPIV3Schema": {"type": "object"}}
    assert "creationTimestamp" not in crd["metadata"]


def test_every_field_is_one_that_kubernetes_knows(objects):
    # A field that the typed client does not know, such as a misspelt one, is lost on the way through it.
    client = ApiClient()
    for item in objects:
        if item["kind"] not in OWN_KINDS:
            typed = client.deserialize(json.dumps(item), f"V1{item['kind']}", "application/json")
            assert client.sanitize_for_serialization(typed) == item


def test_all_that_can_be_in_a_namespace_is_in_one(objects):
    for item in objects:
        assert ("namespace" in item["metadata"]) == (item["kind"] not in CLUSTER_KINDS), item["metadata"]


def test_images_are_the_stacks_and_never_pulled_anew(objects, rendered):
    images = rendered["images"]
    assert {container["image"] for container in containers(objects)} == {
        images[key] for key in ("prometheus_operator", "kube_state_metrics", "node_exporter", "kube_rbac_proxy")
    }
    assert {container["imagePullPolicy"] for container in containers(objects)} == {"IfNotPresent"}
    (operator,) = (item for item in containers(objects) if item["name"] == "prometheus-operator")
    assert f"--prometheus-config-reloader={images['prometheus_config_reloader']}" in operator["args"]
    (prometheus,) = of_kind(objects, "Prometheus")
    assert prometheus["spec"]["image"] == images["prometheus"]


def test_no_container_may_become_more_than_it_is(objects):
    for container in containers(objects):
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]


@pytest.mark.parametrize("name", sorted(NAMES["Service"] - {"prometheus-k8s"}))
def test_services_find_their_pods_and_monitors_their_services(objects, name):
    (service,) = (item for item in of_kind(objects, "Service") if item["metadata"]["name"] == name)
    selected = [
        template
        for template in pod_templates(objects)
        if service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    ]
    assert len(selected) == 1
    ports = {p["name"] for c in selected[0]["spec"]["containers"] for p in c.get("ports", [])}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    (monitor,) = (item for item in of_kind(objects, "ServiceMonitor") if item["metadata"]["name"] == name)
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    scraped = {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]}
    assert scraped == {port["name"] for port in service["spec"]["ports"]}


def test_one_prometheus_looks_everywhere(objects):
    (prometheus,) = of_kind(objects, "Prometheus")
    spec = prometheus["spec"]
    assert spec["replicas"] == 1
    for kind in ("serviceMonitor", "podMonitor", "probe", "rule"):
        assert (spec[f"{kind}Selector"], spec[f"{kind}NamespaceSelector"]) == ({}, {})
    assert spec["containers"] == [{"name": "prometheus", "startupProbe": {"periodSeconds": 1, "failureThreshold": 900}}]


def test_prometheus_service_and_policies_select_its_pods(objects):
    (prometheus,) = of_kind(objects, "Prometheus")
    labels = prometheus["spec"]["podMetadata"]["labels"].items()
    (service,) = (s for s in of_kind(objects, "Service") if s["metadata"]["name"] == "prometheus-k8s")
    assert service["spec"]["selector"].items() <= labels
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]}["web"] == 9090
    policies = [p for p in of_kind(objects, "NetworkPolicy") if p["metadata"]["name"].startswith("prometheus-k8s")]
    assert len(policies) == 2
    for policy in policies:
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels


@pytest.mark.parametrize("name", sorted(NAMES["ClusterRole"] - {"prometheus-k8s"}))
def test_only_prometheus_reaches_the_ports_of_the_others_and_all_of_their_services(objects, name):
    (policy,) = (p for p in of_kind(objects, "NetworkPolicy") if p["metadata"]["name"] == name)
    (service,) = (s for s in of_kind(objects, "Service") if s["metadata"]["name"] == name)
    (rule,) = policy["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}]
    assert {port["port"] for port in rule["ports"]} == {port["port"] for port in service["spec"]["ports"]}
    assert policy["spec"]["podSelector"]["matchLabels"] == service["spec"]["selector"]


def test_keda_is_admitted_to_prometheus(objects):
    (policy,) = (p for p in of_kind(objects, "NetworkPolicy") if p["metadata"]["name"] == "prometheus-k8s-clients")
    (rule,) = policy["spec"]["ingress"]
    assert rule["ports"] == [{"port": 9090, "protocol": "TCP"}]
    (expression,) = rule["from"][0]["namespaceSelector"]["matchExpressions"]
    assert expression == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["keda"]}


def test_prometheus_reads_three_namespaces(objects):
    roles = [role for role in of_kind(objects, "Role") if role["metadata"]["name"] == "prometheus-k8s"]
    assert {role["metadata"]["namespace"] for role in roles} == {"default", "kube-system", "monitoring"}
    for role in roles:
        assert role["rules"][0] == {
            "apiGroups": [""],
            "resources": ["services", "endpoints", "pods"],
            "verbs": ["get", "list", "watch"],
        }


def test_every_object_has_the_role_s_label(objects):
    assert {item["metadata"]["labels"]["keda-demo/role"] for item in objects} == {"kube_prometheus"}
    # No pod has it, so that it restarts none.
    assert {"keda-demo/role"} & {label for t in pod_templates(objects) for label in t["metadata"]["labels"]} == set()


def test_relabelings_leave_no_default_to_the_api(objects):
    # The API server fills it in after it has compared, and every run would report a change.
    endpoints = [e for item in of_kind(objects, "ServiceMonitor") for e in item["spec"]["endpoints"]]
    rules = [r for e in endpoints for r in e.get("relabelings", []) + e.get("metricRelabelings", [])]
    assert len(rules) == 39
    assert all("action" in rule for rule in rules)
