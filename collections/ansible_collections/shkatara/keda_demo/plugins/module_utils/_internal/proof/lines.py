# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The lines that a person reads while a proof runs: at once what is new, and every few seconds how it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..common.progress import Progress
from .timeline import Timeline


class Lines:
    """Shows lines on `progress`; regular ones are `pause` seconds apart."""

    def __init__(self, progress: Progress, timeline: Timeline, now: Callable[[], float], pause: float) -> None:
        self._progress = progress
        self._timeline = timeline
        self._now = now
        self._pause = pause
        self._next = 0.0
        self._last_counts: tuple[float, int, int] | None = None

    def say(self, text: str) -> None:
        """Show a line now, and the next regular one a whole pause later."""
        now = self._now()
        self._progress.say(f"{now - self._timeline.started:5.0f} s  {self._timeline.phase:<10}  {text}")
        self._next = now + self._pause

    @property
    def due(self) -> bool:
        """Whether a regular line is to be shown."""
        return self._now() >= self._next

    def regular(self, text: str) -> None:
        """Show a line if the last one is a pause old."""
        if self.due:
            self.say(text)

    def rates(self, counts: Mapping[str, Any]) -> str:
        """Return what was sent and answered a second since the last call, and keep both in the timeline.

        :param counts: the sender's, see LoadStats.as_dict
        """
        now = self._now()
        first = counts["first_sent"] or now
        last = self._last_counts if self._last_counts and self._last_counts[0] >= first else (first, 0, 0)
        seconds = max(now - last[0], 0.001)
        sent, answered = ((counts[key] - was) / seconds for key, was in (("sent", last[1]), ("answered", last[2])))
        self._last_counts = (now, counts["sent"], counts["answered"])
        for key in ("sent", "answered"):
            self._timeline.add("load", "http", key, counts[key])
        return f"sent {sent:.1f}/s, answered {answered:.1f}/s"
