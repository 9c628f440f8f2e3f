# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Places at which tests run commands: a task or play of a scenario, a function of a test, or a file of variables.

A place counts if it is part of a test: a file that a scenario's playbooks lead to, or one that pytest collects.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.documented.commands import ROOT, playbook
from tests.tiers.steps import scenarios

CONFIG = ROOT / ".config" / "molecule" / "config.yml"
LISTS = ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always")
# How Ansible's programs are called by tests: `python -m ansible playbook`, and a scenario imports a playbook.
OTHER_NAMES = {
    "ansible-playbook": ("playbook", "PLAYBOOK", "ansible.builtin.import_playbook"),
    "ansible-galaxy": ("galaxy",),
    "ansible-doc": ("doc",),
    "python": ("sys.executable",),
}


@dataclass(frozen=True)
class Place:
    """A file of the repository, and the name of what in it runs a command. Without a name it is the whole file."""

    path: str
    name: str = ""

    def problem(self) -> str:
        """Return why this is no place of a test, or nothing."""
        path = ROOT / self.path
        if not path.is_file():
            return f"{self.path} does not exist"
        if self.name and self.text() is None:
            return f"{self.path} has no `{self.name}`"
        if path.suffix == ".py":
            in_tests = path.name.startswith("test_") or path.parent == ROOT / "tests" / "tiers"
            return "" if in_tests else f"{self.path} is no file of tests"
        return "" if path in reached() else f"no scenario uses {self.path}"

    def text(self) -> str | None:
        """Return what the place consists of, or nothing if the file has no such name."""
        source = (ROOT / self.path).read_text(encoding="utf-8")
        if not self.name:
            return source
        if self.path.endswith(".py"):
            found = [node for node in ast.parse(source).body if self.name in _names(node)]
            return _source(source, found[0]) if found else None
        items = [item for item in _items(yaml.safe_load(source)) if item.get("name") == self.name]
        return "\n".join(_strings({**items[0], "name": ""})) if items else None


def missing(words: tuple[str, ...], places: tuple[Place, ...]) -> list[str]:
    """Return the words of a command that none of the places has."""
    text = "\n".join(place.text() or "" for place in places)
    found = _tokens(text)
    found |= {name for part in re.split(r"[\s\"'=,]+", text) if (name := playbook(part))}
    return [word for word in words if not any(_tokens(name) <= found for name in (word, *OTHER_NAMES.get(word, ())))]


def _tokens(text: str) -> set[str]:
    return {part.rstrip(".") for part in re.split(r"[\s\"'`=,:/{}()\[\]|]+", text)} - {""}


def _source(source: str, node: ast.stmt) -> str:
    """Return the lines of a definition, with its decorators."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    return {target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)}


def _items(data: Any) -> Iterator[dict[str, Any]]:
    for item in data:
        yield item
        for key in LISTS:
            yield from _items(item.get(key) or [])


def _strings(value: Any) -> Iterator[str]:
    """Yield the keys and values of data, at any depth."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    else:
        yield str(value).lower() if isinstance(value, bool) else str(value)


@functools.cache
def reached() -> frozenset[Path]:
    """Return the files that the scenarios use: molecule.yml, and from it playbooks, tasks, variables, inventories."""
    found: set[Path] = set()
    for name in scenarios():
        folder = ROOT / "molecule" / name
        new = [folder / "molecule.yml"]
        while new:
            path = new.pop()
            if path not in found:
                found.add(path)
                text = path.read_text(encoding="utf-8") + (CONFIG.read_text() if path.name == "molecule.yml" else "")
                new += _named(text, path, folder)
    return frozenset(found)


def _named(text: str, path: Path, folder: Path) -> Iterator[Path]:
    for inventory in re.findall(r"--inventory=\$\{MOLECULE_PROJECT_DIRECTORY\}/(\S+)", text):
        yield from (ROOT / inventory).rglob("*.yml")
    for named in set(re.findall(r"[\w./-]+\.yml", text)):
        for start in (path.parent, path.parent.parent, folder):
            if (start / named).is_file() and (start / named).resolve().is_relative_to(ROOT / "molecule"):
                yield (start / named).resolve()
