# SPDX-License-Identifier: MIT
"""A cluster inside and outside of the windows of Kubernetes versions."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey import versions_window

STACK = {
    "components": {
        "keda": {"version": "2.10.0"},
        "kube_prometheus": {"version": "0.12.0"},
        "app": {"version": "1.0.0"},
    },
    "kubernetes_windows": {
        "keda": {"oldest": "1.24", "newest": "1.26"},
        "kube_prometheus": {"oldest": "1.24", "newest": "1.25"},
    },
}
BOTH = versions_window.windows_of(STACK, ["keda", "kube_prometheus", "app"])


@pytest.mark.parametrize(
    "version", ["v1.24.0", "v1.25.16", "v1.25.0+k3s1", "v1.24.17-eks-a5565ad", "v1.25.16-gke.1043002"]
)
def test_a_cluster_in_all_windows(version):
    assert versions_window.problems(version, BOTH) == []


@pytest.mark.parametrize(
    ("version", "parts"),
    [
        ("v1.26.15", ["kube_prometheus"]),
        ("v1.23.17", ["keda", "kube_prometheus"]),
        ("v1.31.2", ["keda", "kube_prometheus"]),
    ],
)
def test_each_part_whose_window_the_cluster_is_out_of_is_named(version, parts):
    found = versions_window.problems(version, BOTH)
    assert [f"set {part}_state: existing" in problem for part, problem in zip(parts, found, strict=True)] == [
        True
    ] * len(parts)
    assert all(f"Kubernetes is {version[1:]}" in problem for problem in found)
    # What suits one part alone is no remedy.
    assert all("use a cluster of 1.24 to 1.25," in problem for problem in found)


def test_the_sentence_names_part_window_and_remedy():
    assert versions_window.problems("v1.31.2", BOTH[:1]) == [
        "Kubernetes is 1.31.2, and KEDA 2.10.0 is made for Kubernetes 1.24 to 1.26: use a cluster of 1.24 to 1.26, or "
        "install a KEDA of its own there and set keda_state: existing"
    ]


def test_parts_that_are_not_installed_have_no_window():
    assert versions_window.problems("v1.31.2", versions_window.windows_of(STACK, [])) == []


def test_a_version_that_is_none():
    assert "is no version of Kubernetes" in versions_window.problems("unknown", BOTH)[0]
