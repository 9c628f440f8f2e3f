# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Each supported ansible-core reads site.yml, its plays and every role in it, and has all options of the tasks."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support import cores, task_files
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
# The versions of ansible-core whose environments have collections: those that `make CORE=...` knows.
ENVIRONMENTS = [cores.OWN] + [
    core for core in cores.PINNED if "\nansible==" in (ROOT / f"requirements-core-{core}.txt").read_text()
]
INVENTORY = f"--inventory={ROOT / 'inventory' / 'lab'}"
# In the order of site.yml.
ROLES = ["preflight", "bundle", "node", "containerd", "kubernetes", "control_plane", "worker", "kube_prometheus"]
ROLES += ["keda", "demo_app", "cni", "verify"]


def run(core, option, folder):
    arguments = [INVENTORY, str(ROOT / "site.yml"), option]
    done = cores.playbook(core, arguments, folder, ROOT / "collections")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("core", cores.each_core)
def test_the_syntax_is_understood_without_a_warning(core, tmp_path):
    done = run(core, "--syntax-check", tmp_path)
    assert "playbook: " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("core", cores.each_core)
def test_tasks_of_every_role_are_listed(core, tmp_path):
    listed = run(core, "--list-tasks", tmp_path).stdout
    assert [role for role in ROLES if f"shkatara.keda_demo.{role} : " not in listed] == []


@pytest.mark.parametrize("core", [one for one in cores.each_core if one.values[0] in ENVIRONMENTS])
def test_the_collections_are_there_and_say_that_they_run_with_it(core):
    wanted = yaml.safe_load((COLLECTION / "galaxy.yml").read_text())["dependencies"]
    release = subprocess.run(
        [cores.interpreter(core), "-c", "import ansible.release; print(ansible.release.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    for name, versions in wanted.items():
        folder = cores.collections(core) / "ansible_collections" / name.replace(".", "/")
        version = json.loads((folder / "MANIFEST.json").read_text())["collection_info"]["version"]
        assert SpecifierSet(versions).contains(version), (name, version)
        supports = yaml.safe_load((folder / "meta" / "runtime.yml").read_text())["requires_ansible"]
        assert SpecifierSet(supports).contains(release), (name, version, supports)


def test_the_collection_says_the_oldest_core_that_is_tested():
    runtime = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())
    oldest = min(cores.PINNED, key=Version)
    assert runtime["requires_ansible"] == f">={oldest}.0"
    for path in COLLECTION.glob("roles/*/meta/main.yml"):
        assert yaml.safe_load(path.read_text())["galaxy_info"]["min_ansible_version"] == oldest, path


def _pins(path):
    return dict(re.findall(r"^([a-z0-9_.-]+)==([^ ;]+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("core", ENVIRONMENTS[1:])
def test_another_core_has_the_same_libraries(core):
    own, other = _pins(ROOT / "requirements.txt"), _pins(ROOT / f"requirements-core-{core}.txt")
    differing = {name for name in own.keys() | other.keys() if own.get(name) != other.get(name)}
    # ansible-core 2.16 needs an older resolvelib.
    assert differing == {"ansible", "ansible-core", "resolvelib"}


def _options():
    """Return {module: its options that a task of the collection has} for modules of Ansible and other collections."""
    files = [*COLLECTION.glob("roles/*/tasks/**/*.yml"), *COLLECTION.glob("playbooks/*.yml")]
    used = {}
    for path in files:
        for task in task_files.tasks(path):
            for name, given in task.items():
                if name.count(".") == 2 and not name.startswith("shkatara."):
                    used.setdefault(name, set()).update(given if isinstance(given, dict) else ())
    return used


@pytest.mark.parametrize("core", cores.each_core)
def test_every_option_of_a_task_is_one_of_its_module(core, tmp_path):
    used = _options()
    assert {"kubernetes.core.k8s", "containers.podman.podman_network", "ansible.builtin.setup"} <= set(used)
    done = cores.run(core, "doc", ["--json", *used], tmp_path, ROOT / "collections")
    assert done.returncode == 0, done.stderr
    documented = json.loads(done.stdout)
    known = {
        name: {
            alias
            for option, about in plugin["doc"].get("options", {}).items()
            for alias in (option, *about.get("aliases", []))
        }
        for name, plugin in documented.items()
    }
    # Its options are facts.
    free = {"ansible.builtin.set_fact"}
    assert {name: unknown for name in set(used) - free if (unknown := used[name] - known.get(name, set()))} == {}


DOCUMENTED = {"module": "plugins/modules", "role": "roles"} | {
    kind: f"plugins/{kind}" for kind in ("lookup", "filter", "callback")
}


@pytest.mark.parametrize("kind", DOCUMENTED)
@pytest.mark.parametrize("core", cores.each_core)
def test_the_documentation_opens_without_a_warning(core, kind, tmp_path):
    paths = [path for path in (COLLECTION / DOCUMENTED[kind]).glob("*") if path.name[0] not in "_."]
    names = sorted(f"shkatara.keda_demo.{path.stem}" for path in paths)
    assert names
    for arguments in (["--list", "shkatara.keda_demo"], ["--json", *names], names):
        done = cores.run(core, "doc", ["--type", kind, *arguments], tmp_path, ROOT / "collections")
        # To find roles ansible-doc reads every collection, and warns of those that want another Ansible.
        warned = [line for line in done.stderr.splitlines() if kind != "role" or "shkatara" in line]
        assert (done.returncode, warned) == (0, []), arguments
        assert [name for name in names if name.rpartition(".")[2] not in done.stdout] == []
