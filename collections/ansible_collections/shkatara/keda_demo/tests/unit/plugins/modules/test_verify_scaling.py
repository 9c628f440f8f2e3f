# SPDX-License-Identifier: MIT
"""The module's options and what they refuse."""

from __future__ import annotations

import copy
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import VERDICTS
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.objects import DEPLOYMENT, SCALEDOBJECT

COLLECTIONS = Path(__file__).parents[7]
PARAMS = {
    "namespace": "test",
    "name": "scaledobject-py",
    "load": {"http": {"url": "http://192.0.2.11:30115/", "rate": 37.0, "duration": 150.0, "timeout": 10.0}},
    "hold_seconds": 15,
    "wait_timeout": 300,
    "wait_sleep": 5,
    "prometheus_url": None,
    "hpa_sync_period": 15.0,
    "hpa_tolerance": 0.1,
    "hpa_downscale_stabilization": 300.0,
    "pod_start_seconds": 30.0,
}


def documented(options):
    """The parts of documented options that an argument spec has too."""
    return {
        name: {key: option.get(key) for key in ("type", "required", "default", "choices", "elements") if key in option}
        | ({"options": documented(option["suboptions"])} if "suboptions" in option else {})
        for name, option in options.items()
    }


def test_documentation_is_the_argument_spec():
    spec = copy.deepcopy(verify_scaling.argument_spec())
    for option in spec.values():
        option.pop("fallback", None)
    assert documented(yaml.safe_load(verify_scaling.DOCUMENTATION)["options"]) == spec


def test_documented_verdicts_are_the_verdicts():
    choices = yaml.safe_load(verify_scaling.DOCUMENTATION)["options"]["expect"]["choices"]
    assert choices == list(VERDICTS)


def test_examples_use_documented_options():
    options = yaml.safe_load(verify_scaling.DOCUMENTATION)["options"]
    tasks = [task for task in yaml.safe_load(verify_scaling.EXAMPLES) if "shkatara.keda_demo.verify_scaling" in task]
    assert len(tasks) >= 3
    for task in tasks:
        assert set(task["shkatara.keda_demo.verify_scaling"]) <= set(options)


def changed(**values):
    params = copy.deepcopy(PARAMS)
    for key, value in values.items():
        (params["load"]["http"] if key in params["load"]["http"] else params)[key] = value
    return params


def test_good_options():
    spec = verify_scaling.check_options(PARAMS)
    assert (spec.url, spec.rate, spec.duration, spec.timeout) == ("http://192.0.2.11:30115/", 37, 150, 10)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rate": 0.0}, "load.http.rate is 0 and must be greater than 0"),
        ({"rate": -5.0}, "load.http.rate is -5 and must be greater than 0"),
        ({"rate": float("nan")}, "load.http.rate is nan"),
        ({"rate": float("inf")}, "load.http.rate is inf and must be .* finite"),
        ({"duration": 0.0}, "load.http.duration is 0"),
        ({"timeout": 0.0}, "load.http.timeout is 0"),
        ({"hold_seconds": 0}, "hold_seconds is 0"),
        ({"wait_sleep": -1}, "wait_sleep is -1"),
        ({"hpa_tolerance": 1.0}, "hpa_tolerance is 1 and must be at least 0 and less than 1"),
        ({"pod_start_seconds": -1.0}, "pod_start_seconds is -1"),
        ({"pod_start_seconds": float("inf")}, "pod_start_seconds is inf and must be .* finite"),
        ({"hpa_downscale_stabilization": float("nan")}, "hpa_downscale_stabilization is nan"),
        ({"url": "192.0.2.11:30115"}, "load.http.url is '192.0.2.11:30115' and must be a URL"),
        ({"url": "ftp://host/"}, "load.http.url"),
        ({"url": "http://host:99999/"}, "load.http.url"),
        ({"url": "http://[::1/"}, "load.http.url"),
        ({"prometheus_url": "prometheus:9090"}, "prometheus_url is 'prometheus:9090' and must be a URL"),
        ({"prometheus_url": "http://host:99999"}, "prometheus_url is 'http://host:99999' and must be a URL"),
        ({"rate": 0.0, "duration": -1.0}, "load.http.rate is 0 .*; load.http.duration is -1"),
    ],
)
def test_bad_options_are_named(values, words):
    with pytest.raises(BadInput, match=words):
        verify_scaling.check_options(changed(**values))


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


