# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Where official files and images come from: their addresses from the stack, and the mirrors that stand for them.

A mirror of files has each file under the host and the path of its origin. So the mirror
https://mirror.example.net/files has https://dl.k8s.io/release/... as https://mirror.example.net/files/dl.k8s.io/release/...

A unit's key has the official address only: the same files are the same bundle, wherever they were fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Download:
    """An official file.

    :param sha256: the stack's checksum, empty for none
    :param checksum_url: the address of the publisher's checksum, empty for none
    """

    name: str
    component: str
    version: str
    url: str
    sha256: str = ""
    checksum_url: str = ""


@dataclass(frozen=True)
class Origins:
    """The mirrors that stand for official origins.

    :param mirror_url: the address of the mirror of files, empty for none
    :param registry_mirrors: by the host of a registry, such as docker.io, the host and perhaps path of its mirror
    """

    mirror_url: str = ""
    registry_mirrors: Mapping[str, str] = field(default_factory=dict)

    def url(self, official: str) -> str:
        """Return the address that is asked for a file."""
        if not self.mirror_url:
            return official
        parts = urlsplit(official)
        return f"{self.mirror_url.rstrip('/')}/{parts.netloc}{parts.path}"

    def repository(self, reference: str) -> str:
        """Return the repository that is asked for an image, without tag and digest."""
        repository = reference.rpartition(":")[0]
        registry, _slash, path = repository.partition("/")
        return f"{self.registry_mirrors.get(registry, registry).rstrip('/')}/{path}"

    def registry(self, reference: str) -> str:
        """Return the host, and the port if it has one, of the registry that is asked for an image."""
        return self.repository(reference).partition("/")[0]


def downloads(stack: Mapping[str, Any], arch: str) -> dict[str, Download]:
    """Return the official files of a stack by name."""
    return {name: _download(name, entry, stack, arch) for name, entry in stack.get("release", {}).items()}


def _download(name: str, entry: Mapping[str, Any], stack: Mapping[str, Any], arch: str) -> Download:
    # The lookup `stack` has checked that the component exists.
    version = str(entry.get("version") or stack["components"][entry["component"]]["version"])
    url = str(entry["url"]).format(version=version, arch=arch)
    return Download(
        name,
        entry["component"],
        version,
        url,
        sha256=entry.get("sha256", {}).get(arch, ""),
        checksum_url=entry.get("checksum_url", "").format(url=url, version=version, arch=arch),
    )
