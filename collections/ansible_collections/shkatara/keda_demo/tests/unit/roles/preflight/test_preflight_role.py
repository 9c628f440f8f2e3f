# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The role finds what its filters look for, in a real inventory and in the real roles."""

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils import preflight_host
from ansible_collections.shkatara.keda_demo.tests.support import cores, preflight_table

ROLES = Path(__file__).parents[4] / "roles"
INVENTORY = {
    "kube_control_plane": {"hosts": {"control1": {"ansible_host": "192.0.2.11"}}},
    "k8s_cluster": {"children": {"kube_control_plane": {}, "kube_node": {}}},
}
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


@pytest.fixture
def run(core, tmp_path):
    """Return a function: run an entry point on a host, with variables of worker1; the exit code and all printed."""

    def run_entry_point(host, entry_point, **variables):
        worker = {"ansible_host": "192.0.2.12"} | variables
        inventory = INVENTORY | {"kube_node": {"hosts": {"worker1": worker}}}
        role = {"name": "shkatara.keda_demo.preflight", "tasks_from": entry_point}
        task = {"name": "Run preflight", "ansible.builtin.include_role": role}
        play = {"name": "Run preflight", "hosts": host, "gather_facts": False, "tasks": [task]}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
        (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
        done = cores.playbook(core, ["--inventory=hosts.yml", "play.yml"], tmp_path, ROLES.parents[3])
        # ansible-core 2.16 prints a message as JSON.
        return done.returncode, (done.stderr + done.stdout).replace("\\n", "\n")

    return run_entry_point


def test_a_good_inventory_passes(run):
    code, printed = run("localhost", "inputs")
    assert code == 0, printed


def test_all_that_is_wrong_is_in_one_message(run):
    wrong = {"ansible_host": "10.96.1.1", "preflight_min_worker_cpus": "two", "cluster_nam": "x"}
    code, printed = run("localhost", "inputs", **wrong)
    assert code != 0
    message = printed[printed.index("3 reasons why this run would fail") :].splitlines()
    assert sorted(line.split()[1] for line in message[1:4]) == [
        "cluster_service_subnet",
        "worker1:",
        "worker1:",
    ]


def test_sizes_are_compared_as_numbers(run):
    # The controller in the place of worker1.
    code, printed = run("worker1", "hosts", **LOCAL, preflight_min_worker_memory_mb=99999999)
    assert code != 0
    assert re.search(r"memory: [0-9]+ MB, and it needs 99999999 MB", printed), printed


def test_every_role_with_variables_is_known_to_preflight():
    known = yaml.safe_load((ROLES / "preflight" / "vars" / "main.yml").read_text())["__preflight_roles"]
    assert known == sorted(known)
    assert {path.parents[1].name for path in ROLES.glob("*/meta/argument_specs.yml")} <= set(known)


def test_the_lab_loads_each_module_that_is_looked_for():
    mine = yaml.safe_load((ROLES / "preflight" / "vars" / "main.yml").read_text())
    pairs = mine["__preflight_modules"] + [pair for pairs in mine["__preflight_pod_modules"].values() for pair in pairs]
    labs = yaml.safe_load((ROLES / "lab" / "vars" / "main" / "podman.yml").read_text())
    assert {pair.partition(":")[0] for pair in pairs} == set(labs["__lab_podman_modules"])


def test_every_check_can_be_ignored_by_its_name():
    spec = yaml.safe_load((ROLES / "preflight" / "meta" / "argument_specs.yml").read_text())
    names = spec["argument_specs"]["main"]["options"]["preflight_ignore"]["choices"]
    assert sorted({case.check for case in preflight_table.CASES} - set(preflight_host.ACCESS)) == names


def test_every_section_that_is_read_is_printed():
    printed = set(re.findall(r"^section (\w+)$", (ROLES / "preflight/files/probe.sh").read_text(), re.MULTILINE))
    sources = [path.read_text() for path in (ROLES.parent / "plugins" / "plugin_utils").glob("preflight_*.py")]
    read = {name for text in sources for name in re.findall(r'\.(?:lines|value|number|listeners)\("(\w+)"', text)}
    assert read == printed


def test_every_finding_has_a_case():
    sources = (ROLES.parent / "plugins" / "plugin_utils").glob("preflight_*.py")
    yielded = {name for path in sources for name in re.findall(r'yield \(?\s*"([a-z]+)"', path.read_text())}
    assert yielded == {case.check for case in preflight_table.CASES}


def test_a_host_that_is_not_there_is_a_reason_like_others(run):
    code, printed = run("worker1", "hosts", ansible_ssh_common_args="-o ConnectTimeout=1", ansible_timeout=1)
    assert code != 0
    reason = r"worker1: 1 reason why .*\n +- connection: can't be reached as the current user at 192.0.2.12"
    assert re.search(reason, printed), printed


def test_a_missing_python_is_named_before_modules_need_it(run):
    code, printed = run("worker1", "hosts", **LOCAL | {"ansible_python_interpreter": "/nowhere/python3"})
    assert code != 0
    assert "python: ansible_python_interpreter is /nowhere/python3, which does not exist" in printed
