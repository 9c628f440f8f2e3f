# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The first download: the checksums of files and the digests of images that neither the stack nor the lock file has."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from .. import checksums
from ..processes import Processes
from . import copiers, parts, upstream
from .download import Downloader
from .lockfile import Lock
from .origins import Download, Origins

WORKERS = 8
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Pinning:
    """How the first download is done; `tmp` and `logs` are folders of the cache.

    :param upstream_dir: a folder with official files, which are not downloaded
    """

    origins: Origins
    downloader: Downloader
    processes: Processes
    end_requested: Callable[[], bool]
    cache_dir: Path
    tmp: Path
    logs: Path
    upstream_dir: Path | None = None


def added(lock: Lock, files: list[Download], images: list[str], pinning: Pinning) -> Lock:
    """Return the lock with the checksums of `files`, which are downloaded, and the digests of `images`.

    :raises BundleError: one of them can't be had
    """

    def checksum(file: Download) -> str:
        if (own := upstream.find(pinning.upstream_dir, file.url)) is not None:
            return checksums.sha256(own)
        part = parts.path(pinning.cache_dir, file.url)
        if not part.is_file():
            pinning.downloader.file(pinning.origins.url(file.url), part)
        return checksums.sha256(part)

    def digest(reference: str) -> str:
        with tempfile.TemporaryDirectory(dir=pinning.tmp) as folder:
            name = reference.replace("/", "_").replace(":", "_")
            log = pinning.logs / f"digest-{name}.log"
            copier = copiers.copier(pinning.processes, pinning.downloader, log, Path(folder), pinning.cache_dir)
            return copier.digest(reference, pinning.origins.repository(reference))

    with ThreadPoolExecutor(WORKERS) as pool:
        sums = {file.url: pool.submit(checksum, file) for file in files}
        digests = {reference: pool.submit(digest, reference) for reference in images}
        _wait([*sums.values(), *digests.values()], pinning)
    return lock.with_added(
        {url: future.result() for url, future in sums.items()},
        {reference: future.result() for reference, future in digests.items()},
    )


def _wait(futures: list[Future[str]], pinning: Pinning) -> None:
    """Wait until all have ended, or one has failed and the others were stopped."""
    waiting = set(futures)
    while waiting:
        finished, waiting = wait(waiting, POLL_SECONDS, FIRST_COMPLETED)
        failed = next((future for future in finished if future.exception() is not None), None)
        if failed is not None or pinning.end_requested():
            pinning.processes.stop()
            for future in waiting:
                future.cancel()
        if failed is not None:
            failed.result()
