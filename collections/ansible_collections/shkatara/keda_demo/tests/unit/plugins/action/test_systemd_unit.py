# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Running a unit with its current files: the commands run here, with a `systemctl` that keeps its state in a folder."""

import os
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.playbook.task import Task
from ansible_collections.shkatara.keda_demo.plugins.action.systemd_unit import (
    ARGUMENTS,
    ActionModule,
    find_faults,
    look_command,
    next_state,
    run_command,
)
from ansible_collections.shkatara.keda_demo.plugins.modules import systemd_unit
from ansible_collections.shkatara.keda_demo.tests.support.plays import WRITE_RESULT, LocalPlay

# The answers are those of systemd 219 and 252 to these commands. `active` holds the second of the last start.
SYSTEMCTL = r"""#!/bin/sh
cd "$STATE" || exit 9
echo "$*" >> log
case "$*" in
  "is-enabled kubelet") [ -e enabled ] && echo enabled || { echo disabled; exit 1; } ;;
  "is-active --quiet kubelet") [ -e active ] || exit 3 ;;
  "show --property ActiveEnterTimestamp kubelet")
    echo "ActiveEnterTimestamp=$(date --date "@$(cat active)" '+%a %Y-%m-%d %H:%M:%S %Z')" ;;
  "show --property ConditionResult kubelet") [ -e active ] && echo ConditionResult=yes || echo ConditionResult=no ;;
  "daemon-reload") ;;
  "--quiet enable kubelet") touch enabled ;;
  "start kubelet" | "restart kubelet")
    [ ! -e broken ] || { echo "Job for kubelet.service failed." >&2; exit 1; }
    [ -e unmet ] || date +%s > active ;;
  *) echo "unknown: $*" >&2; exit 9 ;;
esac
"""

TASKS = """
- name: Run the unit
  shkatara.keda_demo.systemd_unit: "{{ arguments }}"
  register: done
"""


class Host:
    """This machine as a host with one unit, kubelet, which reads one file."""

    def __init__(self, tmp_path):
        self.state = tmp_path / "state"
        self.state.mkdir()
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL)
        (programs / "systemctl").chmod(0o755)
        self.file = tmp_path / "it's kubelet.yaml"
        self.file.write_text("")
        self.environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "STATE": str(self.state)}

    def start(self, seconds_after_change=0):
        """Have the unit need nothing, started some seconds after the file's change."""
        (self.state / "enabled").touch()
        (self.state / "active").write_text(str(int(self.file.stat().st_ctime) + seconds_after_change))

    def sh(self, command):
        return subprocess.run(["sh", "-c", command], env=self.environment, capture_output=True, text=True, check=False)

    def look(self, *files, probe=None):
        done = self.sh(look_command("kubelet", [str(file) for file in files], probe))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def run(self, check=False, **arguments):
        """Run the plugin; return its result, with the commands by which it changed something."""
        (self.state / "log").write_text("")
        task = Task()
        task.args = {"name": "kubelet", "files": [str(self.file)], **arguments}
        task.check_mode, task.diff = check, True
        action = ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
        result = action.run(task_vars={})
        log = (self.state / "log").read_text().splitlines()
        return result | {"changes": [line for line in log if not line.startswith(("is-", "show"))]}


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_look_prints_nothing_of_a_unit_that_needs_nothing(host):
    host.start()
    assert host.look(host.file) == []
    assert host.look() == []


def test_look_names_disabled_and_stopped(host):
    assert host.look(host.file) == ["disabled", "stopped"]
    host.start()
    (host.state / "enabled").unlink()
    assert host.look(host.file) == ["disabled"]


def test_look_names_each_file_that_is_newer_than_the_start(host, tmp_path):
    (tmp_path / "second").write_text("")
    host.start(-1)
    assert host.look(host.file, tmp_path / "gone", tmp_path / "second") == [
        f"newer {host.file}",
        f"newer {tmp_path}/second",
    ]
    host.start(1)
    assert host.look(host.file, tmp_path / "gone", tmp_path / "second") == []


def test_look_goes_by_the_change_and_not_by_the_modification_of_a_file(host):
    # As a file that was copied with its times: its modification is old, its change is not.
    os.utime(host.file, (0, 0))
    host.start(-1)
    assert host.look(host.file) == [f"newer {host.file}"]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Sao_Paulo", "Europe/Berlin", "UTC"])
def test_look_is_right_in_every_time_zone(host, zone):
    host.environment["TZ"] = zone
    host.start(-1)
    assert host.look(host.file) == [f"newer {host.file}"]
    host.start(1)
    assert host.look(host.file) == []


def test_look_runs_on_a_host_without_the_unit_or_systemd(host, tmp_path):
    (tmp_path / "bin" / "systemctl").unlink()
    host.environment["PATH"] = str(tmp_path / "bin")
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    assert host.look(host.file, probe="exit 1") == ["disabled", "stopped"]


def test_look_names_what_the_probe_prints(host):
    host.start()
    assert host.look(probe="true") == []
    assert host.look(probe="echo 'route to 10.0.0.0/24'; echo \"it's\"") == [
        "missing route to 10.0.0.0/24",
        "missing it's",
    ]


def test_a_probe_that_fails_is_a_failure(host):
    host.start()
    done = host.sh(look_command("kubelet", [], "echo gone >&2; exit 4"))
    assert (done.returncode, done.stdout, done.stderr) == (4, "", "gone\n")


