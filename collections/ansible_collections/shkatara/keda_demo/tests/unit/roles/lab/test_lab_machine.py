# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the role lab says of a machine, from what `podman info` printed on Debian 12 (cgroup v1, as root)."""

import copy
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.render import render

ROLE = Path(__file__).parents[4] / "roles" / "lab"
RECORDED = json.loads((Path(__file__).parent / "recorded" / "podman-4.3.1-debian12.json").read_text())


def _with(path, value):
    info = copy.deepcopy(RECORDED)
    *parents, last = path.split(".")
    place = info
    for name in parents:
        place = place[name]
    place[last] = value
    return info


# What podman said (None where there is no podman), what the role's look at the machine printed, and a word of each
# finding.
CASES = {
    "as_recorded": (RECORDED, [], []),
    "rootless": (_with("host.security.rootless", True), [], ["rootless"]),
    "vfs": (_with("store.graphDriverName", "vfs"), [], ["vfs"]),
    "cgroups": (_with("host.cgroupVersion", ""), [], ["cgroup"]),
    "no_podman": (None, ["program podman", "program runc"], ["`podman`", "`runc`"]),
    # podman is not asked then: its settings for other users are of no use here.
    "user": (None, ["user somebody"], ["`somebody`: the lab needs root"]),
    "kernel": (RECORDED, ["kernel br_netfilter"], ["`br_netfilter`"]),
    "all": (
        _with("host.security.rootless", True) | {"store": {"graphDriverName": "vfs"}},
        ["program runc", "kernel overlay"],
        ["`runc`", "`overlay`", "rootless", "vfs"],
    ),
}


@pytest.fixture(scope="module")
def findings(core, tmp_path_factory):
    """The findings of every case, by one run of Ansible."""
    cases = {
        name: {
            "__lab_podman": {"skipped": True} if info is None else {"stdout": json.dumps(info)},
            "__lab_machine": {"stdout_lines": lacks},
        }
        for name, (info, lacks, _) in CASES.items()
    }
    results = render(core, "lab", cases, "__lab_machine_findings", tmp_path_factory.mktemp("lab"), entry_points=())
    return {name: result["value"] for name, result in results.items()}


@pytest.mark.parametrize("name", CASES)
def test_each_finding_says_what_is_wrong_and_what_would_be_right(findings, name):
    words = CASES[name][2]
    assert len(findings[name]) == len(words)
    for finding, word in zip(findings[name], words, strict=True):
        assert word in finding
        assert ":" in finding


def test_programs_of_root_s_folders_are_found_without_them_in_the_path():
    tasks = yaml.safe_load((ROLE / "tasks" / "podman" / "look.yml").read_text())
    there = [name for name in ("ip", "iptables", "sysctl", "runc") if os.path.exists(f"/usr/sbin/{name}")]
    done = subprocess.run(
        ["sh", "-c", tasks[0]["ansible.builtin.shell"]],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert [line for line in done.stdout.splitlines() if line in {f"program {name}" for name in there}] == []
