# SPDX-License-Identifier: MIT
"""Versions of Kubernetes."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.versions import OLDEST, minor_version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1.25.0", (1, 25)),
        ("v1.36.3+k3s1", (1, 36)),
        ("v1.29.4-gke.1043002", (1, 29)),
        ("v1.30.0-eks-036c24b", (1, 30)),
        ("v1.35.0-rc.1", (1, 35)),
        ("v1.36.0-alpha.2.34+0123abc", (1, 36)),
        ("v2.0.0", (2, 0)),
        ("1.28", (1, 28)),
        ("1.26+", (1, 26)),
        ("", OLDEST),
        ("garbage", OLDEST),
        ("v1.x", OLDEST),
        ("v1", OLDEST),
    ],
)
def test_minor_version(text, expected):
    assert minor_version(text) == expected
