# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The record of a bundle, bundle.json: the bundle's stack, units, images and files with their checksums.

The record is written after all files, so a bundle without a record is incomplete. Before the first file of a bundle
changes, the record is replaced by a journal: the paths of all files that belong to the old or the new bundle. So the
next run knows which files of the folder belong to the bundle, even if this run is killed, and never removes others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from . import checksums
from .units import BundleError

RECORD = "bundle.json"
JOURNAL = "bundle.json.changing"
SCHEMA_VERSION = 2
BUNDLE_FOLDERS = ("bin", "images", "manifests")
README = "README.md"
BILL = "sbom.cdx.json"
DOCUMENTS = (README, BILL)


def read_record(folder: Path, stack: str, arch: str) -> dict[str, Any] | None:
    """Return the record of the bundle in `folder`, or None if there is no complete bundle or it is an older release's.

    :raises BundleError: the bundle is for another stack or architecture or of a newer release, or the record can't be
        read
    """
    record = _read_valid_record(folder)
    if record is None:
        return None
    check_identity(f"The bundle in {folder}", record, stack, arch, "cluster_bundle_dir")
    return record if record["schema_version"] == SCHEMA_VERSION else None


def read_any(folder: Path) -> dict[str, Any] | None:
    """Return the record of the bundle in `folder`, of whatever stack, or None if there is no complete bundle.

    :raises BundleError: the record can't be read
    """
    return _read_valid_record(folder)


def parse(text: bytes, what: str) -> dict[str, Any]:
    """Return the record that an archive has.

    :param what: what messages call the archive
    :raises BundleError: it is no record of this release
    """
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not _has_required_fields(record):
        raise BundleError(f"{what} has no record of a bundle: copy it again.")
    if (version := record.get("schema_version")) != SCHEMA_VERSION:
        raise BundleError(
            f"{what} has schema_version {version}, and this release reads {SCHEMA_VERSION}: pack it with the release "
            "that you use here."
        )
    paths = {str(item["path"]) for item in record["files"]}
    if foreign := paths - _in_bundle_folders(paths):
        raise BundleError(f"{what} has {min(foreign)}, which is not a path of a bundle.")
    return record


def check_identity(what: str, record: Mapping[str, Any], stack: str, arch: str, variable: str) -> None:
    """Check that a record is of the stack and the architecture.

    :param variable: the variable that would name another bundle
    :raises BundleError: it is not
    """
    for key, expected in (("stack", stack), ("arch", arch)):
        if record.get(key) != expected:
            raise BundleError(
                f"{what} is for {key} {record.get(key)}, and {expected} is wanted: give another one as {variable}."
            )


def check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """Compare every file of the bundle with its checksum.

    :raises BundleError: files are missing or differ; the message names them all
    """
    missing, differing = checksums.differing_files(folder, {item["path"]: item["sha256"] for item in record["files"]})
    findings = [
        *(f"{path} is missing" for path in missing),
        *(
            f"{path} is not the file that {RECORD} names (its sha256 is {checksum[:12]}...)"
            for path, checksum in differing.items()
        ),
    ]
    if findings:
        lines = "".join(f"\n  - {finding}" for finding in findings)
        raise BundleError(
            f"The bundle in {folder} is damaged:{lines}\nBring an undamaged one, or remove the folder to have it "
            "built again; what is undamaged in the cache is not built again."
        )


def check_folder(folder: Path, planned: Set[str]) -> None:
    """Check that a bundle with the files `planned` overwrites only files of an earlier bundle.

    :raises BundleError: one of them exists and is not an earlier bundle's, or there was no bundle and there are files
    """
    owned = owned_files(folder)
    present = {f"{name}/{path}" for name in BUNDLE_FOLDERS for path in checksums.list_files(folder / name)}
    if owned is None:
        foreign = present | {name for name in DOCUMENTS if (folder / name).exists()}
    else:
        foreign = (present - owned) & planned
    if foreign:
        raise BundleError(
            f"{folder} (cluster_bundle_dir) has files of no bundle, such as {min(foreign)}: "
            "give another folder, or move them away."
        )


def _read_valid_record(folder: Path) -> dict[str, Any] | None:
    """Return the record if its version is this release's or an older one, which differ in `images` only, or None."""
    file = folder / RECORD
    record = _read_json(file)
    if record is None:
        return None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{file} has schema_version {version}, and this release reads {SCHEMA_VERSION}: "
            "give another cluster_bundle_dir, or use the release that built it."
        )
    if not isinstance(record, dict) or not isinstance(version, int) or not _has_required_fields(record):
        raise BundleError(f"{file} is not the record of a bundle. Remove {folder} to have the bundle built again.")
    return record


def _has_required_fields(record: Mapping[str, Any]) -> bool:
    files, units = record.get("files"), record.get("units")
    return (
        isinstance(units, dict)
        and isinstance(files, list)
        and all(isinstance(item, dict) and {"path", "sha256", "size"} <= item.keys() for item in files)
    )


def owned_files(folder: Path) -> set[str] | None:
    """Return the paths of the files that earlier runs wrote to `folder`, or None if there was no earlier run."""
    record, journal = _read_valid_record(folder), _read_json(folder / JOURNAL)
    if record is None and journal is None:
        return None
    paths = {str(item["path"]) for item in (record or {"files": []})["files"]} | set(journal or [])
    # Owned files may be removed, so no path outside the bundle's folders may be among them.
    return _in_bundle_folders(paths)


def _in_bundle_folders(paths: Set[str]) -> set[str]:
    return {
        path for path in paths if path.startswith(tuple(f"{name}/" for name in BUNDLE_FOLDERS)) and ".." not in path
    }


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise BundleError(
            f"{file} can't be read ({error}). Remove {file.parent} to have the bundle built again."
        ) from error


def write_json(file: Path, data: Any) -> None:
    write_text(file, json.dumps(data, indent=1) + "\n")


def write_text(file: Path, text: str) -> None:
    """Write the whole file, or leave the old one as it is."""
    temporary = file.with_name(f".{file.name}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, file)
