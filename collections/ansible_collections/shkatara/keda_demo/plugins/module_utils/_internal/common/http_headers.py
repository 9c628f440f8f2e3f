# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What HTTP allows in the name and in the value of a header. Source: RFC 9110, sections 5.1 and 5.5."""

from __future__ import annotations

import re

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-zA-Z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def is_name(name: str) -> bool:
    """Return whether a text can be the name of a header."""
    return _NAME.fullmatch(name) is not None


def is_value(value: str) -> bool:
    """Return whether a text can be the value of a header: it has no line break, for example."""
    return _VALUE.fullmatch(value) is not None


def problem(option: str, name: str, value: str) -> str:
    """Return what is wrong with a header of an option; empty if nothing is. The value may be a secret: it is not named.

    :param option: its name as messages have it
    """
    if not is_name(name):
        return f"{option} has the name {name!r}, which is none of a header"
    if not is_value(value):
        return f"the value of {name} in {option} has a line break or a character that HTTP does not allow"
    return ""
