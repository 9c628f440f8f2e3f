# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The surroundings of a unit's maker: settings, the unit's dependencies, a working folder and child processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import CacheEntry
from .processes import Processes
from .release.download import Downloader
from .release.lockfile import Lock
from .release.origins import Origins


@dataclass(frozen=True)
class ReleaseSettings:
    """Where official files and images are fetched from, and what must be the same as at their first download.

    :param application_builder: the program that builds the application's image, empty if its registry is asked for it
    """

    origins: Origins
    lock: Lock
    downloader: Downloader
    application_builder: str


@dataclass(frozen=True)
class Settings:
    """Settings that affect how units are built, but not their content. They are not part of a unit's key."""

    cache_dir: Path
    components_dir: Path
    app_dir: Path | None
    arch: str
    go: Path
    debian_mirror: str = ""
    release: ReleaseSettings | None = None
    upstream_dir: Path | None = None


@dataclass(frozen=True)
class Work:
    """The build of a unit.

    :param dependencies: the cache entries of the unit's dependencies, by their ids
    :param folder: a folder for the maker's temporary files; it is removed after the build
    :param log: the file to which the output of programs is appended
    """

    settings: Settings
    dependencies: Mapping[str, CacheEntry]
    folder: Path
    log: Path
    processes: Processes

    @property
    def release(self) -> ReleaseSettings:
        """The settings of the producer release."""
        if self.settings.release is None:
            raise TypeError("the settings are of another producer")
        return self.settings.release

    def run(
        self,
        command: Sequence[str | Path],
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stalled: Callable[[], bool] | None = None,
    ) -> str:
        """Run a program and return its standard output; see Processes.run."""
        return self.processes.run(command, self.log, cwd, env, stalled)
