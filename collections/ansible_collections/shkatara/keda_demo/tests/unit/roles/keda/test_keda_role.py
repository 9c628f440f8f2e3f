# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the role changes in KEDA's manifests, and what is wrong with its variables."""

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.render import render

CONTAINERS = {
    "keda-operator": ("keda-operator", "keda_operator"),
    "keda-metrics-apiserver": ("keda-metrics-apiserver", "keda_metrics_apiserver"),
    "keda-admission": ("keda-admission-webhooks", "keda_admission_webhooks"),
}


def deployment(name, container):
    """Return a Deployment as config/default of KEDA 2.10.0's sources has it, cut down."""
    made = {
        "name": container,
        "image": f"ghcr.io/kedacore/{container}:main",
        "imagePullPolicy": "Always",
        "env": [{"name": "WATCH_NAMESPACE", "value": ""}, {"name": "KEDA_HTTP_DEFAULT_TIMEOUT", "value": ""}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8081}, "initialDelaySeconds": 20},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": "keda",
            "labels": {"app.kubernetes.io/version": "main", "app": name},
        },
        "spec": {"template": {"spec": {"containers": [made]}}},
    }


NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "keda"}}
MANIFEST = [NAMESPACE, *(deployment(name, container) for name, (container, _image) in CONTAINERS.items())]
BAD = {
    "namespace": ({"keda_watch_namespace": "test shop"}, "keda_watch_namespace is test shop: give the names"),
    "delay": (
        {"keda_readiness_initial_delay_seconds": -1},
        "keda_readiness_initial_delay_seconds is -1: give 0",
    ),
    "period": ({"keda_readiness_period_seconds": 0}, "keda_readiness_period_seconds is 0: give 1"),
    "patch": ({"keda_patches": [{"spec": {}}]}, "keda_patches has a patch without kind: give a part of an object"),
    "wait": ({"keda_wait_timeout": 0}, "keda_wait_timeout is 0: give 1"),
    "type": ({"keda_wait_timeout": "long"}, "'keda_wait_timeout' is of type"),
    "state": ({"keda_state": "gone"}, "value of keda_state must be one of: present, absent, existing, got: gone"),
}
LEASE = {"name": "KEDA_OPERATOR_LEADER_ELECTION_LEASE_DURATION", "value": "120s"}
PATCH = {
    "kind": "Deployment",
    "metadata": {"name": "keda-operator"},
    "spec": {"template": {"spec": {"containers": [{"name": "keda-operator", "env": [LEASE]}]}}},
}
GOOD = {
    "default": {},
    "own": {"keda_watch_namespace": "test,shop", "keda_readiness_period_seconds": "10"},
    "patched": {"keda_patches": [PATCH]},
}


@pytest.fixture(scope="module")
def results(core, tmp_path_factory):
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "manifests").mkdir()
    (bundle / "manifests" / "keda.yaml").write_text(yaml.safe_dump_all(MANIFEST))
    cases = GOOD | {case: given for case, (given, _says) in BAD.items()}
    given = {case: {"cluster_bundle_dir": str(bundle)} | variables for case, variables in cases.items()}
    expression = "{'objects': __keda_objects, 'images': cluster_stack_data.images}"
    return render(core, "keda", given, expression, tmp_path_factory.mktemp("role"))


@pytest.fixture(scope="module", params=CONTAINERS)
def container(request, results):
    """Return the container's image in the stack, and the container by case."""
    image = results["default"]["value"]["images"][CONTAINERS[request.param][1]]
    by_case = {}
    for case in GOOD:
        (found,) = (o for o in results[case]["value"]["objects"] if o["metadata"]["name"] == request.param)
        (by_case[case],) = found["spec"]["template"]["spec"]["containers"]
    return image, by_case


def test_images_are_the_stacks_and_never_pulled_anew(container):
    image, by_case = container
    assert (by_case["default"]["image"], by_case["default"]["imagePullPolicy"]) == (image, "IfNotPresent")


def test_probes_begin_early_and_ask_what_they_asked(container):
    get = {"path": "/readyz", "port": 8081}
    assert container[1]["default"]["readinessProbe"] == {
        "httpGet": get,
        "initialDelaySeconds": 1,
        "periodSeconds": 2,
    }
    assert container[1]["own"]["readinessProbe"]["periodSeconds"] == 10


def test_patches_of_the_user_are_merged_last(results):
    by_case = {}
    for case in ("default", "patched"):
        objects = {item["metadata"]["name"]: item for item in results[case]["value"]["objects"]}
        by_case[case] = {name: objects[name]["spec"]["template"]["spec"]["containers"][0]["env"] for name in CONTAINERS}
    default, patched = by_case["default"], by_case["patched"]
    assert patched == {**default, "keda-operator": [*default["keda-operator"], LEASE]}


def test_namespaces_are_watched_as_the_variable_says(container):
    default, own = ({item["name"]: item["value"] for item in container[1][case]["env"]} for case in ("default", "own"))
    assert default == {"WATCH_NAMESPACE": "", "KEDA_HTTP_DEFAULT_TIMEOUT": ""}
    assert own["WATCH_NAMESPACE"] == "test,shop"


def test_labels_have_the_version_and_all_that_they_had(results):
    for item in results["default"]["value"]["objects"]:
        assert item["metadata"]["labels"]["app.kubernetes.io/version"] == "2.10.0"
        assert item["kind"] != "Deployment" or item["metadata"]["labels"]["app"] == item["metadata"]["name"]


def test_the_role_knows_its_own_objects_by_a_label(results):
    labels = [item["metadata"]["labels"]["keda-demo/role"] for item in results["default"]["value"]["objects"]]
    assert labels == ["keda"] * len(MANIFEST)


def test_order_and_number_are_the_manifests(results):
    names = [item["metadata"]["name"] for item in results["default"]["value"]["objects"]]
    assert names == [item["metadata"]["name"] for item in MANIFEST]


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(results, case):
    assert BAD[case][1] in results[case]["failed"]
