# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Where a load comes from: worker processes of this module, or somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from .stats import LoadStats


class LoadSource(Protocol):
    """A load that can be started, read, and ended; see LoadWorkers."""

    @property
    def stats(self) -> LoadStats:
        """The newest counts that were read."""

    def start(self, spec: Any) -> None:
        """Begin a load."""

    def poll(self) -> LoadStats:
        """Return the counts of this moment."""

    def drain(self) -> None:
        """Send no more, and let the answers come."""

    def stop(self) -> None:
        """Send no more, and wait for no answer."""

    def wait(self, seconds: float, clock: Callable[[], float]) -> LoadStats:
        """Return the counts when the load has ended, after `seconds` at most."""

    def close(self) -> None:
        """End all that belongs to the load."""
