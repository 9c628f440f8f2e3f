# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Start a program, press Ctrl-C as soon as a condition holds, and see when its requests to the shop end.

Usage: interrupt_at.py CONDITION METRICS_URL PROGRAM [ARGUMENT...]

The condition is a shell command that is tried again and again until it succeeds. A terminal sends SIGINT to all
processes of a job, and so does this. Prints as JSON the orders that were counted at the signal and 1 s and 4 s after
it, and how the program ended. Ends with 1 where the condition never came true.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

SECONDS = 180
POLL_SECONDS = 0.1


def orders(url: str) -> float:
    """Return what the shop has counted, in all kinds."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        page = answer.read().decode()
    return sum(float(value) for value in re.findall(r"^shop_orders_total\{.*\} (\S+)$", page, flags=re.MULTILINE))


def counted_after(url: str, begun: float, seconds: float) -> float:
    """Return what the shop has counted so many seconds after `begun`."""
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    return orders(url)


def comes_true(condition: str, program: subprocess.Popen[bytes]) -> bool:
    """Whether the condition comes true in time, and while the program runs."""
    end = time.monotonic() + SECONDS
    while subprocess.run(["sh", "-c", condition], capture_output=True, check=False).returncode != 0:
        if program.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(program: subprocess.Popen[bytes]) -> None:
    """End all processes of the program, whatever happened; the module ends its load in good order."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(10)


def main() -> int:
    """Return the exit status."""
    condition, url, *command = sys.argv[1:]
    # What is started by a shell in the background has SIGINT ignored, and hands that down.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with tempfile.TemporaryFile("w+") as output:
        program = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            if not comes_true(condition, program):
                output.seek(0)
                print(f"{output.read()}\nnever came true: {condition}", file=sys.stderr)
                return 1
            before = orders(url)
            begun = time.monotonic()
            os.killpg(program.pid, signal.SIGINT)
            counted = {
                "at_signal": before,
                "after_1_s": counted_after(url, begun, 1),
                "after_4_s": counted_after(url, begun, 4),
            }
            # What is still there after it would be no answer to Ctrl-C.
            status = program.wait(20)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end(program)
        output.seek(0)
        print(json.dumps({"counted": counted, "status": status, "printed": output.read()[-4000:]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
