# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Checksums of files. Every run hashes the whole bundle, so files are hashed in two threads."""

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
    """Return the SHA-256 of each of `paths` below `folder`, None for a missing file."""

    def checksum(path: str) -> str | None:
        file = folder / path
        return sha256(file) if file.is_file() else None

    # Largest files first: otherwise one thread could be left with a large file at the end.
    ordered = sorted(paths, key=lambda path: -_size(folder / path))
    with ThreadPoolExecutor(HASH_THREADS) as pool:
        return dict(zip(ordered, pool.map(checksum, ordered), strict=True))


def list_files(folder: Path) -> list[str]:
    """Return the sorted relative paths of all files below `folder`, except for Python's caches."""
    files = []
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and "__pycache__" not in relative.parts:
            files.append(relative.as_posix())
    return sorted(files)


def differing_files(folder: Path, expected: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the missing files of `folder`, and the actual SHA-256 of each file that differs.

    :param expected: the expected SHA-256 of each file, by relative path
    """
    actual = sha256_of_all(folder, expected)
    missing = sorted(path for path in expected if actual[path] is None)
    differing = {
        path: checksum
        for path in sorted(expected)
        if (checksum := actual[path]) is not None and checksum != expected[path]
    }
    return missing, differing


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link to `source`, or a copy if the two are on different file systems."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
