# SPDX-License-Identifier: MIT
"""The module's documentation, what it does before a proof begins, and how it ends."""

from __future__ import annotations

import copy
import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import permissions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.options import LoadOptions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import argument_spec
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.target import find_target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.verdicts import VERDICTS
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Api, Objects, serve
from ansible_collections.shkatara.keda_demo.tests.support.documentation import documented_options
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    SCALEDOBJECT,
)

COLLECTIONS = Path(__file__).parents[7]
URL = "http://192.0.2.11:30115/"
# Keys of an argument spec that documentation has in words alone.
UNDOCUMENTED = ("fallback", "no_log", "mutually_exclusive", "required_one_of")


def documented(options):
    """The parts of documented options that an argument spec has too."""
    return {
        name: {key: option.get(key) for key in ("type", "required", "default", "choices", "elements") if key in option}
        | ({"options": documented(option["suboptions"])} if "suboptions" in option else {})
        for name, option in options.items()
    }


def specified(options):
    """The parts of an argument spec that documentation has too."""
    return {
        name: {key: value for key, value in option.items() if key not in (*UNDOCUMENTED, "options")}
        | ({"options": specified(option["options"])} if "options" in option else {})
        for name, option in options.items()
    }


def test_documentation_is_the_argument_spec():
    options = documented_options(verify_scaling)
    assert documented(options) == specified(argument_spec())
    assert list(options) == list(argument_spec()), "the order in which they are read"


def test_documented_verdicts_are_the_verdicts():
    choices = documented_options(verify_scaling)["expect"]["choices"]
    assert choices == list(VERDICTS)


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


def test_a_url_that_does_not_answer():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(BadInput, match=r"load.http.url .* does not answer .*refused"):
            verify_scaling.check_url_answers(url)
    for host in ("no-such-host.invalid", "no..name"):
        with pytest.raises(BadInput, match=r"does not answer"):
            verify_scaling.check_url_answers(f"http://{host}/")


def test_a_url_that_answers_gets_no_request():
    with socket.create_server(("127.0.0.1", 0)) as server:
        verify_scaling.check_url_answers(f"http://127.0.0.1:{server.getsockname()[1]}/")
        connection, _peer = server.accept()
        assert connection.recv(100) == b""
        connection.close()


LISTS = {
    "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects": [SCALEDOBJECT],
    "/apis/apps/v1/namespaces/test/deployments": [DEPLOYMENT],
}


@pytest.fixture
def api():
    """An API server that has the demo's objects."""

    def answer(handler, path):
        items = LISTS.get(path)
        handler.send({"items": items, "metadata": {"resourceVersion": "1"}}, 404 if items is None else 200)

    with serve(answer) as running:
        yield running


def run_module(folder, api, check_mode):
    """The module's result, with a kubeconfig of an API server."""
    api.kubeconfig(folder / "kubeconfig")
    arguments = {
        "kubeconfig": str(folder / "kubeconfig"),
        "namespace": "test",
        "name": "scaledobject-py",
        "load": {"http": {"url": "http://127.0.0.1:1/", "rate": 37}},
        "proof_dir": str(folder / "proof"),
        "_ansible_check_mode": check_mode,
    }
    done = subprocess.run(
        [sys.executable, "-m", "ansible_collections.shkatara.keda_demo.plugins.modules.verify_scaling"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert sorted(path.name for path in folder.iterdir()) == ["kubeconfig"], "it wrote something"
    return json.loads(done.stdout)


def test_check_mode_looks_at_the_target_and_does_nothing(tmp_path, api):
    result = run_module(tmp_path, api, check_mode=True)
    assert not result.get("failed")
    assert result["changed"] is False
    # Nothing listens at the load's URL: a request, or even a connection, would have failed.
    assert result["message"] == (
        "ScaledObject scaledobject-py scales Deployment test; 37 requests/s would be sent to http://127.0.0.1:1/."
    )
    assert [(method, path) for method, path, _query in api.asked] == [("GET", path) for path in LISTS]


TARGET = find_target(Objects(scaledobjects=[SCALEDOBJECT], deployments=[DEPLOYMENT]), "test", "scaledobject-py")


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (LoadOptions(URL, rate=34.5), f"34.5 requests/s would be sent to {URL}"),
        (LoadOptions(URL, replicas=4), f"a load for 4 replicas would be sent to {URL}"),
        (LoadOptions(URL, stages=(Stage(5.0, 60.0),)), f"a load would be sent to {URL}"),
        (LoadOptions(""), "nothing would be sent"),
    ],
)
def test_check_mode_says_what_would_be_sent(load, words):
    assert verify_scaling.check_mode_message(load, TARGET).endswith(f"scales Deployment test; {words}.")


