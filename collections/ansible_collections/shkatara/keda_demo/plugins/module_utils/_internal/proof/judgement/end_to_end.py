# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The answers of a load compared with the requests that the application counted, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Each pod's counter, or why it can't be read.
Reading = Mapping[str, float | str]


@dataclass(frozen=True)
class EndToEnd:
    """Requests answered with 2xx, and the increase of the pods' raw counters; None where that is not known.

    A request without such an answer may have been counted or not, so that the increase is to be from `answered` to
    `most`. `pods` has each pod's increase, or why it is not known.
    """

    answered: int
    most: int
    counted: float | None
    agrees: bool | None
    pods: dict[str, float | str] = field(default_factory=dict)


def compare(before: Reading, after: Reading, answered: int, sent: int) -> EndToEnd:
    """Return the comparison for a load.

    :param before: each pod's counter before the first request
    :param after: each pod's counter when all answers were there, and before any pod left
    """
    pods = {pod: _increase(before.get(pod, 0.0), after.get(pod)) for pod in sorted({*before, *after})}
    increases = [increase for increase in pods.values() if not isinstance(increase, str)]
    if not pods or len(increases) < len(pods):
        return EndToEnd(answered, sent, None, None, pods)
    counted = sum(increases)
    return EndToEnd(answered, sent, counted, answered <= counted <= sent, pods)


def _increase(first: float | str, last: float | str | None) -> float | str:
    if isinstance(first, str):
        return first
    if last is None:
        return "it no longer exists, and what it counted is lost"
    if isinstance(last, str):
        return last
    if last < first:
        return f"its counter fell from {first:g} to {last:g}: it restarted"
    return last - first
