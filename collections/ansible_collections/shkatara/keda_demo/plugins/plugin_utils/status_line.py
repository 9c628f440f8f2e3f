# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line that says which step runs now, and for how long.

On a terminal it is redrawn every second in the last row, by a carriage return and blanks, so that it needs no colours
and no escape codes. Elsewhere, such as in the log of a CI, it is an ordinary line, and comes only if nothing else was
shown for half a minute.

The lines of other writers, such as the progress of a long module, come by `Display.display` from another thread and by
no event of a callback. So this takes the place of that method of the one Display object, and removes its own line
first. Workers are forks: there the method does what it did before. The lock is that of the Display, which Ansible holds
while it forks. A lock of our own could be held by the thread here at that moment, and would be held for ever in the
fork.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ansible import context

# A short step is not worth a line.
FIRST_SECONDS = 2.0
TICK_SECONDS = 1.0
PAUSE_SECONDS = 30.0


def in_words(seconds: float) -> str:
    """Return a duration for people.

    >>> in_words(41.2), in_words(130)
    ('41 s', '2 min 10 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def is_terminal() -> bool:
    """Return whether a line of stdout can be written over; with C(--step) the last row has a prompt."""
    is_stepwise = context.CLIARGS.get("step", False)
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not is_stepwise


class StatusLine:
    """The status line on `display`, Ansible's Display. Only one may be made."""

    def __init__(self, display: Any, in_place: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._write = display.display
        self._lock = display._lock
        self._in_place = in_place
        self._clock = clock
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        self._text = ""
        self._last_seconds: float | None = None
        self._started = self._last_shown = clock()
        self._drawn = 0
        display.display = self.display
        atexit.register(self.end)

    def display(self, *arguments: Any, **options: Any) -> None:
        """Show a line as Display.display does, in the place of the status line."""
        if os.getpid() != self._process:
            self._write(*arguments, **options)
            return
        with self._lock:
            self._erase()
            self._last_shown = self._clock()
            self._write(*arguments, **options)

    def begin(self, text: str, last_seconds: float | None) -> None:
        """Begin a step. `last_seconds` is how long it took the last time, if that is known."""
        with self._lock:
            self._text, self._last_seconds = text, last_seconds
            self._started = self._clock()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="status line", daemon=True)
            self._thread.start()

    def end(self) -> float:
        """End the step, and return its seconds."""
        if os.getpid() != self._process:
            return 0.0
        with self._lock:
            self._text = ""
            self._erase()
            return self._clock() - self._started

    def tick(self) -> None:
        """Show how long the step has been running, if that is due."""
        with self._lock:
            now = self._clock()
            seconds = now - self._started
            if self._text and self._in_place and seconds >= FIRST_SECONDS:
                self._draw(self._line(seconds, shutil.get_terminal_size().columns - 1))
            elif self._text and not self._in_place and now - max(self._last_shown, self._started) >= PAUSE_SECONDS:
                self.display(self._line(seconds))
            # A pipe is no terminal: without this its reader would wait for a full buffer.
            sys.stdout.flush()

    def _run(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            self.tick()

    def _line(self, seconds: float, width: int | None = None) -> str:
        last = "" if self._last_seconds is None else f", last time {in_words(self._last_seconds)}"
        tail = f": {in_words(seconds)}{last}"
        head = f"  ... {self._text}"
        return head[: None if width is None else max(width - len(tail), 0)] + tail

    def _draw(self, line: str) -> None:
        self._write(f"\r{line:<{self._drawn}}", newline=False, screen_only=True)
        self._drawn = len(line)

    def _erase(self) -> None:
        if self._drawn:
            self._write(f"\r{'':<{self._drawn}}\r", newline=False, screen_only=True)
            self._drawn = 0
