# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Official files in a folder of the user, which are taken before any download."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

# GitHub names the archive of a tag after the repository, and leaves out the tag's `v`.
_TAG_ARCHIVE = re.compile(r"/[^/]+/(?P<repository>[^/]+)/archive/refs/tags/v?(?P<tag>[^/]+)")


def saved_name(url: str) -> str:
    """Return the name under which a browser saves the file of an address."""
    path = unquote(urlsplit(url).path)
    if match := _TAG_ARCHIVE.fullmatch(path):
        return f"{match['repository']}-{match['tag']}"
    return path.rpartition("/")[2]


def find(folder: Path | None, url: str) -> Path | None:
    """Return the file of an address in the folder of official files, None if the folder has no such file."""
    file = folder / saved_name(url) if folder else None
    return file if file and file.is_file() else None
