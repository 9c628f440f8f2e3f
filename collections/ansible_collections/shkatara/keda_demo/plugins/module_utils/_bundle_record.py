# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""bundle.json: what a bundle says of itself, and whether that is true."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_cache import Made
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_files import (
    compare,
    link_or_copy,
    list_files,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_plan import Plan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_unit import BundleError

RECORD = "bundle.json"
SCHEMA_VERSION = 1
FOLDERS = ("bin", "images", "manifests")


def read_record(folder: Path, stack: str, arch: str) -> dict[str, Any] | None:
    """Return what the bundle in `folder` says of itself; None where there is no complete one.

    :raises BundleError: it is for another stack or architecture, or can't be read
    """
    file = folder / RECORD
    try:
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BundleError(f"{file} can't be read ({error}). Remove {folder} to have the bundle made anew.") from error
    if record.get("schema_version") != SCHEMA_VERSION:
        raise BundleError(
            f"{file} has schema_version {record.get('schema_version')}, and this release reads {SCHEMA_VERSION}: "
            "give another cluster_bundle_dir."
        )
    for key, wanted in (("stack", stack), ("arch", arch)):
        if record.get(key) != wanted:
            raise BundleError(
                f"The bundle in {folder} is for {key} {record.get(key)}, and {wanted} is wanted: "
                "give the folder of another bundle as cluster_bundle_dir."
            )
    return record


def check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """Compare every file of the bundle with its checksum.

    :raises BundleError: one is missing or is another; all are named
    """
    missing, differing = compare(folder, {item["path"]: item["sha256"] for item in record["files"]})
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


def write_bundle(folder: Path, plan: Plan, made: Mapping[str, Made], stack: str, arch: str) -> dict[str, Any]:
    """Put the bundle together from the cache, and return its record."""
    # A bundle without its record is incomplete: one that is being changed is.
    (folder / RECORD).unlink(missing_ok=True)
    files = []
    for item in plan.files:
        unit, source = plan.units[item.unit], made[item.unit]
        target = folder / item.path
        target.unlink(missing_ok=True)
        link_or_copy(source.folder / item.source, target)
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
    for ours in FOLDERS:
        for path in {f"{ours}/{path}" for path in list_files(folder / ours)} - {item.path for item in plan.files}:
            (folder / path).unlink()
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
    temporary = folder / f".{RECORD}"
    temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, folder / RECORD)
    return record


def _source(inputs: Mapping[str, Any]) -> str:
    entry = inputs.get("entry", {})
    if "module" in entry:
        return f"{entry['module']}@{entry['module_version']}"
    return str(entry.get("debian_package", "built here"))
