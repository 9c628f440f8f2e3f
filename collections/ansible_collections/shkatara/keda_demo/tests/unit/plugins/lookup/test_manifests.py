# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Manifests as projects publish them."""

import pytest
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


def test_a_list_is_what_is_in_it(read):
    assert read(LIST) == [{"apiVersion": "v1", "kind": "Role", "metadata": {"name": "a"}}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "is not YAML"),
        ("- 1", "document 1 is no Kubernetes object"),
        ("kind: Pod", "document 1 is no"),
    ],
)
def test_what_is_no_manifest_is_refused(read, text, says):
    with pytest.raises(AnsibleLookupError, match=says):
        read(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AnsibleLookupError, match=r"keda\.yaml can't be read: No such file"):
        read_manifests(tmp_path / "keda.yaml")
