# SPDX-License-Identifier: MIT
"""The module scaledobject_info, run as Ansible runs it, against a small API server."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.modules import scaledobject_info
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Api, serve
from ansible_collections.shkatara.keda_demo.tests.support.documentation import documented_options
from ansible_collections.shkatara.keda_demo.tests.support.info_objects import (
    DEPLOYMENT,
    HPA,
    SCALEDOBJECT,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import changed
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    DISCOVERY,
    FLEET,
    scale,
    scales,
    stateful,
)

COLLECTIONS = Path(__file__).parents[7]
SCALEDOBJECTS = "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects"
HPAS = "/apis/autoscaling/v2/namespaces/test/horizontalpodautoscalers"
STATEFULSETS = "/apis/apps/v1/namespaces/test/statefulsets"
FLEETS = "/apis/shop.example/v1/namespaces/test/fleets"
DEPLOYMENTS = "/apis/apps/v1/namespaces/test/deployments"
ONE = {SCALEDOBJECTS: [SCALEDOBJECT], HPAS: [HPA], DEPLOYMENTS: [DEPLOYMENT]}


@pytest.fixture
def api(tmp_path):
    """Start an API server with these lists, which may forbid a path; return its kubeconfig, and the server."""
    with contextlib.ExitStack() as stack:

        def start(lists, forbidden="", documents=()):
            others = dict(documents)

            def answer(handler, path):
                name = handler.query.get("fieldSelector", "").removeprefix("metadata.name=")
                if path == forbidden:
                    handler.send({"message": "that is forbidden"}, 403)
                elif path in others:
                    handler.send(others[path])
                elif path not in lists:
                    handler.send({"message": "the server could not find the requested resource"}, 404)
                else:
                    items = [item for item in lists[path] if name in ("", item["metadata"]["name"])]
                    handler.send({"items": items, "metadata": {"resourceVersion": "1"}})

            running = stack.enter_context(serve(answer))
            return running.kubeconfig(tmp_path / "kubeconfig"), running

        yield start


def requests(api):
    """The requests to the API server: method, path and field selector."""
    return [(method, path, query.get("fieldSelector", "")) for method, path, query in api.asked]


@pytest.fixture
def read(api):
    """Read from an API server with these lists, in this process, since a new process costs 2 s."""

    def start_and_read(lists, forbidden="", name=None, documents=()):
        kubeconfig, running = api(lists, forbidden, documents)
        return scaledobject_info.read(Cluster(kubeconfig, None), "test", name), running

    return start_and_read


def call(arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", scaledobject_info.__name__],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("check_mode", [False, True])
def test_one_scaledobject_costs_three_reads_of_one_object(api, check_mode):
    kubeconfig, running = api(ONE)
    options = {"kubeconfig": kubeconfig, "namespace": "test", "name": "scaledobject-py"}
    result = call({**options, "_ansible_check_mode": check_mode})
    assert not result.get("failed")
    assert result["changed"] is False
    (found,) = result["scaledobjects"]
    assert (found["name"], found["hpa"]["name"]) == ("scaledobject-py", "keda-hpa-scaledobject-py")
    assert (found["deployment"]["name"], found["triggers"][0]["threshold"]) == ("test", 10.0)
    assert requests(running) == [
        ("GET", SCALEDOBJECTS, "metadata.name=scaledobject-py"),
        ("GET", DEPLOYMENTS, "metadata.name=test"),
        ("GET", HPAS, "metadata.name=keda-hpa-scaledobject-py"),
    ]


def test_all_scaledobjects_of_a_namespace_get_their_own_objects(read):
    other = changed(SCALEDOBJECT, "metadata.name", "another")
    other["spec"]["scaleTargetRef"]["name"] = "web"
    other["status"]["hpaName"] = "keda-hpa-another"
    stateful = changed(SCALEDOBJECT, "metadata.name", "stateful")
    stateful["spec"]["scaleTargetRef"] = {"name": "test", "kind": "StatefulSet"}
    stateful["status"]["hpaName"] = "gone"
    lists = {
        SCALEDOBJECTS: [SCALEDOBJECT, stateful, other],
        HPAS: [changed(HPA, "metadata.name", "keda-hpa-another"), HPA],
        DEPLOYMENTS: [DEPLOYMENT, changed(DEPLOYMENT, "metadata.name", "web")],
    }
    found, running = read(lists)
    assert [
        (item["name"], (item["hpa"] or {}).get("name"), (item["deployment"] or {}).get("name")) for item in found
    ] == [
        ("another", "keda-hpa-another", "web"),
        ("scaledobject-py", "keda-hpa-scaledobject-py", "test"),
        ("stateful", None, None),
    ]
    assert requests(running) == [
        ("GET", SCALEDOBJECTS, ""),
        ("GET", DEPLOYMENTS, ""),
        ("GET", STATEFULSETS, "metadata.name=test"),
        ("GET", HPAS, ""),
    ]


def test_a_missing_scaledobject_gives_an_empty_list_by_one_request(api):
    kubeconfig, running = api(ONE)
    result = call({"kubeconfig": kubeconfig, "namespace": "test", "name": "other"})
    assert result["scaledobjects"] == []
    assert not result.get("failed")
    assert requests(running) == [("GET", SCALEDOBJECTS, "metadata.name=other")]


def target(name, kind, api_version=None):
    """A ScaledObject of another name and kind of workload."""
    return changed(scales(kind, api_version), "metadata.name", name)


COUNTS = ("spec_replicas", "replicas", "ready_replicas")


def test_workloads_of_every_kind_have_their_replicas(read):
    lists = {
        SCALEDOBJECTS: [
            SCALEDOBJECT,
            target("a-fleet", "Fleet", "shop.example/v1"),
            target("a-set", "StatefulSet"),
            target("b-gone", "StatefulSet", None) | {"spec": scales("StatefulSet", name="gone")["spec"]},
            target("c-unknown", "Fleet"),
            target("d-unscalable", "DaemonSet"),
        ],
        DEPLOYMENTS: [DEPLOYMENT],
        STATEFULSETS: [stateful(4, 3, 2)],
        FLEETS: [FLEET],
        HPAS: [],
    }
    documents = {**DISCOVERY, f"{FLEETS}/test/scale": scale(3, 2)}
    found, _running = read(lists, documents=documents)
    workloads = {item["name"]: item["workload"] for item in found}
    fleet, stateful_set, deployment = (workloads[name] for name in ("a-fleet", "a-set", "scaledobject-py"))
    assert fleet == {"kind": "Fleet", "name": "test", "api_version": "shop.example/v1"} | dict(
        zip(COUNTS, (3, 2, None), strict=True)
    )
    assert [stateful_set[key] for key in ("kind", *COUNTS)] == ["StatefulSet", 4, 3, 2]
    assert [deployment[key] for key in ("kind", *COUNTS)] == ["Deployment", 1, 1, 1]
    assert [workloads[name] for name in ("b-gone", "c-unknown", "d-unscalable")] == [None] * 3


def test_a_workload_that_may_not_be_read_is_left_out(read):
    lists = {**ONE, SCALEDOBJECTS: [target("a-set", "StatefulSet")], STATEFULSETS: [stateful(1, 1, 1)]}
    assert read(lists)[0][0]["workload"]["replicas"] == 1
    (found,), _running = read(lists, forbidden=STATEFULSETS)
    assert found["workload"] is None


def test_deployments_need_no_permission_where_none_is_scaled(read):
    stateful = copy.deepcopy(SCALEDOBJECT)
    stateful["spec"]["scaleTargetRef"]["kind"] = "StatefulSet"
    (found,), _running = read({**ONE, SCALEDOBJECTS: [stateful]}, forbidden=DEPLOYMENTS)
    assert found["target"]["kind"] == "StatefulSet"


@pytest.mark.parametrize(
    ("lists", "forbidden", "message"),
    [
        ({}, "", "has no kind ScaledObject: install KEDA first"),
        (ONE, HPAS, r"horizontalpodautoscalers in namespace test \(that is forbidden\)"),
        (ONE, SCALEDOBJECTS, r"scaledobjects in namespace test \(that is forbidden\)"),
    ],
)
def test_the_clusters_refusal_is_named(read, lists, forbidden, message):
    with pytest.raises(ClusterError, match=message):
        read(lists, forbidden)


def test_a_cluster_that_does_not_answer_is_named(tmp_path):
    result = call({"kubeconfig": Api(None, port=1).kubeconfig(tmp_path / "kubeconfig"), "namespace": "test"})
    assert result["failed"] is True
    assert result["changed"] is False
    assert "The API server http://127.0.0.1:1 does not answer" in result["msg"]


def test_kubeconfig_and_context_come_from_the_environment(tmp_path):
    """The message names the missing context, so both variables are read."""
    kubeconfig = Api(None, port=1).kubeconfig(tmp_path / "kubeconfig")
    result = call({"namespace": "test"}, K8S_AUTH_KUBECONFIG=kubeconfig, K8S_AUTH_CONTEXT="other")
    assert result["failed"] is True
    assert f"kubeconfig {kubeconfig}" in result["msg"]
    assert "the file has: lab" in result["msg"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("K8S_AUTH_HOST", "api:6443", "`host` is 'api:6443'"),
        ("K8S_AUTH_SSL_CA_CERT", "/no/ca", "`ca_cert` /no/ca does not exist"),
        ("K8S_AUTH_CA_CERT", "/no/ca", "`ca_cert` /no/ca does not exist"),
        ("K8S_AUTH_KEY_FILE", "/no/key", "`client_key` is given without its `client_cert`"),
        ("K8S_AUTH_PROXY", "http://p:port", "`proxy` is 'http://p:port'"),
        ("K8S_AUTH_VERIFY_SSL", "", "does not answer"),  # an empty variable is not set
        ("K8S_AUTH_KUBECONFIG", "/no/such", "kubeconfig /no/such does not exist"),
        ("KUBECONFIG", "/no/such", "kubeconfig /no/such does not exist"),
    ],
)
def test_variables_of_the_environment(tmp_path, variable, value, message):
    arguments = {"namespace": "test"}
    if "KUBECONFIG" not in variable:
        arguments["kubeconfig"] = Api(None, port=1).kubeconfig(tmp_path / "kubeconfig")
    result = call(arguments, **{variable: value})
    assert message in result["msg"]


def test_documentation_is_the_argument_spec():
    spec = copy.deepcopy(scaledobject_info.argument_spec())
    for option in spec.values():
        option.pop("fallback", None)
        option.pop("no_log", None)
    documented = documented_options(scaledobject_info)
    assert {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in documented.items()
    } == spec


def test_examples_use_documented_options():
    name = "shkatara.keda_demo.scaledobject_info"
    tasks = [task for task in yaml.safe_load(scaledobject_info.EXAMPLES) if name in task]
    assert len(tasks) == 3
    for task in tasks:
        assert set(task[name]) <= set(scaledobject_info.argument_spec())


def shape(value):
    """The keys of a result, all the way down."""
    if isinstance(value, list):
        return shape(value[0]) if value else {}
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else {}


def documented_shape(contains):
    return {key: documented_shape(field.get("contains", {})) for key, field in contains.items()}


def samples(contains):
    """The documented result, put together from its fields' samples."""
    found = {}
    for key, field in contains.items():
        if "sample" in field or "contains" not in field:
            found[key] = field.get("sample")
        else:
            inner = samples(field["contains"])
            found[key] = [inner] if field["type"] == "list" else inner
    return found


def test_every_key_is_documented_and_no_other(read):
    scaledobject = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 6})
    scaledobject["spec"]["advanced"] = {"scalingModifiers": {"formula": "requests", "target": "10"}}
    scaledobject["spec"]["triggers"][0]["authenticationRef"] = {"name": "token"}
    scaledobject["status"]["health"]["composite-metric"] = {"numberOfFailures": 0, "status": "Happy"}
    found, _running = read({**ONE, SCALEDOBJECTS: [scaledobject]})
    documented = yaml.safe_load(scaledobject_info.RETURN)
    given = shape({"scaledobjects": found})
    # Its two keys are documented once, at the triggers.
    assert given["scaledobjects"]["scaling_modifiers"].pop("health") == {"status": {}, "number_of_failures": {}}
    given["scaledobjects"]["scaling_modifiers"]["health"] = {}
    assert given == documented_shape(documented)


def test_the_samples_are_the_labs_result(read):
    found, _running = read(ONE)
    documented = yaml.safe_load(scaledobject_info.RETURN)
    assert samples(documented)["scaledobjects"] == found