@pytest.mark.parametrize(
    ("printed", "replaced", "faults", "state"),
    [
        ([], set(), [], "unchanged"),
        (["disabled"], set(), ["disabled"], "enabled"),
        (["stopped"], {"/a"}, ["stopped"], "started"),  # it starts with the new file
        ([], {"/a"}, ["newer /a"], "restarted"),
        (["newer /a"], {"/a", "/b"}, ["newer /a", "newer /b"], "restarted"),
        (["disabled", "missing route"], set(), ["disabled", "missing route"], "restarted"),
        (["Last login: today", "stopped"], set(), ["stopped"], "started"),  # a line of the login shell
    ],
)
def test_the_state_follows_from_the_faults(printed, replaced, faults, state):
    assert find_faults(printed, replaced) == faults
    assert next_state(faults) == state


def test_systemd_reads_the_unit_again_before_it_starts_it():
    lines = run_command("it's", ["disabled", "newer /a"]).splitlines()
    quoted = "'it'\"'\"'s'"
    assert lines[:4] == [
        "set -e",
        "systemctl daemon-reload",
        f"systemctl --quiet enable {quoted}",
        f"systemctl restart {quoted}",
    ]


@pytest.fixture(autouse=True)
def local(monkeypatch, host):
    """Commands of the plugin run on this machine; `commands` counts them."""
    commands = []

    def execute(_action, command, sudoable):
        assert sudoable
        commands.append(command)
        done = host.sh(command)
        return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    monkeypatch.setattr(ActionModule, "_low_level_execute_command", execute)
    return commands


def test_a_unit_is_started_once(host, local):
    # Check mode on a bare host.
    result = host.run(check=True)
    assert (result["changed"], result["state"], result["changes"]) == (True, "started", [])
    assert result["msg"] == "kubelet would be started: disabled, stopped"
    assert result["diff"]["before"] == "disabled\nstopped\n"
    assert not (host.state / "active").exists()

    result = host.run()
    assert (result["changed"], result["state"]) == (True, "started")
    assert result["msg"] == "kubelet was started: disabled, stopped"
    assert result["changes"] == ["daemon-reload", "--quiet enable kubelet", "start kubelet"]

    for check in (False, True):
        local.clear()
        result = host.run(check=check)
        assert (result["changed"], result["state"], result["reasons"], result["changes"]) == (
            False,
            "unchanged",
            [],
            [],
        )
        assert "diff" not in result
        assert len(local) == 1


def test_a_unit_that_is_older_than_its_file_is_restarted(host):
    host.start(-1)
    reasons = [f"{host.file} is newer"]
    result = host.run(check=True)
    assert (result["changed"], result["state"], result["reasons"], result["changes"]) == (
        True,
        "restarted",
        reasons,
        [],
    )
    result = host.run()
    assert (result["changed"], result["state"], result["reasons"]) == (True, "restarted", reasons)
    assert result["changes"] == ["daemon-reload", "restart kubelet"]
    assert host.run()["changed"] is False


def test_a_unit_whose_file_was_delivered_is_restarted(host):
    # In check mode, and in the second of the start, the file's time does not show it.
    host.start()
    result = host.run(check=True, delivered=[str(host.file), "/somewhere/else"])
    assert (result["state"], result["reasons"]) == ("restarted", [f"{host.file} is newer"])
    assert host.run(delivered=[str(host.file)])["changes"] == ["daemon-reload", "restart kubelet"]
    assert host.run(delivered=["/somewhere/else"])["changed"] is False


def test_a_unit_is_restarted_for_what_the_probe_finds(host):
    host.start()
    result = host.run(probe="[ -e $STATE/mended ] || echo route; touch $STATE/mended")
    assert (result["changed"], result["reasons"]) == (True, ["route is missing"])
    assert result["changes"] == ["daemon-reload", "restart kubelet"]
    assert host.run(probe="[ -e $STATE/mended ] || echo route")["changed"] is False


def test_a_unit_whose_conditions_are_not_met_is_no_change(host):
    (host.state / "unmet").touch()
    result = host.run()
    assert (result["changed"], result["state"], result["reasons"]) == (True, "enabled", ["disabled"])
    result = host.run()
    assert (result["changed"], result["state"]) == (False, "unchanged")
    assert result["msg"] == "kubelet was not started: a condition of its unit is not met."
    (host.state / "unmet").unlink()
    assert host.run()["state"] == "started"


def test_a_unit_that_can_t_be_started_is_a_failure(host):
    (host.state / "broken").touch()
    with pytest.raises(AnsibleActionFail, match=r"^kubelet could not be started: Job for kubelet\.service failed\.$"):
        host.run()


def test_a_play_starts_a_unit(host, tmp_path):
    play = LocalPlay(tmp_path, TASKS + WRITE_RESULT, environment=host.environment)
    result = play.result({"arguments": {"name": "kubelet", "files": [str(host.file)]}})
    assert (result["changed"], result["msg"]) == (True, "kubelet was started: disabled, stopped")
    assert (host.state / "active").exists()


def test_the_documentation_has_the_plugin_s_options():
    documented = yaml.safe_load(systemd_unit.DOCUMENTATION)["options"]
    keys = ("type", "elements", "required", "default")
    assert {
        name: {key: option[key] for key in keys if key in option} for name, option in documented.items()
    } == ARGUMENTS
