# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The cache of units. Each entry is a folder under its unit's key, with the checksums of all files in it.

A unit is built in a folder of its own below `.keda-demo-tmp`, which is renamed to the entry when the unit is complete.
So all entries are complete, and an interrupted run loses only the units under construction. A bundle's files are hard
links to the cache's files, so damage to a bundle damages the cache, too. Hence checksums are compared before each use.
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

# The file of an entry that describes it.
DESCRIPTION = "unit.json"
KIND_FOLDERS = {
    "component": "components",
    "archive": "archives",
    "manifest": "manifests",
    "download": "downloads",
    "image": "images",
}
# The number of newest entries of a name that pruning keeps, whether or not a plan has them.
ENTRIES_PER_NAME = 2


@dataclass(frozen=True)
class CacheEntry:
    """A unit in the cache: its folder, the SHA-256 of each file, and the facts that its maker returned."""

    folder: Path
    files: Mapping[str, str]
    info: Mapping[str, Any]


class Cache:
    """The entries below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # This folder is emptied. The name is unlikely to be anybody else's, even if the cache folder is /var.
        self.tmp = root / ".keda-demo-tmp"
        self.logs = root / "logs"

    def has_all(self, units: Iterable[Unit]) -> bool:
        """Return whether there is an entry of each of `units`, without a look at its files."""
        return all((self.folder(unit) / DESCRIPTION).is_file() for unit in units)

    def folder(self, unit: Unit) -> Path:
        """Return the folder of the entry of `unit`, which may not exist yet."""
        return self.entry_folder(unit.id, unit.key)

    def entry_folder(self, id_: str, key: str) -> Path:
        """Return the folder of the entry of the unit with this id, such as component/etcd, and this key."""
        kind, _, name = id_.partition("/")
        return self.root / "base" / key if kind == "base" else self.root / KIND_FOLDERS[kind] / name / key

    def find(self, unit: Unit) -> tuple[CacheEntry | None, str]:
        """Return the undamaged entry of `unit`, or None, and the path of a damaged file, or an empty string."""
        folder = self.folder(unit)
        try:
            description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None, ""
        missing, differing = checksums.differing_files(folder, description["files"])
        damaged = [*missing, *differing]
        if damaged:
            return None, damaged[0]
        return CacheEntry(folder, description["files"], description["info"]), ""

    def store(self, unit: Unit, out: Path, info: Mapping[str, Any]) -> CacheEntry:
        """Make the folder `out`, which has the files of `unit`, its entry."""
        files = {path: str(value) for path, value in checksums.sha256_of_all(out, checksums.list_files(out)).items()}
        description = {"unit": unit.id, "version": unit.version, "files": files, "info": dict(info)}
        (out / DESCRIPTION).write_text(json.dumps(description, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        folder = self.folder(unit)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        out.rename(folder)
        return CacheEntry(folder, files, info)

    def prune(self, units: Iterable[Unit]) -> None:
        """Remove older entries with the names of `units`; keep the entries of `units` and the two newest of each name.

        Only folders that have a unit's description are entries. Other folders and files are left alone.
        """
        for unit in units:
            current = self.folder(unit)
            entries = [folder for folder in current.parent.glob("*") if unit_id(folder) == unit.id]
            entries.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
            for folder in entries[ENTRIES_PER_NAME:]:
                if folder != current:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def lock(
        self,
        on_wait: Callable[[], None],
        end_requested: Callable[[], bool],
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[int]:
        """Hold the lock of this cache, so that no other run builds in it. Yield the lock's descriptor.

        The lock lasts until all processes that have the descriptor open are gone.

        :param on_wait: called once, before the wait for another run's lock
        :raises Interrupted: the end of the run was requested during the wait
        """
        self.root.mkdir(parents=True, exist_ok=True)
        # Appending leaves the content of the file alone: in a shared folder it may be another program's.
        with (self.root / "lock").open("a", encoding="utf-8") as file:
            acquired = _try_lock(file.fileno())
            if not acquired:
                on_wait()
            while not acquired:
                if end_requested():
                    raise Interrupted("interrupted")
                sleep(0.5)
                acquired = _try_lock(file.fileno())
            # Only a killed run leaves anything here.
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
    """Unmount the file systems that a killed debootstrap left below `folder`.

    Otherwise the removal of `folder` would also remove the files of, for example, a mounted /dev.

    :raises BundleError: a file system can't be unmounted
    """
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    prefix = f"{folder.resolve()}/"
    # The kernel writes blanks as octal escapes.
    targets = [line.split()[1].encode().decode("unicode_escape") for line in mounts]
    for target in reversed(targets):
        if target.startswith(prefix):
            result = subprocess.run(["umount", "--lazy", target], capture_output=True, text=True, check=False)
            if result.returncode != 0:
                raise BundleError(f"{target} of an interrupted build can't be unmounted: {result.stderr.strip()}")


def unit_id(folder: Path) -> str | None:
    """Return the id of the unit whose entry `folder` is, or None if it is not an entry."""
    try:
        return str(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))["unit"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
