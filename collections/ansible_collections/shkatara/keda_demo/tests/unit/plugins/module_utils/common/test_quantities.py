# SPDX-License-Identifier: MIT
"""Kubernetes quantities."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36500m", 36.5),
        ("10", 10),
        (10, 10),
        (0.1, 0.1),
        ("0", 0),
        ("+5", 5),
        (".5", 0.5),
        ("5.", 5),
        (" 5 ", 5),
        ("1k", 1000),
        ("2Ki", 2048),
        ("1e3", 1000),
        ("1e+3", 1000),
        ("2E2", 200),
        ("2E", 2e18),
        ("3Ei", 3 * 2**60),
        ("250u", 0.00025),
        ("9m", 0.009),
        ("1n", 1e-9),
        ("-1500m", -1.5),
    ],
)
def test_parse_quantity(text, expected):
    assert parse_quantity(text) == expected


@pytest.mark.parametrize(
    "text",
    # The last two rows: the library reads these, and the API server does not. JSON has no number for the last row.
    [
        *("", "ten", "1 m", "1x", "m", "1.2.3", "1ki", "--5", "1,5", True, None),
        *("1_000", "٣", "5 Mi"),
        *("inf", "-Infinity", "nan", "NaNm", "1e309", "1E400", "1e999999999", float("inf"), 10**400),
    ],
)
def test_parse_quantity_refuses(text):
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        parse_quantity(text)
