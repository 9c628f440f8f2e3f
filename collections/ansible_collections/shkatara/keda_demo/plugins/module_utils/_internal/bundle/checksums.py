# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Checksums of files: a bundle is hashed as a whole in every run, so this uses two threads."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HASH_THREADS = 2


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_all(folder: Path, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the SHA-256 of each of `paths` below `folder`; None for a file that is not there."""

    def one(path: str) -> str | None:
        file = folder / path
        return sha256(file) if file.is_file() else None

    # The largest first, so that no thread is left with a large one at the end.
    ordered = sorted(paths, key=lambda path: -_size(folder / path))
    with ThreadPoolExecutor(HASH_THREADS) as pool:
        return dict(zip(ordered, pool.map(one, ordered), strict=True))


def list_files(folder: Path) -> list[str]:
    """Return every file below `folder`, as sorted relative paths; Python's own caches are left out."""
    found = []
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and "__pycache__" not in relative.parts:
            found.append(relative.as_posix())
    return sorted(found)


def differing_files(folder: Path, expected: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return which files of `folder` are missing, and for each that is another its SHA-256 now.

    :param expected: the SHA-256 that each relative path should have
    """
    found = sha256_of_all(folder, expected)
    missing = sorted(path for path in expected if found[path] is None)
    differing = {path: now for path in sorted(expected) if (now := found[path]) is not None and now != expected[path]}
    return missing, differing


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`; a copy where the two folders are on different file systems."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
