# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Patches merged into objects."""

import copy

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.shkatara.keda_demo.plugins.filter.strategic_merge import merge, strategic_merge


def test_named_lists_are_merged_by_name():
    base = {"containers": [{"name": "a", "image": "x", "args": ["1", "2"]}, {"name": "b"}]}
    patch = {"containers": [{"name": "a", "image": "y"}, {"name": "c"}]}
    assert merge(base, patch) == {
        "containers": [{"name": "a", "image": "y", "args": ["1", "2"]}, {"name": "b"}, {"name": "c"}]
    }


@pytest.mark.parametrize(
    ("base", "patch", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"args": ["1", "2"]}, {"args": ["3"]}, {"args": ["3"]}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": [{"name": "x"}]}, {"a": []}, {"a": [{"name": "x"}]}),
        ({"a": "text"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merge(base, patch, merged):
    before = copy.deepcopy((base, patch))
    assert merge(base, patch) == merged
    assert (base, patch) == before


def item(kind, name, **more):
    return {"kind": kind, "metadata": {"name": name}, **more}


def test_a_patch_goes_where_kind_and_name_are_the_same():
    objects = [item("Deployment", "a"), item("Deployment", "b"), item("Service", "a")]
    assert strategic_merge(objects, [item("Deployment", "a", spec={"x": 1})]) == [
        item("Deployment", "a", spec={"x": 1}),
        *objects[1:],
    ]


def test_a_patch_without_a_name_goes_to_all_of_its_kind():
    objects = [item("Deployment", "a"), item("Service", "a"), item("Deployment", "b")]
    merged = strategic_merge(objects, [{"kind": "Deployment", "spec": {"x": 1}}])
    assert [entry.get("spec") for entry in merged] == [{"x": 1}, None, {"x": 1}]


def test_patches_follow_each_other():
    patches = [item("Deployment", "a", x=1, y=1), item("Deployment", "a", y=2)]
    assert strategic_merge([item("Deployment", "a")], patches) == [item("Deployment", "a", x=1, y=2)]


def test_a_patch_that_fits_to_nothing_is_an_error():
    with pytest.raises(AnsibleFilterError, match="patch of Deployment keda-operator matches none of 1 objects"):
        strategic_merge([item("Deployment", "keda")], [item("Deployment", "keda-operator")])


def test_a_star_is_every_kind_and_changes_none():
    objects = [{"kind": "A", "metadata": {"name": "a"}}, {"kind": "B", "metadata": {"name": "b", "labels": {"x": "1"}}}]
    assert strategic_merge(objects, [{"kind": "*", "metadata": {"labels": {"y": "2"}}}]) == [
        {"kind": "A", "metadata": {"name": "a", "labels": {"y": "2"}}},
        {"kind": "B", "metadata": {"name": "b", "labels": {"x": "1", "y": "2"}}},
    ]
