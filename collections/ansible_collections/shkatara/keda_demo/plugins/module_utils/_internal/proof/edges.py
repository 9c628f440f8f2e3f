# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof is connected to: where it learns what happens, where it tells it, and what ends it early."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..common.progress import Progress
from ..common.times import Clock
from ..kube.watcher import Observation
from ..prometheus.scrapes import ScrapeTarget
from .files import ProofFiles
from .records import Verdict


class Aborted(Exception):
    """The proof ends here, with the verdict `aborted`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.verdict = Verdict("aborted", reason, message)


@dataclass
class Interrupt:
    """Set by a signal's handler; read by the proof, which then ends within a second."""

    signal_name: str = ""

    def check(self) -> None:
        """:raises Aborted: a signal came"""
        if self.signal_name:
            raise Aborted("interrupted", f"{self.signal_name} was received: the load was stopped.")


@dataclass(frozen=True)
class Watched:
    """Where a proof learns what happens: `observations` is filled by threads.

    `read_counters` reads the raw counters of targets, by pod.
    """

    observations: queue.Queue[Observation]
    clock: Clock
    interrupt: Interrupt
    read_counters: Callable[[Iterable[ScrapeTarget]], Mapping[str, float | str]]


@dataclass(frozen=True)
class Outputs:
    """Where a proof tells what happens; `versions` is what is known of the cluster's parts."""

    progress: Progress
    files: ProofFiles
    versions: dict[str, str | None]
