# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The files of a proof: verdict.json, and timeline.csv, which grows while the proof runs."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from ...common.hiding import Hider

COLUMNS = ("seconds", "time", "phase", "source", "object", "field", "value")


class ProofFilesError(Exception):
    """A file of the proof can't be written; the message names `proof_dir`."""


class ProofFiles:
    """The folder `<proof_dir>/<time>` with its files, and the link `latest` next to it.

    Everything raises ProofFilesError where it can't write. The secrets of `hider` are in no file.
    """

    def __init__(self, proof_dir: str, name: str, hider: Hider | None = None) -> None:
        self._proof_dir = proof_dir
        self._hider = hider or Hider()
        parent = Path(proof_dir)
        with self._named():
            parent.mkdir(parents=True, exist_ok=True)
            self.folder = _make_new(parent, name)
            self._timeline: TextIO = (self.folder / "timeline.csv").open("w", encoding="utf-8", newline="", buffering=1)
            self._rows = csv.writer(self._timeline, lineterminator="\n")
            self._rows.writerow(COLUMNS)
            # A link can't be replaced in place, but renamed over: a reader sees the old or the new one.
            new_link = parent / f".latest.{os.getpid()}"
            new_link.unlink(missing_ok=True)
            new_link.symlink_to(self.folder.name)
            new_link.replace(parent / "latest")

    def row(self, values: tuple[object, ...]) -> None:
        """Append a row to timeline.csv, in the order of COLUMNS."""
        with self._named():
            self._rows.writerow(self._hider.data(values))

    def write_verdict(self, data: Mapping[str, Any]) -> None:
        """Write verdict.json, all of it or nothing."""
        part = self.folder / ".verdict.json"
        with self._named():
            part.write_text(
                json.dumps(self._hider.data(finite(data)), indent=2, allow_nan=False) + "\n", encoding="utf-8"
            )
            part.replace(self.folder / "verdict.json")

    def close(self) -> None:
        """Close timeline.csv."""
        with self._named():
            self._timeline.close()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ProofFilesError(f"proof_dir {self._proof_dir}: {error}") from error


class NoFiles:
    """Stands for ProofFiles where nothing may be written."""

    folder = Path()

    def row(self, values: tuple[object, ...]) -> None:
        """Drop a row."""

    def write_verdict(self, data: Mapping[str, Any]) -> None:
        """Drop the result."""

    def close(self) -> None:
        """Do nothing."""


def finite(data: Any) -> Any:
    """Return plain data with None for each number that JSON does not have: infinities and NaN."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [finite(value) for value in data]
    return data


def _make_new(parent: Path, name: str) -> Path:
    """Make the folder `name`, or `name-2` and so on: two proofs may begin in one second."""
    for attempt in range(1, 1000):
        folder = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{parent / name} and 998 more exist already")
