# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The files of a proof: verdict.json, and timeline.csv, which grows while the proof runs."""

from __future__ import annotations

from typing import Any

from ..common.times import Clock
from .files import ProofFiles


class Timeline:
    """What happened, in the order of arrival; the first time of each hop is kept."""

    def __init__(self, clock: Clock, files: ProofFiles | None = None) -> None:
        self._clock = clock
        self._files = files
        self.started = clock.monotonic()
        self.first_request: float | None = None
        self.load_ended: float | None = None
        self.phase = "connect"
        self.hops: dict[str, dict[str, Any]] = {}

    def add(self, source: str, name: str, field: str, value: object, at: float | None = None) -> None:
        """Append a fact: `source` is where it comes from, `at` its monotonic time (default: now)."""
        if self._files is None:
            return
        at = self._clock.monotonic() if at is None else at
        self._files.row((f"{at - self.started:.3f}", self._clock.utc_at(at), self.phase, source, name, field, value))

    def hop(self, name: str, at: float, source: str, resolution_seconds: float) -> None:
        """Keep the first time of a hop; later ones are dropped, and so is what was before the first request.

        :param resolution_seconds: how much earlier it may have been; 0 for the arrival of a watch event
        """
        if name == "first_request":
            self.first_request = at
        if self.first_request is None or name in self.hops or at < self.first_request:
            return
        if name == "load_ended":
            self.load_ended = at
        self.hops[name] = {
            "seconds": round(at - self.first_request, 3),
            "time": self._clock.utc_at(at),
            "source": source,
            "resolution_seconds": round(resolution_seconds, 3),
        }
        self.add("hop", name, "seconds", self.hops[name]["seconds"], at)
