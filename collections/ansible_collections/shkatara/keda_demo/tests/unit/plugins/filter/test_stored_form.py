# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Objects in the form in which the API server stores them."""

import base64

from ansible_collections.shkatara.keda_demo.plugins.filter.stored_form import stored_form, with_defaults
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import read_manifests
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE

RULE = {"type": "object", "properties": {"action": {"default": "replace"}, "regex": {}, "source": {"default": [1]}}}
SCHEMA = {
    "properties": {
        "portName": {"default": "web"},
        "spec": {
            "properties": {
                "portName": {"default": "web"},
                "rules": {"items": RULE},
                "groups": {"items": {"properties": {"inner": {"properties": {"rules": {"items": RULE}}}}}},
                "by_name": {"additionalProperties": {"properties": {"rules": {"items": RULE}}}},
                "free": {"x-kubernetes-preserve-unknown-fields": True},
            }
        },
    }
}


def filled(**spec):
    return with_defaults({"spec": spec}, SCHEMA)["spec"]


def test_items_of_lists_get_the_defaults_and_keep_their_own_values():
    rules = [{"regex": "a"}, {"action": "drop", "source": []}]
    assert filled(rules=rules)["rules"] == [
        {"regex": "a", "action": "replace", "source": [1]},
        {"action": "drop", "source": []},
    ]
    assert rules[0] == {"regex": "a"}  # what was given is as it was


def test_lists_inside_of_items_and_of_mappings_with_any_keys_are_reached():
    done = [{"regex": "a", "action": "replace", "source": [1]}]
    assert filled(groups=[{"inner": {"rules": [{"regex": "a"}]}}])["groups"] == [{"inner": {"rules": done}}]
    assert filled(by_name={"x": {"rules": [{"regex": "a"}]}})["by_name"] == {"x": {"rules": done}}


def test_outside_of_lists_nothing_is_added():
    # There the API server merges field by field.
    assert with_defaults({"spec": {"rules": []}}, SCHEMA) == {"spec": {"rules": []}}


def test_what_the_schema_does_not_describe_stays():
    assert filled(free=[{"a": [1, "two", None]}], other=[{}]) == {"free": [{"a": [1, "two", None]}], "other": [{}]}


def test_a_secret_s_text_becomes_its_data():
    secret = {"kind": "Secret", "data": {"a": "MQ=="}, "stringData": {"b": "zwei ä"}}
    (stored,) = stored_form([secret])
    assert stored == {"kind": "Secret", "data": {"a": "MQ==", "b": base64.b64encode("zwei ä".encode()).decode()}}


def test_what_is_in_no_namespace_has_none():
    role = {"kind": "ClusterRole", "metadata": {"name": "a", "namespace": "b"}}
    other = {"kind": "Role", "metadata": {"name": "a", "namespace": "b"}}
    assert stored_form([role, other]) == [{"kind": "ClusterRole", "metadata": {"name": "a"}}, other]


def test_of_the_release_only_these_change():
    objects = read_manifests(ARCHIVE, ["manifests/setup/*", "manifests/*"])
    changed = [new for old, new in zip(objects, stored_form(objects), strict=True) if old != new]
    assert [f"{item['kind']} {item['metadata']['name']}" for item in changed if "Cluster" not in item["kind"]] == [
        "Secret alertmanager-main",
        "Secret grafana-config",
        "Secret grafana-datasources",
        "ServiceMonitor kubelet",
    ]
