# SPDX-License-Identifier: MIT
"""The module's documentation, its check mode, and how it ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import Outcome
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import argument_spec
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Api
from ansible_collections.shkatara.keda_demo.tests.support.documentation import documented_options
from ansible_collections.shkatara.keda_demo.tests.support.module_options import validated
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    HPA,
    SCALEDOBJECT,
    changed,
    pod,
    replicaset,
)
from ansible_collections.shkatara.keda_demo.tests.support.proof_api import LISTS, REVIEWS, proof_api

COLLECTIONS = Path(__file__).parents[7]
# Keys of an argument spec that the documentation has only in its sentences.
UNDOCUMENTED = ("fallback", "no_log", "mutually_exclusive", "required_one_of")


def documented(options):
    """Return the parts of documented options that an argument spec has too."""
    keys = ("type", "required", "default", "choices", "elements", "aliases")
    return {
        name: {key: option.get(key) for key in keys if key in option}
        | ({"options": documented(option["suboptions"])} if "suboptions" in option else {})
        for name, option in options.items()
    }


def specified(options):
    """Return the parts of an argument spec that the documentation has too."""
    return {
        name: {key: value for key, value in option.items() if key not in (*UNDOCUMENTED, "options")}
        | ({"options": specified(option["options"])} if "options" in option else {})
        for name, option in options.items()
    }


def test_documentation_is_the_argument_spec():
    options = documented_options(verify_scaling)
    assert documented(options) == specified(argument_spec())
    assert list(options) == list(argument_spec()), "the order in which they are read"


def test_documented_verdicts_are_the_outcomes():
    choices = documented_options(verify_scaling)["expect"]["choices"]
    assert choices == [outcome.value for outcome in Outcome]


def test_examples_use_documented_options():
    options = documented_options(verify_scaling)
    http_options = options["load"]["suboptions"]["http"]["suboptions"]
    name = "shkatara.keda_demo.verify_scaling"
    tasks = [task[name] for task in yaml.safe_load(verify_scaling.EXAMPLES) if name in task]
    assert len(tasks) >= 3
    for task in tasks:
        assert set(task) <= set(options)
        assert set(task.get("load", {}).get("http", {})) <= set(http_options)
        assert set(task.get("phases", [])) <= set(options["phases"]["choices"])


MODULE = "ansible_collections.shkatara.keda_demo.plugins.modules.verify_scaling"
# What an API server has of a consumer of Kafka, which needs no Prometheus.
KAFKA = changed(SCALEDOBJECT, "spec.triggers.0", {"type": "kafka", "metadata": {"lagThreshold": "10"}})
KAFKA_LISTS = {
    "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects": [KAFKA],
    "/apis/autoscaling/v2/namespaces/test/horizontalpodautoscalers": [HPA],
    "/apis/apps/v1/namespaces/test/deployments": [DEPLOYMENT],
    "/apis/apps/v1/namespaces/test/replicasets": [replicaset(1, 1, 1)],
    "/api/v1/namespaces/test/pods": [pod(FIRST)],
    "/api/v1/namespaces/test/events": [],
}
OF_OTHERS = {"load": {"external": {}}, "expected": {"replicas": [3, 5], "within_seconds": 120}}
NOTHING_LISTENS = "http://127.0.0.1:1/"


@pytest.fixture
def arguments(tmp_path):
    """Return the module's arguments for the kubeconfig of an API server."""

    def make(api, *, url=NOTHING_LISTENS, **options):
        return {
            "kubeconfig": api.kubeconfig(tmp_path / "kubeconfig"),
            "namespace": "test",
            "name": "scaledobject-py",
            "load": {"http": {"url": url, "rate": 37}},
            "proof_dir": str(tmp_path / "proof"),
            **options,
        }

    return make


# The module as Ansible runs it


def run_module(folder, arguments, *, path=(), check_mode=False):
    """Return the result of the module's process, which writes nothing."""
    files = set(folder.rglob("*"))
    process = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check_mode}}),
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (*path, COLLECTIONS))),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(folder.rglob("*")) == files, "the module wrote something"
    return json.loads(process.stdout)


def test_check_mode_plans_and_does_nothing(tmp_path, arguments):
    with proof_api(lists=KAFKA_LISTS) as api:
        result = run_module(tmp_path, arguments(api, **OF_OTHERS), check_mode=True)
        assert {method for method, path, _query in api.asked if path != REVIEWS} == {"GET"}
    assert not result.get("failed")
    assert result["changed"] is False
    assert result["foreseen"] == {"verdict": "scaled", "reason": "as_expected"}
    assert result["predicted"]["expected"] == {"min": 3, "max": 5, "within_seconds": 120.0}
    assert all(
        text in result["message"] for text in ("test/scaledobject-py", "Deployment test", "Nothing would be sent")
    )


