# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The removal of what a cache has and no bundle needs any more.

A finished bundle needs nothing of the cache. Its parts stay, since a change of the application is then built within
seconds, and since their files are those of the bundle: hard links cost no space. Go's caches, unfinished downloads and
logs are of no use to it. While the bundle is not finished, Go's caches and unfinished downloads are kept for its build.

A cache folder may be shared with other programs, so only what this collection or Go has written there is removed: it is
known by its content, and not by its name alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import record
from .cache import DESCRIPTION, KIND_FOLDERS, Cache, unit_id
from .release import parts
from .units import BundleError

BUNDLES = "bundles"
GIB = 2**30
# What Go's build cache and module cache have in their folders.
GO_CACHES = {"build": "trim.txt", "mod": "cache/download"}


@dataclass
class Unneeded:
    """Paths to remove, by what they are for people."""

    paths: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, what: str, found: Iterable[Path]) -> None:
        """Add the paths that exist. A link leads out of the cache, and stays."""
        kept = [path for path in found if path.exists() and not path.is_symlink()]
        if kept:
            self.paths.setdefault(what, []).extend(sorted(kept))


def unneeded(cache: Cache, bundle: Path, planned: Iterable[Path], stacks: Iterable[str]) -> Unneeded:
    """Return what no bundle needs.

    :param bundle: the folder of the bundle in use, which need not exist
    :param planned: the entries of the bundle in use by its plan, for the case that it is not finished
    :param stacks: the stacks whose bundles stay
    """
    found = Unneeded()
    records = {folder: _record(folder) for folder in sorted((cache.root / BUNDLES).glob("*"))}
    records[bundle] = _record(bundle)
    used = set(planned)
    for folder, content in records.items():
        if content and folder.resolve() != bundle.resolve() and content.get("stack") not in set(stacks):
            found.add("bundles of stacks that are not known", [folder])
        elif content:
            used |= {cache.entry_folder(id_, str(key)) for id_, key in content["units"].items()}
    found.add("parts that no bundle has", [folder for folder in _entries(cache) if folder not in used])
    if records[bundle]:
        go = cache.root / "go"
        found.add("Go's caches", [go / name for name, mark in GO_CACHES.items() if (go / name / mark).exists()])
        found.add("unfinished downloads", [cache.root / parts.FOLDER])
    kinds = (*KIND_FOLDERS, "base", "digest")
    found.add("logs", [log for kind in kinds for log in cache.logs.glob(f"{kind}-*.log")])
    return found


def remove(found: Unneeded, say: Callable[[str], None], end_requested: Callable[[], bool]) -> int:
    """Remove what was found, and return the bytes that are free now.

    :raises BundleError: something can't be removed; the message says what
    """
    total = 0
    for what, paths in found.paths.items():
        freed = Freed()
        for path in paths:
            if end_requested():
                return total + freed.size
            freed.add(path)
            _remove(path)
        say(f"{what}: {in_words(freed.size)}")
        total += freed.size
    return total


class Freed:
    """The space of removed files. That of a file with several names is free when all of them are removed."""

    def __init__(self) -> None:
        self.size = 0
        self._left: dict[tuple[int, int], int] = {}

    def add(self, path: Path) -> None:
        """Add all files of a folder that will be removed, or one file."""
        folders = os.walk(path) if path.is_dir() else [(str(path.parent), [], [path.name])]
        for folder, _folders, names in folders:
            for name in names:
                status = os.lstat(os.path.join(folder, name))
                key = (status.st_dev, status.st_ino)
                self._left[key] = self._left.get(key, status.st_nlink) - 1
                if self._left[key] == 0:
                    self.size += status.st_blocks * 512


def in_words(size: int) -> str:
    """Return a size for people.

    >>> in_words(15 * GIB), in_words(1_300_000)
    ('15.0 GiB', '1 MiB')
    """
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size // 2**20} MiB"


def sizes(found: Unneeded) -> dict[str, int]:
    """Return the space that the removal of each kind would free."""
    result = {}
    for what, paths in found.paths.items():
        freed = Freed()
        for path in paths:
            freed.add(path)
        result[what] = freed.size
    return result


def _record(folder: Path) -> Mapping[str, Any] | None:
    """Return the record of a finished bundle, or None."""
    try:
        return record.read_any(folder)
    except (BundleError, OSError):
        return None


def _entries(cache: Cache) -> list[Path]:
    folders = [folder for name in KIND_FOLDERS.values() for folder in (cache.root / name).glob("*/*")]
    return [folder for folder in [*folders, *(cache.root / "base").glob("*")] if unit_id(folder) is not None]


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink()
        return
    # Without its description an entry is none, even if the removal is interrupted.
    (path / DESCRIPTION).unlink(missing_ok=True)
    # The files of Go's module cache are in folders without write permission.
    for folder, _folders, _files in os.walk(path):
        os.chmod(folder, 0o700)
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise BundleError(f"{path} can't be removed: {error}. Remove it by hand.") from error
