# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""CORE chooses the environment of a target, and nothing of another environment runs beside it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLAYBOOK = re.compile(r"(\S*)/bin/ansible-playbook|(?<!/)\bansible-playbook\b")


@pytest.fixture
def make(tmp_path):
    """Return a function: what make would run for a target, in a checkout that has no environment yet."""
    for path in (ROOT / "Makefile", *ROOT.glob("requirements*")):
        shutil.copy(path, tmp_path)

    def dry_run(*arguments):
        command = ["make", "--no-print-directory", "--dry-run", f"PYTHON={sys.executable}", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return dry_run


@pytest.mark.parametrize(("options", "environment"), [([], ".venv"), (["CORE=2.16"], ".venv-core-2.16")])
def test_the_playbooks_run_in_the_environment_of_core(make, options, environment):
    # One call for all, since make looks for Pythons each time.
    done = make("setup", "demo", "bundle", "verify", "lab-down", "clean-cache", *options)
    assert done.returncode == 0, done.stderr
    started = [match[1] for match in PLAYBOOK.finditer(done.stdout)]
    assert started == [environment] * 6
    # It is made before, from its own pins.
    (pins,) = re.findall(r"install .*-r (\S+)", done.stdout)
    assert pins == ("requirements-core-2.16.txt" if options else "requirements.txt")


def test_the_tests_run_in_the_tests_environment_with_the_playbooks_of_core(make):
    done = make("test", "CORE=2.16")
    assert done.returncode == 0, done.stderr
    assert {"requirements-core-2.16.txt", "requirements-dev.txt"} <= set(re.findall(r"install .*-r (\S+)", done.stdout))


@pytest.mark.parametrize("core", ["2.21", "216"])
def test_another_core_is_refused_with_those_to_choose_from(make, core):
    done = make("setup", f"CORE={core}")
    assert done.returncode != 0
    assert f"CORE is `{core}`, a version of ansible-core: give one of 2.19 2.16" in done.stderr
    assert done.stdout == ""


# A Python of another version, or without the module ensurepip; `-c` and the program are its arguments.
FAKE = """#!{python}
import sys
sys.version_info = {version}
if not {has_venv}:
    sys.modules["ensurepip"] = None
exec(sys.argv[2])
"""


@pytest.mark.parametrize(
    ("version", "has_venv", "says"),
    [
        (
            (3, 9, 2),
            True,
            "python3 is Python 3.9 here, and 3.11, 3.12 or 3.13 is needed: install one, or ",
        ),
        (
            (3, 12, 3),
            False,
            "Python 3.12 has no venv here: install its package, as root by apt-get install ",
        ),
        (None, True, "There is no {fake} here: install Python 3.11, 3.12 or 3.13"),
    ],
    ids=["old", "without venv", "none"],
)
def test_one_sentence_says_what_python_is_missing(tmp_path, version, has_venv, says):
    for path in (ROOT / "Makefile", *ROOT.glob("requirements*")):
        shutil.copy(path, tmp_path)
    fake, apt = tmp_path / "python", tmp_path / "apt-get"
    if version:
        fake.write_text(FAKE.format(python=sys.executable, version=version, has_venv=has_venv))
        fake.chmod(0o755)
    # As root, make tries to install the package.
    apt.write_text("#!/bin/sh\nexit 1\n")
    apt.chmod(0o755)
    done = subprocess.run(
        ["make", "setup", f"PYTHON={fake}"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    (line,) = done.stdout.splitlines()
    assert line.startswith(says.format(fake=fake))
