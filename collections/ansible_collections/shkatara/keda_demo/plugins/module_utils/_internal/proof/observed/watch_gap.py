# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The time in which a watch was broken, and the events of that time may still arrive."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Events that a broken watch missed arrive within this time after its recovery.
_CATCH_UP_SECONDS = 1.0


@dataclass(frozen=True)
class WatchGap:
    """The time in which a watch was broken: from `begin` until shortly after `recovered`."""

    begin: float
    recovered: float = math.inf

    def lasts(self, now: float) -> bool:
        """Whether events of that time may still arrive."""
        return now < self.recovered + _CATCH_UP_SECONDS
