# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The first download: the checksums of files and the digests of images that neither the stack nor the lock file has."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .. import checksums
from ..processes import Processes
from . import parts
from .download import Downloader
from .lockfile import Lock
from .origins import Download, Origins
from .skopeo import Skopeo

WORKERS = 8


@dataclass(frozen=True)
class Pinning:
    """How the first download is done; `tmp` and `logs` are folders of the cache."""

    origins: Origins
    downloader: Downloader
    processes: Processes
    cache_dir: Path
    tmp: Path
    logs: Path
    say: Callable[[str], None]


def added(lock: Lock, files: list[Download], images: list[str], pinning: Pinning) -> Lock:
    """Return the lock with the checksums of `files`, which are downloaded, and the digests of `images`.

    :raises BundleError: one of them can't be had
    """

    def checksum(file: Download) -> str:
        part = parts.path(pinning.cache_dir, file.url)
        if not part.is_file():
            pinning.downloader.file(pinning.origins.url(file.url), part)
        return checksums.sha256(part)

    def digest(reference: str) -> str:
        with tempfile.TemporaryDirectory(dir=pinning.tmp) as folder:
            name = reference.replace("/", "_").replace(":", "_")
            skopeo = Skopeo(pinning.processes, pinning.logs / f"digest-{name}.log", Path(folder))
            tag = reference.rpartition(":")[2]
            return skopeo.digest(pinning.origins.repository(reference), tag)

    with ThreadPoolExecutor(WORKERS) as pool:
        sums = pool.map(checksum, files)
        digests = pool.map(digest, images)
        return lock.with_added(
            dict(zip([file.url for file in files], sums, strict=True)), dict(zip(images, digests, strict=True))
        )
