# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The tarball of the collection: what is in it, and that it works from another folder without the project."""

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import dockerfile, plan
from ansible_collections.shkatara.keda_demo.tests.support import cores, task_files

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
NEEDED += ["LICENSES/GPL-3.0-or-later.txt", "stacks/seed.yml", "meta/runtime.yml", "meta/execution-environment.yml"]
NEEDED += ["requirements.txt", "requirements.yml", "bindep.txt", "execution-environment.yml"]
# Folders of links to the files of the root, and what the files are there.
APPLICATION = COLLECTION / "roles" / "bundle" / "files" / "application"
LINKED = {APPLICATION: ROOT, COLLECTION / "inventory": ROOT / "inventory"}


def ansible(program, *arguments, folder, python=sys.executable, **environ):
    """Run a program of Ansible in `folder` and return what it printed."""
    command = [python, "-m", "ansible", program, *map(str, arguments)]
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
def place(tarball, tmp_path_factory):
    """Return the folder in which the collection is installed. Its name has a space, as a user's may."""
    folder = tmp_path_factory.mktemp("installed") / "by a user"
    folder.mkdir()
    arguments = ["collection", "install", tarball, "--no-deps", "--offline", "--collections-path", folder]
    ansible("galaxy", *arguments, folder=folder)
    return folder


@pytest.fixture(scope="module")
def installed(place):
    """Return a function that runs a program of Ansible where the collection is installed."""
    path = f"{place}:{cores.COLLECTIONS}"
    return lambda program, *arguments, **environ: ansible(
        program, *arguments, folder=place, ANSIBLE_COLLECTIONS_PATH=path, **environ
    )


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


def test_the_application_is_linked_completely():
    links = [path for path in APPLICATION.rglob("*") if not path.is_dir()]
    assert {path.relative_to(APPLICATION).as_posix() for path in links} == set(dockerfile.context_files(ROOT))


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "inventory").iterdir()))
def test_an_inventory_is_linked_completely(name):
    ours, roots = (
        {path.relative_to(folder / name) for path in (folder / name).rglob("*")}
        for folder in (COLLECTION / "inventory", ROOT / "inventory")
    )
    assert ours == roots


@pytest.mark.parametrize("folder", LINKED, ids=lambda folder: folder.name)
def test_a_linked_file_is_that_of_the_root_and_its_bytes_are_in_the_tarball(folder, contents):
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    assert files
    for path in files:
        original = LINKED[folder] / path.relative_to(folder)
        assert path.is_symlink()
        assert path.resolve() == original.resolve()
        assert contents[path.relative_to(COLLECTION).as_posix()] == original.read_bytes()


def test_the_installed_application_has_the_key_of_the_project_s(place):
    """So that a bundle and a cache that were made in one of both places serve the other."""
    stack = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text())
    recipes = yaml.safe_load((COLLECTION / "roles/bundle/vars/go_modules.yml").read_text())
    modules = COLLECTION / "roles" / "bundle" / "files" / "go_modules"
    theirs = place / APPLICATION.relative_to(ROOT / "collections")
    keys = [
        plan.make_plan(plan.Request(stack, recipes["__bundle_go_modules_recipes"], modules, folder)).keys
        for folder in (ROOT, APPLICATION, theirs)
    ]
    assert keys[0] == keys[1] == keys[2]


def test_the_inventory_of_the_lab_can_be_copied(place, tmp_path):
    text = (COLLECTION / "README.md").read_text()
    (command,) = re.findall(r"^    (cp -r \S+/inventory/lab inventory)$", text, re.MULTILINE)
    (tmp_path / ".ansible").mkdir()
    (tmp_path / ".ansible" / "collections").symlink_to(place)
    subprocess.run(["sh", "-c", command], cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path)}, check=True)
    found = json.loads(ansible("inventory", "--inventory", "inventory", "--list", folder=tmp_path))
    assert {"control1", "worker1"} <= found["_meta"]["hostvars"].keys()


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


