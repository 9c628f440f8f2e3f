# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A bundle as one file, for a network without internet access: a gzipped tar archive, and its SHA-256 next to it.

The record is the archive's first member. So whether an archive has the bundle that is there already takes no reading of
the rest. Files of the folder that are the archive's already are left as they are.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from . import checksums, record, writer
from .control import RunControl
from .units import BundleError, Interrupted

# Images are most of it. Higher levels take three times as long for a tenth less.
LEVEL = 3
CHUNK = 2**20
# What gzip raises of a file that was cut off or changed.
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)


def pack(folder: Path, target: Path, control: RunControl, *, check_mode: bool = False) -> bool:
    """Write the bundle of `folder` to the archive `target` and return whether there was another one, or none.

    :raises BundleError: the archive can't be written
    :raises Interrupted: the end of the run was requested
    """
    if target.is_dir():
        raise BundleError(
            f"{target} (bundle_pack) is a folder: give the archive's file name, such as {target}/seed-amd64.tar.gz."
        )
    text = (folder / record.RECORD).read_bytes()
    temporary = target.with_name(f".{target.name}")
    try:
        if target.is_file() and _sum_beside(target) == checksums.sha256(target) and _has_record(target, text):
            return False
        if check_mode:
            return True
        control.say(f"packing the bundle to {target}")
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_archive(temporary, folder, text, control)
        checksum = checksums.sha256(temporary)
        # The old sum with the new archive would be an error to the other side, and no sum is not.
        _sum_file(target).unlink(missing_ok=True)
        os.replace(temporary, target)
        _sum_file(target).write_text(f"{checksum}  {target.name}\n", encoding="utf-8")
    except OSError as error:
        raise BundleError(f"The bundle can't be packed to {target} (bundle_pack): {error}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return True


def check(archive: Path, folder: Path, stack: str, arch: str) -> bool:
    """Return whether `folder` lacks the bundle of the archive.

    :raises BundleError: the archive is none, is another stack's, or the folder has files that are of no bundle
    """
    packed = check_record(archive, stack, arch)
    record.check_folder(folder, {item["path"] for item in packed["files"]})
    present = record.read_record(folder, stack, arch)
    return present != packed or bool(_differing(folder, packed))


def check_record(archive: Path, stack: str, arch: str) -> dict[str, Any]:
    """Return the record of an archive, of which nothing else is read.

    :raises BundleError: the archive is none, or another stack's
    """
    packed = _record_of(archive)
    record.check_identity(f"The archive {archive}", packed, stack, arch, "bundle_archive")
    return packed


def unpack(archive: Path, folder: Path, control: RunControl) -> None:
    """Bring the bundle of the archive to `folder`. The archive is read to its end before anything is changed.

    :raises BundleError: the archive is damaged
    :raises Interrupted: the end of the run was requested
    """
    packed = _record_of(archive)
    by_path = {item["path"]: item["sha256"] for item in packed["files"]}
    missing = _differing(folder, packed)
    control.say(f"unpacking {len(missing)} of {len(by_path)} files of {archive}")
    _check_content(archive, by_path, control)
    with writer.changing(folder, set(by_path)):
        documents = {}
        for path, content, mode in _members(archive):
            if path in record.DOCUMENTS:
                documents[path] = content.read().decode("utf-8")
            elif path in missing:
                _write(folder / path, content, mode, control)
        writer.finish(folder, packed, documents)


def _check_content(archive: Path, by_path: Mapping[str, str], control: RunControl) -> None:
    """Compare the archive with the checksum next to it, or without such a file each member with the record.

    :raises BundleError: the archive is damaged
    """
    if expected := _sum_beside(archive):
        if (actual := checksums.sha256(archive)) != expected:
            raise BundleError(
                f"The archive {archive} (bundle_archive) is damaged: its sha256 is {actual}, and "
                f"{_sum_file(archive)} has {expected}. Copy it again."
            )
        return
    found = {path: _sum_of(content, control) for path, content, _mode in _members(archive)}
    if differing := sorted(path for path, checksum in by_path.items() if found.get(path, checksum) != checksum):
        raise BundleError(f"The archive {archive} (bundle_archive) is damaged: {differing[0]} is another file.")
    if missing := sorted(by_path.keys() - found.keys()):
        raise BundleError(f"The archive {archive} (bundle_archive) is damaged: it has no {missing[0]}.")


def _record_of(archive: Path) -> dict[str, Any]:
    for path, content, _mode in _members(archive):
        if path == record.RECORD:
            return record.parse(content.read(), f"The archive {archive} (bundle_archive)")
        break
    raise BundleError(f"{archive} (bundle_archive) is not an archive that bundle_pack has written.")


def _has_record(archive: Path, text: bytes) -> bool:
    """Return whether an archive has a record with this text."""
    try:
        return bool(_record_of(archive) == json.loads(text))
    except BundleError:
        return False


def _members(archive: Path) -> Iterator[tuple[str, _Content, int]]:
    """Yield path, content and mode of each file of an archive.

    :raises BundleError: there is no such archive, or it can't be read, also by the reader of a content
    """
    if not archive.is_file():
        raise BundleError(f"There is no archive {archive} (bundle_archive).")
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened:
                content = opened.extractfile(member) if member.isreg() else None
                if content is not None:
                    yield member.name, _Content(content, archive), member.mode & 0o777
    except (tarfile.TarError, *DAMAGED) as error:
        raise _unreadable(archive, error) from error


class _Content:
    """The content of a member, with the archive's errors in words."""

    def __init__(self, content: IO[bytes], archive: Path) -> None:
        self._content = content
        self._archive = archive

    def read(self, size: int = -1) -> bytes:
        try:
            return self._content.read(size)
        except (tarfile.TarError, *DAMAGED) as error:
            raise _unreadable(self._archive, error) from error


def _unreadable(archive: Path, error: Exception) -> BundleError:
    return BundleError(f"The archive {archive} (bundle_archive) can't be read: {error}. Copy it again.")


def _chunks(content: _Content, control: RunControl) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        if control.end_requested():
            raise Interrupted("interrupted")
        yield chunk


def _sum_of(content: _Content, control: RunControl) -> str:
    result = hashlib.sha256()
    for chunk in _chunks(content, control):
        result.update(chunk)
    return result.hexdigest()


def _write_archive(target: Path, folder: Path, text: bytes, control: RunControl) -> None:
    with tarfile.open(target, "w:gz", compresslevel=LEVEL, format=tarfile.GNU_FORMAT) as archive:
        _add(archive, record.RECORD, io.BytesIO(text), len(text), 0o644)
        for path in [*record.DOCUMENTS, *(item["path"] for item in json.loads(text)["files"])]:
            if control.end_requested():
                raise Interrupted("interrupted")
            file = folder / path
            # A bundle of an earlier release has no documents.
            if path in record.DOCUMENTS and not file.is_file():
                continue
            with file.open("rb") as content:
                _add(archive, path, content, file.stat().st_size, file.stat().st_mode & 0o777)


def _write(target: Path, content: _Content, mode: int, control: RunControl) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not the existing file: a hard link, whose other names are in the cache.
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        for chunk in _chunks(content, control):
            file.write(chunk)
    target.chmod(mode)


def _differing(folder: Path, packed: Mapping[str, Any]) -> set[str]:
    missing, differing = checksums.differing_files(folder, {item["path"]: item["sha256"] for item in packed["files"]})
    return {*missing, *differing}


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, mode
    archive.addfile(member, content)


def _sum_file(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.sha256")


def _sum_beside(archive: Path) -> str:
    """Return the checksum in the file next to the archive, empty if there is no such file."""
    try:
        return (_sum_file(archive).read_text(encoding="utf-8").split() or [""])[0]
    except (FileNotFoundError, NotADirectoryError):
        return ""
