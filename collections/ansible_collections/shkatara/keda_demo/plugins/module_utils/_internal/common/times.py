# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A proof's clock, and times as people read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc(unix_time: float) -> str:
    """Return an RFC 3339 time in UTC with milliseconds."""
    return datetime.fromtimestamp(unix_time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Clock:
    """One monotonic clock, and the time of day that belongs to it; both can be replaced in a test."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]

    def utc_at(self, monotonic: float) -> str:
        """Return the time of day at a monotonic time, in UTC."""
        return utc(self.wall() - (self.monotonic() - monotonic))

    def monotonic_at(self, wall: float) -> float:
        """Return the monotonic time at a time of day, in unix seconds of this machine."""
        return self.monotonic() - (self.wall() - wall)
