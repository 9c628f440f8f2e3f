# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images with the bytes that their registry has, and archives of them.

An image's unit has its blobs by their hashes: the manifest, the configuration and the layers, compressed as they are
published. An archive is an OCI layout with the blobs of its images, each once. So containerd has the registry's digest
of each image after the import.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from .. import checksums, dockerfile
from ..release import copiers
from ..units import BundleError, Unit
from ..work import Work
from . import container_build

BLOBS = "blobs/sha256"
# Files of the folder that are no blobs.
OTHER_FILES = ("manifest.json", "version")
DEFAULT_TYPE = "application/vnd.oci.image.manifest.v1+json"


def copy_image(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Put the image of `unit` into the folder `out`, and return its manifest's descriptor.

    :raises BundleError: it can't be had
    """
    folder = work.folder / "image"
    folder.mkdir()
    release, reference = work.release, unit.inputs["source"]
    if "application" in unit.inputs and release.application_builder:
        container_build.build(unit, folder, work)
    elif "kept" in unit.inputs or unit.inputs.get("application") == "build":
        # There is no folder to build it from, and the published image is another one.
        raise dockerfile.missing_application_error(unit.name)
    else:
        digest = unit.inputs.get("digest") or release.lock.images.get(reference, "")
        if not digest:
            raise BundleError(f"bundle.lock has no digest of {reference}.")
        source = f"docker://{release.origins.repository(reference)}@{digest}"
        copier = copiers.copier(work.processes, release.downloader, work.log, work.folder, work.settings.cache_dir)
        copier.copy(source, f"dir:{folder}", unit.inputs["arch"], reference)
    return {"descriptor": _move_blobs(folder, out / BLOBS)}


def pack_images(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build an archive with all images of `unit`, under their full references."""
    layout = work.folder / "layout"
    (layout / BLOBS).mkdir(parents=True)
    manifests = []
    for id_, reference in sorted(unit.inputs["images"].items(), key=lambda item: item[1]):
        entry = work.dependencies[id_]
        for blob in (entry.folder / BLOBS).iterdir():
            target = layout / BLOBS / blob.name
            if not target.exists():
                checksums.link_or_copy(blob, target)
        name = {"org.opencontainers.image.ref.name": reference}
        manifests.append({**entry.info["descriptor"], "annotations": name})
    index = {"schemaVersion": 2, "manifests": manifests}
    (layout / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}), encoding="utf-8")
    _write_tar(layout, out / f"{unit.name}.tar")
    images = {
        manifest["annotations"]["org.opencontainers.image.ref.name"]: manifest["digest"] for manifest in manifests
    }
    return {"images": images}


def _move_blobs(folder: Path, blobs: Path) -> dict[str, Any]:
    """Move an image's files from the folder of its copy to `blobs`, and return the descriptor of its manifest."""
    manifest = (folder / "manifest.json").read_bytes()
    blobs.mkdir(parents=True)
    for file in folder.iterdir():
        if file.name not in OTHER_FILES:
            file.rename(blobs / file.name)
    checksum = hashlib.sha256(manifest).hexdigest()
    (blobs / checksum).write_bytes(manifest)
    media_type = json.loads(manifest).get("mediaType", DEFAULT_TYPE)
    return {"mediaType": media_type, "digest": f"sha256:{checksum}", "size": len(manifest)}


def _write_tar(folder: Path, target: Path) -> None:
    """Write a tar archive of a folder whose bytes depend on the names and contents of the files alone."""
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in [folder, *sorted(folder.rglob("*"))]:
            name = path.relative_to(folder).as_posix()
            member = tarfile.TarInfo("." if name == "." else f"./{name}")
            if path.is_dir():
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member, io.BytesIO())
                continue
            member.size, member.mode = path.stat().st_size, 0o644
            with path.open("rb") as file:
                archive.addfile(member, file)
