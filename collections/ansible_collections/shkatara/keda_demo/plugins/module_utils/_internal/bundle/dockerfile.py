# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What of a project's folder its Dockerfile can see: exactly the files that its COPY lines name.

The build gets a folder with these files and no others, so that their hashes are all there is to know about it,
and no .dockerignore has to be understood.
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
# By these a folder is known as that of the application: the default may be any working directory.
APPLICATION = (DOCKERFILE, "app/demo_app")


def application_folder(path: str | None) -> Path | None:
    """Return `path` if it is the folder of the application, else None."""
    folder = Path(path) if path else None
    return folder if folder and all((folder / name).exists() for name in APPLICATION) else None


def no_application(name: str) -> BundleError:
    """Return the error for a run that has to build the application's image, and has not the application."""
    return BundleError(
        f"The image of {name} has to be built, and bundle_app_dir is not a folder with {' and '.join(APPLICATION)}: "
        "set it, or bring a finished bundle."
    )


def context_files(folder: Path) -> dict[str, str | None]:
    """Return the SHA-256 of the Dockerfile in `folder` and of every file it copies, by relative path.

    :raises BundleError: there is no Dockerfile, or a file that it names is not there
    """
    dockerfile = folder / DOCKERFILE
    if not dockerfile.is_file():
        raise BundleError(f"There is no Dockerfile in {folder} (bundle_app_dir).")
    paths = {DOCKERFILE}
    for source in copied(dockerfile.read_text(encoding="utf-8")):
        paths.update(_expand(folder, source))
    return checksums.sha256_of_all(folder, sorted(paths))


def copied(dockerfile: str) -> Iterator[str]:
    """Yield the sources of every COPY and ADD from the build's context."""
    for line in dockerfile.replace("\\\n", " ").splitlines():
        # Other lines, such as those of a RUN's script, need not be words.
        if line.split(maxsplit=1)[:1] not in (["COPY"], ["ADD"], ["copy"], ["add"]):
            continue
        words = shlex.split(line, comments=True)
        if any(word.startswith("--from=") for word in words):
            continue
        *sources, _target = [word for word in words[1:] if not word.startswith("--")]
        yield from sources


def fill_context(source: Path, paths: list[str], target: Path) -> None:
    """Copy `paths` to the folder `target`, readable by all whatever the umask is and the checkout's was."""
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
    found = sorted(folder.glob(relative))
    if not found:
        raise BundleError(f"{folder / DOCKERFILE} copies {pattern}, which is not there.")
    for path in found:
        if path.is_dir():
            yield from (f"{path.relative_to(folder)}/{one}" for one in checksums.list_files(path))
        else:
            yield path.relative_to(folder).as_posix()
