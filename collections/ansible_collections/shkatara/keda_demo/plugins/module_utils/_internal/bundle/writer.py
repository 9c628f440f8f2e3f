# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The writing of a bundle: the files, the documents, and at last the record; see record.py."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from . import checksums, record
from .cache import CacheEntry
from .plan import BundlePlan, source_of

# Returns the texts next to the record, which only people and scanners read, by name.
Documents = Callable[[Mapping[str, Any]], Mapping[str, str]]


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
    with changing(folder, plan.paths):
        described = _describe(plan, cache_entries, _link_files(folder, plan, cache_entries), stack, arch)
        finish(folder, described, documents(described))
    return described


@contextlib.contextmanager
def changing(folder: Path, planned: Set[str]) -> Iterator[None]:
    """Replace the record by the journal while the block brings the files `planned`.

    The block's last call is `finish`. If the block raises an error, the journal remains for the next run.
    """
    owned = planned | (record.owned_files(folder) or set())
    folder.mkdir(parents=True, exist_ok=True)
    record.write_json(folder / record.JOURNAL, sorted(owned))
    (folder / record.RECORD).unlink(missing_ok=True)
    # Files of an earlier bundle. Other files in this folder are the user's.
    for path in owned - planned:
        (folder / path).unlink(missing_ok=True)
    yield


def finish(folder: Path, described: Mapping[str, Any], documents: Mapping[str, str]) -> None:
    """Write the record `described` and the documents of a bundle whose files are there."""
    for name, text in documents.items():
        record.write_text(folder / name, text)
    record.write_json(folder / record.RECORD, described)
    (folder / record.JOURNAL).unlink()


def _link_files(folder: Path, plan: BundlePlan, cache_entries: Mapping[str, CacheEntry]) -> list[dict[str, Any]]:
    """Bring the files of `plan` to `folder` and return the record's entry of each."""
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
    return sorted(files, key=lambda file: str(file["path"]))


def _describe(
    plan: BundlePlan, cache_entries: Mapping[str, CacheEntry], files: list[dict[str, Any]], stack: str, arch: str
) -> dict[str, Any]:
    return {
        "schema_version": record.SCHEMA_VERSION,
        "stack": stack,
        "arch": arch,
        "producer": plan.producer,
        "images": {
            unit.name: dict(sorted(cache_entries[id_].info["images"].items()))
            for id_, unit in plan.units.items()
            if unit.kind == "archive"
        },
        "files": files,
        "units": plan.keys,
        **({"pins": plan.pins} if plan.pins else {}),
    }
