# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The place of unfinished downloads in the cache. It outlives a run, so that the next one goes on where it ended."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = "parts"


def path(cache_dir: Path, url: str) -> Path:
    """Return where the file at an official address is downloaded to; one place for each address."""
    name = urlsplit(url).path.rpartition("/")[2]
    return cache_dir / FOLDER / f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{name}"


def has_begun(part: Path) -> bool:
    """Return whether an earlier run has left the file or some of it."""
    return part.exists() or part.with_name(f"{part.name}.part").exists()


def remove(cache_dir: Path) -> None:
    """Remove all parts. After a whole bundle only those of files that no stack wants any more are left."""
    shutil.rmtree(cache_dir / FOLDER, ignore_errors=True)
