# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The application's image without root: built by podman, buildah or docker, or from its registry."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

from ..units import BundleError

BUILDERS = ("podman", "buildah", "docker")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
INFO_SECONDS = 20


def _works(program: str) -> bool:
    """Return whether the program exists, and this user has its daemon, user namespaces or storage."""
    try:
        return subprocess.run([program, "info"], capture_output=True, timeout=INFO_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def builder(
    option: str,
    app_dir: Path | None,
    arch: str,
    works: Callable[[str], bool] = _works,
    machine: str = platform.machine(),
) -> str:
    """Return the program that builds the application's image, empty if its registry is asked for it.

    Without the application's folder nothing can be built; a present bundle keeps its image.

    :param option: auto, build or registry
    :param works: whether this user can use a program
    :raises BundleError: it has to be built, and can't be
    """
    if option == "registry" or app_dir is None:
        return ""
    is_own = machine == MACHINES[arch]
    found = next((name for name in BUILDERS if works(name)), "") if is_own else ""
    if found or option == "auto":
        return found
    why = (
        f"this user can use none of {', '.join(BUILDERS)} here" if is_own else f"this machine is {machine}, not {arch}"
    )
    raise BundleError(
        f"The application's image can't be built (bundle_app_build is build): {why}. Install podman, or set "
        "bundle_app_build to registry, which takes the published image."
    )
