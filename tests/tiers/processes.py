# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Finds and ends the processes of a run, also those that have left their parent and its session.

Ansible's workers and tasks in the background have sessions of their own, so a process group is not enough. All of them
have inherited an environment variable with the run's mark.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

VARIABLE = "KEDA_DEMO_TEST_RUN"
# Podman's monitor of a lab host inherits the mark. It ends with its host.
SPARED = "conmon"
GRACE_SECONDS = 10.0


def of_run(mark: str) -> list[int]:
    """Return the processes whose environment has the mark."""
    wanted = f"{VARIABLE}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end meanwhile, and another user's can't be read.
        with contextlib.suppress(OSError):
            has_mark = wanted in (folder / "environ").read_bytes().split(b"\0")
            if has_mark and (folder / "comm").read_text().strip() != SPARED:
                found.append(int(folder.name))
    return found


def end_all(mark: str) -> None:
    """End the run's processes: by SIGTERM, and by SIGKILL what is there after the grace."""
    for number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 1.0)):
        for pid in of_run(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        end = time.monotonic() + seconds
        # A process that has ended and was not waited for has an empty environment: it is not found.
        while of_run(mark) and time.monotonic() < end:
            time.sleep(0.1)
