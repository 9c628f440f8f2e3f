# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The build context of the application's image: the Dockerfile and the files that its COPY and ADD lines name.

The build gets a folder with these files and no others. So their hashes are the complete input of the image, and no
.dockerignore has to be parsed.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from . import checksums
from .units import BundleError

DOCKERFILE = "Dockerfile"
# Files that identify the application's folder. The option's default may be any working directory.
APPLICATION_FILES = (DOCKERFILE, "app/demo_app")


def application_folder(path: str | None) -> Path | None:
    """Return `path` if it is the application's folder, else None."""
    folder = Path(path) if path else None
    return folder if folder and all((folder / name).exists() for name in APPLICATION_FILES) else None


def missing_application_error(name: str) -> BundleError:
    """Return the error of a run that has to build the application's image `name` without the application's folder."""
    names = " and ".join(APPLICATION_FILES)
    return BundleError(
        f"The image of {name} has to be built, and bundle_app_dir is not a folder with {names}: "
        "set it, or bring a finished bundle."
    )


def context_files(folder: Path) -> dict[str, str | None]:
    """Return the SHA-256 of the Dockerfile in `folder` and of every file it copies, by relative path.

    :raises BundleError: the Dockerfile, or a file that it names, is missing
    """
    dockerfile = folder / DOCKERFILE
    if not dockerfile.is_file():
        raise BundleError(f"There is no Dockerfile in {folder} (bundle_app_dir).")
    paths = {DOCKERFILE}
    for source in copy_sources(dockerfile.read_text(encoding="utf-8")):
        paths.update(_expand(folder, source))
    return checksums.sha256_of_all(folder, sorted(paths))


def copy_sources(dockerfile: str) -> Iterator[str]:
    """Yield the sources of each COPY and ADD from the build context."""
    for line in dockerfile.replace("\\\n", " ").splitlines():
        # Only COPY and ADD lines are split as shell words: lines of a RUN's script may have unbalanced quotes.
        if line.split(maxsplit=1)[:1] not in (["COPY"], ["ADD"], ["copy"], ["add"]):
            continue
        words = shlex.split(line, comments=True)
        if any(word.startswith("--from=") for word in words):
            continue
        *sources, _target = [word for word in words[1:] if not word.startswith("--")]
        yield from sources


def fill_context(source: Path, paths: list[str], target: Path) -> None:
    """Copy `paths` to the folder `target`, readable by all users, whatever this umask and the checkout's modes are."""
    for path in paths:
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, copy)
        copy.chmod(0o755 if os.access(source / path, os.X_OK) else 0o644)
    for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)


def _expand(folder: Path, pattern: str) -> Iterator[str]:
    relative = pattern.removeprefix("./").strip("/")
    if relative in ("", "."):
        raise BundleError(f"{folder / DOCKERFILE} copies the whole folder: let it name what it needs.")
    matches = sorted(folder.glob(relative))
    if not matches:
        raise BundleError(f"{folder / DOCKERFILE} copies {pattern}, which does not exist.")
    for path in matches:
        if path.is_dir():
            yield from (f"{path.relative_to(folder)}/{name}" for name in checksums.list_files(path))
        else:
            yield path.relative_to(folder).as_posix()
