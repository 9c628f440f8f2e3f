# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The machine and the process that a build runs on: missing programs and rights, and requests to end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from pathlib import Path

from ..common.interrupt import SignalFlag

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class EndRequest:
    """Whether this run should end: it received a signal, or the process that reads its result is gone.

    That process is Ansible's worker. A shell between the worker and this process would outlive the worker, so a change
    of the parent process would not show the worker's end. The closed pipe of the result does.

    :param result: the descriptor to which the result will be written
    """

    def __init__(self, result: int) -> None:
        self._signal = SignalFlag()
        self._signal.install()
        self._result = result

    def __call__(self) -> bool:
        # An object of its own, since several threads may ask at the same time.
        poll = select.poll()
        # Even with an empty event mask, poll reports that a pipe has lost its reader.
        poll.register(self._result, 0)
        return bool(self._signal.name or poll.poll(0))


def missing_requirements(
    programs: Iterable[str], other_missing: Iterable[str] = (), *, needs_root: bool = True
) -> list[str]:
    """Return a sentence for each program that this machine lacks, and for the rights that this user lacks.

    :param other_missing: further missing things that the caller knows of
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    is_root = os.geteuid() == 0
    if not is_root:
        # Users other than root do not have these folders in their PATH: root is what is missing, and not the programs.
        path += SYSTEM_FOLDERS
    missing = [name for name in programs if not any(os.access(Path(folder) / name, os.X_OK) for folder in path)]
    how = "`make setup` does, as root on the Debian family"
    sentences = [f"{name} is missing: install it ({how})" for name in [*missing, *other_missing]]
    if needs_root and not is_root:
        sentences.append("this user is not root, and debootstrap and buildah need root")
    return sentences
