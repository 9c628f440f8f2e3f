# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The objects that the role applies: the contract's names, and a form that the API leaves as it is."""

import inspect
import json

import pytest
from kubernetes.client import ApiClient

QUERY = 'sum(rate(python_request_operations_total{namespace="test"}[30s]))'
IMAGE = "registry.example.com/app:1"


@pytest.fixture(scope="module")
def cases(run_role, tmp_path_factory):
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "bundle.json").write_text(json.dumps({"images": {"workloads": {IMAGE: "sha256:12"}}}))
    return run_role(
        {
            "default": {},
            "bundle": {"cluster_bundle_dir": str(bundle), "demo_app_image": IMAGE},
            # As -e gives them: strings.
            "strings": {
                "demo_app_max_replicas": "20",
                "demo_app_threshold": "2.5",
                "demo_app_query_window_seconds": "60",
                "demo_app_node_port": "30200",
                "demo_app_ignore_null_values": "yes",
            },
            # A play with the role keda has its variables.
            "with_keda": {"keda_watch_namespace": ""},
            "no_keda": {"keda_watch_namespace": "", "demo_app_keda_namespace": ""},
            "existing_keda": {"keda_watch_namespace": "", "keda_state": "existing"},
            "own_prometheus": {
                "demo_app_prometheus_namespace": "observability",
                "demo_app_prometheus_service_account": "metrics",
                "demo_app_monitor_labels": {"team": "platform"},
                "demo_app_namespace_labels": {"monitored": "yes"},
            },
            "api": {"demo_app_api_access": "true"},
            "behavior": {"demo_app_behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}},
        }
    )


@pytest.fixture(scope="module")
def case(cases):
    return lambda name, kind: next(item for item in cases[name]["value"] if item["kind"] == kind)


@pytest.fixture(scope="module")
def objects(case):
    """Return a function: the object of a kind that the role applies with its default variables."""
    return lambda kind: case("default", kind)


def test_the_contract_has_its_names(objects):
    names = {
        "Namespace": "test",
        "Deployment": "test",
        "Service": "test",
        "Role": "prometheus-k8s",
        "RoleBinding": "prometheus-k8s",
        "ServiceMonitor": "py-app",
        "ScaledObject": "scaledobject-py",
    }
    assert {kind: objects(kind)["metadata"]["name"] for kind in names} == names
    namespaces = {objects(kind)["metadata"].get("namespace") for kind in names if kind != "Namespace"}
    assert namespaces == {"test"}


@pytest.mark.parametrize("kind", ["Namespace", "Deployment", "Service", "Role", "RoleBinding"])
def test_every_field_is_one_that_kubernetes_knows(objects, kind):
    # A field that the typed client does not know, such as a misspelt one, is lost on the way through it.
    made, client = objects(kind), ApiClient()
    typed = client.deserialize(json.dumps(made), f"V1{kind}", "application/json")
    assert client.sanitize_for_serialization(typed) == made


def test_pods_are_made_anew_for_an_image_that_was_built_anew(case, objects):
    template = case("bundle", "Deployment")["spec"]["template"]
    assert template["metadata"]["annotations"] == {"keda-demo/image-digest": "sha256:12"}
    assert "annotations" not in objects("Deployment")["spec"]["template"]["metadata"]


def test_the_number_of_pods_is_left_to_the_hpa(objects):
    assert "replicas" not in objects("Deployment")["spec"]


def test_service_monitor_and_service_find_each_other(objects):
    service, monitor = objects("Service"), objects("ServiceMonitor")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"] == [{"port": "http", "path": "/metrics", "interval": "5s"}]
    (port,) = service["spec"]["ports"]
    assert port == {
        "name": "http",
        "port": 5000,
        "targetPort": "http",
        "nodePort": 30115,
        "protocol": "TCP",
    }


def test_service_and_deployment_find_the_pods(objects):
    pod = objects("Deployment")["spec"]["template"]
    labels = pod["metadata"]["labels"].items()
    assert objects("Service")["spec"]["selector"].items() <= labels
    assert objects("Deployment")["spec"]["selector"]["matchLabels"].items() <= labels
    (container,) = pod["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": 5000, "protocol": "TCP"}]


def test_prometheus_may_read_three_resources_and_no_more(objects):
    assert objects("Role")["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["services", "endpoints", "pods"],
            "verbs": ["get", "list", "watch"],
        }
    ]
    assert objects("RoleBinding")["subjects"] == [
        {"kind": "ServiceAccount", "name": "prometheus-k8s", "namespace": "monitoring"}
    ]


