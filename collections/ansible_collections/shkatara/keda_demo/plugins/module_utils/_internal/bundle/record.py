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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import checksums
from .cache import CacheEntry
from .plan import BundlePlan, source_of
from .units import BundleError

RECORD = "bundle.json"
JOURNAL = "bundle.json.changing"
SCHEMA_VERSION = 2
BUNDLE_FOLDERS = ("bin", "images", "manifests")

# The texts beside the record, which only people and scanners read.
Documents = Callable[[Mapping[str, Any]], Mapping[str, str]]


def read_record(folder: Path, stack: str, arch: str) -> dict[str, Any] | None:
    """Return the record of the bundle in `folder`, or None if there is no complete bundle or it is an older release's.

    :raises BundleError: the bundle is for another stack or architecture or of a newer release, or the record can't be
        read
    """
    record = _read_valid_record(folder)
    if record is None:
        return None
    for key, expected in (("stack", stack), ("arch", arch)):
        if record.get(key) != expected:
            raise BundleError(
                f"The bundle in {folder} is for {key} {record.get(key)}, and {expected} is wanted: "
                "give the folder of another bundle as cluster_bundle_dir."
            )
    return record if record["schema_version"] == SCHEMA_VERSION else None


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
            "made anew; what is undamaged in the cache is not built again."
        )


def check_folder(folder: Path, plan: BundlePlan) -> None:
    """Check that writing the bundle of `plan` to `folder` overwrites only files of an earlier bundle.

    :raises BundleError: a file of the plan exists and is not an earlier bundle's, or the folder has had no bundle and
        has files
    """
    owned = _owned_files(folder)
    present = {f"{name}/{path}" for name in BUNDLE_FOLDERS for path in checksums.list_files(folder / name)}
    foreign = present if owned is None else (present - owned) & {item.path for item in plan.files}
    if foreign:
        raise BundleError(
            f"{folder} (cluster_bundle_dir) has files that are of no bundle, such as {min(foreign)}: "
            "give another folder, or move them away."
        )


def write_bundle(
    folder: Path,
    plan: BundlePlan,
    cache_entries: Mapping[str, CacheEntry],
    stack: str,
    arch: str,
    *,
    documents: Documents = lambda _record: {},
) -> dict[str, Any]:
    """Write the bundle of `plan` from the cache entries of its units, and return its record.

    :param documents: returns the text of each document, by name, for the record
    """
    planned = {item.path for item in plan.files}
    owned = planned | (_owned_files(folder) or set())
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / JOURNAL, sorted(owned))
    (folder / RECORD).unlink(missing_ok=True)
    files = []
    for item in plan.files:
        unit, cache_entry = plan.units[item.unit], cache_entries[item.unit]
        target = folder / item.path
        target.unlink(missing_ok=True)
        checksums.link_or_copy(cache_entry.folder / item.source, target)
        files.append(
            {
                "path": item.path,
                "kind": item.kind,
                "component": unit.name,
                "version": unit.version,
                "sha256": cache_entry.files[item.source],
                "size": target.stat().st_size,
                "source": source_of(unit.inputs),
            }
        )
    # Files of an earlier bundle. Other files in this folder are the user's.
    for path in owned - planned:
        (folder / path).unlink(missing_ok=True)
    record = {
        "schema_version": SCHEMA_VERSION,
        "stack": stack,
        "arch": arch,
        "producer": plan.producer,
        "images": {
            unit.name: dict(sorted(cache_entries[id_].info["images"].items()))
            for id_, unit in plan.units.items()
            if unit.kind == "archive"
        },
        "files": sorted(files, key=lambda file: str(file["path"])),
        "units": plan.keys,
        **({"pins": plan.pins} if plan.pins else {}),
    }
    for name, text in documents(record).items():
        _write_text(folder / name, text)
    _write_json(folder / RECORD, record)
    (folder / JOURNAL).unlink()
    return record


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
            "give another cluster_bundle_dir, or use the release that made it."
        )
    if not isinstance(record, dict) or not isinstance(version, int) or not _has_required_fields(record):
        raise BundleError(f"{file} is no record of a bundle. Remove {folder} to have the bundle made anew.")
    return record


def _has_required_fields(record: Mapping[str, Any]) -> bool:
    files, units = record.get("files"), record.get("units")
    return (
        isinstance(units, dict)
        and isinstance(files, list)
        and all(isinstance(item, dict) and {"path", "sha256", "size"} <= item.keys() for item in files)
    )


def _owned_files(folder: Path) -> set[str] | None:
    """Return the paths of the files that earlier runs wrote to `folder`, or None if there was no earlier run."""
    record, journal = _read_valid_record(folder), _read_json(folder / JOURNAL)
    if record is None and journal is None:
        return None
    paths = {str(item["path"]) for item in (record or {"files": []})["files"]} | set(journal or [])
    # Owned files may be removed, so no path outside the bundle's folders may be among them.
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
            f"{file} can't be read ({error}). Remove {file.parent} to have the bundle made anew."
        ) from error


def _write_json(file: Path, data: Any) -> None:
    _write_text(file, json.dumps(data, indent=1) + "\n")


def _write_text(file: Path, text: str) -> None:
    """Write the whole file, or leave the old one as it is."""
    temporary = file.with_name(f".{file.name}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, file)
