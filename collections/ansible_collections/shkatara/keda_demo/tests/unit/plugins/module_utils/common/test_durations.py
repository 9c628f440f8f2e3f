# SPDX-License-Identifier: MIT
"""Durations of Prometheus and of Go."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.durations import (
    parse_duration,
    parse_go_duration,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("2h", 7200),
        ("1d", 86400),
        ("2w", 1209600),
        ("1y", 31536000),
        ("0s", 0),
    ],
)
def test_parse_duration(text, expected):
    assert parse_duration(text) == expected


# Go has fractions and signs, and durationpy reads the last two.
@pytest.mark.parametrize("text", ["", "30", "s", "30s ", "30 s", "1m30", "1.5s", "-5s", "10us", "1m 30s", "2mm"])
def test_parse_duration_refuses(text):
    with pytest.raises(ValueError, match="not a Prometheus duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("1m30s", 90), ("1.5s", 1.5), ("300ms", 0.3), ("5m0s", 300), ("1h0m0s", 3600), ("0", 0)]
)
def test_parse_go_duration(text, expected):
    assert parse_go_duration(text) == expected


@pytest.mark.parametrize("text", ["", "5", "often", "5s5", "1..5s", "999999999999h"])
def test_parse_go_duration_refuses(text):
    with pytest.raises(ValueError, match=r"(?i)duration"):
        parse_go_duration(text)
