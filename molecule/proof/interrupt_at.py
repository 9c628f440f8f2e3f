# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Start a program, press Ctrl-C as soon as a condition holds, and measure when its requests to the shop end.

Usage: interrupt_at.py CONDITION METRICS_URL PROGRAM [ARGUMENT...]

The condition is a shell command, which is repeated until it succeeds. As a terminal does, this sends SIGINT to all
processes of the job. Prints as JSON the number of orders at the signal and 1 s and 4 s after it, the program's exit
status and its output. The exit status is 1 if the condition never held.
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
    """Return the number of orders of all kinds."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        page = answer.read().decode()
    return sum(float(value) for value in re.findall(r"^shop_orders_total\{.*\} (\S+)$", page, flags=re.MULTILINE))


def orders_after(url: str, start: float, seconds: float) -> float:
    """Wait until `seconds` after `start`, and return the number of orders."""
    time.sleep(max(0.0, start + seconds - time.monotonic()))
    return orders(url)


def holds_in_time(condition: str, program: subprocess.Popen[bytes]) -> bool:
    """Whether the condition holds within SECONDS, while the program runs."""
    end = time.monotonic() + SECONDS
    while subprocess.run(["sh", "-c", condition], capture_output=True, check=False).returncode != 0:
        if program.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(program: subprocess.Popen[bytes]) -> None:
    """End all processes of the program. SIGTERM first, so that the module can end its load."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(10)


def main() -> int:
    """Run the program and return the exit status."""
    condition, url, *command = sys.argv[1:]
    # A shell's background job ignores SIGINT, and its children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with tempfile.TemporaryFile("w+") as output:
        program = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            if not holds_in_time(condition, program):
                output.seek(0)
                print(f"{output.read()}\nnever came true: {condition}", file=sys.stderr)
                return 1
            before = orders(url)
            start = time.monotonic()
            os.killpg(program.pid, signal.SIGINT)
            counted = {
                "at_signal": before,
                "after_1_s": orders_after(url, start, 1),
                "after_4_s": orders_after(url, start, 4),
            }
            # A program that runs longer than this has not reacted to Ctrl-C.
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
