# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""An image that `docker save` has written, as a folder with a manifest and its blobs.

The archive has a configuration, and for each layer a tar archive that is not compressed, whose SHA-256 the
configuration has (`rootfs.diff_ids`). It has no manifest of a registry, so one is written.
Source: github.com/moby/moby, image/spec/spec.md, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from pathlib import Path
from typing import IO, Any

from .. import checksums
from ..units import BundleError

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def unpack(archive: Path, folder: Path) -> None:
    """Write the only image of an archive to `folder`: manifest.json, and each blob under its SHA-256.

    :raises BundleError: it is not such an archive, or a layer is not the one of the configuration
    """
    try:
        with tarfile.open(archive) as opened:
            [image] = json.load(_member(opened, "manifest.json"))
            config = _member(opened, image["Config"]).read()
            names, diff_ids = image["Layers"], json.loads(config)["rootfs"]["diff_ids"]
            if len(names) != len(diff_ids):
                raise ValueError(f"it has {len(names)} layers, and its configuration {len(diff_ids)}")
            layers = [
                _layer(_member(opened, name), diff_id, folder) for name, diff_id in zip(names, diff_ids, strict=True)
            ]
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{archive} is no archive of one image, as `docker save` writes it ({error}).") from error
    checksum = hashlib.sha256(config).hexdigest()
    (folder / checksum).write_bytes(config)
    described = {"mediaType": CONFIG, "size": len(config), "digest": f"sha256:{checksum}"}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    # A layer that another one has, too, is a link to it.
    content = archive.extractfile(name)
    if content is None:
        raise KeyError(f"{name} is no file")
    return content


def _layer(content: IO[bytes], diff_id: str, folder: Path) -> dict[str, Any]:
    part = folder / "layer.part"
    with part.open("wb") as file:
        shutil.copyfileobj(content, file)
    checksum = checksums.sha256(part)
    if diff_id != f"sha256:{checksum}":
        raise ValueError(f"a layer has sha256:{checksum}, and the configuration {diff_id}")
    size = part.stat().st_size
    part.rename(folder / checksum)
    return {"mediaType": LAYER, "size": size, "digest": diff_id}