def test_the_pod_is_confined(objects):
    pod = objects("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["imagePullPolicy"] == "IfNotPresent"


def test_the_application_reads_what_the_deployment_sets(objects):
    # Where the collection is tested alone, the application is not there.
    settings = pytest.importorskip("demo_app.settings")
    (container,) = objects("Deployment")["spec"]["template"]["spec"]["containers"]
    environ = {item["name"]: item["value"] for item in container["env"]}
    assert settings.load_settings(environ) == settings.Settings()
    assert [name for name in environ if name not in inspect.getsource(settings)] == []


def test_the_trigger_is_a_rate_over_all_pods(objects):
    spec = objects("ScaledObject")["spec"]
    assert spec["scaleTargetRef"] == {"name": "test"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["pollingInterval"]) == (1, 10, 5)
    assert "advanced" not in spec
    (trigger,) = spec["triggers"]
    assert trigger == {
        "type": "prometheus",
        # KEDA takes strings only, here.
        "metadata": {
            "serverAddress": "http://prometheus-k8s.monitoring.svc:9090",
            "metricName": "python_request_operations",
            "query": QUERY,
            "threshold": "10",
            "ignoreNullValues": "false",
        },
    }


def test_strings_become_what_the_api_wants(case):
    spec = case("strings", "ScaledObject")["spec"]
    assert spec["maxReplicaCount"] == 20
    metadata = spec["triggers"][0]["metadata"]
    assert (metadata["threshold"], metadata["ignoreNullValues"]) == ("2.5", "true")
    assert metadata["query"] == QUERY.replace("30s", "60s")
    assert case("strings", "Service")["spec"]["ports"][0]["nodePort"] == 30200


def test_a_behavior_is_passed_on_as_it_is(case):
    assert case("behavior", "ScaledObject")["spec"]["advanced"] == {
        "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}
    }


def test_keda_s_own_metrics_are_scraped_with_their_namespaces(cases):
    of_keda = [item for item in cases["with_keda"]["value"] if item["metadata"].get("namespace") == "keda"]
    assert [item["kind"] for item in of_keda] == ["Role", "RoleBinding", "ServiceMonitor"]
    monitor = of_keda[-1]
    # As KEDA 2.10.0's Service has them. The metrics' own label namespace is that of the ScaledObject.
    assert monitor["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "keda-operator"}
    (endpoint,) = monitor["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["honorLabels"]) == ("metrics", True)


def test_the_cluster_s_own_prometheus_takes_the_application(case):
    (subject,) = case("own_prometheus", "RoleBinding")["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "metrics", "namespace": "observability"}
    labels = {
        kind: case("own_prometheus", kind)["metadata"]["labels"] for kind in ("ServiceMonitor", "Namespace", "Service")
    }
    assert labels["ServiceMonitor"]["team"] == "platform"
    assert labels["Namespace"]["monitored"] == "yes"
    assert not {"team", "monitored"} & set(labels["Service"])


def test_all_objects_have_the_label_by_which_they_are_removed(cases):
    made = [item for name in ("with_keda", "api") for item in cases[name]["value"]]
    assert {item["metadata"]["labels"]["keda-demo/role"] for item in made} == {"demo_app"}
    # What controllers make is not the role's.
    template = next(item for item in made if item["kind"] == "Deployment")["spec"]["template"]
    assert "keda-demo/role" not in template["metadata"]["labels"]


def test_the_load_may_reach_the_service_through_the_api_server_and_no_more(cases):
    added = [item for item in cases["api"]["value"] if item["metadata"]["name"] == "load"]
    by_kind = {item["kind"]: item for item in added}
    assert sorted(by_kind) == ["Role", "RoleBinding", "Secret", "ServiceAccount"]
    service = next(item for item in cases["api"]["value"] if item["kind"] == "Service")
    (port,) = service["spec"]["ports"]
    assert by_kind["Role"]["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["services/proxy"],
            "resourceNames": [f"{service['metadata']['name']}:{port['name']}"],
            "verbs": ["get"],
        }
    ]
    assert by_kind["Secret"]["type"] == "kubernetes.io/service-account-token"
    assert len(cases["api"]["value"]) == len(cases["default"]["value"]) + 4


@pytest.mark.parametrize("name", ["default", "no_keda", "existing_keda"])
def test_keda_s_own_metrics_are_left_out_without_keda_and_on_request(cases, name):
    assert {item["metadata"].get("namespace", "test") for item in cases[name]["value"]} == {"test"}
    assert len(cases[name]["value"]) == len(cases["with_keda"]["value"]) - 3
