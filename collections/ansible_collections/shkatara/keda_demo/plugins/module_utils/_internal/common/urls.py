# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""URLs: whether a text is one, and how it is shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_USER = re.compile(r"(?<=://)[^/?#]*@")


def without_user(url: str) -> str:
    """Return a URL without the user and the password in it."""
    return _USER.sub("***@", url)


def is_url(text: str) -> bool:
    """Whether `text` is a URL of HTTP with a host and, if it has one, a port that can be."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number or too large, or a bracket is missing
        return False
