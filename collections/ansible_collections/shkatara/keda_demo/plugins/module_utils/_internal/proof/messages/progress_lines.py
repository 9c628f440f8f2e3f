# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The lines that a person reads while a proof runs: news at once, and every few seconds the state of things."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from ...common.progress import Progress
from ...load.stats import LoadStats
from ...prediction.scale_in import ScaleIn
from ...prediction.scale_out import Prediction
from ..observed.replicas import ReplicaCounts
from . import phrases


class ProgressLines:
    """Shows lines on `progress`; regular lines are `pause` seconds apart."""

    def __init__(self, progress: Progress, now: Callable[[], float], pause: float) -> None:
        self._progress = progress
        self._now = now
        self._pause = pause
        self._started = now()
        self._next_line = 0.0
        self._last_rates: tuple[float, int, int] | None = None

    def say(self, phase: str, text: str) -> None:
        """Show a line now, and the next regular line a whole pause later."""
        now = self._now()
        self._progress.say(f"{now - self._started:5.0f} s  {phase:<10}  {text}")
        self._next_line = now + self._pause

    @property
    def is_due(self) -> bool:
        """Whether a regular line is to be shown."""
        return self._now() >= self._next_line

    def rates(self, load: LoadStats) -> str:
        """Return the requests sent and answered per second since the last call."""
        now = self._now()
        first = load.first_sent or now
        last = self._last_rates if self._last_rates and self._last_rates[0] >= first else (first, 0, 0)
        seconds = max(now - last[0], 0.001)
        self._last_rates = (now, load.sent, load.answered)
        return f"sent {(load.sent - last[1]) / seconds:.1f}/s, answered {(load.answered - last[2]) / seconds:.1f}/s"


def cluster(access: str) -> str:
    """Return which cluster a proof watches."""
    return f"cluster {access}"


def bypassed_proxy(proxy: str) -> str:
    """Return that the load does not go by a proxy of the environment."""
    return f"the load goes directly to its URL and not through the proxy {proxy}, which would be measured instead"


def prediction(predicted: Prediction, rate: float) -> str:
    """Return the prediction of `rate` requests a second."""
    counts = phrases.possible(predicted)
    text = (
        f"predicted: {rate:g} requests/s give a metric of {predicted.metric:g}, at {phrases.threshold(predicted)} "
        f"that is {counts} replica{'' if predicted.possible_replicas == [1] else 's'} (now {predicted.from_replicas})"
    )
    if not predicted.changes:
        return text
    times = predicted.times
    return (
        f"{text}, the first change after {times.earliest_change_seconds:g} to {times.latest_change_seconds:g} s, all "
        f"Ready after {times.earliest_seconds:g} to {times.latest_seconds:g} s"
    )


def scale_in(predicted: ScaleIn) -> str:
    """Return the prediction of a scale-in."""
    return (
        f"predicted: back to {phrases.replicas(predicted.replicas)}, the first change "
        f"{predicted.earliest_change_seconds:g} to {predicted.latest_change_seconds:g} s after the last request, all "
        f"after {predicted.latest_seconds:g} s at the latest"
    )


def wait_for_rest(limit: Iterable[tuple[str, float]], why: str, memory_seconds: float) -> str:
    """Return that a wait for rest begins, why, and how long it may take.

    :param memory_seconds: for how long yet a new HPA keeps the replicas that it was made with; 0 if it does not
    """
    new = ""
    if memory_seconds:
        new = f". The HPA is new and keeps its initial replicas for at least another {memory_seconds:.0f} s"
    return f"waiting for rest, at most {phrases.limit(limit)}: {why}{new}"


def value(metric: float | None) -> str:
    """Return a metric's value, or `none`."""
    return "none" if metric is None else f"{metric:.1f}"


def counts(last: ReplicaCounts) -> str:
    """Return the replica counts."""
    return f"replicas desired {last.desired}, current {last.current}, ready {last.ready}"


def next_hop(bounds: Mapping[str, tuple[float, float]], observed: Container[str], now: float) -> str:
    """Return which hop is expected next and by when; empty if none is.

    :param bounds: by hop, in the order of their causes, in seconds on the clock of `now`
    """
    for name, (_earliest, latest) in bounds.items():
        if name not in observed and now <= latest:
            return f"; next: {name.replace('_', ' ')} within {latest - now:.0f} s"
    return ""
