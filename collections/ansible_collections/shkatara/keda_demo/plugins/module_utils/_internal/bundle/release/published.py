# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The publishers' checksum files, in three forms: the sum alone, `sum  name`, and a list of several files."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SUM = re.compile(r"[0-9a-fA-F]{64}")


def sum_of(text: str, url: str) -> str:
    """Return the SHA-256 that a publisher's checksum file has for the file at `url`.

    A line is the sum, white space, `*` for a binary file, and the name, perhaps with folders.

    :raises ValueError: there is none; the message says what there is
    """
    wanted = urlsplit(url).path.rpartition("/")[2]
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    sums = [(words[0].lower(), _base_name(words[1]) if words[1:] else "") for words in lines if _is_sum(words[0])]
    named = {checksum for checksum, name in sums if name == wanted}
    if len(named) == 1:
        return named.pop()
    if len(lines) == 1 and len(sums) == 1 and not sums[0][1]:
        return sums[0][0]
    if named:
        raise ValueError(f"has {len(named)} checksums of {wanted}")
    names = ", ".join(sorted(name for _checksum, name in sums if name)[:10])
    start = text.strip()[:60]
    raise ValueError(
        f"has no checksum of {wanted}, but of {names}" if names else f"is not a checksum, but begins {start!r}"
    )


def _is_sum(word: str) -> bool:
    return _SUM.fullmatch(word) is not None


def _base_name(text: str) -> str:
    return text.strip().removeprefix("*").rpartition("/")[2]
