# SPDX-License-Identifier: MIT
"""The module's options and what they refuse."""

from __future__ import annotations

import copy
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import VERDICTS
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling

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


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_module_ends_with_one_message_and_writes_nothing(tmp_path, check_mode):
    arguments = {
        "kubeconfig": str(tmp_path / "nowhere"),
        "namespace": "test",
        "name": "scaledobject-py",
        "load": {"http": {"url": "http://127.0.0.1:1/", "rate": 37, "duration": 150}},
        "proof_dir": str(tmp_path / "proof"),
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
    result = json.loads(done.stdout)
    assert result["failed"] is True
    assert result["changed"] is False
    assert "nowhere does not exist" in result["msg"]
    assert list(tmp_path.iterdir()) == []
