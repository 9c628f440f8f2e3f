# SPDX-License-Identifier: MIT
"""URLs: their validity, and their form in messages."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.urls import is_url, without_user


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://192.0.2.10:30115/path?x=1", True),
        ("https://[2001:db8::1]", True),
        ("http://host:0", False),
        ("http://host:99999", False),
        ("http://host:port", False),
        ("http://[::1", False),
        ("http://", False),
        ("ftp://host", False),
        ("host:80", False),
    ],
)
def test_is_url(text, expected):
    assert is_url(text) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://user:secret@host:80/a", "http://***@host:80/a"),
        ("http://user:se@cret@host/a", "http://***@host/a"),
        ("http://host/a?mail=me@host", "http://host/a?mail=me@host"),
    ],
)
def test_without_user(url, expected):
    assert without_user(url) == expected
