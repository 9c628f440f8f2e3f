# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""bundle.json: what a bundle says of itself, and whether that is true."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import checksums
from .cache import Made
from .plan import BundlePlan
from .units import BundleError

RECORD = "bundle.json"
# While a bundle is being changed it has no record, and this file instead: the paths that are ours, old and new.
CHANGING = "bundle.json.changing"
SCHEMA_VERSION = 2
FOLDERS = ("bin", "images", "manifests")


def read_record(folder: Path, stack: str, arch: str) -> dict[str, Any] | None:
    """Return what the bundle in `folder` says of itself; None where there is no complete one, or an older release's.

    :raises BundleError: it is for another stack or architecture or of a newer release, or can't be read
    """
    record = _read_whole(folder)
    if record is None:
        return None
    for key, wanted in (("stack", stack), ("arch", arch)):
        if record.get(key) != wanted:
            raise BundleError(
                f"The bundle in {folder} is for {key} {record.get(key)}, and {wanted} is wanted: "
                "give the folder of another bundle as cluster_bundle_dir."
            )
    return record if record["schema_version"] == SCHEMA_VERSION else None


def check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """Compare every file of the bundle with its checksum.

    :raises BundleError: one is missing or is another; all are named
    """
    missing, differing = checksums.differing_files(folder, {item["path"]: item["sha256"] for item in record["files"]})
    findings = [
        *(f"{path} is missing" for path in missing),
        *(
            f"{path} is not the file that {RECORD} names (its sha256 is {now[:12]}...)"
            for path, now in differing.items()
        ),
    ]
    if findings:
        listed = "".join(f"\n  - {finding}" for finding in findings)
        raise BundleError(
            f"The bundle in {folder} is damaged:{listed}\nBring an undamaged one, or remove the folder to have it "
            "made anew; what is undamaged in the cache is not built again."
        )


def check_folder(folder: Path, plan: BundlePlan) -> None:
    """Refuse to make the bundle of `plan` where files of somebody else are in its way.

    :raises BundleError: a file that the plan has is another's, or there was never a bundle and files are there
    """
    ours = _our_files(folder)
    there = {f"{name}/{path}" for name in FOLDERS for path in checksums.list_files(folder / name)}
    foreign = there if ours is None else (there - ours) & {item.path for item in plan.files}
    if foreign:
        raise BundleError(
            f"{folder} (cluster_bundle_dir) has files that are of no bundle, such as {min(foreign)}: "
            "give another folder, or move them away."
        )


def write_bundle(folder: Path, plan: BundlePlan, made: Mapping[str, Made], stack: str, arch: str) -> dict[str, Any]:
    """Put the bundle together from the cache, and return its record."""
    planned = {item.path for item in plan.files}
    ours = planned | (_our_files(folder) or set())
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / CHANGING, sorted(ours))
    # A bundle without its record is incomplete: one that is being changed is.
    (folder / RECORD).unlink(missing_ok=True)
    files = []
    for item in plan.files:
        unit, source = plan.units[item.unit], made[item.unit]
        target = folder / item.path
        target.unlink(missing_ok=True)
        checksums.link_or_copy(source.folder / item.source, target)
        files.append(
            {
                "path": item.path,
                "kind": item.kind,
                "component": unit.name,
                "version": unit.version,
                "sha256": source.files[item.source],
                "size": target.stat().st_size,
                "source": _source(unit.inputs),
            }
        )
    # What an earlier bundle had; what else somebody keeps in this folder is theirs.
    for path in ours - planned:
        (folder / path).unlink(missing_ok=True)
    record = {
        "schema_version": SCHEMA_VERSION,
        "stack": stack,
        "arch": arch,
        "images": {
            unit.name: dict(sorted(made[id_].info["images"].items()))
            for id_, unit in plan.units.items()
            if unit.kind == "archive"
        },
        "files": sorted(files, key=lambda file: str(file["path"])),
        "units": plan.keys,
    }
    _write(folder / RECORD, record)
    (folder / CHANGING).unlink()
    return record


def _read_whole(folder: Path) -> dict[str, Any] | None:
    """Return the record of this release or an older one, which differ in `images` only; None where there is none."""
    file = folder / RECORD
    record = _read(file)
    if record is None:
        return None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{file} has schema_version {version}, and this release reads {SCHEMA_VERSION}: "
            "give another cluster_bundle_dir, or use the release that made it."
        )
    if not isinstance(record, dict) or not isinstance(version, int) or not _has_its_parts(record):
        raise BundleError(f"{file} is no record of a bundle. Remove {folder} to have the bundle made anew.")
    return record


def _has_its_parts(record: Mapping[str, Any]) -> bool:
    files, units = record.get("files"), record.get("units")
    return (
        isinstance(units, dict)
        and isinstance(files, list)
        and all(isinstance(item, dict) and {"path", "sha256", "size"} <= item.keys() for item in files)
    )


def _our_files(folder: Path) -> set[str] | None:
    """Return which files of the bundle's folders an earlier run put there; None where there was no earlier run."""
    record, changing = _read_whole(folder), _read(folder / CHANGING)
    if record is None and changing is None:
        return None
    paths = {str(item["path"]) for item in (record or {"files": []})["files"]} | set(changing or [])
    # They will be removed, so that nothing outside of our folders may be among them.
    return {path for path in paths if path.startswith(tuple(f"{name}/" for name in FOLDERS)) and ".." not in path}


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise BundleError(
            f"{file} can't be read ({error}). Remove {file.parent} to have the bundle made anew."
        ) from error


def _write(file: Path, data: Any) -> None:
    """Write all of the file or nothing."""
    temporary = file.with_name(f".{file.name}")
    temporary.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, file)


def _source(inputs: Mapping[str, Any]) -> str:
    entry = inputs.get("entry", {})
    if "module" in entry:
        return f"{entry['module']}@{entry['module_version']}"
    return str(entry.get("debian_package", "built here"))