# What a role's default is in a folder without a project, by the environment of the run.
SHOW = """
- name: Show the folders
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Show the folders
      ansible.builtin.include_role: {name: shkatara.keda_demo.bundle, tasks_from: show.yml}
"""
FOLDERS_OF_A_RUN = "{{ [cluster_build_dir, bundle_lock, bundle_app_dir] | to_json }}"


@pytest.fixture
def folders(place, installed, tmp_path):
    """Return a function: the folders of a run that is started in a folder, with this environment."""
    show = place / "ansible_collections" / "shkatara" / "keda_demo" / "roles" / "bundle" / "tasks" / "show.yml"
    show.write_text(f'- name: Show them\n  ansible.builtin.debug: {{msg: "folders {FOLDERS_OF_A_RUN}"}}\n')
    play = tmp_path / "play.yml"
    play.write_text(SHOW)
    names = ("cluster_build_dir", "bundle_lock", "bundle_app_dir")

    def run(**environ):
        environ = {"KEDA_DEMO_BUILD": "", "ANSIBLE_NOCOLOR": "1"} | environ
        printed = installed("playbook", play, **environ)
        (message,) = re.findall(r'"msg": ("folders .*")', printed)
        return dict(zip(names, json.loads(json.loads(message).removeprefix("folders ")), strict=True))

    yield run
    show.unlink()


def test_a_run_without_a_project_writes_to_the_working_directory(folders, place, tmp_path):
    # An ansible.cfg makes its folder the project's, so the test has one by another name.
    config = tmp_path / "other.cfg"
    config.touch()
    found = folders(ANSIBLE_CONFIG=str(config), PWD="/srv/project", HOME="/home/user")
    assert found == {
        "cluster_build_dir": "/srv/project/build",
        "bundle_lock": "/srv/project/bundle.lock",
        "bundle_app_dir": str(place / APPLICATION.relative_to(ROOT / "collections")),
    }


@pytest.mark.parametrize("pwd", ["/", ""])
def test_a_run_from_the_root_folder_writes_to_the_home_folder(folders, tmp_path, pwd):
    config = tmp_path / "other.cfg"
    config.touch()
    home = str(tmp_path / "home")
    found = folders(ANSIBLE_CONFIG=str(config), PWD=pwd, HOME=home)
    assert (found["cluster_build_dir"], found["bundle_lock"]) == (f"{home}/build", f"{home}/bundle.lock")


def test_a_clone_has_its_own_application(folders, tmp_path):
    (tmp_path / "app" / "demo_app").mkdir(parents=True)
    for name in ("Dockerfile", "ansible.cfg"):
        (tmp_path / name).touch()
    found = folders(ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg"))
    assert found["bundle_app_dir"] == str(tmp_path)
    assert found["cluster_build_dir"] == str(tmp_path / "build")


@pytest.mark.parametrize("core", cores.each_core)
def test_each_ansible_reads_the_installed_playbooks(place, core):
    path = f"{place}:{cores.collections(core)}"
    names = [f"{NAME}.{name}" for name in PLAYBOOKS]
    inventory = f"--inventory={place / 'ansible_collections/shkatara/keda_demo/inventory/example'}"
    for option in ("--syntax-check", "--list-tasks"):
        ansible(
            "playbook",
            inventory,
            option,
            *names,
            folder=place,
            python=cores.interpreter(core),
            ANSIBLE_COLLECTIONS_PATH=path,
        )


def test_the_commands_of_the_readme_are_run_by_the_scenario():
    """The scenario has other paths, and names the folder of collections, so as not to touch the user's."""
    text = (COLLECTION / "README.md").read_text()
    sections = text[text.index("## Install it") : text.index("## Use a role alone")]
    written = [line.split() for line in re.findall(r"^    (ansible-.*)$", sections, re.MULTILINE)]
    scenario = ROOT / "molecule" / "tarball"
    tasks = [task for path in scenario.glob("[!m]*.yml") for task in task_files.tasks(path)]
    run = [task["vars"]["arguments"] for task in tasks if "arguments" in task.get("vars", {})]
    shortened = [[word for word in words if "{{" not in word] for words in run]
    for words in ([word for word in line if not word.startswith("collections/")] for line in written):
        assert [one for one in shortened if one[: len(words)] == words], words
