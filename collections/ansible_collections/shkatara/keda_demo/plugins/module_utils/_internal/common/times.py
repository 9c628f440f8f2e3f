# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A proof's clock, and times in RFC 3339."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc(unix_time: float) -> str:
    """Return an RFC 3339 time in UTC with milliseconds."""
    return datetime.fromtimestamp(unix_time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix_time(text: str) -> float | None:
    """Return an RFC 3339 time, such as an object's creationTimestamp, in unix seconds; None if it is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


@dataclass(frozen=True)
class Clock:
    """A monotonic clock and the time of day that belongs to it; a test can replace both."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]

    def utc_at(self, monotonic: float) -> str:
        """Return the time of day in UTC at a monotonic time."""
        return utc(self.wall() - (self.monotonic() - monotonic))

    def monotonic_at(self, wall: float) -> float:
        """Return the monotonic time at a time of day, which is in unix seconds by this machine's clock."""
        return self.monotonic() - (self.wall() - wall)
