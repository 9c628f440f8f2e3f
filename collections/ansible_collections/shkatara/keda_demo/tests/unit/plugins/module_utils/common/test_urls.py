# SPDX-License-Identifier: MIT
"""URLs: their validity, and their form in messages."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import urls
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
        # What is no URL may have a password with any character.
        ("http://user:se/cret@host/a", "http://***@host/a"),
        ("http://user:se#c@ret@host:80", "http://***@host:80"),
        ("user:secret@host:80", "***@host:80"),
        ("ftp://user:secret@host", "ftp://***@host"),
        ("prometheus.monitoring:9090", "prometheus.monitoring:9090"),
    ],
)
def test_without_user(url, expected):
    assert without_user(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://host:80/a?b#c", ("http://host:80/a?b#c", "")),
        ("http://me:word@host:80/a", ("http://host:80/a", "Basic bWU6d29yZA==")),
        ("http://me:w%40rd@host/", ("http://host/", "Basic bWU6d0ByZA==")),
        ("http://me@host/", ("http://host/", "Basic bWU6")),
        ("http://@host/", ("http://host/", "")),
    ],
)
def test_a_user_becomes_a_header(url, expected):
    assert urls.split_user(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://me:p%40ss@host/", {"me:p%40ss@", "me:p@ss@", "bWU6cEBzcw==", "p%40ss", "p@ss"}),
        ("http://a:b@host/", {"a:b@", "YTpi"}),  # b alone is a part of every text
        ("me:pass@host:80", {"me:pass@", "bWU6cGFzcw==", "pass"}),
        ("http://host/", set()),
        ("http://me@host/", set()),
        ("http://host/a@b:c", set()),
    ],
)
def test_what_must_not_be_shown_of_a_url(url, expected):
    assert urls.secrets(url) == expected
