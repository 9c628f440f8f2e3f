# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Environments of ansible-core: the tests' own, and those of the repository's requirements-core-*.txt.

The collection supports ansible-core 2.16 and newer, and an environment holds one version only. `make` lays the others
out as .venv-core-VERSION. An environment without the package `ansible` takes its collections from the tests' own.
"""

import os
import subprocess
import sys
from pathlib import Path

import ansible
import pytest
from ansible.release import __version__

ROOT = Path(__file__).parents[6]
COLLECTIONS = Path(ansible.__file__).parents[1]  # the folder of ansible_collections in the tests' own environment
OWN = ".".join(__version__.split(".")[:2])
OTHER = [pytest.mark.core, pytest.mark.other_core]
PINNED = sorted(path.stem.removeprefix("requirements-core-") for path in ROOT.glob("requirements-core-*.txt"))

each_core = [
    pytest.param(version, id=f"core-{version}", marks=pytest.mark.core if version == OWN else OTHER)
    for version in (OWN, *PINNED)
]


def interpreter(core):
    """Return the Python of the environment of `core`, such as "2.16".

    A test without its environment is skipped, but fails where KEDA_DEMO_CORES names the version.
    """
    if core == OWN:
        return sys.executable
    python = ROOT / f".venv-core-{core}" / "bin" / "python"
    if not python.is_file():
        missing = f"ansible-core {core} is not installed: make .venv-core-{core}/installed"
        if core in os.environ.get("KEDA_DEMO_CORES", "").split():
            pytest.fail(missing)
        pytest.skip(missing)
    return str(python)


def collections(core):
    """Return the folder with the ansible_collections that `core` runs with."""
    site_packages = Path(interpreter(core)).parents[1].glob("lib/python3.*/site-packages")
    own = (folder for folder in site_packages if core != OWN and (folder / "ansible_collections").is_dir())
    return next(own, COLLECTIONS)


def run(core, program, arguments, folder, project, **variables):
    """Run a program of `core`, such as `doc`, in `folder` and return the finished process.

    :param project: the folder whose ansible_collections holds this collection
    :param variables: of the program's environment
    """
    config = folder / "ansible.cfg"
    config.write_text(f"[defaults]\ncollections_path = {project}:{collections(core)}\n")
    command = [interpreter(core), "-m", "ansible", program, *arguments]
    environ = os.environ | {"ANSIBLE_CONFIG": str(config)} | variables
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def playbook(core, arguments, folder, project):
    """Run ansible-playbook of `core` in `folder` and return the finished process.

    :param project: the folder whose ansible_collections holds this collection
    """
    return run(core, "playbook", arguments, folder, project)
