# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Progress of a module that runs for minutes: JSON lines in a file, which its action plugin displays.

A module can't print while it runs, so it writes ``{"t": <unix time>, "msg": "..."}`` lines to the file that its option
O(progress_file) names. A run does not fail because its progress can't be displayed: an error of the file ends the
writing silently.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from .hiding import Hider


class Progress:
    """Writer of progress lines, without the secrets of `hider`; does nothing when `path` is None."""

    def __init__(self, path: str | None, clock: Callable[[], float] = time.time, hider: Hider | None = None) -> None:
        self._clock = clock
        self._hider = hider or Hider()
        self._file = _open(path) if path else None

    def say(self, msg: str) -> None:
        """Append a line; `msg` is the text for people, without a trailing newline."""
        if self._file is None:
            return
        try:
            self._file.write(json.dumps({"t": round(self._clock(), 3), "msg": self._hider.text(msg)}) + "\n")
        except OSError:
            self._file = None

    def close(self) -> None:
        """Close the file; drop later lines."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _open(path: str) -> TextIO | None:
    try:
        return Path(path).open("a", encoding="utf-8", buffering=1)
    except OSError:
        return None


class ProgressReader:
    """Reader of the lines appended since the last call; keeps an incomplete line for the next call."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._offset = 0
        self._rest = b""

    def read_new(self) -> Iterator[str]:
        """Yield the message of each line completed since the last call; skip lines of another format."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)["msg"]
            except (ValueError, TypeError, KeyError):
                continue
            yield str(message)
