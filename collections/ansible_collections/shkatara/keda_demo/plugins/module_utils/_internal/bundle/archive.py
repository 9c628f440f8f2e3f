# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A bundle as one file, for a network without any way out: a tar archive by gzip, and its SHA-256 beside it.

The record is the archive's first member. So whether an archive has the bundle that is there already takes no reading of
the rest. Files of the folder that are the archive's already are left as they are.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from . import checksums, record
from .units import BundleError

# Images are most of it. Higher levels take three times as long for a tenth less.
LEVEL = 3


def pack(folder: Path, target: Path, say: Callable[[str], None]) -> bool:
    """Write the bundle of `folder` to the archive `target` and return whether there was another one, or none.

    :raises BundleError: the archive can't be written
    """
    text = (folder / record.RECORD).read_bytes()
    temporary = target.with_name(f".{target.name}")
    try:
        if target.is_file() and _sum_beside(target) == checksums.sha256(target) and _has_record(target, text):
            return False
        say(f"packing the bundle to {target}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(temporary, "w:gz", compresslevel=LEVEL, format=tarfile.GNU_FORMAT) as archive:
            _add(archive, record.RECORD, io.BytesIO(text), len(text), 0o644)
            for path in [*record.DOCUMENTS, *(item["path"] for item in json.loads(text)["files"])]:
                file = folder / path
                # A bundle of an earlier release has no documents.
                if path in record.DOCUMENTS and not file.is_file():
                    continue
                with file.open("rb") as content:
                    _add(archive, path, content, file.stat().st_size, file.stat().st_mode & 0o777)
        checksum = checksums.sha256(temporary)
        # The old sum with the new archive would be an error to the other side, and no sum is not.
        _sum_file(target).unlink(missing_ok=True)
        os.replace(temporary, target)
        _sum_file(target).write_text(f"{checksum}  {target.name}\n", encoding="utf-8")
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BundleError(f"The bundle can't be packed to {target} (bundle_pack): {error}.") from error
    return True


def check(archive: Path, folder: Path, stack: str, arch: str) -> bool:
    """Return whether `folder` lacks the bundle of the archive.

    :raises BundleError: the archive is none, is another stack's, or the folder has files that are of no bundle
    """
    packed = _record_of(archive)
    record.check_identity(f"The archive {archive}", packed, stack, arch, "bundle_archive")
    record.check_folder(folder, {item["path"] for item in packed["files"]})
    present = record.read_record(folder, stack, arch)
    return present != packed or bool(_differing(folder, packed))


def unpack(archive: Path, folder: Path, say: Callable[[str], None]) -> None:
    """Bring the bundle of the archive to `folder`.

    :raises BundleError: the archive is damaged
    """
    expected = _sum_beside(archive)
    if expected and (actual := checksums.sha256(archive)) != expected:
        raise BundleError(
            f"The archive {archive} (bundle_archive) is damaged: its sha256 is {actual}, and {_sum_file(archive)} has "
            f"{expected}. Copy it again."
        )
    packed = _record_of(archive)
    by_path = {item["path"]: item["sha256"] for item in packed["files"]}
    missing = _differing(folder, packed)
    say(f"unpacking {len(missing)} of {len(by_path)} files of {archive}")
    with record.changing(folder, set(by_path)):
        documents = {}
        for path, content, mode in _members(archive):
            if path in record.DOCUMENTS:
                documents[path] = content.read().decode("utf-8")
            elif path in missing:
                _write(folder / path, content, mode, by_path[path], archive)
                missing.remove(path)
        if missing:
            raise BundleError(f"The archive {archive} (bundle_archive) is damaged: it has no {min(missing)}.")
        record.finish(folder, packed, documents)


def _record_of(archive: Path) -> dict[str, Any]:
    for path, content, _mode in _members(archive):
        if path == record.RECORD:
            return record.parse(content.read(), f"The archive {archive} (bundle_archive)")
        break
    raise BundleError(f"{archive} (bundle_archive) is not an archive that bundle_pack has written.")


def _has_record(archive: Path, text: bytes) -> bool:
    """Return whether an archive has a record with this text."""
    try:
        return _record_of(archive) == json.loads(text)
    except BundleError:
        return False


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes], int]]:
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened:
                content = opened.extractfile(member) if member.isreg() else None
                if content is not None:
                    yield member.name, content, member.mode & 0o777
    except FileNotFoundError:
        raise BundleError(f"There is no archive {archive} (bundle_archive).") from None
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BundleError(f"The archive {archive} (bundle_archive) can't be read: {error}. Copy it again.") from error


def _write(target: Path, content: IO[bytes], mode: int, checksum: str, archive: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not the file that is there: a hard link, whose other names are in the cache.
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, 2**20)
    target.chmod(mode)
    if checksums.sha256(target) != checksum:
        raise BundleError(f"The archive {archive} (bundle_archive) is damaged: {target.name} is another file.")


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
    """Return the checksum in the file beside the archive, empty if there is no such file."""
    try:
        return (_sum_file(archive).read_text(encoding="utf-8").split() or [""])[0]
    except (FileNotFoundError, NotADirectoryError):
        return ""
