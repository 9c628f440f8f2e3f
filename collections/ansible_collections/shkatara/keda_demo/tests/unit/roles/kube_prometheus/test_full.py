# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The profile full: the release's objects as they are, but for what the role's variables say."""

import json
import re

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.object_diff import ABSENT, by_key, differences
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE, BUILT
from kubernetes.client import ApiClient

STORED = "the form in which the API server stores it, so that a rerun changes nothing"
# What differs with the default variables, as patterns, each with the reason.
MEANT = [
    (r".*", r"metadata\.labels\.keda-demo/role", "the label by which the role knows its own objects"),
    (r"Secret .*", r"(stringData|data)\..*", STORED),
    (r"ServiceMonitor .*/kubelet", r".*\.relabelings\[0\]\.action", STORED),
    (r"(Prometheus|Alertmanager) .*", r"spec\.replicas", "kube_prometheus_*_replicas"),
    (r"Prometheus .*", r"spec\.(retention|scrapeInterval|evaluationInterval)", "variables; as the operator's defaults"),
    (r"Prometheus .*", r"spec\.containers\[prometheus\]\..*", "kube_prometheus_startup_probe_period_seconds"),
    (r"Deployment .*/grafana", r".*\[grafana-dashboard-keda-demo\]\..*", "the demo's dashboard"),
]
FULL = {"kube_prometheus_profile": "full", "kube_prometheus_archive": str(ARCHIVE)}
PROMETHEUS = "Prometheus monitoring/k8s"
OPERATOR_KINDS = {"Alertmanager", "CustomResourceDefinition", "Prometheus", "PrometheusRule", "ServiceMonitor"}
RESOURCES = {"requests": {"cpu": "1m"}}
CASES = {
    "default": FULL,
    "built": FULL | {"kube_prometheus_components": BUILT},
    "own": FULL
    | {
        "kube_prometheus_components": BUILT,
        "kube_prometheus_prometheus_replicas": 2,
        "kube_prometheus_alertmanager_replicas": "3",
        "kube_prometheus_retention": "2h",
        "kube_prometheus_node_port": "30090",
        "kube_prometheus_namespaces": ["default", "shop"],
        "kube_prometheus_patches": [
            {"kind": "Prometheus", "metadata": {"name": "k8s"}, "spec": {"logLevel": "debug", "replicas": 4}}
        ],
    }
    | {
        f"kube_prometheus_{name}_resources": RESOURCES
        for name in ("prometheus", "operator", "state_metrics", "node_exporter", "rbac_proxy", "alertmanager")
    },
}


@pytest.fixture(scope="module")
def rendered(run_role):
    # The bundle of these tests has no images, and what is validated has a test of its own.
    expression = "{'objects': __kube_prometheus_objects, 'workloads': __kube_prometheus_wanted}"
    return {case: found["value"] for case, found in run_role(CASES, expression, entry_points=()).items()}


@pytest.fixture(scope="module")
def objects(rendered):
    return {case: found["objects"] for case, found in rendered.items()}


def field(objects, name, path):
    return by_key(objects)[name].get(path, ABSENT)


def test_it_is_the_release_and_two_more(objects, release):
    assert len(release) == 121
    ours = by_key(objects["default"])
    assert len(ours) == len(objects["default"]) == 123
    assert ours.keys() - by_key(release).keys() == {
        "NetworkPolicy monitoring/prometheus-k8s-clients",
        "ConfigMap monitoring/grafana-dashboard-keda-demo",
    }


def test_nothing_differs_but_what_is_meant(objects, release):
    ours = [item for item in objects["default"] if item["kind"] != "CustomResourceDefinition"]
    found = differences(ours, release)
    for name, path, *_values in found:
        assert [reason for o, f, reason in MEANT if re.fullmatch(o, name) and re.fullmatch(f, path)], (name, path)
    for o, f, reason in MEANT:
        assert [item for item in found if re.fullmatch(o, item[0]) and re.fullmatch(f, item[1])], reason


def test_definitions_differ_in_their_descriptions_alone(objects, release):
    ours = [item for item in objects["default"] if item["kind"] == "CustomResourceDefinition"]
    assert len(ours) == 8
    for _name, path, ours_value, _theirs in differences(ours, release):
        assert path == "metadata.labels.keda-demo/role" or (ours_value is ABSENT and path.endswith(".description")), (
            path
        )


