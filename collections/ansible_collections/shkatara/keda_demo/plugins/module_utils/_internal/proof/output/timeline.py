# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The rows of timeline.csv: each fact in the order of its arrival."""

from __future__ import annotations

import math

from ...common.times import Clock
from ..observed.cluster_state import Change
from .files import NoFiles, ProofFiles


class Timeline:
    """Writes rows; their seconds count from the moment at which this was made."""

    def __init__(self, clock: Clock, files: ProofFiles | NoFiles) -> None:
        self._clock = clock
        self._files = files
        self._started = clock.monotonic()

    def add(self, phase: str, change: Change) -> None:
        """Append a row."""
        value = change.value
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        seconds, time = f"{change.at - self._started:.3f}", self._clock.utc_at(change.at)
        self._files.row((seconds, time, phase, change.source, change.name, change.field, value))
