# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The durations of the long steps of earlier runs on this machine, by which a later run says how long a step takes."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

FILE = "durations.json"


def default_path(environ: Mapping[str, str]) -> Path:
    """Return the file in the collection's cache folder, as the variable cluster_cache_dir has it by default."""
    if folder := environ.get("KEDA_DEMO_CACHE"):
        return Path(folder) / FILE
    return Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "~") / ".cache") / "keda_demo" / FILE


class Durations:
    """Seconds by a step's name. A file that can't be read or written is no error: the times are only shown."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()
        self._new: dict[str, float] = {}
        self._old = self._read()

    def last(self, name: str) -> float | None:
        """Return the seconds that a step last took, or None if that is not known."""
        return self._old.get(name)

    def note(self, name: str, seconds: float) -> None:
        """Note what a step took in this run."""
        self._new[name] = round(seconds, 1)

    def save(self) -> None:
        """Add this run's durations to the file. Other runs may have changed it since it was read."""
        if not self._new:
            return
        text = json.dumps(self._read() | self._new, indent=1, sort_keys=True) + "\n"
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{FILE}-", dir=self._path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(name, self._path)
            except OSError:
                os.unlink(name)
        self._new = {}

    def _read(self) -> dict[str, float]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {name: float(seconds) for name, seconds in found.items() if isinstance(seconds, int | float)}
