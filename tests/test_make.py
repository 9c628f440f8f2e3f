# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""CORE chooses the environment of a target, and nothing of another environment runs beside it."""

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
