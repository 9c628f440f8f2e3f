# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Strings between backticks, in which PromQL knows no escapes.

promql-parser reads escapes in them, and refuses ``{path=~`/v\\d+`}``. So they are written between double quotes first.
Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
"""

from __future__ import annotations

from collections.abc import Mapping

_ESCAPES: Mapping[str, str] = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """Return a text as a PromQL string between double quotes."""
    return f'"{"".join(_ESCAPES.get(character, character) for character in text)}"'


def quote_all(query: str) -> str:
    """Return a query whose strings between backticks are between double quotes; the rest stays as it is."""
    parts: list[str] = []
    position = 0
    while position < len(query):
        end = _end_of_piece(query, position)
        piece = query[position:end]
        is_raw = piece.startswith("`") and len(piece) > 1 and piece.endswith("`")
        parts.append(quoted(piece[1:-1]) if is_raw else piece)
        position = end
    return "".join(parts)


def _end_of_piece(query: str, begin: int) -> int:
    """Return the end of the string or the comment that begins at an index, or of the one character there."""
    first = query[begin]
    if first == "#":
        end = query.find("\n", begin)
        return len(query) if end < 0 else end
    if first not in "\"'`":
        return begin + 1
    position = begin + 1
    while position < len(query) and query[position] != first:
        position += 2 if query[position] == "\\" and first != "`" else 1
    return min(position + 1, len(query))
