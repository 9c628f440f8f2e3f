# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Official files: downloaded and compared with both checksums, and the programs and manifests that are made of them."""

from __future__ import annotations

import fnmatch
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .. import checksums
from ..release import parts, published, upstream
from ..units import BundleError, Unit
from ..work import Work

FILE = "file"


def download(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Put the file of `unit` into the folder `out`: of the folder of official files, or else of its origin.

    :raises BundleError: it can't be had, or a checksum differs
    """
    url, expected = unit.inputs["source"], unit.inputs["sha256"]
    if not expected:
        raise BundleError(f"{url} has a checksum neither in the stack nor in bundle.lock.")
    if (file := upstream.find(work.settings.upstream_dir, url)) is not None:
        if (actual := checksums.sha256(file)) != expected:
            raise BundleError(
                f"{file} (bundle_upstream_dir) is not the file of {url}: it has sha256 {actual}, and "
                f"{'the stack' if unit.inputs['in_stack'] else 'bundle.lock'} has {expected}. Remove it, and the "
                "official file is downloaded."
            )
        # No hard link: the file is the user's, who may write to it.
        shutil.copyfile(file, out / FILE)
        return {}
    release = work.release
    if unit.inputs["checksum_url"]:
        _check_published(unit, release.downloader.text(release.origins.url(unit.inputs["checksum_url"])))
    part = parts.path(work.settings.cache_dir, url)
    # A part of an earlier run may be of a file that was changed since.
    for is_last in (not parts.has_begun(part), True):
        if not part.is_file():
            release.downloader.file(release.origins.url(url), part)
        size, actual = part.stat().st_size, checksums.sha256(part)
        if actual == expected:
            break
        part.unlink()
        if is_last:
            raise BundleError(_mismatch(unit, f"the file has sha256 {actual} ({size} bytes)"))
    os.replace(part, out / FILE)
    return {}


def extract_programs(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Put the programs of `unit` into the folder `out`: files as they were downloaded, or members of archives.

    :raises BundleError: an archive lacks a program
    """
    by_download: dict[str, dict[str, str]] = {}
    for output, used in unit.inputs["programs"].items():
        by_download.setdefault(used["download"], {})[output] = used.get("member", "")
    for name, outputs in by_download.items():
        file = work.dependencies[f"download/{name}"].folder / FILE
        members = {member: output for output, member in outputs.items() if member}
        found = set()
        if members:
            for member, content in _files(file, unit):
                if member in members:
                    found.add(member)
                    _write(out / members[member], content.read())
        if missing := sorted(members.keys() - found):
            raise BundleError(f"{unit.label}: {unit.inputs['source']} has no {', '.join(missing)}.")
        for output, member in outputs.items():
            if not member:
                # Not a hard link: the mode of the download's file would change with it.
                _write(out / output, file.read_bytes())
    return {}


def extract_manifest(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Write the manifest `unit` into the folder `out`: a downloaded file, or several members of an archive.

    :raises BundleError: the archive has no such member
    """
    how = unit.inputs["how"]
    file = work.dependencies[f"download/{how['download']}"].folder / FILE
    if "members" not in how:
        (out / unit.name).write_bytes(file.read_bytes())
        return {}
    texts = {
        name: content.read().decode("utf-8").strip()
        for name, content in _files(file, unit)
        if fnmatch.fnmatchcase(name, how["members"])
    }
    if not texts:
        raise BundleError(f"{unit.name}: {unit.inputs['source']} has no {how['members']}.")
    text = "".join(f"---\n{texts[name].removeprefix('---').strip()}\n" for name in sorted(texts))
    (out / unit.name).write_text(text, encoding="utf-8")
    return {}


def _check_published(unit: Unit, text: str) -> None:
    url, checksum_url = unit.inputs["source"], unit.inputs["checksum_url"]
    try:
        checksum = published.sum_of(text, url)
    except ValueError as error:
        raise BundleError(f"{checksum_url}, the publisher's checksum, {error}.") from error
    if checksum != unit.inputs["sha256"]:
        raise BundleError(_mismatch(unit, f"the publisher's checksum ({checksum_url}) is {checksum}"))


def _mismatch(unit: Unit, finding: str) -> str:
    url, expected = unit.inputs["source"], unit.inputs["sha256"]
    if unit.inputs["in_stack"]:
        return (
            f"{url}: {finding}, and the stack has {expected} (release.{unit.name}.sha256). Do not use the file: it was "
            "changed at its origin or on the way, or the stack is wrong. What was fetched is removed."
        )
    return (
        f"{url}: {finding}, and bundle.lock has {expected} from the first download: it was changed at its origin or on "
        "the way. If you know why, remove its line from bundle.lock, and the next run records the new one."
    )


def _files(archive: Path, unit: Unit) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the path and the content of each regular file of a tar archive, without a leading `./`."""
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                content = opened.extractfile(member) if member.isreg() else None
                if content is not None:
                    yield member.name.removeprefix("./"), content
    except tarfile.TarError as error:
        raise BundleError(f"{unit.label}: {unit.inputs['source']} is not a tar archive ({error}).") from error


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755)
