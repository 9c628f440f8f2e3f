# SPDX-License-Identifier: MIT
"""Secrets in texts and in plain data."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import hiding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.hiding import Hider


def test_a_longer_secret_comes_first():
    assert Hider({"word", "word-of-mine"}).text("a word-of-mine, a word") == "a ***, a ***"


def test_a_user_of_a_url_keeps_the_sign_of_one():
    assert Hider({"me:word@"}).text("http://me:word@host") == "http://***@host"


def test_all_of_the_data_is_searched():
    data = {"s3cret": ["a s3cret", ("s3cret", 1, None, True, 1.5)]}
    assert Hider({"s3cret"}).data(data) == {"***": ["a ***", ["***", 1, None, True, 1.5]]}


def test_without_secrets_data_stays_as_it_is():
    data = {"a": [1]}
    assert Hider({""}).data(data) is data


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ("Bearer t0ken", {"Bearer t0ken", "t0ken"}),
        ("k3y-of-mine", {"k3y-of-mine"}),
        ("user word", {"user word", "user", "word"}),
        ("Bearer", {"Bearer"}),
        ("7", set()),
    ],
)
def test_the_secrets_of_a_header(value, secrets):
    assert hiding.of_header(value) == secrets
