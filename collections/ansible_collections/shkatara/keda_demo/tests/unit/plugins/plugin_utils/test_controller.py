# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the controller lacks: each finding, by what makes it, and the lists that have to agree."""

import ast
import importlib.machinery
import importlib.util
import os
import subprocess
import sys

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import job, machine
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import web
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import imports
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils import controller
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.controller_bundle import (
    bundle_findings,
    source_findings,
)

PLUGINS = controller.COLLECTION / "plugins"
# They come with ansible-core, cyclonedx-python-lib and aiohttp.
WITH_OTHERS = {"ansible", "ansible_collections", "jinja2", "yaml", "packageurl", "yarl"}


@pytest.fixture
def without(monkeypatch):
    """Return a function that hides libraries from `find_spec`, which says whether one is installed."""

    def hide(*names):
        real = importlib.util.find_spec
        hidden = lambda name, *rest: None if name in names else real(name, *rest)  # noqa: E731
        monkeypatch.setattr(importlib.util, "find_spec", hidden)

    return hide


def imported_libraries():
    """Return the first name of each import of the plugins that is neither Python's nor Ansible's."""
    found = set()
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition(".")[0])
    return found - WITH_OTHERS - sys.stdlib_module_names


def test_the_requirements_are_what_the_plugins_import():
    # netaddr is for filters of ansible.utils.
    packages = set(controller.requirements()) - {"netaddr"}
    names = {controller.IMPORTED_AS.get(name, name.replace("-", "_")) for name in packages}
    assert names == imported_libraries()


def test_every_requirement_has_a_use():
    assert {name for names in controller.LIBRARIES.values() for name in names} == set(controller.requirements())
    assert set(verify_scaling.LIBRARIES.values()) == {*controller.LIBRARIES["proof"], "PyYAML"}


def test_the_collections_are_those_of_galaxy_yml():
    galaxy = yaml.safe_load((controller.COLLECTION / "galaxy.yml").read_text())["dependencies"]
    listed = yaml.safe_load((controller.COLLECTION / "requirements.yml").read_text())["collections"]
    assert {entry["name"]: entry["version"] for entry in listed} == galaxy == controller.dependencies()


def test_this_controller_has_all():
    assert list(controller.version_findings(sys.version_info[:2], "2.19.1")) == []
    assert list(controller.library_findings(controller.LIBRARIES)) == []


def test_the_libraries_of_templates_are_loaded_but_for_those_that_are_missing():
    program = (
        "import sys; sys.modules['netaddr'] = None\n"
        "from ansible_collections.shkatara.keda_demo.plugins.plugin_utils import controller\n"
        "assert 'jsonschema' not in sys.modules\n"
        "controller.load_for_templates()\n"
        "assert 'jsonschema' in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": str(controller.COLLECTION.parents[2])}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_an_old_python_and_an_old_ansible_have_one_way_out():
    python, core = controller.version_findings((3, 10), "2.15.13")
    assert python.startswith(f"python: {sys.executable} is 3.10, and the collection needs 3.11 or newer: run `python3")
    assert core.startswith("ansible-core: this is 2.15.13, and the collection needs >=2.16.0: run `python3.1")


def test_an_old_ansible_alone_is_upgraded():
    (core,) = controller.version_findings((3, 11), "2.16.0rc1")
    assert core.startswith("ansible-core: this is 2.16.0rc1, and the collection needs >=2.16.0: run `")
    assert core.endswith("-m pip install --upgrade 'ansible-core>=2.16.0'`")


def test_missing_libraries_are_named_with_their_packages(without):
    without("netaddr", "promql_parser", "cyclonedx")
    (finding,) = controller.library_findings(["templates", "bundle", "proof"])
    assert finding == (
        f"Python libraries of {sys.executable}: cyclonedx (package cyclonedx-python-lib) is missing, netaddr is "
        f"missing, promql_parser (package promql-parser) is missing: run `{sys.executable} -m pip install -r "
        f"{controller.COLLECTION}/requirements.txt`"
    )
    assert list(controller.library_findings(["api"])) == []


def test_a_library_that_is_too_old_is_named(monkeypatch):
    needed = controller.requirements() | {"netaddr": controller.SpecifierSet(">=99")}
    monkeypatch.setattr(controller, "requirements", lambda: needed)
    (finding,) = controller.library_findings(["templates"])
    assert f": netaddr is {controller.importlib.metadata.version('netaddr')}, and >=99 is needed: run " in finding