def test_definitions_and_the_namespace_come_first(objects):
    for found in objects.values():
        assert {item["kind"] for item in found[:9]} == {"CustomResourceDefinition", "Namespace"}
        assert not {"CustomResourceDefinition", "Namespace"} & {item["kind"] for item in found[9:]}


def test_the_bare_equals_sign_is_read(objects):
    assert '"="' in json.dumps(
        [item for item in objects["default"] if "alertmanagerconfigs" in item["metadata"]["name"]]
    )


def test_a_component_s_objects_are_those_of_its_files(objects, release):
    gone = by_key(release).keys() - by_key(objects["built"]).keys()
    assert len(gone) == 121 + 1 - len(objects["built"])
    assert {name for name in gone if not re.search(r"grafana|blackbox|adapter|metrics", name)} == set()
    # kube-state-metrics' own stay.
    assert {name for name in gone if "kube-state-metrics" in name} == set()


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        # A patch of the user's is the last.
        (PROMETHEUS, "spec.replicas", 4),
        (PROMETHEUS, "spec.logLevel", "debug"),
        (PROMETHEUS, "spec.retention", "2h"),
        (PROMETHEUS, "spec.resources.requests.cpu", "1m"),
        # What is given is merged with the release's.
        (PROMETHEUS, "spec.resources.requests.memory", "400Mi"),
        ("Alertmanager monitoring/main", "spec.replicas", 3),
        ("Alertmanager monitoring/main", "spec.resources.requests.cpu", "1m"),
        *(
            (workload, f"spec.template.spec.containers[{container}].resources.requests.cpu", "1m")
            for workload, containers in {
                "Deployment monitoring/prometheus-operator": ["prometheus-operator", "kube-rbac-proxy"],
                "Deployment monitoring/kube-state-metrics": [
                    "kube-state-metrics",
                    "kube-rbac-proxy-main",
                    "kube-rbac-proxy-self",
                ],
                "DaemonSet monitoring/node-exporter": ["node-exporter", "kube-rbac-proxy"],
            }.items()
            for container in containers
        ),
        ("Service monitoring/prometheus-k8s-node-port", "spec.ports[web].nodePort", 30090),
        ("Role shop/prometheus-k8s", "rules: list core/endpoints", True),
    ],
)
def test_a_variable_overrides_the_release(objects, name, path, value):
    assert field(objects["own"], name, path) == value


def test_the_console_is_open_by_its_node_port_alone(objects):
    name = "prometheus-k8s-node-port"
    assert not [item for item in objects["built"] if item["metadata"]["name"] == name]
    policy, service = (
        next(item for item in objects["own"] if item["kind"] == kind and item["metadata"]["name"] == name)
        for kind in ("NetworkPolicy", "Service")
    )
    assert [port["port"] for port in service["spec"]["ports"]] == [9090]
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 9090, "protocol": "TCP"}]}]
    labels = next(i for i in objects["own"] if i["kind"] == "Prometheus")["spec"]["podMetadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= labels
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels
    # Prometheus is scraped by one Service.
    monitors = [item for item in objects["own"] if item["kind"] == "ServiceMonitor"]
    selected = [m["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items() for m in monitors]
    assert not any(selected)


def test_no_object_is_there_twice(objects):
    for found in objects.values():
        assert len(by_key(found)) == len(found)


def test_what_is_waited_for_is_what_is_applied(rendered):
    kinds = {"StatefulSet": "Prometheus|Alertmanager", "Deployment": "Deployment", "DaemonSet": "DaemonSet"}
    del kinds["StatefulSet"]  # the operator makes it
    for found in rendered.values():
        workloads = {name for name in by_key(found["objects"]) if name.split()[0] in kinds}
        assert len(workloads) == len(
            set(found["workloads"])
            & {
                "blackboxExporter",
                "grafana",
                "kubeStateMetrics",
                "nodeExporter",
                "prometheusAdapter",
                "prometheusOperator",
            }
        )


def test_every_field_is_one_that_kubernetes_knows(objects):
    client = ApiClient()
    for item in objects["own"]:
        if item["kind"] not in OPERATOR_KINDS:
            typed = client.deserialize(json.dumps(item), f"V1{item['kind']}", "application/json")
            assert by_key([client.sanitize_for_serialization(typed)]) == by_key([item])
