# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Child processes of a build. Their output goes to a log file, and all of them end when the run ends.

Each program runs in a session of its own, so a signal to its process group also ends its children, such as a
compiler's processes.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from .units import BundleError, Interrupted

FAILURE_LOG_LINES = 15
GRACE_SECONDS = 5.0
STALL_POLL_SECONDS = 2.0


class Processes:
    """A runner of programs, for several threads. It ends all of them when `stop` is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._descriptors: tuple[int, ...] = ()
        self._at_stop: list[Callable[[], None]] = []

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def call_at_stop(self, function: Callable[[], None]) -> None:
        """Have `stop` call a function that ends other work of this run, such as downloads."""
        self._at_stop.append(function)

    def keep_open(self, descriptor: int) -> None:
        """Pass `descriptor` on to all programs started later, so that a lock on it lasts until the last has ended."""
        self._descriptors = (descriptor,)

    def run(
        self,
        command: Sequence[str | Path],
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stalled: Callable[[], bool] | None = None,
    ) -> str:
        """Run `command` and return its standard output.

        Its output and errors are appended to the file `log`.

        :param env: variables to add to this process' environment
        :param stalled: asked every few seconds; the command is ended when it returns true
        :raises BundleError: the command failed; the message has the last lines of the log
        :raises Interrupted: `stop` was called
        """
        with log.open("a", encoding="utf-8") as errors:
            print("$", shlex.join(map(str, command)), file=errors, flush=True)
            process = self._start(command, errors, cwd, env)
            output, ended = _communicate(process, stalled)
            with self._lock:
                self._running.discard(process)
            errors.write(output)
        if self._stopped:
            raise Interrupted("interrupted")
        if ended:
            raise BundleError(f"{Path(command[0]).name} produced no more data, and was stopped; its log is {log}")
        if process.returncode != 0:
            raise BundleError(_failure_message(command, process.returncode, log))
        return output

    def _start(
        self, command: Sequence[str | Path], errors: IO[str], cwd: Path | None, env: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise Interrupted("interrupted")
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                errors="replace",
                pass_fds=self._descriptors,
                start_new_session=True,
            )
            self._running.add(process)
            return process

    def stop(self) -> None:
        """End all programs and their children, and refuse to start others. May be called again."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for function in self._at_stop:
            function()
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal_number)
            for process in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(GRACE_SECONDS)


def _communicate(process: subprocess.Popen[str], stalled: Callable[[], bool] | None) -> tuple[str, bool]:
    """Return the output of a program, and whether it was ended because it had stalled."""
    while True:
        try:
            return process.communicate(timeout=STALL_POLL_SECONDS if stalled else None)[0], False
        except subprocess.TimeoutExpired:
            if stalled is not None and stalled():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return process.communicate()[0], True


def _failure_message(command: Sequence[str | Path], code: int, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    tail = "\n".join(f"  {line}" for line in lines[-FAILURE_LOG_LINES:])
    return f"{Path(command[0]).name} ended with {code}; the end of {log}:\n{tail}"
