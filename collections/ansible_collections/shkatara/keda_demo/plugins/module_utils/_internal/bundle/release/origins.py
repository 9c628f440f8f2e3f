# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Where official files and images come from: their addresses from the stack, and the mirrors that stand for them.

A mirror of files has each file under the host and the path of its origin. So the mirror
https://mirror.example.net/files has https://dl.k8s.io/release/... as https://mirror.example.net/files/dl.k8s.io/release/...

A unit's key has the official address only: the same files are the same bundle, wherever they were fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ...common import urls


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


def mirror_findings(mirror_url: str, registry_mirrors: Mapping[str, Any], references: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the mirrors.

    :param references: the stack's images
    """
    if mirror_url and (not urls.is_url(mirror_url) or urls.without_user(mirror_url) != mirror_url):
        yield (
            f"bundle_mirror_url is {urls.without_user(mirror_url)!r}, and must be a URL such as "
            "https://mirror.example.net/files, without a user"
        )
    used = sorted({reference.partition("/")[0] for reference in references})
    for registry, place in registry_mirrors.items():
        if registry not in used:
            yield f"bundle_registry_mirrors has {registry!r}, and the stack's images are in {', '.join(used)}"
        if not isinstance(place, str) or not place or "://" in place or "@" in place or place != place.strip("/ "):
            yield (
                f"bundle_registry_mirrors has {place!r} for {registry}, and must have a host, optionally with a port "
                "and a path, such as registry.example.net:5000/quay"
            )


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
