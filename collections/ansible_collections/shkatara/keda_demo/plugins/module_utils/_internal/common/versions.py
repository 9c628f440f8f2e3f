# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Versions of Kubernetes and of KEDA."""

from __future__ import annotations

import re

try:
    from packaging.version import InvalidVersion, Version
except ImportError:  # the module reports it
    InvalidVersion = ValueError  # type: ignore[misc,assignment]

# The oldest release whose HPA is modelled.
OLDEST = (1, 25)
# Distributions append suffixes such as -gke.1043002, which PEP 440 does not allow.
_SUFFIX = re.compile(r"[-+]")


def minor_version(text: str) -> tuple[int, int]:
    """Return (major, minor) of a version such as ``v1.36.3+k3s1``; OLDEST if `text` is not a version."""
    return known_version(text) or OLDEST


def known_version(text: str | None) -> tuple[int, int] | None:
    """Return (major, minor) of a version such as ``2.18.1``; None if `text` is none, such as ``main``."""
    try:
        version = Version(_SUFFIX.split(text or "", maxsplit=1)[0])
    except InvalidVersion:
        return None
    return (version.major, version.minor) if len(version.release) > 1 else None
