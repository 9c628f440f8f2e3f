# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Signals that end a run in good order.

A handler that raised would do so at any line, in the middle of a write or of a lock. So the handler only sets a flag,
and the code that runs reads it where it can stop: it has to do so at least once a second, since a sleep or a read
goes on after the signal (PEP 475).
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class SignalFlag:
    """The first signal that was received: `name` is such as ``SIGTERM``, empty before."""

    name: str = ""

    def install(self) -> None:
        """Replace the process' handlers of SIGNALS.

        :raises ValueError: called from another thread than the main one
        """
        for number in SIGNALS:
            signal.signal(number, self._set)

    def _set(self, number: int, _frame: FrameType | None) -> None:
        self.name = self.name or signal.Signals(number).name
