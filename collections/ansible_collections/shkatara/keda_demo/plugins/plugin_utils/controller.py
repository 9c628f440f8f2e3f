# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the controller: Python, ansible-core, collections, Python libraries, programs and folders.

A finding is a sentence with what is missing and the command that installs it. This file runs where most of that may be
missing, so it has no syntax that Python 3.8 lacks, and imports nothing but what comes with ansible-core.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

COLLECTION = Path(__file__).resolve().parents[2]
PYTHON = (3, 11)
# The Python libraries of requirements.txt by their use. Those of "templates" are for lookups and filters, also those of
# other collections that the roles use; the others are imported by modules.
LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "templates": ("jsonschema", "netaddr"),
    "api": ("kubernetes", "urllib3"),
    "bundle": ("cyclonedx-python-lib", "urllib3"),
    "proof": (
        "aiohttp",
        "durationpy",
        "httptools",
        "kubernetes",
        "packaging",
        "prometheus-client",
        "promql-parser",
        "urllib3",
    ),
}
# The names of libraries in an import statement, if they are not those of the package with underscores.
IMPORTED_AS = {"cyclonedx-python-lib": "cyclonedx"}


def message(findings: Iterable[str]) -> str:
    """Return one message with all findings, in the form of the role preflight's messages."""
    listed = list(findings)
    reasons = "1 reason" if len(listed) == 1 else f"{len(listed)} reasons"
    return "\n".join([f"controller: {reasons} why this run would fail", *(f"  - {finding}" for finding in listed)])


def version_findings(python: tuple[int, int], core: str) -> Iterator[str]:
    """Yield the faults of the controller's Python and ansible-core."""
    if python < PYTHON:
        wanted, found = (".".join(map(str, version)) for version in (PYTHON, python))
        yield f"python: {sys.executable} is {found}, and the collection needs {wanted} or newer: {new_environment()}"
    wanted = _yaml(COLLECTION / "meta" / "runtime.yml")["requires_ansible"]
    if not SpecifierSet(wanted).contains(core, prereleases=True):
        command = new_environment() if python < PYTHON else pip_install([f"ansible-core{wanted}"], upgrade=True)
        yield f"ansible-core: this is {core}, and the collection needs {wanted}: {command}"


def collection_findings(names: Iterable[str] | None = None) -> Iterator[str]:
    """Yield one finding about collections that are missing or too old.

    :param names: the collections to look for, by default all dependencies
    """
    needed = dependencies()
    wrong = []
    for name in needed if names is None else names:
        found = installed_version(name)
        if found is None:
            wrong.append(f"{name} ({needed[name]}) is missing")
        elif found and not SpecifierSet(needed[name]).contains(found, prereleases=True):
            wrong.append(f"{name} is {found}, and {needed[name]} is needed")
    if wrong:
        galaxy = Path(sysconfig.get_path("scripts")) / "ansible-galaxy"
        program = str(galaxy) if galaxy.exists() else "ansible-galaxy"
        install = [program, "collection", "install", "--upgrade", "-r", str(COLLECTION / "requirements.yml")]
        # They are part of the Python package `ansible`, too.
        yield f"collections: {', '.join(wrong)}: run `{shlex.join(install)}`, or {pip_install(['ansible'])}"


def dependencies() -> dict[str, str]:
    """Return the collection's dependencies and their versions, from MANIFEST.json or in a clone from galaxy.yml."""
    manifest = COLLECTION / "MANIFEST.json"
    if manifest.is_file():
        information = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]
    else:
        information = _yaml(COLLECTION / "galaxy.yml")
    return dict(information["dependencies"])


def installed_version(name: str) -> str | None:
    """Return the version of the collection that Ansible uses, None for none; empty if its files do not have it."""
    try:
        spec = importlib.util.find_spec(f"ansible_collections.{name}")
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    for folder in spec.submodule_search_locations or ():
        manifest = Path(folder) / "MANIFEST.json"
        if manifest.is_file():
            return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"] or "")
    return ""


