# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The tarball of the collection: what is in it, and that it works from another folder without the project."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support import cores

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
NAME = "shkatara.keda_demo"
CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".ansible"}
FOLDERS = {"module": "modules", "filter": "filter", "lookup": "lookup", "callback": "callback"}
PLUGINS = [
    (kind, path.stem)
    for kind, folder in FOLDERS.items()
    for path in sorted((COLLECTION / "plugins" / folder).glob("[!_]*.py"))
]
ROLES = sorted(path.parents[1].name for path in (COLLECTION / "roles").glob("*/meta/argument_specs.yml"))
PLAYBOOKS = sorted(path.stem for path in (COLLECTION / "playbooks").glob("*.yml"))
NEEDED = ["MANIFEST.json", "README.md", "CHANGELOG.md", "LICENSE", "LICENSES/MIT.txt", "stacks/schema.json"]
NEEDED += ["LICENSES/GPL-3.0-or-later.txt", "stacks/seed.yml", "meta/runtime.yml"]


def ansible(program, *arguments, folder, **environ):
    """Run a program of Ansible in `folder` and return what it printed."""
    command = [sys.executable, "-m", "ansible", program, *map(str, arguments)]
    # Neither the project's settings nor the user's.
    (folder / "ansible.cfg").touch()
    settings = {"ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "home")}
    environ = os.environ | settings | environ
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tarball")
    ansible("galaxy", "collection", "build", COLLECTION, "--output-path", folder, folder=folder)
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def installed(tarball, tmp_path_factory):
    """Return a function that runs a program of Ansible where the collection is installed from the tarball."""
    folder = tmp_path_factory.mktemp("installed")
    arguments = ["collection", "install", tarball, "--no-deps", "--offline", "--collections-path", folder]
    ansible("galaxy", *arguments, folder=folder)
    path = f"{folder}:{cores.COLLECTIONS}"
    return lambda program, *arguments: ansible(program, *arguments, folder=folder, ANSIBLE_COLLECTIONS_PATH=path)


@pytest.fixture(scope="module")
def contents(tarball):
    with tarfile.open(tarball) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def test_all_that_is_needed_is_in_it(contents):
    files = [path for path in COLLECTION.glob("roles/*/files/**/*") if path.is_file()]
    names = {path.relative_to(COLLECTION).as_posix() for path in files}
    assert {path.name for path in files} >= {"go.mod", "go.sum", "tools.go"}
    assert sorted({*NEEDED, *names} - contents.keys()) == []


def test_no_cache_and_no_binary_is_in_it(contents):
    assert [name for name in contents if CACHES & set(Path(name).parts) or name.startswith("tests/output/")] == []
    assert [name for name, data in contents.items() if data.startswith(b"\x7fELF") or len(data) > 500_000] == []


@pytest.mark.parametrize("kind", [*FOLDERS, "role"])
def test_documentation_is_there(installed, kind):
    names = [name for of, name in PLUGINS if of == kind] if kind in FOLDERS else ROLES
    assert names
    wanted = [f"{NAME}.{name}" for name in names]
    documented = json.loads(installed("doc", "--type", kind, "--json", *wanted))
    assert sorted(documented) == wanted
    described = "entry_points" if kind == "role" else "doc"
    assert [name for name in wanted if not documented[name][described]] == []


def test_playbooks_are_found_by_their_names(installed):
    printed = installed("playbook", "--syntax-check", *(f"{NAME}.{name}" for name in PLAYBOOKS))
    found = [Path(line.removeprefix("playbook: ")) for line in printed.splitlines() if line.startswith("playbook: ")]
    assert [path.stem for path in found] == PLAYBOOKS
    assert [path for path in found if path.is_relative_to(ROOT)] == []
