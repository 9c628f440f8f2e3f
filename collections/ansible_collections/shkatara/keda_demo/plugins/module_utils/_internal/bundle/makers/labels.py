# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The labels of images that are built here under official names."""

from __future__ import annotations

AUTHOR = "shkatara.keda_demo"


def options(source: str) -> list[str]:
    """Return the options of a builder that say what an image was built from, and that it is not the official one."""
    return [
        f"--label=org.opencontainers.image.description=Built from {source} by {AUTHOR}; not the official image",
        f"--label=org.opencontainers.image.vendor={AUTHOR}",
    ]