class Api(http.server.BaseHTTPRequestHandler):
    """An API server that has the demo's objects, and notes what it is asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]]
    lists: ClassVar = {
        "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects": [SCALEDOBJECT],
        "/apis/apps/v1/namespaces/test/deployments": [DEPLOYMENT],
    }

    def do_GET(self):
        path = urlsplit(self.path).path
        self.asked.append((self.command, path))
        items = self.lists.get(path)
        body = json.dumps({"items": items, "metadata": {"resourceVersion": "1"}}).encode()
        self.send_response(404 if items is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_args):
        pass


@pytest.fixture
def api():
    """The requests that the API server got, and its port."""
    handler = type("OneApi", (Api,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield handler.asked, running.server_address[1]
        running.shutdown()


def run_module(folder, port, check_mode):
    """The module's result, with a kubeconfig of an API server on `port`."""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}],
        "users": [{"name": "admin", "user": {}}],
        "current-context": "lab",
    }
    (folder / "kubeconfig").write_text(json.dumps(kubeconfig))
    arguments = {
        "kubeconfig": str(folder / "kubeconfig"),
        "namespace": "test",
        "name": "scaledobject-py",
        "load": {"http": {"url": "http://127.0.0.1:1/", "rate": 37, "duration": 180}},
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
    asked, port = api
    result = run_module(tmp_path, port, check_mode=True)
    assert not result.get("failed")
    assert result["changed"] is False
    # Nothing listens at the load's URL: a request, or even a connection, would have failed.
    assert result["message"] == (
        "ScaledObject scaledobject-py scales Deployment test; 37 requests/s would be sent to http://127.0.0.1:1/ for "
        "at most 180 s."
    )
    assert asked == [("GET", path) for path in Api.lists]


def test_a_load_that_nothing_would_take_is_refused_before_anything_is_written(tmp_path, api):
    result = run_module(tmp_path, api[1], check_mode=False)
    assert result["failed"] is True
    assert result["changed"] is False
    assert "load.http.url http://127.0.0.1:1/ does not answer" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_cluster_that_is_away_is_named(tmp_path, check_mode):
    result = run_module(tmp_path, 1, check_mode)
    assert result["failed"] is True
    assert "The API server http://127.0.0.1:1 does not answer" in result["msg"]


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


@pytest.fixture
def prove(monkeypatch, tmp_path):
    """Runs the module over stand-ins up to its threads, which fail; returns what is raised and what was closed."""
    closed = []

    class Load:
        def __init__(self, spec):
            self.spec = spec

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

    monkeypatch.setattr(verify_scaling, "LoadProcess", Load)
    monkeypatch.setattr(verify_scaling, "Cluster", Connected)
    monkeypatch.setattr(verify_scaling, "find_target", lambda *_args: None)
    monkeypatch.setattr(verify_scaling, "check_url_answers", lambda _url: None)
    monkeypatch.setattr(verify_scaling, "listen_for_signals", lambda _interrupt: None)
    monkeypatch.setattr(verify_scaling, "start_threads", fail)

    def run(proof_dir):
        places = {"proof_dir": str(proof_dir), "kubeconfig": None, "context": None, "progress_file": None}
        params = {**changed(prometheus_url="http://192.0.2.10:9090"), **places, "expect": ["scaled"]}
        with pytest.raises((Ended, OSError)) as raised:
            verify_scaling.run(Module(params))
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
    assert isinstance(error, PermissionError)
    assert closed == ["load"]


def test_every_reason_is_documented():
    options = yaml.safe_load(verify_scaling.DOCUMENTATION)["options"]
    words = " ".join(options["expect"]["description"])
    utils = Path(verify_scaling.__file__).parents[1] / "module_utils"
    text = "".join((utils / f"{name}.py").read_text() for name in ("_verdict", "_chain", "_proof", "_edges"))
    reasons = set(re.findall(r'(?:Missing|Aborted)\(\s*"([a-z_]+)"', text))
    reasons |= set(re.findall(r'Verdict\(\s*(?:"[a-z_]+"|verdict),\s*"([a-z_]+)"', text))
    reasons |= set(re.findall(r'^ +(?:return \()?"([a-z]+(?:_[a-z]+)+)"(?:,$|:| if )', text, flags=re.MULTILINE))
    assert {"as_predicted", "hpa_missing", "hpa_did_not_act", "max_replicas", "interrupted"} <= reasons
    assert [reason for reason in sorted(reasons - set(VERDICTS)) if f"C({reason})" not in words] == []
    assert [verdict for verdict in VERDICTS if f"V({verdict}) - " not in words] == []
