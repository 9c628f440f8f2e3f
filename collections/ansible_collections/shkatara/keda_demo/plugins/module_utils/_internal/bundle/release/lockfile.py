# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""bundle.lock: the checksums of official files that have none in the stack, and the digests of images.

Each is recorded at the first download and must match in every later one. The file is meant to be committed, so that all
machines get what the first one got.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..units import BundleError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Lock:
    """The recorded SHA-256 of files by address, and the recorded digests of images by reference."""

    files: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    def with_added(self, files: Mapping[str, str], images: Mapping[str, str]) -> Lock:
        """Return the lock with further records."""
        return Lock({**self.files, **files}, {**self.images, **images})


def read(path: Path) -> Lock:
    """Return the content of the lock file, an empty one if there is no file.

    :raises BundleError: it is no lock file; the message has all findings
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Lock()
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} (bundle_lock) can't be read: {error}") from error
    findings = _findings(data)
    if findings:
        listed = "".join(f"\n  - {finding}" for finding in findings)
        raise BundleError(f"{path} (bundle_lock) is not valid:{listed}\nFix it, or remove it to have it created again.")
    return Lock(data["files"], data["images"])


def write(path: Path, lock: Lock) -> None:
    """Write the whole lock file, or leave the old one as it is.

    :raises BundleError: it can't be written
    """
    data = {"files": dict(sorted(lock.files.items())), "images": dict(sorted(lock.images.items()))}
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise BundleError(
            f"{path} (bundle_lock) can't be written ({error.strerror or error}), and it has to record what is "
            "downloaded: give a file in a folder in which this user may write."
        ) from error


def _findings(data: object) -> list[str]:
    if not isinstance(data, dict) or set(data) != {"files", "images"}:
        return ["it must be an object with `files` and `images`, and nothing else"]
    findings = []
    for key, form, example in (("files", _SHA256, "64 digits"), ("images", _DIGEST, "sha256: and 64 digits")):
        if not isinstance(data[key], dict):
            findings.append(f"{key} must be an object")
            continue
        findings += [
            f"{key}: {name} has {value!r}, and a checksum is {example} in lower-case hexadecimal"
            for name, value in data[key].items()
            if not isinstance(value, str) or not form.fullmatch(value)
        ]
    return findings
