# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images without skopeo: the manifest of an architecture and its blobs, with the bytes that the registry has.

What is fetched is named by its digest, from the reference down to the layers, and compared with it. So it does not
matter who has sent it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import checksums
from ..units import BundleError, Interrupted
from . import parts
from .download import Downloader
from .registry import LISTS, Repository
from .web import Refused

# The variants of an architecture that its machines run, after an entry without one. As skopeo has it.
VARIANTS = {"arm64": ("v8",)}
MOST_LISTS = 3
# What a registry's status means for the user.
HINTS = {
    401: "the registry requires a login (`podman login`, `skopeo login` or `docker login`), or there is no such image",
    403: "the registry refuses it to this user or address",
    404: "the registry has no such image; a digest comes from bundle.lock",
}
LIMITED = "the registry limits pulls: run it again later, or log in with `podman login` or `docker login`"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Pull:
    """Copies of images to plain folders, with the files that skopeo's `dir:` has."""

    def __init__(self, downloader: Downloader, log: Path, cache_dir: Path) -> None:
        """:param cache_dir: the cache, which keeps unfinished blobs for the next run"""
        self._downloader = downloader
        self._log = log
        self._cache_dir = cache_dir

    def digest(self, reference: str, repository: str) -> str:
        """Return the digest that an image has now, of the list of all architectures if there is one.

        :param repository: where it is asked for, a mirror perhaps
        :raises BundleError: it can't be had
        """
        tag = reference.rpartition(":")[2]
        self._note(f"the digest of {repository}:{tag}")
        try:
            content = Repository(repository, self._downloader).manifest(tag)
            _parsed(content, f"{repository}:{tag}")
        except BundleError as error:
            raise _explained(error, reference) from None
        return _digest(content)

    def copy(self, source: str, target: str, arch: str, name: str) -> None:
        """Copy the image of an architecture to a folder.

        :param source: docker://<repository>@<digest>
        :param target: dir:<folder>
        :param name: what messages call the image
        :raises BundleError: it can't be copied
        """
        repository, _at, digest = source.removeprefix("docker://").partition("@")
        folder = Path(target.removeprefix("dir:"))
        try:
            self._copy(Repository(repository, self._downloader), digest, folder, arch, name)
        except BundleError as error:
            raise _explained(error, name) from None

    def _copy(self, repository: Repository, digest: str, folder: Path, arch: str, name: str) -> None:
        content, manifest = self._manifest(repository, digest, arch, name)
        for wanted in dict.fromkeys(_blobs(manifest, name)):
            self._blob(repository, wanted, folder / wanted.partition(":")[2], name)
        (folder / "manifest.json").write_bytes(content)

    def _manifest(self, repository: Repository, digest: str, arch: str, name: str) -> tuple[bytes, dict[str, Any]]:
        """Return the bytes and the content of the manifest of an architecture."""
        for _count in range(MOST_LISTS):
            if not _DIGEST.fullmatch(digest):
                raise BundleError(f"{name}: {digest!r} is not the SHA-256 digest of a manifest.")
            self._note(f"the manifest {digest}")
            content = repository.manifest(digest)
            if _digest(content) != digest:
                raise BundleError(
                    f"The registry sends another manifest for {digest}, which has {_digest(content)}: it was changed "
                    "there or on the way."
                )
            manifest = _parsed(content, digest)
            if not _is_list(manifest):
                return content, manifest
            digest = _of_platform(manifest, arch, name)
        raise BundleError(f"{name} is a list of lists of manifests.")

    def _blob(self, repository: Repository, digest: str, target: Path, name: str) -> None:
        # One place for each image, since two images with a layer in common are copied at the same time.
        part = parts.path(self._cache_dir, f"https://{name}/{target.name}")
        # A part of an earlier run may be damaged.
        for is_last in (not parts.has_begun(part), True):
            if not part.is_file():
                self._note(f"the blob {digest}")
                repository.blob(digest, part)
            actual = f"sha256:{checksums.sha256(part)}"
            if actual == digest:
                break
            size = part.stat().st_size
            part.unlink()
            if is_last:
                raise BundleError(
                    f"The registry sends other bytes for the blob {digest}, {size} of them with {actual}: they were "
                    "changed there or on the way."
                )
        os.replace(part, target)

    def _note(self, what: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            print(f"pulling {what}", file=log)


def _explained(error: BundleError, name: str) -> BundleError:
    """Return the error with what it is about and what helps."""
    if isinstance(error, Interrupted):
        return error
    hint = HINTS.get(error.status, "") if isinstance(error, Refused) else ""
    if " 429 " in str(error):
        hint = LIMITED
    return BundleError(f"The image {name} can't be pulled{f': {hint}' if hint else ''}. {error}")


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _parsed(content: bytes, what: str) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("schemaVersion") != 2:
        version = manifest.get("schemaVersion") if isinstance(manifest, dict) else None
        found = f"of schema {version}" if version else f"but {content[:60].decode('utf-8', 'replace')!r}"
        raise BundleError(f"What the registry has as {what} is no manifest of schema 2, {found}.")
    return manifest


def _is_list(manifest: Mapping[str, Any]) -> bool:
    # The media type is optional in OCI's form.
    return manifest.get("mediaType") in LISTS or ("manifests" in manifest and "layers" not in manifest)


def _of_platform(manifest: Mapping[str, Any], arch: str, name: str) -> str:
    """Return the digest of the manifest for Linux on an architecture."""
    listed = manifest.get("manifests")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise BundleError(f"What the registry has as {name} is no list of manifests.")
    entries = [(entry.get("platform") or {}, str(entry.get("digest", ""))) for entry in listed]
    for variant in ("", *VARIANTS.get(arch, ())):
        wanted = ("linux", arch, variant)
        for platform, digest in entries:
            if (platform.get("os"), platform.get("architecture"), platform.get("variant", "")) == wanted:
                return digest
    found = sorted({f"{platform.get('os')}/{platform.get('architecture')}" for platform, _digest in entries})
    raise BundleError(f"{name} has no image for linux/{arch}, but for {', '.join(found) or 'nothing'}.")


def _blobs(manifest: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the digests of the configuration and the layers of an image."""
    layers = manifest.get("layers")
    for blob in [manifest.get("config"), *(layers if isinstance(layers, list) else [None])]:
        digest = blob.get("digest") if isinstance(blob, dict) else None
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise BundleError(f"The manifest of {name} has a blob without a SHA-256 digest: {blob!r}.")
        kind = str(blob.get("mediaType", ""))
        if blob.get("urls") or "foreign" in kind or "nondistributable" in kind:
            raise BundleError(
                f"{name} has a layer that registries do not give out ({kind}), so it can't be in a bundle."
            )
        yield digest
