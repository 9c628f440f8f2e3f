# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Who copies images of registries: the program skopeo if it is installed, else the client in `pull`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from ..processes import Processes
from .download import Downloader
from .pull import Pull
from .skopeo import PROGRAM, Skopeo


class Copier(Protocol):
    """Copies images of registries to plain folders."""

    def digest(self, reference: str, repository: str) -> str:
        """Return the digest that an image has now."""

    def copy(self, source: str, target: str, arch: str, name: str) -> None:
        """Copy the image of an architecture to a folder."""


def has_skopeo() -> bool:
    """Return whether this machine has the program."""
    return shutil.which(PROGRAM) is not None


def copier(processes: Processes, downloader: Downloader, log: Path, folder: Path, cache_dir: Path) -> Copier:
    """Return who copies images here.

    :param folder: a folder for temporary files
    """
    if has_skopeo():
        return Skopeo(processes, log, folder)
    return Pull(downloader, log, cache_dir)


def sentence() -> str:
    """Return who copies images here, for the user."""
    who = "skopeo" if has_skopeo() else "the collection itself, since skopeo is not installed"
    return f"images are copied by {who}"
