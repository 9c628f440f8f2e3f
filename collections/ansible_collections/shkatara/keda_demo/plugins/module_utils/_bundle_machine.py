# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The machine and the run of a module that builds: programs and rights that are missing, and the request to end."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterable
from pathlib import Path


class Interrupt:
    """Whether the run was asked to end: by a signal, or because the process that reads its result is gone.

    That process is Ansible's worker. The shell between it and us would outlive it, so our parent says nothing.

    :param result: the descriptor to which the result will be written
    """

    def __init__(self, result: int) -> None:
        self._signal = 0
        self._poll = select.poll()
        # No events are asked for: that a pipe has lost its reader is always told.
        self._poll.register(result, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: object) -> None:
        self._signal = number

    def __call__(self) -> bool:
        return bool(self._signal or self._poll.poll(0))


def machine_findings(programs: Iterable[str], also_missing: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each program that this machine lacks, and for the rights that this user lacks.

    :param also_missing: other things that the caller has found to be missing
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    missing = [name for name in programs if not any(os.access(Path(folder) / name, os.X_OK) for folder in path)]
    findings = [f"{name} is missing: install it (`make setup` does)" for name in [*missing, *also_missing]]
    if os.geteuid() != 0:
        findings.append("this user is not root, and debootstrap and buildah need root")
    return findings
