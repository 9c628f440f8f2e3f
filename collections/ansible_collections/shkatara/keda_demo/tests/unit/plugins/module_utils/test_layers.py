# SPDX-License-Identifier: MIT
"""The packages of module_utils/_internal: which may import which, and how large their modules may be."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

INTERNAL = Path(__file__).parents[4] / "plugins" / "module_utils" / "_internal"
MODULES = {
    path.relative_to(INTERNAL).with_suffix("").as_posix().replace("/", "."): path
    for path in sorted(INTERNAL.rglob("*.py"))
    if path.name != "__init__.py"
}
# Each package and the packages that it may import from.
MAY_IMPORT = {
    "common": set(),
    "kube": {"common"},
    "survey": {"common", "kube"},
    "prometheus": {"common", "kube"},
    "autoscaling": {"common", "kube", "prometheus"},
    "load": {"common"},
    "prediction": {"common", "autoscaling", "prometheus"},
    "proof/observed": {"common", "kube", "prometheus", "autoscaling"},
    "proof/judgement": {"kube", "autoscaling", "load", "prediction", "prometheus", "proof/observed"},
    "proof/messages": {
        "autoscaling",
        "common",
        "load",
        "prediction",
        "prometheus",
        "proof/observed",
        "proof/judgement",
    },
    "proof/output": {"common", "proof/observed"},
    "proof": {
        "common",
        "kube",
        "prometheus",
        "autoscaling",
        "load",
        "prediction",
        "proof/observed",
        "proof/judgement",
        "proof/messages",
        "proof/output",
    },
    "bundle": {"common"},
}
WITHOUT_ANSIBLE = ("prometheus", "autoscaling", "prediction")
MOST_LINES = 250
MOST_ATTRIBUTES = 15

each_module = pytest.mark.parametrize("name", MODULES)


def imported(name):
    """Yield (dotted name below _internal, None) or (None, name of another library) for each import of a module."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            yield from ((None, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield None, node.module
        elif isinstance(node, ast.ImportFrom):
            place = [*name.split(".")[: -node.level], *filter(None, (node.module or "").split("."))]
            for alias in node.names:
                module = ".".join([*place, alias.name])
                yield module if module in MODULES else ".".join(place), None


def internal_imports(name):
    return {module for module, _other in imported(name) if module is not None}


def all_imports(name, seen):
    """Return the modules that a module imports, directly or through others, itself among them."""
    if name not in seen:
        seen.add(name)
        for module in internal_imports(name):
            all_imports(module, seen)
    return seen


def package_of(name):
    """Return the row of the table that a module belongs to."""
    first, *others = name.split(".")
    inner = f"{first}/{others[0]}"
    return inner if inner in MAY_IMPORT else first


def test_every_package_has_its_row_in_the_table():
    assert {package_of(name) for name in MODULES} == set(MAY_IMPORT)


def test_the_table_points_downwards():
    order = list(graphlib.TopologicalSorter(MAY_IMPORT).static_order())
    assert sorted(order) == sorted(MAY_IMPORT)


@each_module
def test_a_module_imports_only_what_the_table_allows(name):
    package = package_of(name)
    used = {package_of(module) for module in internal_imports(name)} - {package}
    assert used <= MAY_IMPORT[package]


@each_module
def test_imports_inside_are_relative(name):
    assert [other for _module, other in imported(name) if other and other.startswith("ansible_collections")] == []


def test_no_modules_import_each_other():
    graph = {name: internal_imports(name) for name in MODULES}
    assert set(graphlib.TopologicalSorter(graph).static_order()) >= set(MODULES)


@pytest.mark.parametrize("name", [name for name in MODULES if name.partition(".")[0] in WITHOUT_ANSIBLE])
def test_what_may_leave_as_a_library_needs_no_ansible(name):
    others = {
        other.partition(".")[0] for module in all_imports(name, set()) for _inside, other in imported(module) if other
    }
    assert "ansible" not in others


def test_packages_have_no_code_of_their_own():
    assert [path for path in INTERNAL.rglob("__init__.py") if path.read_text()] == []


@each_module
def test_a_module_fits_on_a_few_screens(name):
    assert len(MODULES[name].read_text().splitlines()) <= MOST_LINES


def attributes(node):
    """Return the names that a class declares, and those that its methods set on `self`."""
    found = {
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    for inner in ast.walk(node):
        is_stored = isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
        if is_stored and isinstance(inner.value, ast.Name) and inner.value.id == "self":
            found.add(inner.attr)
    return found


@each_module
def test_a_class_has_few_attributes(name):
    classes = [node for node in ast.walk(ast.parse(MODULES[name].read_text())) if isinstance(node, ast.ClassDef)]
    assert {node.name: len(found) for node in classes if len(found := attributes(node)) > MOST_ATTRIBUTES} == {}
