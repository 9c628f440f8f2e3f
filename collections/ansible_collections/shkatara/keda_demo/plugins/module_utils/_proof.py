# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""One proof from beginning to end: wait until ready and at rest, predict, send the load, watch, judge."""

from __future__ import annotations

import contextlib
import math
import queue
import textwrap
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils import _words
from ansible_collections.shkatara.keda_demo.plugins.module_utils._chain import missing, rest, rest_limit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._edges import Aborted, Outputs, Watched
from ansible_collections.shkatara.keda_demo.plugins.module_utils._hops import Sight, passed_hops
from ansible_collections.shkatara.keda_demo.plugins.module_utils._lines import Lines
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load import LoadProcess
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import (
    HpaTarget,
    Prediction,
    Timing,
    predict,
    scale_down_seconds,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import (
    Change,
    Options,
    ProofTarget,
    Verdict,
    load_facts,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._result import Course, result
from ansible_collections.shkatara.keda_demo.plugins.module_utils._state import State
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import BadInput, hpa_target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._timeline import Timeline
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import judge, load_trouble

_TICK_SECONDS = 0.1
# The watches bring what is there one by one: what is not seen so soon is not worth a line.
_FIRST_LOOK_SECONDS = 2.0
_LINE_LENGTH = 160
_HOPELESS_SECONDS = 10.0


class Proof:
    """The run of one proof, in one thread."""

    def __init__(
        self, target: ProofTarget, options: Options, load: LoadProcess, watched: Watched, outputs: Outputs
    ) -> None:
        self.target = target
        self.options = options
        self.load = load
        self.state = State()
        self.timeline = Timeline(watched.clock, outputs.files)
        self.prediction: Prediction | None = None
        self._watched = watched
        self._now = watched.clock.monotonic
        self._outputs = outputs
        self._pods_before: set[str] = set()
        self._lines = Lines(outputs.progress, self.timeline, self._now, options.wait_sleep)
        self._load_ended_early = False

    # The course of a proof

    def run(self) -> dict[str, Any]:
        """Return the result, which is in verdict.json too; what went wrong is a verdict like any other.

        Only what nobody thought of is raised, after it was written to verdict.json.
        """
        try:
            return self._end(self._run())
        except Aborted as aborted:
            self._stop_load()
            return self._end(aborted.verdict)
        except BadInput as error:
            return self._end(Verdict("aborted", "bad_input", f"{error}. Nothing was sent."))
        except Exception as error:
            # Where not even this can be written, the first error says more.
            with contextlib.suppress(Exception):
                self._stop_load()
            with contextlib.suppress(Exception):
                self._end(Verdict("aborted", "internal_error", f"{type(error).__name__}: {error}"))
            raise

    def result(self, verdict: Verdict | None) -> dict[str, Any]:
        """Return verdict.json's content; without a verdict while the load is still to come."""
        spec = self.load.spec
        course = Course(
            target=self.target,
            options=self.options,
            state=self.state,
            prediction=self.prediction,
            first_request=self.timeline.first_request,
            hops=self.timeline.hops,
            load={"url": spec.url, "rate": spec.rate, "duration": spec.duration},
            counts=self.load.last,
            ended_early=self._load_ended_early,
            versions=self._outputs.versions,
            folder=str(self._outputs.files.folder),
        )
        return result(course, verdict)

    def _end(self, verdict: Verdict) -> dict[str, Any]:
        files = self._outputs.files
        self._lines.say(f"verdict: {verdict.verdict} ({verdict.reason}). {verdict.message} See {files.folder}.")
        self.timeline.add("verdict", verdict.verdict, "reason", verdict.reason)
        final = self.result(verdict)
        files.write_verdict(final)
        return final

    def _run(self) -> Verdict:
        not_ready = self._wait_until_ready()
        if not_ready is not None:
            return not_ready
        baseline = self._wait_until_at_rest()
        if isinstance(baseline, Verdict):
            return baseline
        self.prediction = self._predict(baseline)
        self._outputs.files.write_verdict(self.result(None))
        self._lines.say(_words.prediction_words(self.prediction, self.load.spec.rate))
        return self._send_and_judge(self.prediction)

    def _wait_until_ready(self) -> Verdict | None:
        self.timeline.phase = "ready"
        begun = self._now()
        deadline = begun + self.options.wait_timeout
        duration_checked = False
        while True:
            self._step("waiting for the first observations")
            if not duration_checked and self.state.hpa and self.state.hpa.targets and self._timing().scrape_interval:
                self._predict(0.0)  # a load that is too short is refused before anyone waits for anything
                duration_checked = True
            gaps = missing(self.state)
            if not gaps:
                self._watched.targets_settled()
                self._lines.say("ready: pods, scrape target, ScaledObject and HPA")
                return None
            if self._now() > deadline:
                return Verdict(
                    "not_ready",
                    gaps[0].reason,
                    f"After {self.options.wait_timeout:g} s (wait_timeout) the chain is not ready: "
                    f"{'; '.join(gap.message for gap in gaps)}. Nothing was sent.",
                )
            if self._now() > begun + _FIRST_LOOK_SECONDS:
                self._lines.regular(f"waiting: {textwrap.shorten(gaps[0].message, _LINE_LENGTH, placeholder='...')}")

    def _wait_until_at_rest(self) -> Verdict | float:
        """Return the metric at rest, or a verdict when it does not come to rest in time."""
        self.timeline.phase = "rest"
        target, timing = self._hpa_target(), self._timing()
        self._predict(0.0)  # now with the real scrape interval
        settle = timing.query_window + 2 * timing.scrape_interval + timing.hpa_sync
        most = target.min_replicas
        begun = self._now()
        announced = False
        while True:
            self._step("")
            now = self._now()
            found = rest(self.state, target.threshold, settle, now)
            if found.at_rest:
                self._lines.say(f"at rest: {found.message}")
                return found.baseline
            # More may be seen while it waits: what an earlier load has asked for comes a little after it.
            most = max([most, *(max(one.spec, one.current) for one in self.state.history[-1:])])
            scale_in = scale_down_seconds(target, most, self.options.hpa_downscale_stabilization, timing.hpa_sync)
            limit, parts = rest_limit(settle, scale_in, self.target.grace_seconds)
            if now - begun > limit or math.isinf(limit):
                return Verdict(
                    "not_ready",
                    "not_at_rest",
                    f"The workload did not come to rest within {limit:.0f} s ({parts}): {found.message}. "
                    "Does anything else send requests? Nothing was sent by this proof.",
                )
            if not announced and now - begun > 1:
                self._lines.say(f"waiting for rest, at most {limit:.0f} s ({parts}): {found.message}")
                announced = True
            self._lines.regular(f"waiting for rest: {found.message}")

    def _predict(self, baseline: float) -> Prediction:
        """:raises BadInput: the load is too short for what it is to show"""
        target, spec, hold = self._hpa_target(), self.load.spec, self.options.hold_seconds
        prediction = predict(target, spec.rate, target.min_replicas, self._timing(), baseline)
        needed = prediction.latest_seconds + hold
        if spec.duration < needed:
            raise BadInput(_words.too_short_words(prediction, spec.duration, hold, math.ceil(needed)))
        return prediction

    def _send_and_judge(self, prediction: Prediction) -> Verdict:
        self.timeline.phase = "load"
        self._pods_before = set(self.state.pods)
        self.load.start()
        verdict: Verdict | None = None
        while verdict is None:
            self._step("")
            self._lines.load(self.load.last, self.state, prediction.threshold)
            verdict = self._hopeless() or self._judge(prediction)
        self._finish_load()
        return verdict

    def _judge(self, prediction: Prediction) -> Verdict | None:
        first = self.timeline.first_request
        facts = load_facts(self.load.last)
        if first is None:
            if not facts.ended:
                return None
            return load_trouble(facts) or Verdict("aborted", "load_not_sent", "The sender ended without a request.")
        now = self._now()
        if not self.state.unwatched and self.state.is_catching_up(now):
            return None
        over = {"metric_over_threshold", "hpa_metric_over_threshold"} & set(self.timeline.hops)
        return judge(
            self.state.since(first),
            prediction,
            facts,
            # What stays on when the last request is over is not under load.
            now=min(now - first, self.load.spec.duration),
            hold_seconds=self.options.hold_seconds,
            metric_was_over=bool(over),
            unwatched=self.state.unwatched,
        )

    def _hopeless(self) -> Verdict | None:
        """Return a verdict when nothing at all is answered: nobody should wait minutes for that."""
        facts, first = load_facts(self.load.last), self.timeline.first_request
        limit = _HOPELESS_SECONDS + self.load.spec.timeout
        if first is None or facts.answered or self._now() - first < limit:
            return None
        return load_trouble(facts)

    def _finish_load(self) -> None:
        counts = self.load.poll()
        if not counts["ended"]:
            self._load_ended_early = True
            self.timeline.add("load", "http", "ended", "early, since the verdict was there")
            self.load.drain()
            self.load.wait(min(self.load.spec.timeout, 10.0) + 0.5, self._now)

    def _stop_load(self) -> None:
        self.load.stop()
        self.load.wait(0.5, self._now)

    # What is read on the way

    def _step(self, idle_text: str) -> None:
        """Take in what was observed within a tick.

        :raises Aborted: a signal, or the ScaledObject is gone
        """
        try:
            seen = self._watched.observations.get(timeout=_TICK_SECONDS)
            while True:
                for change in self.state.apply(seen):
                    self.timeline.add(change.source, change.name, change.field, change.value, change.at)
                    self._note_hops(change)
                seen = self._watched.observations.get_nowait()
        except queue.Empty:
            pass
        self._watched.interrupt.check()
        if "scaledobjects" in self.state.seen and self.state.scaledobject is None:
            raise Aborted("scaledobject_deleted", f"ScaledObject {self.target.scaledobject} was deleted.")
        counts = self.load.poll()
        if counts["first_sent"] is not None and self.timeline.first_request is None:
            self.timeline.hop("first_request", counts["first_sent"], "the sender's clock", 0.0)
        if idle_text and not self.state.seen and not self.state.errors:
            self._lines.regular(idle_text)

    def _note_hops(self, change: Change) -> None:
        """Keep the time of the first sign of each step after the first request."""
        if self.prediction is None or self.timeline.first_request is None:
            return
        for hop in passed_hops(Sight(change, self.state, self.prediction, self._pods_before)):
            self.timeline.hop(hop.name, change.at, hop.words, hop.resolution_seconds)

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
