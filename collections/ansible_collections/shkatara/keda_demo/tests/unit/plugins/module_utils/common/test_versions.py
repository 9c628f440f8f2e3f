# SPDX-License-Identifier: MIT
"""Versions of Kubernetes and of KEDA."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.versions import (
    OLDEST,
    known_version,
    minor_version,
)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.10.0", (2, 10)),
        ("v2.18.1", (2, 18)),
        ("2.17.2-debian-12-r0", (2, 17)),
        ("main", None),
        ("latest", None),
        ("", None),
        (None, None),
        ("4d6c5f3a9b0e", None),  # the end of an image's digest
    ],
)
def test_a_version_that_may_not_be_known(text, expected):
    assert known_version(text) == expected
