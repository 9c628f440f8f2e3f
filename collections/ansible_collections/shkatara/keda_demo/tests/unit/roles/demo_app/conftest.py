# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs the role itself, without a cluster: many cases in one run, since a run costs seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).parents[4] / "roles" / "demo_app"
# In place of role `cluster`, so that these tests need no stack and no bundle.
CLUSTER = {
    "cluster_stack_data": {"images": {"app": "docker.io/shkatara/python-custom-metrics-prometheus:1.0.0"}},
    "cluster_kubeconfig": "/nowhere/kubeconfig",
    "cluster_field_manager": "keda_demo",
}


def _play(variables, expression, result):
    """Return a play that writes `expression` as the role has it, or the message with which the role failed."""

    def write(name, content):
        return {"name": name, "ansible.builtin.copy": {"content": content, "dest": result, "mode": "0600"}}

    role = {"name": "shkatara.keda_demo.demo_app", "tasks_from": "validate", "public": True}
    steps = [
        {"name": "Check the variables", "ansible.builtin.include_role": role},
        write("Write what the role has", "{{ {'value': " + expression + "} | to_json }}"),
    ]
    failed = write("Write how the role failed", "{{ {'failed': ansible_failed_result.msg} | to_json }}")
    return {
        "name": "Run the role",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": variables | {"ansible_python_interpreter": sys.executable},
        "tasks": [{"name": "Run the role", "block": steps, "rescue": [failed]}],
    }


@pytest.fixture(scope="session")
def run_role(tmp_path_factory):
    """Return a function: from {case: variables} to {case: {"value": ...} or {"failed": message}}."""

    def run(cases, expression="__demo_app_objects"):
        place = tmp_path_factory.mktemp("demo_app")
        roles = place / "ansible_collections" / "shkatara" / "keda_demo" / "roles"
        (roles / "cluster" / "defaults").mkdir(parents=True)
        (roles / "cluster" / "defaults" / "main.yml").write_text(yaml.safe_dump(CLUSTER))
        (roles / "demo_app").symlink_to(ROLE)
        plays = [_play(given, expression, str(place / f"{case}.json")) for case, given in cases.items()]
        (place / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
        environ = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(place), "ANSIBLE_LOCALHOST_WARNING": "False"}
        environ["ANSIBLE_CONFIG"] = os.devnull
        command = [sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", "play.yml"]
        done = subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return {case: json.loads((place / f"{case}.json").read_text()) for case in cases}

    return run


@pytest.fixture(scope="session")
def objects(run_role):
    """Return a function: the object of a kind that the role applies with its default variables."""
    made = run_role({"default": {}})["default"]["value"]
    return lambda kind: next(item for item in made if item["kind"] == kind)
