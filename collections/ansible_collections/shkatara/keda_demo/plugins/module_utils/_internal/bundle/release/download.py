# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The download of a file that goes on where it was ended.

The bytes go to `<target>.part`. `<target>.part.json` says which file of the server they are of: its address, its ETag
or date, and its size. Another attempt, in this run or a later one, asks for the rest (Range). It starts again if the
server sends the whole file, or if the file there is another one by now. The file gets its name when it is complete.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..units import BundleError, Interrupted
from .web import HINT, Broken, Unsatisfiable, Web

CHUNK = 2**18
MIB = 2**20
# Attempts in a row that bring less than PROGRESS bytes, before the download fails.
ATTEMPTS = 5
PROGRESS = MIB
FIRST_PAUSE_SECONDS = 1.0
# Servers that ask for a longer wait are not waited for.
LONGEST_WAIT_SECONDS = 180.0
SLEEP_SECONDS = 0.25

Result = TypeVar("Result")

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True)
class Source:
    """Which file of the server a part is of: its address, its ETag or date, and its size, None if it is not known."""

    url: str
    validator: str
    size: int | None


class Downloader:
    """Downloads for several threads.

    :param end_requested: whether the run should end; then a download raises Interrupted and leaves its part
    :param say: shows a line about an attempt that failed
    """

    def __init__(
        self,
        web: Web,
        end_requested: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda _line: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._web = web
        self._end_requested = end_requested
        self._say = say
        self._sleep = sleep

    def text(self, url: str, headers: Mapping[str, str] | None = None) -> str:
        """Return the content of a small text file.

        :raises BundleError: it can't be had
        """
        return self.content(url, headers).decode("utf-8", "replace")

    def content(self, url: str, headers: Mapping[str, str] | None = None, most: int = MIB) -> bytes:
        """Return the bytes of a small file, of which `most` are read.

        :raises BundleError: it can't be had
        """

        def read() -> bytes:
            with self._web.get(url, headers) as response:
                return bytes(response.read(most))

        return self._repeat(url, read, lambda: 0)

    def file(self, url: str, target: Path, headers: Mapping[str, str] | None = None) -> None:
        """Download the file to `target`. What an earlier attempt has left in `<target>.part` is not fetched again.

        :param headers: further headers of the request, such as Authorization
        :raises BundleError: it can't be had, or there is no space for it
        :raises Interrupted: the end of the run was requested
        """
        part = target.with_name(f"{target.name}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._repeat(url, lambda: self._receive(url, part, headers or {}), lambda: _size(part))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise _no_space(url, part, None) from error
        os.replace(part, target)
        _state_file(part).unlink(missing_ok=True)

    def _repeat(self, url: str, attempt: Callable[[], Result], received: Callable[[], int]) -> Result:
        failures, pause = 0, FIRST_PAUSE_SECONDS
        while True:
            before = received()
            try:
                return attempt()
            except Broken as error:
                self._check_end()
                if received() - before >= PROGRESS:
                    failures, pause = 0, FIRST_PAUSE_SECONDS
                failures += 1
                if failures >= ATTEMPTS:
                    raise BundleError(
                        f"{url} can't be downloaded after {ATTEMPTS} attempts: {error}; {HINT}."
                    ) from error
                wait = pause if error.retry_after is None else error.retry_after
                if wait > LONGEST_WAIT_SECONDS:
                    raise BundleError(
                        f"{url} can't be downloaded: {error}, and asks to wait {wait:.0f} s: run it again then."
                    ) from error
                self._say(f"{error}; again in {wait:.0f} s")
                self._wait(wait)
                pause *= 2

    def _receive(self, url: str, part: Path, headers: Mapping[str, str]) -> None:
        known = _read_state(part)
        offset = _size(part) if known and known.url == url else 0
        if known and offset and offset == known.size:
            return
        with self._opened(url, {**headers, **_range_headers(known, offset)}, part) as response:
            source = _source(url, response)
            if known is None or not offset or not _continues(response, source, known, offset):
                if response.status != 200:  # the rest of another file
                    part.unlink(missing_ok=True)
                    raise Broken(f"{url} has changed since the download began")
                offset = 0
                _write_state(part, source)
            if source.size is not None and shutil.disk_usage(part.parent).free < source.size - offset:
                raise _no_space(url, part, source.size - offset)
            with part.open("ab" if offset else "wb") as file:
                # read1 returns what has arrived, so that an early end loses nothing.
                while data := response.read1(CHUNK):
                    self._check_end()
                    file.write(data)
        if source.size is not None and _size(part) != source.size:
            raise Broken(f"{url} ended after {_size(part)} of {source.size} bytes")

    @contextlib.contextmanager
    def _opened(self, url: str, headers: Mapping[str, str], part: Path) -> Iterator[Any]:
        """Yield the answer to the question for the rest of a part. A part without a rest is removed."""
        try:
            with self._web.get(url, headers) as response:
                yield response
        except Unsatisfiable:
            part.unlink(missing_ok=True)
            _state_file(part).unlink(missing_ok=True)
            raise

    def _check_end(self) -> None:
        if self._end_requested():
            raise Interrupted("interrupted")

    def _wait(self, seconds: float) -> None:
        while seconds > 0:
            self._check_end()
            self._sleep(min(SLEEP_SECONDS, seconds))
            seconds -= SLEEP_SECONDS


def _range_headers(known: Source | None, offset: int) -> dict[str, str]:
    if known is None or not offset:
        return {}
    headers = {"Range": f"bytes={offset}-"}
    # RFC 9110, section 13.1.5: a weak ETag is not allowed here.
    if known.validator and not known.validator.startswith("W/"):
        headers["If-Range"] = known.validator
    return headers


def _source(url: str, response: Any) -> Source:
    headers: Mapping[str, str] = response.headers
    validator = headers.get("ETag") or headers.get("Last-Modified") or ""
    if response.status == 206:
        match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        return Source(url, validator, int(match[2]) if match else None)
    length = headers.get("Content-Length", "")
    return Source(url, validator, int(length) if length.isdigit() else None)


def _continues(response: Any, source: Source, known: Source, offset: int) -> bool:
    """Return whether the answer is the rest of the part: from its end on, of the same file."""
    if response.status != 206:
        return False
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == offset and source == known


def _no_space(url: str, part: Path, missing: int | None) -> BundleError:
    free = shutil.disk_usage(part.parent).free
    needs = f" needs {missing / MIB:.0f} MiB more" if missing is not None else ""
    return BundleError(
        f"The disk of {part.parent} is full ({free / MIB:.0f} MiB free): {url}{needs}. Free some, or give another "
        "folder as cluster_cache_dir (KEDA_DEMO_CACHE). What has arrived is kept."
    )


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _state_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_state(part: Path) -> Source | None:
    try:
        return Source(**json.loads(_state_file(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write_state(part: Path, source: Source) -> None:
    # The state may only name the file that the part is of.
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    _state_file(part).write_text(json.dumps(asdict(source)), encoding="utf-8")
