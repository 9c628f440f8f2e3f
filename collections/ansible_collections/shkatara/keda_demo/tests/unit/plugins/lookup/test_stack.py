# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Stacks: those of the collection are valid, and what is wrong with one is named by its path."""

import copy
import os
import shutil

import pytest
import yaml
from ansible.errors import AnsibleLookupError
from ansible_collections.shkatara.keda_demo.plugins.lookup.stack import STACKS, LookupModule, read_stack

NAMES = sorted(path.stem for path in STACKS.glob("*.yml"))
SEED = yaml.safe_load((STACKS / "seed.yml").read_text())


@pytest.fixture
def directory(tmp_path):
    shutil.copy(STACKS / "schema.json", tmp_path)
    shutil.copy(STACKS / "seed.yml", tmp_path)
    return tmp_path


@pytest.fixture
def refused(directory):
    """Return what is said of a stack that `change` was done to, a line each."""

    def read(change):
        stack = copy.deepcopy(SEED)
        change(stack)
        (directory / "seed.yml").write_text(yaml.safe_dump(stack))
        with pytest.raises(AnsibleLookupError) as caught:
            read_stack(directory, "seed")
        first, *findings = str(caught.value).splitlines()
        assert first == f"{directory}/seed.yml is not a valid stack:"
        return [finding.removeprefix("  - ") for finding in findings]

    return read


@pytest.mark.parametrize("name", NAMES)
def test_the_collection_s_stacks_are_valid(name):
    assert read_stack(STACKS, name) == yaml.safe_load((STACKS / f"{name}.yml").read_text())


def test_the_seed_s_stack_is_there():
    assert "seed" in NAMES
    assert {name: SEED["components"][name]["version"] for name in ("kubernetes", "containerd", "keda")} == {
        "kubernetes": "1.25.0",
        "containerd": "1.6.19",
        "keda": "2.10.0",
    }


def test_an_unknown_stack_names_those_that_are_known(directory):
    (directory / "current.yml").write_text("")
    with pytest.raises(AnsibleLookupError) as caught:
        read_stack(directory, "sed")
    assert str(caught.value) == "There is no stack 'sed' (cluster_stack); known are: current, seed."


def test_a_path_is_no_name(directory):
    (directory / "sub").mkdir()
    with pytest.raises(AnsibleLookupError, match="There is no stack"):
        read_stack(directory / "sub", "../seed")


def _set(*path, value):
    def change(stack):
        for key in path[:-1]:
            stack = stack[key]
        stack[path[-1]] = value

    return change


def _delete(*path):
    def change(stack):
        for key in path[:-1]:
            stack = stack[key]
        del stack[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        pytest.param(
            _set("components", "pause", "version", value=3.8),
            "components.pause.version: 3.8 is not of type 'string': put it in quotes",
            id="a version that YAML takes for a number",
        ),
        (_set("components", "etcd", "version", value="v3.5.4"), "components.etcd.version: 'v3.5.4' does not match "),
        (_set("components", "etcd", "toolchain", value="1.19"), "components.etcd.toolchain: '1.19' does not match "),
        (_delete("components", "etcd", "toolchain"), "components.etcd: 'toolchain' is a dependency of 'module'"),
        (_delete("components", "keda"), "components: 'keda' is a required property"),
        (_delete("images", "etcd"), "images: 'etcd' is a required property"),
        (_set("images", "etcd", value="registry.k8s.io/etcd"), "images.etcd: 'registry.k8s.io/etcd' does not match "),
        (_set("components", "app", "sha", value="1"), "components.app: Additional properties are not allowed"),
        (_set("colour", value="red"), "the file: Additional properties are not allowed ('colour' was unexpected)"),
        (_set("schema_version", value=2), "schema_version: 1 was expected"),
        (
            _set("release", "runc", "url", value="http://a.example.net/x"),
            "release.runc.url: 'http://a.example.net/x' does",
        ),
        (
            _set("release", "runc", "url", value="https://a.example.net/{os}"),
            "release.runc.url: 'https://a.example.net/{",
        ),
        (
            _set("release", "runc", "checksum_url", value="runc.sha256"),
            "release.runc.checksum_url: 'runc.sha256' does not",
        ),
        (_set("release", "runc", "sha256", "amd64", value="abc"), "release.runc.sha256.amd64: 'abc' does not match "),
        (
            _set("release", "runc", "sha256", "s390x", value="0" * 64),
            "release.runc.sha256: 's390x' does not match any of ",
        ),
        (
            _set("release", "runc", "component", value="run"),
            "release.runc.component: 'run' is not among the components",
        ),
        (_delete("release", "runc", "component"), "release.runc: 'component' is a required property"),
        (_set("name", value="sead"), "name: it is 'sead', and must be 'seed' as the file's name"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(refused, change, finding):
    [found] = refused(change)
    assert found.startswith(finding)


def test_all_that_is_wrong_is_named_at_once(refused):
    def change(stack):
        del stack["images"]["app"]
        stack["components"]["pause"]["version"] = 3.8
        stack["components"]["crictl"]["version"] = None

    assert [finding.partition(":")[0] for finding in refused(change)] == [
        "components.crictl.version",
        "components.pause.version",
        "images",
    ]


@pytest.mark.parametrize(("text", "says"), [("- 1", r"the file: \[1\] is not of type 'object'"), ("a: [", "not YAML")])
def test_a_file_that_is_no_mapping_is_refused(directory, text, says):
    (directory / "seed.yml").write_text(text)
    with pytest.raises(AnsibleLookupError, match=says):
        read_stack(directory, "seed")


def test_a_file_that_was_changed_is_read_again(directory):
    assert read_stack(directory, "seed")["description"] == SEED["description"]
    (directory / "seed.yml").write_text(yaml.safe_dump(SEED | {"description": "another"}))
    # Whatever the file system's clock is worth.
    os.utime(directory / "seed.yml", ns=(1, 1))
    assert read_stack(directory, "seed")["description"] == "another"


def test_the_lookup_returns_a_dictionary_for_each_name(directory, monkeypatch):
    options = {}
    lookup = LookupModule()
    monkeypatch.setattr(lookup, "set_options", lambda direct, **_others: options.update(direct))
    monkeypatch.setattr(lookup, "get_option", options.get)
    assert lookup.run(["seed"]) == [read_stack(STACKS, "seed")]
    (directory / "seed.yml").write_text(yaml.safe_dump(SEED | {"description": "another"}))
    assert [stack["description"] for stack in lookup.run(["seed", "seed"], directory=str(directory))] == ["another"] * 2
