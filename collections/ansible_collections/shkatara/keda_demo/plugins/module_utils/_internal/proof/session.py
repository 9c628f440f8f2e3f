# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A session: the connections of one proof, and the pump that takes in what they bring.

Threads put observations into a queue. One thread, the proof's, takes them out by `step`, brings the state up to date,
writes the timeline, and notes the hops of the load.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..autoscaling import external_metrics, hpa_model
from ..autoscaling.hpa_model import HpaModel
from ..autoscaling.keda import KedaRules
from ..common import versions
from ..common.errors import BadInput
from ..common.interrupt import SignalFlag
from ..common.progress import Progress
from ..common.times import Clock
from ..load.options import LoadOptions
from ..load.source import LoadSource
from ..load.stats import LoadStats
from ..prometheus.poller import Reading
from ..prometheus.query_shape import QueryShape
from ..prometheus.rate_bounds import Timing
from ..prometheus.scrapes import ScrapeTarget
from . import queries
from .hop_tracker import HopTime, HopTracker
from .judgement.outcomes import Aborted, Reason
from .messages import query_messages
from .messages.progress_lines import ProgressLines
from .observed.cluster_state import EVENTS, Change
from .observed.state import State
from .options import Options
from .output.files import NoFiles, ProofFiles
from .output.timeline import Timeline
from .plan import Plan, PlannedLoad, Situation
from .target import ProofTarget

_TICK_SECONDS = 0.1
_LONGEST_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Inputs:
    """What a proof observes: `observations` is filled by threads.

    `read_counters` reads the raw counters of scrape targets, by pod. `settle_targets` is called when the scrape targets
    need no more attention.
    """

    observations: queue.Queue[Any]
    clock: Clock
    interrupt: SignalFlag
    read_counters: Callable[[Iterable[ScrapeTarget]], Mapping[str, float | str]]
    settle_targets: Callable[[], None] = lambda: None


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
        # Whether the load to be proven was stopped because the verdict was there.
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

    # The state of things, as planning needs it.

    def model(self) -> HpaModel:
        """Return what can be computed of the HPA.

        :raises BadInput: it is gone
        """
        cluster, target = self.state.cluster, self.target
        obstacle = queries.obstacle(target, self.state)
        if cluster.hpa is None or cluster.scaledobject is None:
            raise BadInput(f"HPA {target.hpa} is gone")
        return hpa_model.hpa_model(
            cluster.hpa,
            cluster.scaledobject,
            target.triggers,
            load_trigger=target.load_trigger,
            flags=self.options.flags,
            version=versions.minor_version(self.outputs.versions.get("kubernetes") or ""),
            keda_version=cluster.keda,
            polled=self.state.metrics.values,
            not_understood=query_messages.not_understood(obstacle) if obstacle else "",
        )

    def rules(self) -> KedaRules:
        """Return what KEDA does about zero."""
        view, trigger = self.state.cluster.scaledobject, self.target.load_trigger
        if view is None:
            return KedaRules(1, 1)
        return KedaRules(
            inactive_replicas=view.inactive_replicas,
            min_replicas=view.min_replicas,
            polling_interval=view.polling_interval,
            cooldown=view.cooldown,
            activation=trigger.activation if trigger else 0.0,
            initial_cooldown=view.initial_cooldown,
        )

    def timing(self) -> Timing:
        """Return how long each part of the chain may take."""
        view, trigger, workload = self.state.cluster.scaledobject, self.target.load_trigger, self.target.workload
        shape = self.target.shape if isinstance(self.target.shape, QueryShape) else None
        return Timing(
            scrape_interval=self.state.scrape_interval,
            shape=shape,
            hpa_sync=self.options.hpa_sync_period,
            pod_start=self.options.pod_start_seconds + workload.start_seconds,
            keda_polling=view.polling_interval if view and trigger and trigger.cached else 0.0,
            own_pods=self.state.own_pods_feed,
            pods_in_order=workload.in_order,
            pod_stop=workload.grace_seconds if workload.counts_leaving else 0.0,
            # By Little's law the factor of requests in flight is the time of an answer; other gauges have other units.
            event_seconds=min(shape.factor, _LONGEST_ANSWER_SECONDS) if shape and not shape.is_rate else 0.0,
        )

    def situation(self, baseline: float = 0.0) -> Situation:
        """Return what a plan is made of.

        :param baseline: the metric at rest, in its unit
        :raises BadInput: the HPA is gone
        """
        hpa, trigger = self.state.cluster.hpa, self.target.load_trigger
        model = self.model()
        return Situation(
            options=self.options,
            load_options=self.load_options,
            model=model,
            # KEDA's fallback stands for the query's value.
            timing=self.timing() if model.fallback is None else replace(self.timing(), shape=None),
            rules=self.rules(),
            replicas=self.state.cluster.last_counts.spec,
            baseline=baseline,
            counter_is_read=bool(self.target.counter),
            is_deployment=self.target.workload.is_deployment,
            pod_labels=self.target.workload.pod_labels,
            other_workloads=tuple(sorted(set(self.target.workload.other_owners.values()))),
            shape=self.target.shape if isinstance(self.target.shape, QueryShape) else None,
            per_request=queries.per_request(self.target, self.state, self.options),
            warnings=queries.warnings(self.target, self.state),
            max_replicas=hpa.max_replicas if hpa else None,
            targets=external_metrics.external_targets(hpa) if hpa else (),
            trigger_index=trigger.index if trigger else None,
        )

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
