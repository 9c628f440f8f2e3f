# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The windows of Kubernetes versions for which the parts of a stack are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..common import versions

NAMES = {"keda": "KEDA", "kube_prometheus": "kube-prometheus"}


@dataclass(frozen=True)
class Window:
    """The oldest and the newest minor version of Kubernetes for a part of this version."""

    part: str
    version: str
    oldest: str
    newest: str

    @property
    def bounds(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Both as numbers."""
        return versions.minor_version(self.oldest), versions.minor_version(self.newest)

    def __str__(self) -> str:
        return f"{NAMES.get(self.part, self.part)} {self.version} is made for Kubernetes {self.oldest} to {self.newest}"


def windows_of(stack: Mapping[str, Any], parts: Sequence[str]) -> list[Window]:
    """Return the windows of parts of a stack; a component without a window suits every version."""
    windows = stack.get("kubernetes_windows") or {}
    versions_of = {part: str(stack["components"][part]["version"]) for part in parts if part in windows}
    return [
        Window(part, version, str(windows[part]["oldest"]), str(windows[part]["newest"]))
        for part, version in versions_of.items()
    ]


def problems(version: str, windows: Sequence[Window]) -> list[str]:
    """Return a sentence for each window that a cluster is out of.

    :param version: the API server's, such as ``v1.25.0``
    """
    number = versions.known_version(version)
    if number is None:
        return [f"the API server's version is {version!r}, which is no version of Kubernetes: give another cluster"]
    out = [window for window in windows if not window.bounds[0] <= number <= window.bounds[1]]
    # A version that suits all parts is in every window.
    oldest = max((window.bounds[0] for window in windows), default=number)
    newest = min((window.bounds[1] for window in windows), default=number)
    right = " to ".join(dict.fromkeys((_text(oldest), _text(newest))))
    return [
        f"Kubernetes is {version.removeprefix('v')}, and {window}: use a cluster of {right}, or install "
        f"{_own(window.part)} of its own there and set {window.part}_state: existing"
        for window in out
    ]


def _text(number: tuple[int, int]) -> str:
    return f"{number[0]}.{number[1]}"


def _own(part: str) -> str:
    return "a prometheus-operator with a Prometheus" if part == "kube_prometheus" else f"a {NAMES.get(part, part)}"
