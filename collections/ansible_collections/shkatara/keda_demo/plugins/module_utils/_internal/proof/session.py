# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A session: the connections of one proof, and the pump that takes in what they bring.

Threads put observations into a queue. One thread, the proof's, takes them out by `step`, brings the state up to date,
writes the timeline, and notes the hops of the load.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..common.errors import BadInput
from ..common.interrupt import SignalFlag
from ..common.progress import Progress
from ..common.times import Clock
from ..load.options import LoadOptions
from ..load.source import LoadSource
from ..load.stats import LoadStats
from ..prometheus.poller import Reading
from ..prometheus.scrapes import ScrapeTarget
from . import queries
from .hop_tracker import HopTime, HopTracker
from .judgement.outcomes import Aborted, Reason
from .messages.progress_lines import ProgressLines
from .observed.cluster_state import EVENTS, Change
from .observed.state import State
from .options import Options
from .output.files import NoFiles, ProofFiles
from .output.timeline import Timeline
from .plan import Plan, PlannedLoad
from .target import ProofTarget

_TICK_SECONDS = 0.1
_LONGEST_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Inputs:
    """What a proof observes: `observations` is filled by threads.

    `read_counters` reads the raw counters of scrape targets, by pod. `settle_targets` is called when the scrape targets
    need no more attention. `refusal` returns why the load's URL takes no connection yet; None where it does.
    """

    observations: queue.Queue[Any]
    clock: Clock
    interrupt: SignalFlag
    read_counters: Callable[[Iterable[ScrapeTarget]], Mapping[str, float | str]]
    settle_targets: Callable[[], None] = lambda: None
    refusal: Callable[[], BadInput | None] = lambda: None


@dataclass(frozen=True)
class Outputs:
    """What a proof writes to; `versions` are those of the cluster's parts, None where they can't be read."""

    progress: Progress
    files: ProofFiles | NoFiles
    timeline: Timeline
    versions: Mapping[str, str | None]


class Session:
    """The proof's view of the world, in one thread."""

    def __init__(
        self,
        target: ProofTarget,
        options: Options,
        load_options: LoadOptions,
        *,
        state: State,
        load: LoadSource,
        inputs: Inputs,
        outputs: Outputs,
    ) -> None:
        self.target = target
        self.options = options
        self.load_options = load_options
        self.state = state
        self.load = load
        self.inputs = inputs
        self.outputs = outputs
        self.phase = "connect"
        self.hops: HopTracker | None = None
        # Whether the load to be proven was stopped because the verdict was known.
        self.ended_early = False
        self._timeline = outputs.timeline
        self._lines = ProgressLines(outputs.progress, inputs.clock.monotonic, options.wait_sleep)

    def now(self) -> float:
        """Return the monotonic time, in seconds."""
        return self.inputs.clock.monotonic()

    def step(self) -> None:
        """Take in what was observed within a tick.

        :raises Aborted: a signal was received, or the ScaledObject is gone
        :raises BadInput: before the load, Prometheus refuses what it is asked
        """
        try:
            self._take_in(self.inputs.observations.get(timeout=_TICK_SECONDS))
            while True:
                self._take_in(self.inputs.observations.get_nowait())
        except queue.Empty:
            pass
        self.check_interrupt()
        if self.state.cluster.is_deleted:
            raise Aborted(Reason.SCALEDOBJECT_DELETED, f"ScaledObject {self.target.scaledobject} was deleted.")
        stats = self.load.poll()
        if self.hops is not None:
            self.hops.note_load(stats)

    def _take_in(self, observation: Any) -> None:
        if isinstance(observation, Reading) and self.phase in ("connect", "ready"):
            self.target = queries.learn(self.target, self.options, observation)
        for change in self.state.apply(observation):
            # Events from before this proof are no part of it.
            if change.source != EVENTS or self.phase != "ready":
                self._timeline.add(self.phase, change)
            if self.hops is not None:
                # The change may be the rise with which a load of others begins.
                self.hops.note_load(self.load.poll())
                self.hops.note_change(change, self.state)
        # A new pod's samples may be here before the pod itself.
        if self.hops is not None:
            self.hops.note_samples(self.state)

    def check_interrupt(self) -> None:
        """:raises Aborted: a signal was received"""
        if self.inputs.interrupt.name:
            raise Aborted(Reason.INTERRUPTED, f"{self.inputs.interrupt.name} was received: the load was stopped.")

    def start_load(self, load: PlannedLoad, plan: Plan | None = None) -> None:
        """Start to send a load; its hops are tracked where the plan is given."""
        if plan is not None:
            self.hops = HopTracker(plan, self.state, self.inputs.clock, self._record_hop)
        self.load.start(load.spec)

    def read_counters(self, targets: Iterable[ScrapeTarget]) -> dict[str, float | str]:
        """Return the raw counter of each pod, or why it can't be read.

        :raises Aborted: a signal was received
        """
        counts = dict(self.inputs.read_counters(targets))
        self.check_interrupt()
        return counts

    # What a person and the timeline are told.

    def record(self, source: str, name: str, field: str, value: object) -> None:
        """Append a fact of this moment to the timeline."""
        self._timeline.add(self.phase, Change(self.now(), source, name, field, value))

    def _record_hop(self, hop: HopTime) -> None:
        self._timeline.add(self.phase, Change(hop.at, "hop", hop.name, "seconds", hop.seconds))

    def say(self, text: str) -> None:
        """Show a line now."""
        self._lines.say(self.phase, text)

    @property
    def line_is_due(self) -> bool:
        """Whether a regular line is to be shown."""
        return self._lines.is_due

    def rates(self, load: LoadStats) -> str:
        """Return what was sent and answered per second since the last call; the counts go to the timeline."""
        self.record("load", "http", "sent", load.sent)
        self.record("load", "http", "answered", load.answered)
        return self._lines.rates(load)
