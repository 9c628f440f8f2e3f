# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs a role's validation, if it has one, and returns one of its variables.

A run of Ansible takes seconds, so it takes many cases.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

COLLECTION = Path(__file__).parents[2]
FACT = "ansible.builtin.set_fact"
INCLUDE = "ansible.builtin.include_role"
CLUSTER = {"cluster_kubeconfig": "/nowhere/kubeconfig"}


def _play(tasks, variables):
    given = {"ansible_python_interpreter": sys.executable} | CLUSTER | variables
    local = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    return {"name": "Run the role"} | local | {"vars": given, "tasks": tasks}


def _case(role, case, variables):
    steps = [
        {"name": f"Run {tasks}", INCLUDE: {"name": f"shkatara.keda_demo.{role}", "tasks_from": tasks}}
        for tasks in ("validate", "keep")
        if tasks == "keep" or (COLLECTION / "roles" / role / "tasks" / "validate.yml").is_file()
    ]
    value = {"name": "Keep it", FACT: {f"case_{case}": {"value": "{{ kept }}"}}}
    failed = {"name": "Keep why", FACT: {f"case_{case}": {"failed": "{{ ansible_failed_result.msg }}"}}}
    return _play([{"name": "Run the case", "block": [*steps, value], "rescue": [failed]}], variables)


def _collection(place, role, expression):
    """Lay out this collection by links, but the role with one entry point more, which keeps `expression`."""
    collection = place / "ansible_collections" / "shkatara" / "keda_demo"
    (collection / "roles").mkdir(parents=True)
    for name in ("galaxy.yml", "meta", "plugins", "stacks", "roles/cluster"):
        (collection / name).symlink_to(COLLECTION / name)
    shutil.copytree(COLLECTION / "roles" / role, collection / "roles" / role)
    keep = [{"name": "Keep what the role has", FACT: {"kept": "{{ " + expression + " }}"}}]
    (collection / "roles" / role / "tasks" / "keep.yml").write_text(yaml.safe_dump(keep))
    (place / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {place}\n")


def render(role, cases, expression, place):
    """Return {case: {"value": ...} or {"failed": message}} for {case: variables}.

    :param expression: what to return of the role, in Jinja
    :param place: an empty folder
    """
    content = "{{ {" + ", ".join(f"'{case}': case_{case}" for case in cases) + "} | to_json }}"
    write = {"content": content, "dest": str(place / "result.json"), "mode": "0600"}
    _collection(place, role, expression)
    plays = [_case(role, case, variables) for case, variables in cases.items()]
    plays.append(_play([{"name": "Write the result", "ansible.builtin.copy": write}], {}))
    (place / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    command = [sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", "play.yml"]
    environ = os.environ | {"ANSIBLE_CONFIG": str(place / "ansible.cfg")}
    done = subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((place / "result.json").read_text())
