# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The programs in the bundle are those of the stack: what Go wrote into them, and what they say themselves.

`make demo` makes the bundle. KEDA_DEMO_NO_BUNDLE=1 leaves these tests out.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
STACK = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text())
RECIPES = yaml.safe_load((COLLECTION / "roles" / "bundle" / "vars" / "go_modules.yml").read_text())["__bundle_recipes"]
COMPONENT_OF = {program: name for name, recipe in RECIPES.items() for program in recipe.get("bin", [])}
GO = ROOT / ".venv" / "bin" / "go"


def _folder():
    """The default of cluster_bundle_dir."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or f"{os.environ['HOME']}/.cache"
    cache = os.environ.get("KEDA_DEMO_CACHE") or f"{cache_home}/keda_demo"
    return Path(cache) / "bundles" / f"{STACK['name']}-amd64"


@pytest.fixture
def programs():
    """The bundle's folder bin/."""
    if os.environ.get("KEDA_DEMO_NO_BUNDLE") == "1":
        pytest.skip("KEDA_DEMO_NO_BUNDLE=1")
    folder = _folder()
    if not (folder / "bundle.json").is_file():
        pytest.fail(f"There is no bundle in {folder}: `make demo` makes it, and KEDA_DEMO_NO_BUNDLE=1 does without.")
    return folder / "bin"


def _run(*command):
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_bundle_has_the_programs_of_the_recipes(programs):
    there = {path.relative_to(programs).as_posix() for path in programs.rglob("*") if path.is_file()}
    assert there == set(COMPONENT_OF)


@pytest.mark.parametrize("program", COMPONENT_OF)
def test_a_program_is_built_from_the_stack_s_module_with_its_toolchain(programs, program):
    component = COMPONENT_OF[program]
    entry, recipe = STACK["components"][component], RECIPES[component]
    first, *lines = _run(GO, "version", "-m", programs / program).splitlines()
    assert first.rpartition(": ")[2] == entry["toolchain"]
    fields = [line.split("\t")[1:] for line in lines]
    assert ["path", recipe["binaries"][program]] in fields
    index, module = next((index, field) for index, field in enumerate(fields) if field[0] == "mod")
    assert module[1:3] == [entry["module"], entry["module_version"]]
    replacement = fields[index + 1]
    if replacement[0] == "=>":
        assert replacement[2] == entry["module_version"]
    build = dict(field[1].split("=", 1) for field in fields if field[0] == "build")
    assert build["GOARCH"] == "amd64"
    assert build["GOOS"] == "linux"
    assert build["CGO_ENABLED"] == str(int(recipe.get("cgo", False)))
    assert build.get("-tags", "").split(",") == recipe.get("tags", [""])


@pytest.mark.parametrize("program", COMPONENT_OF)
def test_a_program_is_static(programs, program):
    """A host's own C library does not matter: CentOS 7 has an older one than the machine that builds."""
    headers = _run("readelf", "--program-headers", programs / program)
    assert re.search(r"^ +LOAD ", headers, flags=re.MULTILINE)
    assert "INTERP" not in headers


@pytest.mark.parametrize(
    ("command", "component", "says"),
    [
        (["kubelet", "--version"], "kubernetes", "Kubernetes v{version}"),
        (["kubeadm", "version", "--output=short"], "kubernetes", "v{version}"),
        (["kubectl", "version", "--client", "--output=yaml"], "kubernetes", "  gitVersion: v{version}"),
        (["containerd", "--version"], "containerd", "containerd github.com/containerd/containerd v{version} "),
        (["ctr", "--version"], "containerd", "ctr github.com/containerd/containerd v{version}"),
        (["containerd-shim-runc-v2", "-v"], "containerd", "  Version:  v{version}"),
        (["runc", "--version"], "runc", "runc version {version}"),
        (["crictl", "--version"], "crictl", "crictl version v{version}"),
    ],
)
def test_a_program_says_the_stack_s_version(programs, command, component, says):
    expected = says.format(version=STACK["components"][component]["version"])
    assert expected in _run(programs / command[0], *command[1:]).splitlines()


def test_kubelet_says_the_seed_s_version(programs):
    assert _run(programs / "kubelet", "--version") == "Kubernetes v1.25.0\n"
