# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The playbook demo refuses what is wrong with the kubeconfig and with variables in one message, and changes nothing.

What it does in a cluster is shown by the scenario `own_cluster`.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

ROOT = Path(__file__).resolve().parents[1]
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
VERSION = dict.fromkeys(
    ("major", "minor", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"), "-"
)


@pytest.fixture
def demo(tmp_path):
    """Return a function that runs the playbook without hosts, and returns its status and output."""

    def run(**variables):
        command = [sys.executable, "-m", "ansible", "playbook", "--inventory=localhost,", "playbooks/demo.yml"]
        places = {"KEDA_DEMO_BUILD": str(tmp_path / "made"), "KEDA_DEMO_CACHE": str(tmp_path / "made")}
        environ = {
            **os.environ,
            **places,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            # It is for kubectl, and no cluster of the demo's.
            "KUBECONFIG": "/elsewhere",
        }
        done = subprocess.run(
            [*command, "--extra-vars", json.dumps(variables)],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not (tmp_path / "made").exists()
        assert re.findall(r"^localhost +: ok=\d+ +changed=(\d+)", done.stdout, flags=re.MULTILINE) == ["0"]
        return done.returncode, done.stdout

    return run


def findings(printed):
    """Return the findings in their order; ansible-core prints a message twice."""
    lines = [line.strip() for line in printed.splitlines()]
    return list(dict.fromkeys(line.removeprefix("- ") for line in lines if line.startswith("- ")))


def test_a_missing_kubeconfig_and_wrong_variables_are_named_at_once(demo):
    code, printed = demo(cluster_kubeconfig="/nowhere/kubeconfig", demo_app_threshold=0, keda_wait_timeout=0)
    assert code == 2
    assert [finding.split(":")[0] for finding in findings(printed)] == [
        "cluster_kubeconfig",
        "keda_wait_timeout is 0",
        "demo_app_threshold is 0",
    ]
    assert "kubeconfig /nowhere/kubeconfig does not exist" in printed
    assert "PLAY [Apply all objects" not in printed


def test_a_wrong_state_and_a_misspelled_name_are_no_fault_of_the_kubeconfig(demo):
    states = {"keda_state": "presnt", "kube_prometheus_state": "detect"}
    wrong = {"demo_app_treshold": 3, "demo_prometheus": "main", "verify_name": "", "keda_version": "2.11.0"}
    code, printed = demo(cluster_kubeconfig="/nowhere/kubeconfig", **states, **wrong)
    assert code == 2
    assert findings(printed)[1:] == [
        "demo_app_treshold (is it meant to be demo_app_threshold?): no role has this variable",
        "keda_state is presnt: give present or existing, or leave it out",
        "kube_prometheus_state is detect: give present or existing, or leave it out",
        "demo_prometheus is main: give its namespace and name, such as monitoring/main, or nothing",
        "keda_version: no role has this variable, since versions come from the stack (cluster_stack)",
        "verify_name is empty: give the name of a ScaledObject, such as scaledobject-py",
    ]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_cluster_that_does_not_answer(demo, tmp_path, state):
    with serve(lambda _handler, _path: None) as api:
        kubeconfig = api.kubeconfig(tmp_path / "kubeconfig")
    code, printed = demo(cluster_kubeconfig=kubeconfig, demo_state=state)
    assert code == 2
    assert "does not answer" in printed


def test_a_cluster_out_of_the_windows_without_rights(demo, tmp_path):
    def answer(handler, path):
        assert handler.command == "GET" or path == REVIEWS
        if path == REVIEWS:
            handler.send({**handler.body, "status": {"allowed": False}}, 201)
        elif path == "/version/":
            handler.send({**VERSION, "gitVersion": "v1.31.2"})
        else:
            handler.send({"kind": "Status", "message": "no"}, 403)

    with serve(answer) as api:
        code, printed = demo(
            cluster_kubeconfig=api.kubeconfig(tmp_path / "kubeconfig"), verify_load_url="http://192.0.2.1/"
        )
    assert code == 2
    found = findings(printed)
    assert [finding.split(",")[0] for finding in found[:2]] == ["Kubernetes is 1.31.2"] * 2
    assert "KEDA 2.10.0 is made for Kubernetes 1.24 to 1.26" in found[0]
    assert "kube-prometheus 0.12.0 is made for Kubernetes 1.24 to 1.25" in found[1]
    assert found[2].startswith("the user of cluster_kubeconfig lacks ")
    assert re.search("in namespace keda: get, create, patch, delete on [a-z, ]*deployments.apps", found[2])
    assert len(found) == 3
