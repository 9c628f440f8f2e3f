# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The bodies of the API server's responses as they arrive: lines of a watch, and the reason of a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def refusal_reason(body: Any) -> str:
    """Return the message of a Status object, or the beginning of any other body."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return str(body.decode(errors="replace") if isinstance(body, bytes) else body)[:200].strip()


def lines(response: Any) -> Iterator[bytes]:
    """Yield complete lines of a streamed response as they arrive."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *complete, rest = (rest + chunk).split(b"\n")
        yield from (line for line in complete if line.strip())
