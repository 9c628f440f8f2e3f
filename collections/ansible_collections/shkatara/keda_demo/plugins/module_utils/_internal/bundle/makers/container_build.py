# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The application's image, built by this machine's podman, buildah or docker, without root where they need none."""

from __future__ import annotations

from pathlib import Path

from .. import dockerfile
from ..units import Unit
from ..work import Work
from . import docker_archive, labels


def build(unit: Unit, folder: Path, work: Work) -> None:
    """Build the image of `unit` from the Dockerfile in `app_dir`, and copy it to the plain folder `folder`."""
    if work.settings.app_dir is None:
        raise dockerfile.missing_application_error(unit.name)
    program = work.release.application_builder
    context = work.folder / "context"
    dockerfile.fill_context(work.settings.app_dir, list(unit.inputs["files"]), context)
    name = f"localhost/keda-demo-{unit.name}:{unit.key}"
    options = [] if program == "docker" else ["--timestamp=0"]
    options += labels.options("the Dockerfile")
    work.run([program, "build", *options, f"--tag={name}", context])
    if program == "docker":
        archive = work.folder / "image.tar"
        work.run([program, "save", f"--output={archive}", name])
        docker_archive.unpack(archive, folder)
    else:
        work.run([program, "push", "--quiet", name, f"dir:{folder}"])
    work.run([program, "rmi", name])
