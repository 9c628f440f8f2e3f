# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Child processes of a build: their output goes to a log file, and all of them end when the run does."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .units import BundleError, Interrupted

LINES_SHOWN = 15
GRACE_SECONDS = 5.0


class Processes:
    """Runs programs, from several threads, until `stop` is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._descriptors: tuple[int, ...] = ()

    def keep_open(self, descriptor: int) -> None:
        """Give `descriptor` to every program from now on: a lock on it lasts until the last of them has ended."""
        self._descriptors = (descriptor,)

    def run(
        self,
        command: Sequence[str | Path],
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run `command`, with `env` on top of this process' environment, and return what it printed.

        Its errors are added to the file `log`.

        :raises BundleError: it failed; the message has the last lines of its errors
        :raises Interrupted: `stop` was called
        """
        with log.open("a", encoding="utf-8") as errors:
            print("$", shlex.join(map(str, command)), file=errors, flush=True)
            process = self._start(command, errors, cwd, env)
            output, _ = process.communicate()
            with self._lock:
                self._running.discard(process)
            errors.write(output)
        if self._stopped:
            raise Interrupted("interrupted")
        if process.returncode != 0:
            raise BundleError(_failure(command, process.returncode, log))
        return output

    def _start(
        self, command: Sequence[str | Path], errors: IO[str], cwd: Path | None, env: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise Interrupted("interrupted")
            # A session of its own: a compiler's children are ended together with it.
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
        """End all children and theirs; what is started later ends at once. May be called again."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for sent in (signal.SIGTERM, signal.SIGKILL):
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, sent)
            for process in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(GRACE_SECONDS)


def _failure(command: Sequence[str | Path], code: int, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    shown = "\n".join(f"  {line}" for line in lines[-LINES_SHOWN:])
    return f"{Path(command[0]).name} ended with {code}; the end of {log}:\n{shown}"