def test_check_mode_fails_for_a_load_whose_effect_is_not_known(tmp_path, arguments):
    """A consumer of Kafka was green, whatever would be sent."""
    with proof_api(lists=KAFKA_LISTS) as api, socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        load = {"http": {"url": url, "rate": 37, "duration": 60}}
        result = run_module(tmp_path, arguments(api, load=load), check_mode=True)
        assert result["failed"] is True
        assert result["msg"].startswith("The verdict would be aborted (not_predictable), and scaled is expected. ")
        assert result["foreseen"]["reason"] == "not_predictable"
        load["http"].pop("duration")
        result = run_module(tmp_path, arguments(api, load=load), check_mode=True)
        assert result["failed"] is True
        assert "load.http.duration" in result["msg"]
        watched = arguments(api, load={"http": {**load["http"], "duration": 60}}, expect=["aborted"])
        assert not run_module(tmp_path, watched, check_mode=True).get("failed")


def test_check_mode_refuses_a_load_without_a_server(tmp_path, arguments):
    with proof_api() as api:
        result = run_module(tmp_path, arguments(api), check_mode=True)
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"load.http.url {NOTHING_LISTENS} " in result["msg"]


def test_a_load_without_a_server_is_refused_before_anything_is_written(tmp_path, arguments):
    with proof_api() as api:
        result = run_module(tmp_path, arguments(api, url="http://no-such-host.invalid/"))
    assert (result["failed"], result["changed"]) == (True, False)
    assert "load.http.url http://no-such-host.invalid/ does not answer" in result["msg"]


def test_no_secret_is_in_the_result_of_the_module_and_a_host_header_is(tmp_path, arguments):
    """Ansible adds all options to the result."""
    http = {
        "url": "http://user:w0rd-of-mine@no-such-host.invalid/",
        "rate": 37,
        "headers": {"Host": "shop.example", "X-Api-Key": "k3y-of-the-shop"},
    }
    with proof_api() as api:
        given = arguments(api, load={"http": http}, proxy="http://me:pr0xy-word@127.0.0.1:1", no_proxy="127.0.0.1")
        result = run_module(tmp_path, given)
    assert result["failed"]
    assert "load.http.url http://***@no-such-host.invalid/ does not answer" in result["msg"]
    text = json.dumps(result)
    assert "shop.example" in text
    assert not any(secret in text for secret in ("w0rd", "k3y", "pr0xy-word"))


def test_a_password_in_a_serveraddress_is_not_in_the_result(tmp_path, arguments):
    path = next(iter(LISTS))
    scaledobject = changed(
        LISTS[path][0], "spec.triggers.0.metadata.serverAddress", "http://me:s3cr%40t@prometheus.example.com"
    )
    with proof_api(lists={**LISTS, path: [scaledobject]}) as api, socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        result = run_module(tmp_path, arguments(api, url=url))
    assert "serverAddress 'http://***@prometheus.example.com'" in result["msg"]
    assert "s3cr" not in json.dumps(result)


@pytest.mark.parametrize("from_environment", [False, True])
def test_the_module_honours_kubeconfig_of_the_environment(tmp_path, arguments, monkeypatch, from_environment):
    with proof_api() as api, proof_api() as other:
        given = arguments(api)
        if from_environment:
            monkeypatch.setenv("KUBECONFIG", given.pop("kubeconfig"))
        else:
            monkeypatch.setenv("KUBECONFIG", other.kubeconfig(tmp_path / "other"))
        run_module(tmp_path, given, check_mode=True)
        assert (bool(api.asked), other.asked) == (True, [])


def test_a_proof_dir_that_cannot_be_made_is_named(tmp_path, arguments):
    (tmp_path / "file").write_text("")
    with proof_api() as api, socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        result = run_module(tmp_path, arguments(api, url=url, proof_dir=str(tmp_path / "file")))
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"proof_dir {tmp_path}/file: " in result["msg"]


@pytest.mark.parametrize(
    ("absent", "named"),
    [
        # Every import of a library has to wait until the module can report it.
        (list(verify_scaling.LIBRARIES), list(verify_scaling.LIBRARIES.values())),
        (["prometheus_client"], ["prometheus-client"]),
    ],
)
def test_all_missing_libraries_are_named(tmp_path, arguments, absent, named):
    for name in absent:
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError({name!r})")
    result = run_module(tmp_path, arguments(Api(None, port=1)), path=[tmp_path])
    assert result["failed"] is True
    assert f" missing in the Python libraries of {sys.executable}: run `" in result["msg"]
    assert result["msg"].endswith(f" -m pip install {' '.join(named)}`")


