# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the phases of a proof share: what is known, what is predicted, and one step of taking in what happens."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..autoscaling import hpa_model
from ..autoscaling.controller_flags import ControllerFlags
from ..autoscaling.hpa_model import HpaModel
from ..autoscaling.keda import KedaRules
from ..common import versions
from ..common.errors import BadInput
from ..load.options import LoadOptions
from ..load.schedule import LoadSpec
from ..load.workers import LoadProcess
from ..prediction.hop_bounds import Bounds
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import Prediction
from ..prometheus.rate_bounds import Timing
from ..prometheus.scrapes import Series
from . import hops
from .edges import Aborted, Outputs, Watched
from .end_to_end import EndToEnd
from .hops import COUNTER, Sight
from .lines import Lines
from .observations import State
from .records import Change, Options, ProofTarget
from .timeline import Timeline

_TICK_SECONDS = 0.1


@dataclass
class Forecast:
    """What is written down before the first request; None of what there is no phase for, or what can't be computed."""

    plan: HpaModel | None = None
    activation: Prediction | None = None
    out: Prediction | None = None
    back: ScaleIn | None = None
    to_zero: ScaleIn | None = None
    bounds: Bounds = field(default_factory=dict)
    bounds_back: Bounds = field(default_factory=dict)


class Scene:
    """A proof on its way, in one thread."""

    def __init__(
        self,
        target: ProofTarget,
        options: Options,
        load_options: LoadOptions,
        *,
        load: LoadProcess,
        watched: Watched,
        outputs: Outputs,
    ) -> None:
        self.target = target
        self.options = options
        self.load_options = load_options
        self.load = load
        self.watched = watched
        self.outputs = outputs
        self.now = watched.clock.monotonic
        self.state = (
            State(load_trigger=target.load_trigger.key, moved_index=target.load_trigger.index)
            if target.load_trigger
            else State()
        )
        self.timeline = Timeline(watched.clock, outputs.files)
        self.lines = Lines(outputs.progress, self.timeline, self.now, options.wait_sleep)
        self.forecast = Forecast()
        self.spec: LoadSpec | None = None
        self.main_load = False
        self.ended_early = False
        # What the Deployment was to have when the load had ended.
        self.spec_before: int | None = None
        self.end_to_end: EndToEnd | None = None
        self.phases: list[dict[str, Any]] = []
        # Called once the chain is ready, when the scrape targets need no more attention.
        self.on_ready: Callable[[], None] = lambda: None
        self._pods_before: set[str] = set()
        self._counted_before: dict[str, float] = {}

    # What is read on the way

    def step(self) -> None:
        """Take in what was observed within a tick.

        :raises Aborted: a signal, or the ScaledObject is gone
        """
        try:
            seen = self.watched.observations.get(timeout=_TICK_SECONDS)
            while True:
                for change in self.state.apply(seen):
                    # What was said before this proof is none of it.
                    if change.source != "events" or self.timeline.phase != "ready":
                        self.timeline.add(change.source, change.name, change.field, change.value, change.at)
                    self._note_hops(change)
                if seen.source == "prometheus" and self.main_load:
                    self._note_samples()
                seen = self.watched.observations.get_nowait()
        except queue.Empty:
            pass
        self.watched.interrupt.check()
        if "scaledobjects" in self.state.seen and self.state.scaledobject is None:
            raise Aborted("scaledobject_deleted", f"ScaledObject {self.target.scaledobject} was deleted.")
        counts = self.load.poll()
        if self.main_load and counts["first_sent"] is not None and self.timeline.first_request is None:
            self.timeline.hop("first_request", counts["first_sent"], "the sender's clock", 0.0)

    def begin_main_load(self, spec: LoadSpec) -> None:
        """Send the load that is to be proven; what was there before it is remembered."""
        self.spec = spec
        self._pods_before = set(self.state.pods)
        self._counted_before = {key: value for key, _at, value in self._samples(self.state.counter)}
        self.main_load = True
        self.load.start(spec)

    def _note_hops(self, change: Change) -> None:
        """Keep the time of the first sign of each step after the first request."""
        prediction = self.forecast.out
        if prediction is None or self.timeline.first_request is None:
            return
        sight = Sight(
            change,
            self.state,
            prediction,
            self._pods_before,
            metric_name=self.metric_name,
            resting=self.rules.inactive_replicas,
            back_at=self.forecast.back.replicas if self.forecast.back else None,
            spec_before=self.spec_before,
            back=self.timeline.load_ended is not None,
        )
        for hop in hops.passed_hops(sight):
            resolution = self.state.scrape_interval if hop.source == "prometheus" else 0.0
            self.timeline.hop(hop.name, change.at, hop.words, resolution)

    def _note_samples(self) -> None:
        """Keep the time of the first sample that shows the load, and of the first one that shows it in a new pod."""
        for key, at, value in self._samples(self.state.counter):
            when = self.watched.clock.monotonic_at(at - self.state.clock_offset)
            pod = key.partition(" ")[0]
            if value > self._counted_before.get(key, 0.0):
                self.timeline.hop("load_scraped", when, COUNTER, self.state.scrape_interval)
                if pod not in self._pods_before and pod in self.state.pods:
                    self.timeline.hop("new_pod_counted", when, COUNTER, self.state.scrape_interval)

    @staticmethod
    def _samples(counter: list[Series]) -> list[tuple[str, float, float]]:
        """Return (series, unix time, value) of all samples; a series begins with its pod's name."""
        return [
            (f"{series.labels.get('pod', '')} {sorted(series.labels.items())}", at, value)
            for series in counter
            for at, value in series.samples
        ]

    # What can be computed of it

    @property
    def metric_name(self) -> str:
        """The external metric of the HPA that the load moves; empty where there is none."""
        plan = self.forecast.plan
        return plan.target.load_metric.name if plan and plan.target else ""

    @property
    def rules(self) -> KedaRules:
        """What KEDA does about zero."""
        view, moved = self.state.scaledobject, self.target.load_trigger
        if view is None:
            return KedaRules(1, 1)
        return KedaRules(
            inactive_replicas=view.inactive_replicas,
            min_replicas=view.min_replicas,
            polling_interval=view.polling_interval,
            cooldown=view.cooldown,
            activation=moved.activation if moved else 0.0,
        )

    def plan(self) -> HpaModel:
        """Return what the HPA was told.

        :raises BadInput: it is gone
        """
        if self.state.hpa is None or self.state.scaledobject is None:
            raise BadInput(f"HPA {self.target.hpa} is gone")
        version = versions.minor_version(self.outputs.versions.get("kubernetes") or "")
        flags = ControllerFlags(
            self.options.hpa_sync_period, self.options.hpa_tolerance, self.options.hpa_downscale_stabilization
        )
        return hpa_model.hpa_model(
            self.state.hpa,
            self.state.scaledobject,
            self.target.triggers,
            load_trigger=self.target.load_trigger,
            flags=flags,
            version=version,
        )

    def timing(self) -> Timing:
        """Return how long each part of the chain may take."""
        view, moved = self.state.scaledobject, self.target.load_trigger
        return Timing(
            scrape_interval=self.state.scrape_interval,
            query_window=self.target.query_window,
            hpa_sync=self.options.hpa_sync_period,
            pod_start=self.options.pod_start_seconds + self.target.probe_seconds,
            keda_polling=view.polling_interval if view and moved and moved.cached else 0.0,
            own_pods=self.state.own_pods_feed,
        )

    # How it is told

    def passed(self, phase: str, reason: str, message: str, passed: bool = True, **more: object) -> None:
        """Note how a phase has ended."""
        entry: Mapping[str, object] = {"phase": phase, "passed": passed, "reason": reason, "message": message, **more}
        self.phases.append(dict(entry))
