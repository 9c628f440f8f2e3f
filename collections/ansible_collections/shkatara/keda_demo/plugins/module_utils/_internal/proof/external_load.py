# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A load that somebody else sends, in the place of this module's senders: nothing is sent, and the time is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..load.external import Begin, ExternalSpec
from ..load.stats import LoadStats
from .observed.state import State


class ExternalLoad:
    """Keeps the begin and the end of an observation; `stats` has no requests.

    The load begins when it is started, or, if its spec says so, with the first rise of the metric, of the HPA's values
    or of the replicas above those at its start. `first_sent` is then the last poll before the rise was found, so that
    the rise is a part of the load. A load that does not begin in time has ended without one.
    """

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self._spec: ExternalSpec | None = None
        self._started = self._quiet = 0.0
        self._before: dict[str, float] = {}
        self.stats = LoadStats()

    def start(self, spec: ExternalSpec) -> None:
        """Begin to observe."""
        self._spec, self._started, self._before = spec, self._clock(), levels(self._state)
        self._quiet = self._started
        self.stats = LoadStats(first_sent=self._started if spec.begin is Begin.CALL else None)

    def poll(self) -> LoadStats:
        """Return whether the load has begun and ended."""
        if self._spec is None or self.stats.ended:
            return self.stats
        now, first = self._clock(), self.stats.first_sent
        if first is None and _has_risen(self._before, levels(self._state)):
            first = self._quiet
        self._quiet = now
        end = self._started + self._spec.rise_timeout if first is None else first + self._spec.duration
        self.stats = LoadStats(first_sent=first, last_sent=None if first is None else min(now, end), ended=now >= end)
        return self.stats

    def drain(self) -> None:
        """Observe no more."""
        self.poll()
        self.stats = replace(self.stats, ended=True)

    def stop(self) -> None:
        """Observe no more."""
        self.drain()

    def wait(self, seconds: float, clock: Callable[[], float]) -> LoadStats:
        """Return at once: there are no answers to wait for."""
        del seconds, clock
        return self.stats

    def close(self) -> None:
        """Do nothing, since nothing was started."""


def levels(state: State) -> dict[str, float]:
    """Return what a load raises: the triggers' values, the HPA's values, and the replicas that are wanted."""
    cluster = state.cluster
    found = {f"trigger {key}": value for key, value in state.metrics.values.items() if value is not None}
    found |= {f"metric {name}": value for name, value in (cluster.hpa.values if cluster.hpa else {}).items()}
    if cluster.history:
        found |= {"desired": cluster.last_counts.desired, "replicas": cluster.last_counts.spec}
    return found


def _has_risen(before: dict[str, float], now: dict[str, float]) -> bool:
    # What was not there before has risen from nothing.
    return any(value > before.get(name, 0.0) for name, value in now.items())