def test_a_python_of_the_system_needs_an_environment(without, monkeypatch, tmp_path):
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(controller.sysconfig, "get_path", lambda _name: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    without("netaddr")
    (finding,) = controller.library_findings(["templates"])
    assert " -m venv keda-demo` and `keda-demo/bin/pip install ansible -r " in finding


def test_an_environment_without_pip_has_other_commands(without):
    without("netaddr", "pip")
    (finding,) = controller.library_findings(["templates"])
    assert "-m ensurepip` and `" in finding
    assert f"or `uv pip install --python {sys.executable} -r " in finding


@pytest.mark.parametrize(
    ("version", "says"),
    [
        pytest.param('"4.9.9"', "kubernetes.core is 4.9.9, and >=5.0.0 is needed", id="too old"),
        pytest.param('"5.0.0"', None, id="good"),
        # A checkout of the collection's repository.
        pytest.param("null", None, id="no version"),
    ],
)
def test_the_version_of_a_collection_is_compared(monkeypatch, tmp_path, version, says):
    (tmp_path / "MANIFEST.json").write_text(f'{{"collection_info": {{"version": {version}}}}}')
    spec = importlib.machinery.ModuleSpec("name", None, is_package=True)
    spec.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    findings = list(controller.collection_findings(["kubernetes.core"]))
    assert [says in finding for finding in findings] == ([True] if says else [])


def test_all_missing_collections_are_named_with_the_commands(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(controller.importlib.util, "find_spec", missing)
    monkeypatch.setattr(controller, "pip_install", lambda packages: f"pip {packages}")
    (finding,) = controller.collection_findings()
    for name in controller.dependencies():
        assert f"{name} (>=" in finding
    assert f"collection install --upgrade -r {controller.COLLECTION}/requirements.yml`, or pip ['ansible']" in finding


def test_programs_that_are_missing_are_named_with_their_packages(monkeypatch, tmp_path):
    (tmp_path / "good").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = list(controller.program_findings({"good": "g", "ssh": "openssh", str(tmp_path / "none"): "n"}))
    assert findings == [f"programs: ssh (openssh), {tmp_path}/none (n) can't be run here: install the package"]
    assert list(controller.program_findings({"good": "g"})) == []


def test_folders_that_can_t_be_written_to_are_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "theirs").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: str(path) != str(tmp_path / "theirs"))
    folders = {
        "good": tmp_path / "a" / "b",
        "relative": "build",
        "file": tmp_path / "file" / "sub",
        "theirs": tmp_path / "theirs" / "sub",
    }
    assert list(controller.folder_findings(folders)) == [
        "relative is build: give an absolute path",
        f"file is {tmp_path}/file/sub, and {tmp_path}/file is no folder: give a folder of yours",
        f"theirs is {tmp_path}/theirs/sub, and this user can't write to {tmp_path}/theirs: give a folder of yours",
    ]


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """Return a function: the findings about a bundle on a machine that has some programs."""

    def findings(producer, *programs):
        for name in programs:
            (tmp_path / name).touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(machine, "SYSTEM_FOLDERS", [])
        monkeypatch.setattr(job, "HEADER", tmp_path / "seccomp.h")
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        return list(bundle_findings(tmp_path / "bundle", tmp_path / "cache", producer, tmp_path / "go"))

    return findings


def test_a_bundle_that_can_t_be_made_is_named_with_what_each_producer_lacks(bare_machine, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "urllib3", None)
    (finding,) = bare_machine("auto", "tar", "gcc")
    assert finding.startswith(
        f"bundle: there is none in {tmp_path}/bundle (cluster_bundle_dir), and it can't be made here (bundle_producer "
        f"auto). release (official releases): the Python package urllib3 is missing: run `{sys.executable} -m pip "
        "install urllib3`. go_modules (builds from Go modules): "
    )
    assert "go_modules (builds from Go modules): buildah is missing: " in finding
    go = f"go ({tmp_path}/go, bundle_go) is missing: run `"
    for lacks in ("debootstrap is missing", go, "this user is not root"):
        assert f"; {lacks}" in finding
    assert "gcc" not in finding


def test_one_producer_is_enough_for_auto(bare_machine):
    # Without any program.
    assert bare_machine("auto") == []
    assert bare_machine("release") == []
    assert len(bare_machine("go_modules")) == 1


@pytest.mark.parametrize("present", ["bundle/bundle.json", "cache/components/etcd", "cache/images/app"])
def test_what_is_there_may_be_enough(bare_machine, tmp_path, present):
    (tmp_path / present).mkdir(parents=True)
    assert bare_machine("go_modules") == []


STACK = {
    "name": "seed",
    "components": {},
    "images": {"keda": "ghcr.io/kedacore/keda:2.10.0"},
    "release_images": {"grafana": {"version": "9.3.2", "image": "docker.io/grafana/grafana:9.3.2"}},
}


def test_where_a_bundle_comes_from_is_named_if_it_is_wrong(tmp_path):
    packed = tmp_path / "seed.tar.gz"
    packed.write_text("no archive")
    mirrors = {"docker.io": "mirror:5000/docker", "quay.io": "mirror:5000/quay"}
    archive_finding, *others = reversed(list(source_findings(STACK, "amd64", str(packed), "mirror", mirrors)))
    assert archive_finding.startswith(f"bundle: The archive {packed} (bundle_archive) can't be read: ")
    assert [finding.split()[0] for finding in others] == ["bundle_registry_mirrors", "bundle_mirror_url"]


def test_a_bundle_without_archive_and_mirrors_has_no_findings():
    assert list(source_findings(STACK, "amd64", "", "", {})) == []
    # The check of types names it.
    assert list(source_findings(STACK, "amd64", "", "", "docker.io")) == []


def test_a_module_names_all_libraries_that_it_lacks():
    libraries = {"json": "json", "no_such_library": "no-such-library", "nor_this": "nor_this"}
    missing = imports.missing(libraries)
    assert missing == {"no_such_library": "no-such-library", "nor_this": "nor_this"}
    assert imports.message(missing) == (
        f"no_such_library (package no-such-library), nor_this are missing in the Python libraries of {sys.executable}: "
        f"run `{sys.executable} -m pip install no-such-library nor_this`"
    )
