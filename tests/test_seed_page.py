# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""docs/seed.md, what became of the first README: its versions, numbers and names are the stack's and the roles'."""

import re

import pytest

from tests.hosts_page import objects, roles, tables

TEXT = (tables.COLLECTION / "docs" / "seed.md").read_text(encoding="utf-8")
TABLES = tables.read(TEXT)
# Parts that have the version of another one.
PART_OF = {"kubectl": "kubernetes"}


@pytest.mark.parametrize("component", [key for key in TABLES["versions"].keys if " " not in key])
def test_a_version_is_that_of_the_stack(component):
    version = objects.STACK["components"][PART_OF.get(component, component)]["version"]
    assert re.split("[,:]", TABLES["versions"].column("here")[component])[0] == version


@pytest.mark.parametrize("variable", TABLES["scaling"].keys)
def test_a_number_is_the_default_of_the_role(variable):
    assert TABLES["scaling"].column("here")[variable].split()[0] == str(roles.variables("demo_app")[variable])


def test_names_and_image_are_those_of_the_application():
    names = {(item["kind"], item["metadata"]["name"]) for item in objects.application()}
    assert ("RoleBinding", "prometheus-test-namespace-scrape") in names
    assert "RoleBinding and Role `prometheus-test-namespace-scrape`" in TEXT
    assert f"`{objects.STACK['images']['app']}`" in TEXT


def test_every_variable_and_role_exists():
    known = {name for path in roles.ROLES.iterdir() for name in roles.variables(path.name)}
    named = set(re.findall(r"\b(?:demo_app|kube_prometheus)_\w+", TEXT))
    tags = set(re.findall(r"\b\w+_(?:apply|wait)\b", TEXT))
    assert named - tags - known == set()


@pytest.mark.parametrize("page", ["seed.md", "hosts.md"])
def test_every_link_has_its_target(page):
    folder = tables.COLLECTION / "docs"
    text = (folder / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        linked = (folder / path).resolve() if path else folder / page
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE) if anchor else []
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
