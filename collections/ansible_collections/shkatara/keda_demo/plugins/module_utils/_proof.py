# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""One proof from beginning to end: wait until ready and at rest, predict, send the load, watch, judge."""

from __future__ import annotations

import math
import os
import queue
import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._load import LoadProcess
from ansible_collections.shkatara.keda_demo.plugins.module_utils._observe import Observation
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import (
    HpaTarget,
    Prediction,
    Timing,
    predict,
    scale_down_seconds,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._progress import Progress
from ansible_collections.shkatara.keda_demo.plugins.module_utils._state import Change, State, missing, rest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import (
    BadInput,
    ProofTarget,
    hpa_target,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._timeline import Clock, ProofFiles, Timeline
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import (
    LoadFacts,
    Verdict,
    judge,
    load_trouble,
)

_TICK_SECONDS = 0.1
# The watches bring what is there one by one: what is not seen so soon is not worth a line.
_FIRST_LOOK_SECONDS = 2.0
_LINE_LENGTH = 160
# For what no formula knows: API calls, and updates of status on a busy controller.
_REST_MARGIN_SECONDS = 30.0
_HOPELESS_SECONDS = 10.0


@dataclass(frozen=True)
class Options:
    """The module's options, in seconds where they are times."""

    hold_seconds: float = 15.0
    wait_timeout: float = 300.0
    wait_sleep: float = 5.0
    hpa_sync_period: float = 15.0
    hpa_tolerance: float = 0.1
    hpa_downscale_stabilization: float = 300.0
    pod_start_seconds: float = 30.0


class Aborted(Exception):
    """The proof ends here, with the verdict `aborted`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.verdict = Verdict("aborted", reason, message)


@dataclass
class Interrupt:
    """Set by a signal's handler; read by the proof, which then ends within a second."""

    signal_name: str = ""
    parent: int = field(default_factory=os.getppid)

    def check(self) -> None:
        """:raises Aborted: a signal came, or the process that waits for the result is gone."""
        if self.signal_name:
            raise Aborted("interrupted", f"{self.signal_name} was received: the load was stopped.")
        if os.getppid() != self.parent:
            raise Aborted("interrupted", "The process that started the proof is gone: the load was stopped.")


@dataclass(frozen=True)
class Watched:
    """Where a proof learns what happens: `observations` is filled by threads.

    `targets_settled` is called when the scrape targets need no more attention.
    """

    observations: queue.Queue[Observation]
    clock: Clock
    interrupt: Interrupt
    targets_settled: Callable[[], None]


@dataclass(frozen=True)
class Outputs:
    """Where a proof tells what happens; `versions` is what is known of the cluster's parts."""

    progress: Progress
    files: ProofFiles
    versions: dict[str, str | None]


class Proof:
    """The run of one proof, in one thread."""

    def __init__(
        self,
        target: ProofTarget,
        options: Options,
        load: LoadProcess,
        watched: Watched,
        outputs: Outputs,
    ) -> None:
        self.target = target
        self.options = options
        self.load = load
        self.state = State()
        self.timeline = Timeline(watched.clock, outputs.files)
        self.prediction: Prediction | None = None
        self._observations = watched.observations
        self._clock = watched.clock
        self._interrupt = watched.interrupt
        self._targets_settled = watched.targets_settled
        self._progress = outputs.progress
        self._files = outputs.files
        self._versions = outputs.versions
        self._pods_before: set[str] = set()
        self._next_line = 0.0
        self._last_counts: tuple[float, int, int] | None = None
        self._load_ended_early = False

    # The course of a proof

    def run(self) -> dict[str, Any]:
        """Return the result, which is in verdict.json too; what went wrong is a verdict like any other."""
        try:
            verdict = self._run()
        except Aborted as aborted:
            self.load.stop()
            self.load.wait(0.5, self._clock.monotonic)
            verdict = aborted.verdict
        except BadInput as error:
            verdict = Verdict("aborted", "bad_input", f"{error}. Nothing was sent.")
        self._say(f"verdict: {verdict.verdict} ({verdict.reason}). {verdict.message} See {self._files.folder}.")
        self.timeline.add("verdict", verdict.verdict, "reason", verdict.reason)
        result = self.result(verdict)
        self._files.write_verdict(result)
        return result

    def _run(self) -> Verdict:
        not_ready = self._wait_until_ready()
        if not_ready is not None:
            return not_ready
        baseline = self._wait_until_at_rest()
        if isinstance(baseline, Verdict):
            return baseline
        self.prediction = self._predict(baseline)
        self._files.write_verdict(self.result(None))
        self._say(self._prediction_words(self.prediction))
        return self._send_and_judge(self.prediction)

    def _wait_until_ready(self) -> Verdict | None:
        self.timeline.phase = "ready"
        begun = self._clock.monotonic()
        deadline = begun + self.options.wait_timeout
        duration_checked = False
        while True:
            self._step("waiting for the first observations")
            if not duration_checked and self.state.hpa and self.state.hpa.targets and self._timing().scrape_interval:
                self._predict(0.0)  # a load that is too short is refused before anyone waits for anything
                duration_checked = True
            gaps = missing(self.state)
            if not gaps:
                self._targets_settled()
                self._say("ready: pods, scrape target, ScaledObject and HPA")
                return None
            if self._clock.monotonic() > deadline:
                return Verdict(
                    "not_ready",
                    gaps[0].reason,
                    f"After {self.options.wait_timeout:g} s (wait_timeout) the chain is not ready: "
                    f"{'; '.join(gap.message for gap in gaps)}. Nothing was sent.",
                )
            if self._clock.monotonic() > begun + _FIRST_LOOK_SECONDS:
                self._line(f"waiting: {textwrap.shorten(gaps[0].message, _LINE_LENGTH, placeholder='...')}")

    def _wait_until_at_rest(self) -> Verdict | float:
        """Return the metric at rest, or a verdict when it does not come to rest in time."""
        self.timeline.phase = "rest"
        target = self._hpa_target()
        timing = self._timing()
        self._predict(0.0)  # now with the real scrape interval
        settle = timing.query_window + 2 * timing.scrape_interval + timing.hpa_sync
        most = target.min_replicas
        begun = self._clock.monotonic()
        announced = False
        while True:
            self._step("")
            now = self._clock.monotonic()
            found = rest(self.state, target.threshold, settle, now)
            # More may be seen while it waits: what an earlier load has asked for comes a little after it.
            most = max([most, *(max(one.spec, one.current) for one in self.state.history[-1:])])
            down = scale_down_seconds(target, most, self.options.hpa_downscale_stabilization, timing.hpa_sync)
            limit = settle + settle + down + self.target.grace_seconds + _REST_MARGIN_SECONDS
            parts = (
                f"metric {settle:g} s, scale-in {down:g} s, metric again {settle:g} s, pods leaving "
                f"{self.target.grace_seconds:g} s, margin {_REST_MARGIN_SECONDS:g} s"
            )
            if found.at_rest:
                self._say(f"at rest: {found.message}")
                return found.baseline
            if now - begun > limit or math.isinf(limit):
                return Verdict(
                    "not_ready",
                    "not_at_rest",
                    f"The workload did not come to rest within {limit:.0f} s ({parts}): {found.message}. "
                    "Does anything else send requests? Nothing was sent by this proof.",
                )
            if not announced and now - begun > 1:
                self._say(f"waiting for rest, at most {limit:.0f} s ({parts}): {found.message}")
                announced = True
            self._line(f"waiting for rest: {found.message}")

    def _predict(self, baseline: float) -> Prediction:
        """:raises BadInput: the load is too short for what it is to show"""
        target = self._hpa_target()
        prediction = predict(target, self.load.spec.rate, target.min_replicas, self._timing(), baseline)
        needed = prediction.latest_seconds + self.options.hold_seconds
        if self.load.spec.duration < needed:
            parts = " + ".join(f"{name} {seconds:g}" for name, seconds in prediction.latest_parts.items())
            raise BadInput(
                f"load.http.duration of {self.load.spec.duration:g} s is too short to prove anything: "
                f"{prediction.replicas} replicas may be Ready as late as {prediction.latest_seconds:g} s "
                f"after the first request ({parts}) and must stay for {self.options.hold_seconds:g} s "
                f"(hold_seconds). Give at least {math.ceil(needed)}"
            )
        return prediction

    def _send_and_judge(self, prediction: Prediction) -> Verdict:
        self.timeline.phase = "load"
        self._pods_before = set(self.state.pods)
        self.load.start()
        verdict: Verdict | None = None
        while verdict is None:
            self._step("")
            self._line(self._load_line(prediction))
            verdict = self._hopeless() or self._judge(prediction)
        self._finish_load()
        return verdict

    def _judge(self, prediction: Prediction) -> Verdict | None:
        first = self.timeline.first_request
        facts = self._load_facts()
        if first is None:
            return Verdict("aborted", "load_not_sent", "The sender ended without a request.") if facts.ended else None
        over = {"metric_over_threshold", "hpa_metric_over_threshold"} & set(self.timeline.hops)
        now = self._clock.monotonic() - first
        return judge(
            self.state.since(first),
            prediction,
            facts,
            now=now,
            hold_seconds=self.options.hold_seconds,
            metric_was_over=bool(over),
        )

    def _hopeless(self) -> Verdict | None:
        """Return a verdict when nothing at all is answered: nobody should wait minutes for that."""
        facts, first = self._load_facts(), self.timeline.first_request
        limit = _HOPELESS_SECONDS + self.load.spec.timeout
        if first is None or facts.answered or self._clock.monotonic() - first < limit:
            return None
        return load_trouble(facts)

    def _finish_load(self) -> None:
        counts = self.load.poll()
        if not counts["ended"]:
            self._load_ended_early = True
            self.timeline.add("load", "http", "ended", "early, since the verdict was there")
            self.load.drain()
            self.load.wait(min(self.load.spec.timeout, 10.0) + 0.5, self._clock.monotonic)

    # What is read and written on the way

    def _step(self, idle_text: str) -> None:
        """Take in what was observed within a tick.

        :raises Aborted: a signal, or the ScaledObject is gone
        """
        try:
            seen = self._observations.get(timeout=_TICK_SECONDS)
            while True:
                for change in self.state.apply(seen):
                    self.timeline.add(change.source, change.name, change.field, change.value, change.at)
                    self._hops(change)
                seen = self._observations.get_nowait()
        except queue.Empty:
            pass
        self._interrupt.check()
        if "scaledobjects" in self.state.seen and self.state.scaledobject is None:
            raise Aborted("scaledobject_deleted", f"ScaledObject {self.target.scaledobject} was deleted.")
        counts = self.load.poll()
        if counts["first_sent"] is not None and self.timeline.first_request is None:
            self.timeline.hop("first_request", counts["first_sent"], "the sender's clock", 0.0)
        if idle_text and not self.state.seen and not self.state.errors:
            self._line(idle_text)

    def _hops(self, change: Change) -> None:
        """Keep the time of the first sign of each step after the first request."""
        if self.prediction is None or self.timeline.first_request is None:
            return
        at, hop, start = change.at, self.timeline.hop, self.prediction.from_replicas
        over = 1 + self.prediction.tolerance
        hpa, deployment = self.state.hpa, self.state.deployment
        if change.source == "prometheus" and (self.state.metric or 0) > self.prediction.threshold * start * over:
            hop("metric_over_threshold", at, "the trigger's query", 2.0)
        elif change.source == "horizontalpodautoscalers" and hpa is not None:
            if (hpa.average or 0) > self.prediction.threshold * over:
                hop("hpa_metric_over_threshold", at, "watch of the HPA", 0.0)
            if hpa.desired > start:
                hop("hpa_decision", at, "watch of the HPA", 0.0)
            if hpa.desired in self.prediction.possible_replicas and hpa.desired > start:
                hop("hpa_target_decision", at, "watch of the HPA", 0.0)
        elif change.source == "deployments" and deployment is not None and deployment.spec_replicas > start:
            hop("deployment_scaled", at, "watch of the Deployment", 0.0)
        elif change.source == "pods" and change.name not in self._pods_before and change.name in self.state.pods:
            pod = self.state.pods[change.name]
            hop("pod_created", at, "watch of the pods", 0.0)
            if pod.scheduled:
                hop("pod_scheduled", at, "watch of the pods", 0.0)
            if pod.ready:
                hop("pod_ready", at, "watch of the pods", 0.0)
        newest = self.state.history[-1].settled if self.state.history else None
        if newest in self.prediction.possible_replicas and newest != start:
            hop("replicas_ready", at, "watches of HPA and Deployment", 0.0)

    def _hpa_target(self) -> HpaTarget:
        if self.state.hpa is None:
            raise BadInput(f"HPA {self.target.hpa} is gone")
        return hpa_target(self.state.hpa, self.options.hpa_tolerance)

    def _timing(self) -> Timing:
        return Timing(
            scrape_interval=self.state.scrape_interval,
            query_window=self.target.query_window,
            hpa_sync=self.options.hpa_sync_period,
            pod_start=self.options.pod_start_seconds + self.target.probe_seconds,
            keda_polling=self.target.keda_polling,
        )

    def _load_facts(self) -> LoadFacts:
        counts = self.load.last
        return LoadFacts(
            scheduled=counts["scheduled"],
            sent=counts["sent"],
            answered=counts["answered"],
            finished=counts["answered"] + counts["failed"],
            ended=counts["ended"],
        )

    # What a person reads

    def _say(self, text: str) -> None:
        """Show a line now, and the next regular one a whole pause later."""
        now = self._clock.monotonic()
        self._progress.say(f"{now - self.timeline.started:5.0f} s  {self.timeline.phase:<5}  {text}")
        self._next_line = now + self.options.wait_sleep

    def _line(self, text: str) -> None:
        """Show a line if the last one is `wait_sleep` seconds old."""
        if self._clock.monotonic() >= self._next_line:
            self._say(text)

    def _load_line(self, prediction: Prediction) -> str:
        now, counts = self._clock.monotonic(), self.load.last
        if now < self._next_line:
            return ""
        last = self._last_counts or (self.timeline.first_request or now, 0, 0)
        seconds = max(now - last[0], 0.001)
        sent, answered = ((counts[key] - was) / seconds for key, was in (("sent", last[1]), ("answered", last[2])))
        self._last_counts = (now, counts["sent"], counts["answered"])
        self.timeline.add("load", "http", "sent", counts["sent"])
        self.timeline.add("load", "http", "answered", counts["answered"])
        replicas = self.state.history[-1]
        metric = "none" if self.state.metric is None else f"{self.state.metric:.1f}"
        return (
            f"sent {sent:.1f}/s, answered {answered:.1f}/s; metric {metric}, {prediction.threshold:g} a "
            f"replica; replicas desired {replicas.desired}, current {replicas.current}, ready "
            f"{replicas.ready}"
        )

    def _prediction_words(self, prediction: Prediction) -> str:
        counts = " or ".join(map(str, prediction.possible_replicas))
        words = (
            f"predicted: {self.load.spec.rate:g} requests/s make a metric of {prediction.metric:g}, at "
            f"{prediction.threshold:g} a replica that is {counts} replicas (now {prediction.from_replicas})"
        )
        if prediction.changes:
            words += (
                f", the first change after {prediction.earliest_change_seconds:g} to "
                f"{prediction.latest_change_seconds:g} s, all Ready after {prediction.latest_seconds:g} s "
                "at the latest"
            )
        return words

    # The result

    def result(self, verdict: Verdict | None) -> dict[str, Any]:
        """Return verdict.json's content; without a verdict while the load is still to come."""
        message = verdict.message if verdict else "The load is under way."
        if verdict and self._load_ended_early:
            message += f" The load ended early, before its {self.load.spec.duration:g} s: the verdict was there."
        return {
            "verdict": verdict.verdict if verdict else None,
            "reason": verdict.reason if verdict else None,
            "message": message,
            "predicted": self._predicted(),
            "observed": self._observed(),
            "load": {
                "url": self.load.spec.url,
                "rate": self.load.spec.rate,
                "duration": self.load.spec.duration,
            }
            | {key: value for key, value in self.load.last.items() if key not in ("first_sent", "last_sent")}
            | {"ended_early": self._load_ended_early},
            "hops": self.timeline.hops,
            "evidence": self._evidence(),
            "versions": {**self._versions, "prometheus": self.state.prometheus_version},
            "proof": str(self._files.folder),
        }

    def _predicted(self) -> dict[str, Any] | None:
        if self.prediction is None:
            return None
        return asdict(self.prediction) | {
            "path": [list(step) for step in self.prediction.path],
            "assumed": {
                "metric_per_request": 1,
                "hpa_sync_period": self.options.hpa_sync_period,
                "hpa_tolerance": self.options.hpa_tolerance,
                "pod_start_seconds": self.options.pod_start_seconds,
            },
        }

    def _observed(self) -> dict[str, Any]:
        first = self.timeline.first_request
        history = self.state.since(first) if first is not None else self.state.history[-1:]
        last = history[-1] if history else None
        return {
            "replicas": last.ready if last else None,
            "desired_replicas": last.desired if last else None,
            "current_replicas": last.current if last else None,
            "metric": self.state.metric,
            "path": [asdict(item) | {"seconds": round(item.seconds, 3)} for item in history] if first else [],
        }

    def _evidence(self) -> dict[str, Any]:
        scaledobject, hpa = self.state.scaledobject, self.state.hpa
        return {
            "namespace": self.target.namespace,
            "scaledobject": self.target.scaledobject,
            "scaledobject_ready": scaledobject.message if scaledobject else None,
            "metric_names": scaledobject.metric_names if scaledobject else [],
            "hpa": self.target.hpa,
            "hpa_scaling_active": hpa.message if hpa else None,
            "hpa_behavior": hpa.behavior if hpa else None,
            "deployment": self.target.deployment,
            "query": self.target.query,
            "query_window_seconds": self.target.query_window,
            "server_address": self.target.server_address,
            "scrape_interval_seconds": self.state.scrape_interval,
            "targets": [asdict(target) for target in self.state.targets or [] if target.pod in self.state.pods],
            "pods": [asdict(pod) for pod in self.state.pods.values()],
            "errors": self.state.errors,
        }
