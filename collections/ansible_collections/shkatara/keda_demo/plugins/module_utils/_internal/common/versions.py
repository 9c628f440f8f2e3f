# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Versions of Kubernetes and its kin."""

from __future__ import annotations


def minor_version(text: str) -> tuple[int, int]:
    """Return (major, minor) of a version such as v1.25.0; that of the oldest known HPA where it is none."""
    parts = text.lstrip("v").split(".")
    try:
        return int(parts[0]), int("".join(filter(str.isdigit, parts[1])))
    except (IndexError, ValueError):
        return 1, 25
