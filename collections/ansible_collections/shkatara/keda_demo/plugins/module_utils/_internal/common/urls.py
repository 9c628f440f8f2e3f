# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""URLs: their validity, and their form in messages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_USER = re.compile(r"(?<=://)[^/?#]*@")


def without_user(url: str) -> str:
    """Return a URL with its user and password masked."""
    return _USER.sub("***@", url)


def is_url(text: str) -> bool:
    """Return whether `text` is an HTTP URL with a host and a valid port, or no port."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number or too large, or a bracket is missing
        return False
