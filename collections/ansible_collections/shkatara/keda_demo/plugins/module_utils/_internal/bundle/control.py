# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The run of a module that builds: its progress lines, its end, its child processes and its lock on the cache."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..common.progress import Progress
from .cache import Cache
from .machine import EndRequest
from .processes import Processes


@dataclass(frozen=True)
class RunControl:
    """How a build reports, learns that it should end, and starts programs."""

    say: Callable[[str], None]
    end_requested: Callable[[], bool]
    processes: Processes

    @contextlib.contextmanager
    def lock(self, cache: Cache) -> Iterator[None]:
        """Hold the lock of `cache` until the block and all programs that it started have ended.

        :raises Interrupted: the end of the run was requested during the wait for another run
        """

        def say_wait() -> None:
            self.say("another run is building in this cache: waiting for it")

        with cache.lock(say_wait, self.end_requested) as descriptor:
            self.processes.keep_open(descriptor)
            yield


@contextlib.contextmanager
def run_control(progress_file: str | None) -> Iterator[RunControl]:
    """Yield the control of a module's run. When the block is left, the programs that still run are stopped."""
    progress = Progress(progress_file)
    control = RunControl(progress.say, EndRequest(sys.stdout.fileno()), Processes())
    try:
        yield control
    finally:
        control.processes.stop()
        progress.close()
