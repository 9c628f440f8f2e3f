# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The shell that cleans up after a kubeadm that never finished, with every program that it calls replaced."""

import subprocess
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[3] / "roles"
SCRIPTS = {
    "control_plane": ("init", "Clean up after a kubeadm init that never finished, or after a reset"),
    "worker": ("join", "Clean up after a join that never finished, or after a reset"),
}
RESET = "kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock"
# Each program writes down its call and returns the status in the file `<name>.status`, or 0. `pgrep` finds kubeadm as
# many times as `running` has lines.
PROGRAM = r"""#!/bin/sh
name=${0##*/}
echo "$name $*" >> "$PLACE/log"
[ ! -e "$PLACE/$name.status" ] || read -r status < "$PLACE/$name.status"
exit "${status:-0}"
"""
PGREP = r"""#!/bin/sh
echo "pgrep $*" >> "$PLACE/log"
[ -s "$PLACE/running" ] || exit 1
/bin/sed -i 1d "$PLACE/running"
"""
TIMEOUT = """#!/bin/sh
shift
exec /usr/bin/timeout "${LIMIT:-30}" "$@"
"""


@pytest.fixture(params=SCRIPTS)
def script(request):
    """A role's name and its script."""
    file, name = SCRIPTS[request.param]
    tasks = yaml.safe_load((ROLES / request.param / "tasks" / f"{file}.yml").read_text())
    (task,) = [task for task in tasks if task["name"] == name]
    return request.param, task["ansible.builtin.shell"]


@pytest.fixture
def clean_up(script, tmp_path):
    """Run the script with some statuses; return its status and the calls of programs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    texts = dict.fromkeys(("pkill", "kubeadm", "rm", "ip"), PROGRAM) | {"pgrep": PGREP, "timeout": TIMEOUT}
    for name, text in texts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for name in ("sh", "sleep"):
        (programs / name).symlink_to(f"/bin/{name}")

    def run(running=0, limit="30", **statuses):
        (tmp_path / "log").write_text("")
        (tmp_path / "running").write_text("1\n" * running)
        for name, status in statuses.items():
            (tmp_path / f"{name}.status").write_text(f"{status}\n")
        # No other folder is in PATH: what the script removes is this machine's.
        environment = {"PATH": str(programs), "PLACE": str(tmp_path), "LIMIT": limit}
        done = subprocess.run(
            ["/bin/sh", "-c", script[1]], env=environment, capture_output=True, text=True, check=False
        )
        return done, (tmp_path / "log").read_text().splitlines()

    return run


@pytest.mark.parametrize("found", [0, 1])  # pkill's statuses: it has ended a process, or found none
def test_the_host_is_reset_once_kubeadm_is_gone(clean_up, script, found):
    done, calls = clean_up(pkill=found)
    assert (done.returncode, done.stderr) == (0, "")
    assert calls[:3] == ["pkill -x kubeadm", "pgrep -x kubeadm", RESET]
    removed = calls[3].split()
    assert removed[:2] == ["rm", "-rf"]
    assert {"/etc/cni/net.d/10-keda-demo.conflist", "/var/lib/cni"} <= set(removed)
    assert ("/etc/kubernetes/pki" in removed) == (script[0] == "control_plane")
    assert calls[4:] == ["ip link show cni0", "ip link delete cni0"]


def test_the_reset_waits_for_the_end_of_kubeadm(clean_up):
    done, calls = clean_up(running=3)
    assert done.returncode == 0
    assert calls[:6] == ["pkill -x kubeadm", *["pgrep -x kubeadm"] * 4, RESET]


def test_a_kubeadm_that_does_not_end_is_a_failure(clean_up):
    done, calls = clean_up(running=1000, limit="1")
    assert (done.returncode, RESET in calls) == (1, False)
    assert done.stderr.startswith("kubeadm of an earlier run is still running")


def test_a_failed_reset_removes_nothing(clean_up):
    done, calls = clean_up(kubeadm=5)
    assert (done.returncode, calls[-1]) == (5, RESET)


def test_an_error_of_pkill_ends_it(clean_up):
    done, calls = clean_up(pkill=3)
    assert (done.returncode, calls) == (1, ["pkill -x kubeadm"])


def test_a_host_without_the_bridge_is_cleaned_up(clean_up):
    done, calls = clean_up(ip=1)
    assert (done.returncode, calls[-1]) == (0, "ip link show cni0")