def test_a_load_that_nothing_would_take_is_refused_before_anything_is_written(tmp_path, api):
    result = run_module(tmp_path, api, check_mode=False)
    assert result["failed"] is True
    assert result["changed"] is False
    assert "load.http.url http://127.0.0.1:1/ does not answer" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_cluster_that_is_away_is_named(tmp_path, check_mode):
    result = run_module(tmp_path, Api(None, port=1), check_mode)
    assert result["failed"] is True
    assert "The API server http://127.0.0.1:1 does not answer" in result["msg"]


# Where Prometheus is, and what the kubeconfig allows


def target_at(address):
    return replace(TARGET, load_trigger=replace(TARGET.load_trigger, server_address=address), triggers=())


def test_the_namespace_of_prometheus_is_that_of_the_trigger():
    assert verify_scaling.check_prometheus(TARGET, None) == "monitoring"
    assert verify_scaling.check_prometheus(TARGET, "http://192.0.2.10:9090") is None
    assert verify_scaling.check_prometheus(replace(TARGET, load_trigger=None), None) is None, "nothing is asked of it"


@pytest.mark.parametrize(
    "address", ["", "https://prometheus.example.com", "http://192.0.2.10:9090", "http://a.b.svc:99999", "http://[::1"]
)
def test_an_address_that_is_no_service_needs_a_url(address):
    with pytest.raises(BadInput, match=r"prometheus_url|is not a URL"):
        verify_scaling.check_prometheus(target_at(address), None)
    assert verify_scaling.check_prometheus(target_at(address), "http://192.0.2.10:9090") is None


def test_permissions_that_are_missing_are_named(monkeypatch):
    class Connected:
        kubeconfig = "~/.kube/ci"

    monkeypatch.setattr(permissions, "missing_permissions", lambda _cluster, required: required[:2])
    with pytest.raises(BadInput, match=r"Missing permission\(s\) of the kubeconfig ~/.kube/ci: .+; .+"):
        verify_scaling.check_access(Connected(), TARGET, "monitoring", "v1.25.0")


def test_the_options_of_a_proof():
    params = {"phases": ["hold", "scale_out", "activation"], "hold_seconds": 20, "hpa_tolerance": None}
    params |= {"hpa_sync_period": 10.0}
    options = verify_scaling.proof_options(params, {"hpa_tolerance": 0.2, "hpa_sync_period": 30.0})
    assert options.phases == ("activation", "scale_out", "hold"), "always in this order"
    assert (options.hold_seconds, options.hpa_sync_period, options.hpa_tolerance) == (20, 10.0, 0.2)
    assert options.hpa_downscale_stabilization == 300.0
    assert options.read == ("hpa_tolerance",), "what was given is not read"


# How the module ends


class Ended(Exception):
    """The module has ended, with this result."""


class Module:
    """Stands for AnsibleModule."""

    check_mode = False

    def __init__(self, params):
        self.params = params

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, **result):
        raise Ended({"failed": True, **result})


def params_with(**options):
    spec = argument_spec()
    params = {name: copy.copy(option.get("default")) for name, option in spec.items()}
    http_options = {name: option.get("default") for name, option in spec["load"]["options"]["http"]["options"].items()}
    given = {"namespace": "test", "name": "scaledobject-py", "proof_dir": "proof"}
    return {**params, **given, "load": {"http": {**http_options, "url": URL, "rate": 34.5}}, **options}


def ended(params):
    with pytest.raises(Ended) as raised:
        verify_scaling.run(Module(params))
    return raised.value.args[0]


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
        # Options that can't prove anything are no verdict that one may expect.
        ("aborted", "bad_input", {"expect": ["aborted"]}, True),
        ("aborted", "bad_input", {"fail_on_unexpected": False}, True),
    ],
)
def test_which_verdicts_fail(monkeypatch, verdict, reason, options, failed):
    proof = {"verdict": verdict, "reason": reason, "message": "It was so.", "proof": "proof/now", "load": {"sent": 1}}
    monkeypatch.setattr(verify_scaling, "Cluster", lambda *_args: None)
    monkeypatch.setattr(verify_scaling, "find_target", lambda *_args: TARGET)
    monkeypatch.setattr(verify_scaling, "run_proof", lambda *_args: proof)
    result = ended(params_with(**options))
    assert bool(result.get("failed")) is failed
    # The same data in both cases.
    assert {key: result[key] for key in proof} == proof
    assert result["changed"] is False
    if failed:
        expected = " or ".join(options.get("expect", ["scaled"]))
        assert result["msg"] == (
            f"The verdict is {verdict} ({reason}), and {expected} was expected. It was so. See proof/now."
        )


