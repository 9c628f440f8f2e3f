# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Manifests as projects publish them."""

import tarfile

import pytest
import yaml
from ansible.errors import AnsibleLookupError
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import (
    read_manifests,
    without_descriptions,
)

# The bare = is as in prometheus-operator 0.62.0's alertmanagerconfigs, creationTimestamp as in KEDA 2.10.0's.
CRD = """---
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  creationTimestamp: null
  name: alertmanagerconfigs.monitoring.coreos.com
spec:
  versions:
    - name: v1
      additionalPrinterColumns:
        - description: stays
      schema:
        openAPIV3Schema:
          description: goes
          properties:
            description:
              description: goes, but not the property of this name
              type: string
            matchType:
              enum:
              - '!='
              - =
status:
  conditions: []
"""
LIST = "{apiVersion: v1, kind: RoleList, items: [{apiVersion: v1, kind: Role, metadata: {name: a}}]}"


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        (tmp_path / "file.yaml").write_text(text)
        return read_manifests(tmp_path / "file.yaml")

    return read_text


def test_what_the_api_server_writes_is_left_out(read):
    (crd,) = read(CRD)
    assert crd["metadata"] == {"name": "alertmanagerconfigs.monitoring.coreos.com"}
    assert sorted(crd) == ["apiVersion", "kind", "metadata", "spec"]


def test_a_bare_equals_sign_is_a_string(read):
    (version,) = read(CRD)[0]["spec"]["versions"]
    assert version["schema"]["openAPIV3Schema"]["properties"]["matchType"]["enum"] == ["!=", "="]


def test_descriptions_of_schemas_can_be_left_out(read):
    crd = read(CRD)[0]
    (version,) = without_descriptions(crd)["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    assert sorted(schema) == ["properties"]
    assert schema["properties"]["description"] == {"type": "string"}
    assert version["additionalPrinterColumns"] == [{"description": "stays"}]
    # What was read is as it was.
    assert crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] == "goes"


def test_other_objects_keep_their_descriptions():
    item = {"kind": "ConfigMap", "data": {"description": "stays"}}
    assert without_descriptions(item) is item


ROLE = {"apiVersion": "v1", "kind": "Role", "metadata": {"name": "a"}}


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        (LIST, [ROLE]),
        ("{apiVersion: v1, kind: RoleList, items: []}", []),
        ("{apiVersion: v1, kind: RoleList, items: null}", []),
        (f"{{apiVersion: v1, kind: List, items: [{LIST}, {LIST}]}}", [ROLE, ROLE]),
        # As the API server's own answer has them.
        ("{apiVersion: v1, kind: RoleList, items: [{metadata: {name: a, creationTimestamp: null}}]}", [ROLE]),
        (f"{LIST}\n---\n{LIST}", [ROLE, ROLE]),
    ],
)
def test_a_list_is_replaced_by_its_items(read, text, objects):
    assert read(text) == objects


@pytest.mark.parametrize("rest", ["spec: {allow: [a]}", "items: {a: 1}", "items: ten"])
def test_a_kind_that_ends_in_list_is_no_list_without_a_list_of_items(read, rest):
    text = f"{{apiVersion: example.com/v1, kind: AllowList, metadata: {{name: a}}, {rest}}}"
    assert read(text) == [yaml.safe_load(text)]


def test_another_kind_may_have_items(read):
    text = "{apiVersion: example.com/v1, kind: Menu, metadata: {name: a}, items: [soup]}"
    assert read(text) == [yaml.safe_load(text)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "is not YAML"),
        ("- 1", "document 1 is not a Kubernetes object"),
        ("kind: Pod", "document 1 is not"),
        ("{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod}, soup]}", "document 1, item 2 is not"),
        # An item of a plain List must say its kind; the error is better than an object of no kind.
        ("{apiVersion: v1, kind: List, items: [{metadata: {name: a}}]}", "document 1, item 1 is not"),
    ],
)
def test_what_is_no_manifest_is_refused(read, text, says):
    with pytest.raises(AnsibleLookupError, match=says):
        read(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AnsibleLookupError, match=r"keda\.yaml can't be read: No such file"):
        read_manifests(tmp_path / "keda.yaml")


def pod(name):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}


@pytest.fixture
def archive(tmp_path):
    """Return a release's archive of four files."""
    folder = tmp_path / "demo-1.0"
    (folder / "manifests" / "setup").mkdir(parents=True)
    for path in ("manifests/b-1.yaml", "manifests/a-2.yaml", "manifests/setup/0.yaml"):
        (folder / path).write_text(yaml.safe_dump(pod(path)))
    (folder / "LICENSE").write_text("no manifest")
    path = tmp_path / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        opened.add(folder, "demo-1.0")
    return path


@pytest.mark.parametrize(
    ("members", "names"),
    [
        (["manifests/setup/*", "manifests/*"], ["manifests/setup/0.yaml", "manifests/a-2.yaml", "manifests/b-1.yaml"]),
        (["manifests/b-*"], ["manifests/b-1.yaml"]),
        (["*.yaml"], ["manifests/a-2.yaml", "manifests/b-1.yaml", "manifests/setup/0.yaml"]),
    ],
)
def test_an_archive_s_files_come_in_the_order_of_the_patterns_each_once(archive, members, names):
    assert read_manifests(archive, members) == [pod(name) for name in names]


def test_a_pattern_without_a_file_is_named(archive):
    with pytest.raises(AnsibleLookupError, match=r"demo-1\.0\.tar\.gz has no manifests/c-\*\."):
        read_manifests(archive, ["manifests/*", "manifests/c-*"])


def test_the_file_in_the_archive_is_named(archive):
    with pytest.raises(AnsibleLookupError, match=r"demo-1\.0\.tar\.gz, LICENSE: document 1 is not a Kubernetes object"):
        read_manifests(archive, ["LICENSE"])


@pytest.mark.parametrize("cut", [0, 20, -40])
def test_a_damaged_archive_is_named(archive, cut):
    archive.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(AnsibleLookupError, match=r"The archive .*demo-1\.0\.tar\.gz can't be read: "):
        read_manifests(archive)


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(AnsibleLookupError, match=r"a\.tar\.gz can't be read: No such file"):
        read_manifests(tmp_path / "a.tar.gz")
