# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The machine and the run of a module that builds: programs and rights that are missing, and the request to end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from pathlib import Path

from ..common.interrupt import SignalFlag


class EndRequest:
    """Whether the run was asked to end: by a signal, or because the process that reads its result is gone.

    That process is Ansible's worker. The shell between the worker and this process would outlive the worker, so the
    parent's end would not show it.

    :param result: the descriptor to which the result will be written
    """

    def __init__(self, result: int) -> None:
        self._signal = SignalFlag()
        self._signal.install()
        self._poll = select.poll()
        # Without any events asked for, poll still reports that a pipe has lost its reader.
        self._poll.register(result, 0)

    def __call__(self) -> bool:
        return bool(self._signal.name or self._poll.poll(0))


def findings(programs: Iterable[str], also_missing: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each program that this machine lacks, and for the rights that this user lacks.

    :param also_missing: other things that the caller has found to be missing
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    missing = [name for name in programs if not any(os.access(Path(folder) / name, os.X_OK) for folder in path)]
    sentences = [f"{name} is missing: install it (`make setup` does)" for name in [*missing, *also_missing]]
    if os.geteuid() != 0:
        sentences.append("this user is not root, and debootstrap and buildah need root")
    return sentences
