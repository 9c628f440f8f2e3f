# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Start a program, and kill it with all of its descendants as soon as a condition holds.

Usage: kill_at.py CONDITION PROGRAM [ARGUMENT...]

The condition is a shell command, which is repeated until it succeeds. Prints the program's output. The exit status is 0
if the program was killed, and 1 if it ended before the condition held or ran for SECONDS.
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


def process_tree(pid: int) -> list[int]:
    """Return a process and all of its descendants. Ansible's workers have sessions of their own."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    tree = [pid]
    for ancestor in tree:
        tree += [child for child, parent in parents.items() if parent == ancestor]
    return tree


def main() -> int:
    """Run the program and return the exit status."""
    condition, *command = sys.argv[1:]
    with tempfile.TemporaryFile("w+") as output:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        end = time.monotonic() + SECONDS
        while program.poll() is None and time.monotonic() < end:
            if subprocess.run(["sh", "-c", condition], capture_output=True, check=False).returncode == 0:
                for pid in process_tree(program.pid):
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
