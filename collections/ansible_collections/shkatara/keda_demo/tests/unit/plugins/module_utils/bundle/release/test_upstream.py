# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The names of official files in a folder of the user."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import upstream

GITHUB = "https://github.com/prometheus-operator/kube-prometheus/archive/refs/tags"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://dl.k8s.io/release/v1.25.0/bin/linux/amd64/kubeadm", "kubeadm"),
        ("https://example.net/releases/download/v1%2B2/a-v1%2B2.tgz?x=1", "a-v1+2.tgz"),
        (f"{GITHUB}/v0.12.0.tar.gz", "kube-prometheus-0.12.0.tar.gz"),
        (f"{GITHUB}/release-1.tar.gz", "kube-prometheus-release-1.tar.gz"),
    ],
)
def test_a_file_has_the_name_that_a_browser_gives_it(url, name):
    assert upstream.saved_name(url) == name


def test_only_files_are_found(tmp_path):
    (tmp_path / "kubeadm").mkdir()
    (tmp_path / "tool").write_text("x")
    assert upstream.find(tmp_path, "https://example.net/kubeadm") is None
    assert upstream.find(tmp_path, "https://example.net/tool") == tmp_path / "tool"
    assert upstream.find(None, "https://example.net/tool") is None
