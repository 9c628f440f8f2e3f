# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs the role itself, without a cluster: many cases in one run, since a run costs seconds."""

import json
import os
import shutil
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
FACT = "ansible.builtin.set_fact"


def _play(tasks, variables=None):
    given = {"ansible_python_interpreter": sys.executable} | (variables or {})
    local = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    return {"name": "Run the role"} | local | {"vars": given, "tasks": tasks}


def _case(case, variables):
    """Return a play that keeps what the role has with these variables, or why it failed."""
    steps = [
        {
            "name": f"Run {tasks}",
            "ansible.builtin.include_role": {"name": "shkatara.keda_demo.demo_app", "tasks_from": tasks},
        }
        for tasks in ("validate", "keep")
    ]
    value = {"name": "Keep it", FACT: {f"case_{case}": {"value": "{{ kept }}"}}}
    failed = {"name": "Keep why", FACT: {f"case_{case}": {"failed": "{{ ansible_failed_result.msg }}"}}}
    return _play([{"name": "Run the case", "block": [*steps, value], "rescue": [failed]}], variables)


def _collection(place, expression):
    """Lay out a collection: this role, an entry point more that keeps `expression`, and a role `cluster`."""
    roles = place / "ansible_collections" / "shkatara" / "keda_demo" / "roles"
    (roles / "cluster" / "defaults").mkdir(parents=True)
    (roles / "cluster" / "defaults" / "main.yml").write_text(yaml.safe_dump(CLUSTER))
    shutil.copytree(ROLE, roles / "demo_app")
    keep = [{"name": "Keep what the role has", FACT: {"kept": "{{ " + expression + " }}"}}]
    (roles / "demo_app" / "tasks" / "keep.yml").write_text(yaml.safe_dump(keep))
    (place / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {place}\n")


@pytest.fixture(scope="session")
def run_role(tmp_path_factory):
    """Return a function: from {case: variables} to {case: {"value": ...} or {"failed": message}}."""

    def run(cases, expression="__demo_app_objects"):
        place = tmp_path_factory.mktemp("demo_app")
        _collection(place, expression)
        content = "{{ {" + ", ".join(f"'{case}': case_{case}" for case in cases) + "} | to_json }}"
        write = {"content": content, "dest": str(place / "result.json"), "mode": "0600"}
        plays = [_case(case, variables) for case, variables in cases.items()]
        plays.append(_play([{"name": "Write the result", "ansible.builtin.copy": write}]))
        (place / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
        command = [sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", "play.yml"]
        environ = os.environ | {"ANSIBLE_CONFIG": str(place / "ansible.cfg")}
        done = subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((place / "result.json").read_text())

    return run


@pytest.fixture(scope="session")
def objects(run_role):
    """Return a function: the object of a kind that the role applies with its default variables."""
    made = run_role({"default": {}})["default"]["value"]
    return lambda kind: next(item for item in made if item["kind"] == kind)
