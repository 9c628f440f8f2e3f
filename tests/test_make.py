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
    done = make("setup", "demo", "bundle", "verify", "lab-down", *options)
    assert done.returncode == 0, done.stderr
    started = [match[1] for match in PLAYBOOK.finditer(done.stdout)]
    assert started == [environment] * 5
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


@pytest.mark.parametrize(
    ("arguments", "plays"),
    [
        ([], ["playbooks/setup.yml", "playbooks/lab.yml", "site.yml"]),
        (["KUBECONFIG=/home/me/.kube/config"], ["playbooks/demo.yml"]),
    ],
)
def test_demo_runs_on_a_lab_or_on_the_given_cluster(make, arguments, plays):
    done = make("demo", *arguments)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"(?:playbooks/\w+|\bsite)\.yml", done.stdout) == plays
    assert ("cluster_kubeconfig=/home/me/.kube/config" in done.stdout) == bool(arguments)


def test_a_kubeconfig_of_the_environment_is_not_taken_for_the_demo_s(make, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    assert "playbooks/demo.yml" not in make("demo").stdout


@pytest.mark.parametrize(
    ("path", "whole"), [("~/.kube/config", "~/.kube/config"), ("own/config", "{folder}/own/config")]
)
def test_a_path_means_what_it_means_in_the_shell(make, tmp_path, path, whole):
    done = make("demo", f"KUBECONFIG={path}", "DEMO_STATE=absent")
    assert f"cluster_kubeconfig={whole.format(folder=tmp_path)} " in done.stdout
    assert "demo_state=absent" in done.stdout


def test_an_empty_kubeconfig_makes_no_lab(make):
    done = make("demo", "KUBECONFIG=")
    assert done.returncode != 0
    assert "KUBECONFIG is empty" in done.stderr