def library_findings(uses: Iterable[str]) -> Iterator[str]:
    """Yield one finding about Python libraries that are missing or too old.

    :param uses: keys of LIBRARIES
    """
    needed = requirements()
    wrong = []
    for name in sorted({name for use in uses for name in LIBRARIES[use]}):
        imported = IMPORTED_AS.get(name, name.replace("-", "_"))
        if importlib.util.find_spec(imported) is None:
            wrong.append(f"{imported} is missing" if imported == name else f"{imported} (package {name}) is missing")
        elif (found := _library_version(name)) and not needed[name].contains(found, prereleases=True):
            wrong.append(f"{name} is {found}, and {needed[name]} is needed")
    if wrong:
        install = pip_install(["-r", str(COLLECTION / "requirements.txt")])
        yield f"Python libraries of {sys.executable}: {', '.join(wrong)}: {install}"


def load_for_templates() -> None:
    """Import the libraries of lookups and filters, but for those that are missing.

    Ansible imports playbooks in its main process, and runs each task in a fork of that, which then has the libraries.
    Otherwise every task that reads the stack imports them for a fifth of a second.
    """
    for name in LIBRARIES["templates"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def requirements() -> dict[str, SpecifierSet]:
    """Return the versions of the Python packages in requirements.txt."""
    lines = (COLLECTION / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {requirement.name: requirement.specifier for requirement in found}


def program_findings(programs: Mapping[str, str]) -> Iterator[str]:
    """Yield one finding about programs that are missing.

    :param programs: the packages of each program, as a text
    """
    missing = [f"{name} ({packages})" for name, packages in programs.items() if shutil.which(name) is None]
    if missing:
        yield f"programs: {', '.join(missing)} can't be run here: install the package"


def folder_findings(folders: Mapping[str, Any]) -> Iterator[str]:
    """Yield the faults of folders that a run creates or writes to.

    :param folders: the path by the variables that set it, as a text
    """
    for variables, value in folders.items():
        path = Path(str(value)).expanduser()
        if not path.is_absolute():
            yield f"{variables} is {value}: give an absolute path"
            continue
        existing = next(place for place in (path, *path.parents) if os.path.lexists(place))
        if not existing.is_dir():
            yield f"{variables} is {value}, and {existing} is no folder: give a folder of yours"
        elif not os.access(existing, os.W_OK | os.X_OK):
            yield f"{variables} is {value}, and this user can't write to {existing}: give a folder of yours"


def pip_install(arguments: list[str], *, upgrade: bool = False) -> str:
    """Return how to install Python packages for this Python, as the end of a sentence."""
    options = (["--upgrade"] if upgrade else []) + arguments
    is_managed = (
        sys.prefix == sys.base_prefix
        and (
            Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"  # PEP 668: pip refuses
        ).is_file()
    )
    if is_managed:
        return new_environment()
    if importlib.util.find_spec("pip") is None:
        # pipx and uv create such environments.
        command = ["uv", "pip", "install", "--python", sys.executable, *options]
        ensure = shlex.join([sys.executable, "-m", "ensurepip"])
        install = shlex.join([sys.executable, "-m", "pip", "install", *options])
        return f"run `{ensure}` and `{install}`, or `{shlex.join(command)}`"
    return f"run `{shlex.join([sys.executable, '-m', 'pip', 'install', *options])}`"


def new_environment() -> str:
    """Return how to create an environment for the collection, as the end of a sentence."""
    python = ".".join(map(str, max(PYTHON, sys.version_info[:2])))
    install = shlex.join(["keda-demo/bin/pip", "install", "ansible", "-r", str(COLLECTION / "requirements.txt")])
    return f"run `python{python} -m venv keda-demo` and `{install}`, and use keda-demo/bin/ansible-playbook"


def _library_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
