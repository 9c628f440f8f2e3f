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
