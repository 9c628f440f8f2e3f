# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""CORE chooses the environment of a target, and nothing of another environment runs next to it. What make can't do here
is said before anything is installed.
"""

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from ansible.parsing.splitter import parse_kv

ROOT = Path(__file__).resolve().parents[1]
# The user nobody, whom every Linux has.
NOBODY = 65534
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
    done = make("setup", "demo", "bundle", "verify", "manifests", "lab-down", "clean-cache", *options)
    assert done.returncode == 0, done.stderr
    started = [match[1] for match in PLAYBOOK.finditer(done.stdout)]
    assert started == [environment] * 7
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


@pytest.fixture
def make_as(tmp_path_factory):
    """Return a function: what make ends with for a user, in a folder that this user can read."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in (ROOT / "Makefile", *ROOT.glob("requirements*")):
        shutil.copy(path, folder)
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)

    def run(*arguments, user=NOBODY, programs=None):
        found = f"{programs}:{os.environ['PATH']}" if programs else os.environ["PATH"]
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=folder,
            env=os.environ | {"PATH": found, "HOME": "/home/user"},
            user=user if os.getuid() == 0 else None,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("target", ["demo", "test", "test-all", "lab-down"])
def test_a_lab_without_root_is_refused_before_anything_is_installed(make_as, target):
    done = make_as(target)
    assert done.returncode != 0
    assert f"needs root. Run `sudo make {target}`" in done.stderr
    # Only the demo is possible without a lab, and lab-down creates no host.
    assert ("or use a cluster that you have: make demo KUBECONFIG=" in done.stderr) == (target == "demo")
    assert ("removes hosts" in done.stderr) == (target == "lab-down")
    assert done.stdout == ""


def test_a_lab_on_another_system_is_refused_with_what_works_there(make_as, tmp_path):
    (tmp_path / "uname").write_text("#!/bin/sh\necho Darwin\n")
    (tmp_path / "uname").chmod(0o755)
    tmp_path.chmod(0o755)
    done = make_as("demo", user=os.getuid(), programs=tmp_path)
    assert "needs Linux. Take a Linux machine, or use a cluster that you have" in done.stderr
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("arguments", [["demo", "KUBECONFIG=/a"], ["test", "STEPS=lint"], ["setup"], ["check"]])
def test_what_needs_no_lab_needs_no_root(make_as, arguments):
    # The Python of these tests may be in a folder that the user can't read.
    done = make_as("--dry-run", *arguments)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("python", ["/usr/bin/false", "/nowhere/python3"])
def test_a_missing_python_is_one_sentence_with_the_packages(make_as, python):
    done = make_as("setup", f"PYTHON={python}")
    assert done.returncode != 0
    assert "This needs Python 3.11, 3.12 or 3.13 with its module venv. Install python3-venv (Debian 12" in done.stderr
    assert f"{python} is:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("target", ["demo", "verify", "lab-down"])
def test_an_environment_that_exists_does_not_hide_a_wrong_python(make_as, target):
    # A dry run: with the fault that this test is about, make would create a lab.
    done = make_as("--dry-run", target, "PYTHON=/usr/bin/false", user=os.getuid())
    assert "/usr/bin/false is: false (GNU coreutils)" in done.stderr
    assert "Copyright" not in done.stderr
    assert (done.returncode, done.stdout) == (2, "")


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
    assert ("cluster_kubeconfig='/home/me/.kube/config'" in done.stdout) == bool(arguments)


def test_a_kubeconfig_of_the_environment_is_not_taken_for_the_demo_s(make, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    assert "playbooks/demo.yml" not in make("demo").stdout


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("~/.kube/config", "{home}/.kube/config"),
        ("own/config", "{folder}/own/config"),
        ("/path/with a  space/config", "/path/with a  space/config"),
        ("own clusters/config", "{folder}/own clusters/config"),
    ],
)
def test_a_path_means_what_it_means_in_the_shell(make, tmp_path, path, whole):
    done = make("demo", f"KUBECONFIG={path}", "DEMO_STATE=absent")
    # The words as the shell gives them, and the variables as Ansible reads them.
    shown = PLAYBOOK.sub(r"printf '%s\\n'", done.stdout.splitlines()[-1])
    words = subprocess.run(["bash", "-c", shown], check=True, capture_output=True, text=True).stdout.splitlines()
    variables = [parse_kv(word) for option, word in pairwise(words) if option == "--extra-vars"]
    wanted = whole.format(folder=tmp_path, home=Path.home())
    assert variables == [{"cluster_kubeconfig": wanted}, {"demo_state": "absent"}]


def test_an_empty_kubeconfig_makes_no_lab(make):
    done = make("demo", "KUBECONFIG=")
    assert done.returncode != 0
    assert "KUBECONFIG is empty: give the path of a kubeconfig, such as KUBECONFIG=" in done.stderr


def test_the_demo_s_removal_without_a_cluster_makes_no_lab(make):
    done = make("demo", "DEMO_STATE=absent")
    assert "DEMO_STATE is for a cluster of your own: give KUBECONFIG=PATH as well, or remove a lab with" in done.stderr
    assert (done.returncode, done.stdout) == (2, "")
