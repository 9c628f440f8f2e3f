# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The cache: a folder for each unit, under the unit's key, with the checksums of all files in it.

A unit is made in a folder of its own below `.keda-demo-tmp` and renamed into place when it is complete: what is there
is whole, and an interrupted run loses only what it was making. A bundle's files are hard links to the cache's, so a
damaged bundle is a damaged cache: the checksums are compared before anything is used.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import checksums
from .units import BundleError, Interrupted, Unit

RECORD = "unit.json"
FOLDERS = {"component": "components", "archive": "archives", "manifest": "manifests"}
# How many of what was made last under one name are kept, whether or not the stack still wants them.
KEPT = 2


@dataclass(frozen=True)
class Made:
    """A unit that is in the cache: its folder, the SHA-256 of its files, and what its maker said about it."""

    folder: Path
    files: Mapping[str, str]
    info: Mapping[str, Any]


class Cache:
    """The folders below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # It is emptied: nobody else may have a folder of this name, not even in a cache folder like /var.
        self.tmp = root / ".keda-demo-tmp"
        self.logs = root / "logs"

    def folder(self, unit: Unit) -> Path:
        """Return where `unit` is, or will be."""
        if unit.kind == "base":
            return self.root / "base" / unit.key
        return self.root / FOLDERS[unit.kind] / unit.name / unit.key

    def find(self, unit: Unit) -> tuple[Made | None, str]:
        """Return the unit if it is there and undamaged, else None; and which file is damaged, or an empty string."""
        folder = self.folder(unit)
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None, ""
        missing, differing = checksums.differing_files(folder, record["files"])
        damaged = [*missing, *differing]
        return (None, damaged[0]) if damaged else (Made(folder, record["files"], record["info"]), "")

    def store(self, unit: Unit, made: Path, info: Mapping[str, Any]) -> Made:
        """Move the folder `made` to where `unit` belongs, with the checksums of its files."""
        files = {path: str(value) for path, value in checksums.sha256_of_all(made, checksums.list_files(made)).items()}
        record = {"unit": unit.id, "version": unit.version, "files": files, "info": dict(info)}
        (made / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        folder = self.folder(unit)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made.rename(folder)
        return Made(folder, files, info)

    def prune(self, units: Iterable[Unit]) -> None:
        """Remove what was made under the names of `units` before, except for the two of a name that are the newest.

        A folder is a unit of ours if its record says so: what else lies there is not touched.
        """
        for unit in units:
            ours = self.folder(unit)
            made = [folder for folder in ours.parent.glob("*") if _unit_of(folder) == unit.id]
            made.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
            for folder in made[KEPT:]:
                if folder != ours:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def locked(
        self,
        waiting: Callable[[], None],
        interrupted: Callable[[], bool],
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[int]:
        """A context in which no other run builds in this cache.

        It gives the lock's descriptor: the lock lasts until all processes that have it open are gone.

        :param waiting: called once when another run has the lock, before waiting for it
        :raises Interrupted: the run was asked to end while it waited
        """
        self.root.mkdir(parents=True, exist_ok=True)
        # Not truncated: in a folder that others use, too, it may be theirs.
        with (self.root / "lock").open("a", encoding="utf-8") as file:
            told = False
            while not _lock(file.fileno()):
                if not told:
                    waiting()
                    told = True
                if interrupted():
                    raise Interrupted("interrupted")
                sleep(0.5)
            # Nobody else is here: what lies in tmp is of a run that was killed.
            unmount_below(self.tmp)
            shutil.rmtree(self.tmp, ignore_errors=True)
            self.tmp.mkdir(exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            os.chmod(self.tmp, 0o700)
            try:
                yield file.fileno()
            finally:
                shutil.rmtree(self.tmp, ignore_errors=True)


def unmount_below(folder: Path) -> None:
    """Unmount what a killed debootstrap left mounted below `folder`, so that nothing else is removed with it.

    :raises BundleError: something can't be unmounted
    """
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    prefix = f"{folder.resolve()}/"
    # Blanks and the like are octal escapes there.
    targets = [line.split()[1].encode().decode("unicode_escape") for line in mounts]
    for target in reversed(targets):
        if target.startswith(prefix):
            done = subprocess.run(["umount", "--lazy", target], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise BundleError(f"{target} of an interrupted build can't be unmounted: {done.stderr.strip()}")


def _unit_of(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / RECORD).read_text(encoding="utf-8"))["unit"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
