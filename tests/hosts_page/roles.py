# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the roles bring to a host, read from their files: nothing is run.

A file that a role writes is a mapping with `dest`, in a task or in a variable: `deliver`, `copy` and `template` have
the same word. Scripts and programs write files, too: the page has these by hand, and a real run's listing finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import yaml

from tests.hosts_page.tables import COLLECTION, Row

ROLES = COLLECTION / "roles"
# In the order in which `site` runs them.
HOST_ROLES = ("node", "containerd", "kubernetes", "control_plane", "worker", "cni")
UNIT_FOLDER = "/etc/systemd/system/"
_MODE = "0644"
_NAME = re.compile(r"\{\{ *(\w+) *\}\}")
_EXPRESSION = re.compile(r"\{\{.*?\}\}")
_TEMPLATE = re.compile(r"lookup\('ansible\.builtin\.template', '([^']+)'\)")
# A call of the shell function `before FACT VALUE`.
_BEFORE = re.compile(r"\bbefore (\"?)([\w.$-]+)\1 (?=\"|enabled)")


class Written(NamedTuple):
    """A file that a role writes; the path may have `*` for what only a run knows."""

    path: str
    mode: str
    role: str
    source: str


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def variables(role: str) -> dict[str, Any]:
    """Return the variables of a role's own files, later ones over earlier ones, without those of a distribution."""
    found: dict[str, Any] = {}
    for file in ("defaults/main.yml", "vars/main.yml"):
        path = ROLES / role / file
        found |= _load(path) or {} if path.is_file() else {}
    return found


def _resolve(text: str, known: Mapping[str, Any]) -> str:
    """Return a path with the role's variables in it, and `*` for other expressions."""
    while match := _NAME.search(text):
        name = match[1]
        value = known.get(name)
        text = text.replace(match[0], value if isinstance(value, str) else "*")
    return _EXPRESSION.sub("*", text)


def written_files() -> list[Written]:
    """Return what the roles write on hosts, in the order of their files."""
    return [item for role in HOST_ROLES for item in _of_role(role)]


def _of_role(role: str) -> Iterator[Written]:
    known = variables(role)
    places = [*sorted((ROLES / role / "tasks").glob("*.yml")), ROLES / role / "vars" / "main.yml"]
    found = {}
    for place in places:
        content = _load(place) if place.is_file() else None
        for item in _mappings(content):
            path = _resolve(str(item["dest"]), known)
            found[path] = Written(path, str(item.get("mode", _MODE)), role, _source(item))
    yield from sorted(found.values())


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each mapping with `dest`, but for tasks of the controller."""
    if isinstance(value, Mapping):
        if value.get("delegate_to") == "localhost":
            return
        if "dest" in value:
            yield value
            return
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _mappings(item)


def _source(item: Mapping[str, Any]) -> str:
    """Return where a file's content comes from: a file of the bundle, a template of the role, or a variable."""
    if "src" in item:
        source = str(item["src"])
        return f"template `{source}`" if source.endswith(".j2") else f"bundle `{source}`"
    template = _TEMPLATE.search(str(item.get("content", "")))
    return f"template `{template[1]}`" if template else "variables"


class Unit(NamedTuple):
    """A systemd unit that a role writes, and from its template what it is and what it runs."""

    name: str
    role: str
    description: str
    runs: str


def units() -> list[Unit]:
    """Return the systemd units."""
    found = []
    for file in written_files():
        if file.path.startswith(UNIT_FOLDER):
            template = file.source.removeprefix("template ").strip("`")
            text = (ROLES / file.role / "templates" / template).read_text(encoding="utf-8")
            description = re.search(r"^Description=(.+)$", text, flags=re.MULTILINE)
            # A long command and a script in quotes are cut.
            command = re.search(r"^ExecStart=([^'\\\n]+)", text, flags=re.MULTILINE)
            runs = _resolve(command[1].strip(), variables(file.role)) if command else ""
            name = file.path.removeprefix(UNIT_FOLDER)
            found.append(Unit(name, file.role, description[1] if description else "", runs))
    return found


def _of_families(role: str, name: str) -> dict[str, Any]:
    """Return {family: value} of a variable that a role has for families of hosts."""
    found = {}
    for path in sorted((ROLES / role / "vars").glob("[A-Z]*.yml")):
        content = _load(path)
        if name in content:
            found[path.stem] = content[name]
    return found


def sysctls() -> list[tuple[str, str]]:
    """Return the kernel settings of all families of hosts, with their values."""
    wanted = dict(variables("node")["node_sysctls"])
    for more in _of_families("node", "__node_family_sysctls").values():
        wanted |= more
    return [(name, str(value)) for name, value in wanted.items()]


def kernel_modules() -> list[str]:
    """Return the kernel modules of the default network."""
    template = variables("node")["node_kernel_modules"]
    network = _load(ROLES / "cni" / "defaults" / "main.yml")["cni_plugin"]
    text = jinja2.Environment(autoescape=False).from_string(template).render(cluster_pod_network=network)
    return list(yaml.safe_load(text))


def packages() -> list[Row]:
    """Return each program that is looked for, and its package by the family of the host."""
    families = _of_families("node", "__node_packages")
    programs = variables("node")["node_programs"]
    return [(program, *(families[name][program] for name in PACKAGE_FAMILIES)) for program in programs]


# The files of the role's vars, in the order of the page's columns.
PACKAGE_FAMILIES = ("Debian", "RedHat", "RedHat_8", "RedHat_7")


def recorded_facts() -> list[str]:
    """Return the names of the files in /var/lib/keda-demo/before, with `*` for what only a host knows."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROLES / "node" / "templates").rglob("*.j2"))]
    # The role's task of SELinux has its own lines.
    texts.append((ROLES / "node" / "tasks" / "security.yml").read_text(encoding="utf-8"))
    names = {match[2] for text in texts for match in _BEFORE.finditer(text)}
    names |= {name for text in texts for name in re.findall(r"\{\{ __node_before \}\}/(\w+)", text)}
    return sorted({re.sub(r"\$\w+", "*", name) for name in names} - {"*"})
