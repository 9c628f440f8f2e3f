# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The controller's packages come from one table, and whoever is not root reads the command that installs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
[PLAY] = yaml.safe_load(
    (ROOT / "collections/ansible_collections/shkatara/keda_demo/playbooks/setup.yml").read_text(encoding="utf-8")
)
FAMILIES = PLAY["vars"]["setup_families"]
HOSTS = {
    "debian": ({"os_family": "Debian", "distribution": "Ubuntu"}, False, "Run: sudo apt-get install --no-install"),
    "redhat": ({"os_family": "RedHat", "distribution": "Fedora"}, False, "Run: sudo dnf install podman skopeo"),
    "qemu": ({"os_family": "Debian", "distribution": "Debian"}, True, "Run: sudo apt-get install --no-install"),
    "another": (
        {"os_family": "Archlinux", "distribution": "Archlinux"},
        False,
        "does not know the packages of Archlinux: podman skopeo",
    ),
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Return what the play's variables are on each host: the packages, and the sentence about them."""
    folder = tmp_path_factory.mktemp("setup")
    values = {name: PLAY["vars"][name] for name in PLAY["vars"] if name.startswith("setup_")}
    tasks = [{"name": "Show", "ansible.builtin.debug": {"msg": "{{ {'what': setup_what, 'wanted': setup_wanted} }}"}}]
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "vars": values, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    found = {}
    for name, (facts, qemu, _says) in HOSTS.items():
        given = {
            "ansible_facts": {**facts, "user_uid": 1000},
            "setup_qemu": qemu,
            "setup_missing": {"stdout": "podman\nskopeo", "stdout_lines": ["podman", "skopeo"]},
        }
        command = [sys.executable, "-m", "ansible", "playbook", "--inventory=localhost,", "play.yml"]
        done = subprocess.run(
            [*command, "--extra-vars", json.dumps(given)],
            cwd=folder,
            env=os.environ
            | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
            capture_output=True,
            text=True,
            check=True,
        )
        [task] = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
        found[name] = task["hosts"]["localhost"]["msg"]
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_a_user_reads_the_command_of_the_own_distribution(rendered, host):
    assert HOSTS[host][2] in rendered[host]["what"]


def test_a_family_without_names_of_its_own_reads_the_programs(rendered):
    assert rendered["another"]["wanted"] == PLAY["vars"]["setup_programs"]["packages"]


def test_qemu_adds_its_packages(rendered):
    assert rendered["qemu"]["wanted"] == FAMILIES["Debian"]["packages"] + FAMILIES["Debian"]["qemu_packages"]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_has_a_package_for_each_program(family):
    packages = [*FAMILIES[family]["packages"], *FAMILIES[family]["qemu_packages"]]
    assert len(packages) == len(set(packages)) == 17
    # Those whose programs the lab and the bundle start have the same name everywhere.
    assert {"buildah", "debootstrap", "gcc", "podman", "runc", "skopeo"} <= set(packages)
