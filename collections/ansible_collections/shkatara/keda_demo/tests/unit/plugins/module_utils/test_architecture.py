# SPDX-License-Identifier: MIT
"""The tables of docs/architecture.md against the packages and the rules of test_layers."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.test_layers import MAY_IMPORT, MODULES

PAGE = (Path(__file__).parents[4] / "docs" / "architecture.md").read_text()


def table(header):
    """The rows of the table below a header line: the first column's name, and the second column's text."""
    rows = PAGE.split(f"{header}\n| --- | --- |\n")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `([\w/]+)` \| (.*)\|$", rows, re.MULTILINE))


def test_each_package_has_a_sentence():
    assert sorted(table("| package | subject |")) == sorted(MAY_IMPORT)


def test_the_imports_are_those_that_are_checked():
    rows = table("| package | may import |")
    imports = {package: set(re.findall(r"`([\w/]+)`", cell)) for package, cell in rows.items()}
    assert imports == MAY_IMPORT


def test_each_module_of_a_proof_has_a_sentence():
    modules = {name.partition(".")[2].replace(".", "/") for name in MODULES if name.startswith("proof.")}
    assert set(table("| module of `proof` | subject |")) == modules