# How the module ends


class Ended(SystemExit):
    """The module has ended, with this result; AnsibleModule exits too."""


class Module:
    """Stands for AnsibleModule, whose methods end the process."""

    def __init__(self, arguments, check_mode=False):
        self.params, errors = validated(arguments)
        assert errors == []
        self.check_mode = check_mode
        self.no_log_values = set()
        self.warned = []

    def warn(self, text):
        self.warned.append(text)

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, **result):
        raise Ended({"failed": True, **result})


def result_of(end, *args):
    """Return the result with which a function ends the module."""
    with pytest.raises(Ended) as ended:
        end(*args)
    return ended.value.args[0]


@pytest.mark.parametrize(
    ("foreseen", "options", "failed"),
    [
        (("scaled", "as_predicted"), {}, False),
        (("not_scaled", "load_under_threshold"), {}, True),
        (("not_scaled", "load_under_threshold"), {"expect": ["not_scaled"]}, False),
        (("scaled", "as_predicted"), {"expect": ["not_scaled"]}, True),
        (("aborted", "not_predictable"), {"fail_on_unexpected": False}, False),
        # The chain is not ready enough for a plan.
        (None, {}, False),
    ],
)
def test_plans_that_fail(arguments, foreseen, options, failed):
    found = None if foreseen is None else dict(zip(("verdict", "reason"), foreseen, strict=True))
    planned = {"foreseen": found, "message": "It would be so.", "predicted": None, "notes": ["It is not at rest."]}
    module = Module(arguments(Api(None, port=1), **options), check_mode=True)
    result = result_of(verify_scaling.end_plan, module, planned)
    assert bool(result.get("failed")) is failed
    assert (result["foreseen"], result["message"], result["changed"]) == (found, planned["message"], False)
    assert module.warned == ["It is not at rest."]
    if failed:
        assert all(
            text in result["msg"] for text in (*foreseen, planned["message"], *options.get("expect", ["scaled"]))
        )


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_cluster_that_does_not_answer_is_named(arguments, check_mode):
    result = result_of(verify_scaling.run, Module(arguments(Api(None, port=1)), check_mode))
    assert (result["failed"], result["changed"]) == (True, False)
    assert "http://127.0.0.1:1 " in result["msg"]
    assert "verdict" not in result


def test_bad_options_end_the_module_before_the_cluster_is_read(arguments):
    with proof_api() as api:
        result = result_of(verify_scaling.run, Module(arguments(api, hold_seconds=0)))
        assert api.asked == []
    assert (result["failed"], result["changed"]) == (True, False)
    assert "hold_seconds is 0 " in result["msg"]


def test_an_error_of_the_program_is_a_verdict(arguments):
    """No API server has an object without a spec, so nothing checks for it."""
    with proof_api(lists={path: [{"metadata": {"name": "scaledobject-py"}}] for path in LISTS}) as api:
        result = result_of(verify_scaling.run, Module(arguments(api)))
    assert (result["failed"], result["changed"]) == (True, False)
    assert (result["verdict"], result["reason"]) == ("aborted", "internal_error")
    assert result["msg"] == "KeyError: 'spec'"
    assert "find_target" in result["exception"]


@pytest.mark.parametrize(
    ("verdict", "reason", "options", "failed"),
    [
        ("scaled", "as_predicted", {}, False),
        ("not_scaled", "hpa_did_not_act", {}, True),
        ("not_scaled", "load_under_threshold", {"expect": ["scaled", "not_scaled"]}, False),
        ("scaled", "as_predicted", {"expect": ["not_scaled"]}, True),
        ("not_scaled_in", "not_at_zero", {"fail_on_unexpected": False}, False),
        ("aborted", "interrupted", {"fail_on_unexpected": False}, False),
        ("aborted", "interrupted", {"expect": ["aborted"]}, False),
        # Options that can't prove anything are no verdict to expect.
        ("aborted", "bad_input", {"expect": ["aborted"]}, True),
        ("aborted", "bad_input", {"fail_on_unexpected": False}, True),
    ],
)
def test_verdicts_that_fail(arguments, verdict, reason, options, failed):
    proof = {"verdict": verdict, "reason": reason, "message": "It was so.", "proof": "proof/now", "load": {"sent": 1}}
    result = result_of(verify_scaling.end, Module(arguments(Api(None, port=1), **options)), proof)
    assert bool(result.get("failed")) is failed
    # The same data in both cases.
    assert {key: result[key] for key in proof} == proof
    assert result["changed"] is False
    if failed:
        named = [verdict, reason, *options.get("expect", ["scaled"]), proof["message"], proof["proof"]]
        assert all(text in result["msg"] for text in named)
