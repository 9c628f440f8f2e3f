# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Start a program, and kill it with all of its children as soon as a condition holds.

Usage: kill_at.py CONDITION PROGRAM [ARGUMENT...]

The condition is a shell command that is tried again and again until it succeeds. Prints what the program had
printed. Ends with 0 when it was killed, and with 1 when it ended before.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 600
POLL_SECONDS = 0.1


def children_of(pid: int) -> list[int]:
    """Return the process and all of its descendants; a worker of Ansible is in a session of its own."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(words[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def main() -> int:
    """Return the exit status."""
    condition, *command = sys.argv[1:]
    with tempfile.TemporaryFile("w+") as output:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        end = time.monotonic() + SECONDS
        while program.poll() is None and time.monotonic() < end:
            if subprocess.run(["sh", "-c", condition], capture_output=True, check=False).returncode == 0:
                for pid in children_of(program.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                program.wait()
                output.seek(0)
                print(f"{output.read()}\nkilled when: {condition}")
                return 0
            time.sleep(POLL_SECONDS)
        program.kill()
        output.seek(0)
        print(f"{output.read()}\nnever came true: {condition}; the program ended with {program.wait()}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
