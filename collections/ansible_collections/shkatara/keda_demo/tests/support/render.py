# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs a role's validation and returns one of its variables, for many cases in one run: a run takes seconds.

A case is a host of the run, with the case's variables. Ansible loads the role once and takes the hosts in parallel.
"""

import json
import os
import re
import shutil
from pathlib import Path

import yaml
from ansible_collections.shkatara.keda_demo.tests.support import cores

COLLECTION = Path(__file__).parents[2]
CLUSTER = {"cluster_kubeconfig": "/nowhere/kubeconfig"}
INCLUDE = "ansible.builtin.include_role"
RESULT = "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'result'))) | to_json }}"


def _fact(value):
    return {"ansible.builtin.set_fact": {"result": value}}


def _plays(role, entry_points):
    steps = [
        {"name": f"Run {tasks}", INCLUDE: {"name": f"shkatara.keda_demo.{role}", "tasks_from": tasks}}
        for tasks in (*entry_points, "keep")
    ]
    failed = {"name": "Keep why", **_fact({"failed": "{{ ansible_failed_result.msg }}"})}
    tasks = [
        {"name": "Run the case", "block": steps, "rescue": [failed]},
        # A module that writes a file would take longer.
        {"name": "Show the results", "ansible.builtin.debug": {"msg": f"results: {RESULT}"}, "run_once": True},
    ]
    local = {"connection": "local", "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
    return [{"name": "Run the role", "hosts": "all", "gather_facts": False, **local, "tasks": tasks}]


def _collection(place, role, expression):
    """Lay out this collection by links, but the role with one more entry point, which keeps `expression`."""
    collection = place / "ansible_collections" / "shkatara" / "keda_demo"
    (collection / "roles").mkdir(parents=True)
    for name in ("galaxy.yml", "meta", "plugins", "stacks", "roles/cluster"):
        (collection / name).symlink_to(COLLECTION / name)
    shutil.copytree(COLLECTION / "roles" / role, collection / "roles" / role)
    keep = [{"name": "Keep what the role has", **_fact({"value": "{{ " + expression + " }}"})}]
    (collection / "roles" / role / "tasks" / "keep.yml").write_text(yaml.safe_dump(keep))


def render(core, role, cases, expression, place, entry_points=("validate",), groups=None):
    """Return {case: {"value": ...} or {"failed": message}} for {case: variables}.

    :param core: the version of ansible-core to run
    :param expression: what to return of the role, in Jinja
    :param place: an empty folder
    :param entry_points: what to run of the role before
    :param groups: {group: cases}, the groups of the inventory
    """
    _collection(place, role, expression)
    # A case may be called `all`, which as a host's name would be a group's.
    hosts = {f"case_{case}": CLUSTER | variables for case, variables in cases.items()}
    members = {group: {"hosts": {f"case_{case}": {} for case in names}} for group, names in (groups or {}).items()}
    inventory = {"all": {"hosts": hosts, "children": members}}
    (place / "hosts.yml").write_text(yaml.safe_dump(inventory, sort_keys=False))
    (place / "play.yml").write_text(yaml.safe_dump(_plays(role, entry_points), sort_keys=False))
    forks = f"--forks={os.cpu_count()}"
    done = cores.playbook(core, ["--inventory=hosts.yml", forks, "play.yml"], place, place)
    assert done.returncode == 0, done.stdout + done.stderr
    (message,) = re.findall(r'^ +"msg": ("results: .*")$', done.stdout, flags=re.MULTILINE)
    results = json.loads(json.loads(message).removeprefix("results: "))
    return {case: results[f"case_{case}"] for case in cases}
