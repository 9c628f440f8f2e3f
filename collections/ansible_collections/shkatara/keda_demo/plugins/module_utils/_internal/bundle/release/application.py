# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The application's image without root: built by podman, buildah or docker, or from its registry."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from .. import dockerfile
from ..units import BundleError

BUILDERS = ("podman", "buildah", "docker")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def builder(
    option: str,
    app_dir: Path | None,
    arch: str,
    which: Callable[[str], str | None] = shutil.which,
    machine: str = platform.machine(),
) -> str:
    """Return the program that builds the application's image, empty if its registry is asked for it.

    :param option: auto, build or registry
    :raises BundleError: it has to be built, and can't be
    """
    if option == "registry":
        return ""
    found = next((name for name in BUILDERS if which(name)), "")
    is_own = machine == MACHINES[arch]
    if found and is_own and app_dir is not None:
        return found
    if option == "auto":
        return ""
    if app_dir is None:
        raise dockerfile.missing_application_error("app")
    why = f"there is none of {', '.join(BUILDERS)} here" if not found else f"this machine is {machine}, not {arch}"
    raise BundleError(
        f"The application's image can't be built (bundle_app_build is build): {why}. Install podman, or set "
        "bundle_app_build to registry, which takes the published image."
    )