def test_bad_options_end_the_module_before_the_cluster_is_asked(monkeypatch):
    def fail(*_args):
        raise AssertionError("it was asked")

    monkeypatch.setattr(verify_scaling, "Cluster", fail)
    result = ended(params_with(hold_seconds=0))
    assert (result["failed"], result["changed"]) == (True, False)
    assert "hold_seconds is 0" in result["msg"]


@pytest.fixture
def prove(monkeypatch):
    """Runs the module over stand-ins up to its threads, which fail; returns what is raised and what was closed."""
    closed = []

    class Load:
        def __init__(self, workers):
            self.workers = workers

        def close(self):
            closed.append("load")

    class Connected:
        def __init__(self, *_args):
            pass

        def server_version(self):
            return "v1.25.0"

        keda_version = server_version

    def fail(*_args):
        raise PermissionError(13, "no thread for you")

    monkeypatch.setattr(verify_scaling, "LoadWorkers", Load)
    monkeypatch.setattr(verify_scaling, "Cluster", Connected)
    monkeypatch.setattr(verify_scaling, "find_target", lambda *_args: TARGET)
    monkeypatch.setattr(verify_scaling, "check_url_answers", lambda _url: None)
    monkeypatch.setattr(verify_scaling, "check_access", lambda *_args: None)
    monkeypatch.setattr(verify_scaling, "read_flags", lambda _cluster: {})
    monkeypatch.setattr(verify_scaling, "listen_for_signals", lambda _interrupt: None)
    monkeypatch.setattr(verify_scaling, "start_watchers", fail)

    def run(proof_dir):
        with pytest.raises((Ended, OSError)) as raised:
            verify_scaling.run(Module(params_with(proof_dir=str(proof_dir))))
        return raised.value, closed

    return run


def test_a_proof_dir_that_cannot_be_made_is_named_and_the_load_is_closed(prove, tmp_path):
    (tmp_path / "file").write_text("")
    error, closed = prove(tmp_path / "file")
    assert error.args[0]["failed"]
    assert f"proof_dir {tmp_path}/file: " in error.args[0]["msg"]
    assert closed == ["load"]


def test_another_os_error_is_not_blamed_on_the_proof_dir(prove, tmp_path):
    error, closed = prove(tmp_path / "proof")
    result = error.args[0]
    assert (result["failed"], result["verdict"], result["reason"]) == (True, "aborted", "internal_error")
    assert result["msg"] == "PermissionError: [Errno 13] no thread for you"
    assert "start_watchers" in result["exception"]
    assert closed == ["load"]


# Every file of a proof from which a reason may come.
SOURCES = ("verdict", "verdict_back", "diagnose", "chain", "proof", "phases", "waits", "edges", "scene")


def test_every_reason_is_documented():
    options = documented_options(verify_scaling)
    words = " ".join(options["expect"]["description"])
    utils = Path(verify_scaling.__file__).parents[1] / "module_utils"
    text = "".join((utils / f"_{name}.py").read_text() for name in SOURCES)
    quoted = r'"([a-z]+(?:_[a-z]+)+)"'
    reasons = set(re.findall(r'(?:Missing|Aborted)\(\s*"([a-z_]+)"', text))
    reasons |= set(re.findall(r'Verdict\(\s*(?:"[a-z_]+"|verdict),\s*"([a-z_]+)"', text))
    # A reason that is chosen, and one that is returned by itself or with words.
    reasons |= set(re.findall(rf'Verdict\(\s*(?:"[a-z_]+"|verdict),\s*{quoted} if .* else {quoted},', text)[0])
    reasons |= set(re.findall(rf"^ +(?:return \()?{quoted}(?:,$|:| if )", text, flags=re.MULTILINE))
    reasons |= {found for pair in re.findall(rf"return {quoted} if .* else {quoted}", text) for found in pair}
    reasons |= set(re.findall(rf"return {quoted}$", text, flags=re.MULTILINE))
    reasons |= set(re.findall(rf"reason = {quoted} if ", text))
    known = {
        "as_predicted",
        "bad_input",
        "hpa_did_not_act",
        "hpa_missing",
        "internal_error",
        "interrupted",
        "load_under_threshold",
        "max_replicas",
        "not_at_minimum",
        "not_at_rest",
        "not_at_zero",
        "not_predictable",
        "other_trigger",
        "scale_in_after_latest",
        "scaledobject_deleted",
    }
    assert known <= reasons, "a reason is written in a way that this test does not read"
    assert [reason for reason in sorted(reasons - set(VERDICTS)) if f"C({reason})" not in words] == []
    assert [verdict for verdict in VERDICTS if f"V({verdict}) - " not in words] == []
