# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The scripts for machines under QEMU, with real processes that have a machine's pid file among their arguments."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[4] / "roles" / "lab" / "files" / "qemu"


@pytest.fixture
def machine(tmp_path):
    """Return the pid file of a process that stands for a machine, and the process."""
    file = tmp_path / "control1.pid"
    with subprocess.Popen([sys.executable, "-c", "input()", "-pidfile", file], stdin=subprocess.PIPE) as process:
        file.write_text(f"{process.pid}\n")
        yield file, process
        process.kill()


@pytest.fixture
def other():
    """Return a process that is no machine."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def _look(folder, *hosts, programs="sh"):
    command = [SCRIPTS / "look.sh", programs, "203.0.113", folder / "machines", folder, *hosts]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def _end(folder):
    done = subprocess.run([SCRIPTS / "end.sh", folder, "kdnone"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_machine_that_runs_is_seen(tmp_path, machine):
    assert machine[1].poll() is None
    assert "running control1" in _look(tmp_path, "control1", "worker1")
    assert "running worker1" not in _look(tmp_path, "control1", "worker1")


def test_another_process_with_the_number_of_a_machine_is_none(tmp_path, other):
    (tmp_path / "control1.pid").write_text(f"{other.pid}\n")
    assert "running control1" not in _look(tmp_path, "control1")
    assert _end(tmp_path) == []
    assert other.poll() is None


def test_a_machine_is_ended(tmp_path, machine):
    file, process = machine
    assert _end(tmp_path) == [f"ended {file}"]
    assert process.wait(10) != 0


def test_a_folder_without_machines_has_nothing_to_end(tmp_path):
    assert _end(tmp_path) == []
    assert _end(tmp_path / "nothing") == []


def test_missing_programs_and_disks_that_are_there_are_listed(tmp_path):
    (tmp_path / "machines" / "control1").mkdir(parents=True)
    (tmp_path / "machines" / "control1" / "disk").touch()
    (tmp_path / "machines" / "worker1.part").mkdir()
    lines = _look(tmp_path, "control1", "worker1", programs="sh no-such-program")
    assert "program no-such-program" in lines
    assert "program sh" not in lines
    assert "made control1" in lines
    assert "made worker1" not in lines


def test_memory_and_space_are_those_of_this_machine(tmp_path):
    lines = [line.split() for line in _look(tmp_path / "not" / "yet" / "there")]
    values = {name: int(value) for name, value in lines if name in {"memory", "space"}}
    assert values["memory"] > 100
    assert values["space"] >= 0


def test_a_cloud_image_with_another_checksum_is_refused(tmp_path):
    image = tmp_path / "image.qcow2"
    image.write_bytes(b"not an image")
    environment = {"PATH": "/usr/bin:/bin", "LAB_IMAGE_SHA256": "0" * 64}
    command = [SCRIPTS / "make_cloud_disk.sh", image, tmp_path / "disk"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "lab_image: the SHA-256 of" in done.stderr
    assert "and lab_image_sha256 is 0000" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["image.qcow2"]


def test_a_cloud_image_that_is_not_there_is_named(tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "LAB_IMAGE_SHA256": ""}
    command = [SCRIPTS / "make_cloud_disk.sh", tmp_path / "nowhere.qcow2", tmp_path / "disk"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"lab_image: there is no file {tmp_path}/nowhere.qcow2")
