# SPDX-License-Identifier: MIT
"""Whole proofs in no time: observations come from a script, and time passes only while the proof waits for them."""

from __future__ import annotations

import csv
import json
import queue
from collections import Counter
from dataclasses import replace

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.progress import (
    Progress,
    ProgressReader,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import Clock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.versions import known_version
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.options import LoadOptions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import dry_run, report
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.external_load import ExternalLoad
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import Options, Phase
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.output.files import NoFiles, ProofFiles
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.output.timeline import Timeline
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.run import prove
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.session import Inputs, Outputs, Session
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.target import find_target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.wiring import new_state
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, SCALEDOBJECT
from ansible_collections.shkatara.keda_demo.tests.support.observations import NOON, later
from ansible_collections.shkatara.keda_demo.tests.support.recordings import COUNTED

# The monotonic clock when a script begins.
BEGIN = 1000.0
COUNTER = "python_request_operations_total"
URL = "http://192.0.2.11:30115/"


class Time:
    """The one clock of a test."""

    now = BEGIN


class Script(queue.Queue):
    """A queue whose observations come at their time, on a clock that moves only here."""

    def __init__(self, time, observations, at=()):
        super().__init__()
        self.time = time
        self.script = sorted(observations, key=lambda item: item.at)
        self.events = sorted(at, key=lambda item: item[0])

    def get(self, block=True, timeout=None):
        if block and not (self.script and self.script[0].at <= self.time.now):
            self.time.now += timeout
        while self.events and self.events[0][0] <= self.time.now:
            self.events.pop(0)[1]()
        if self.script and self.script[0].at <= self.time.now:
            return self.script.pop(0)
        raise queue.Empty


class Load:
    """Stands for LoadWorkers: sends each load's requests at their time, and notes the orders."""

    def __init__(self, time, share=1.0):
        self.time, self.share = time, share
        self.stats = LoadStats()
        self.begun = self.ended = self.died_at = None
        self.orders, self.specs = [], []
        self.answered_before = 0

    def start(self, spec):
        self.orders.append("start")
        self.specs.append(spec)
        self.answered_before += self.stats.answered
        self.stats = LoadStats()
        self.begun, self.ended = self.time.now + 0.02, None

    def drain(self):
        self.orders.append("drain")
        self.ended = self.time.now

    def stop(self):
        self.orders.append("stop")
        self.ended = self.time.now

    def poll(self):
        if self.begun is not None and self.died_at is not None:
            how = "The sender's process was ended by signal 9 (Killed)"
            self.stats = replace(self.stats, ended=True, died=how)
        elif self.begun is not None:
            spec = self.specs[-1]
            end = self.begun + spec.duration if self.ended is None else self.ended
            now = min(self.time.now, end)
            sent = min(spec.count, 1 + int(spec.requests_until(now - self.begun))) if now >= self.begun else 0
            answered = int(sent * self.share)
            self.stats = LoadStats(
                scheduled=sent,
                sent=sent,
                answered=answered,
                statuses=Counter({"200": answered, "503": sent - answered}),
                first_sent=self.begun if sent else None,
                last_sent=self.begun + spec.due(sent - 1) if sent else None,
                ended=self.time.now >= end,
            )
        return self.stats

    def wait(self, seconds, clock):
        del clock
        self.time.now += min(seconds, 0.1)
        return self.poll()


class Signal:
    """Stands for SignalFlag."""

    name = ""


class Run:
    """One proof over a script, and what came of it.

    :param scaledobject: what the proof's target is read from
    :param cluster: the objects of a target that is no Deployment
    :param load: the options of `load.http` but the URL; with the option `external` nothing is sent
    :param share: the part of the requests that is answered
    :param at: (seconds, what to do with this run)
    :param plan_only: plan the proof as in check mode
    :param counted: gives what the pods' counters say, by pod, of this run and the scrape targets that are asked
    """

    def __init__(
        self,
        folder,
        observations,
        *,
        scaledobject=SCALEDOBJECT,
        cluster=None,
        load=None,
        share=1.0,
        at=(),
        counted=None,
        trigger=None,
        counter=COUNTER,
        given_interval=0.0,
        kubernetes="v1.25.0",
        keda="2.10.0",
        plan_only=False,
        refused_for=0.0,
        **options,
    ):
        self.time = Time()
        self.load = Load(self.time, share)
        self.interrupt = Signal()
        self.files = NoFiles() if plan_only else ProofFiles(str(folder), "proof")
        self.progress = folder / "progress"
        self.asked = []
        clock = Clock(lambda: self.time.now, lambda: self.time.now - BEGIN + NOON)
        # The script's own times begin with 0.
        script = Script(
            self.time,
            [later(item, BEGIN) for item in observations],
            [(BEGIN + when, lambda what=what: what(self)) for when, what in at],
        )

        def read_counters(targets):
            targets = list(targets)
            self.asked.append(targets)
            return counted(self, targets) if counted else counts_of_all(self, targets)

        cluster = cluster or Objects(scaledobjects=[scaledobject], deployments=[DEPLOYMENT])
        asked = {name: options.get(name) for name in ("metric_per_request", "query_window")}
        target = find_target(cluster, "test", "scaledobject-py", trigger, counter, **asked)
        if "phases" in options:
            options["phases"] = tuple(map(Phase, options["phases"]))
        state = new_state(target, given_interval)
        state.cluster.keda = known_version(keda)
        asked = {"rate": 34.5} if load is None else load
        if options.get("external"):
            self.load = ExternalLoad(state, clock.monotonic)
        self.session = Session(
            target,
            Options(**{"wait_timeout": 60.0, **options}),
            LoadOptions("") if options.get("external") else LoadOptions(**{"url": URL, **asked}),
            state=state,
            load=self.load,
            inputs=Inputs(
                script,
                clock,
                self.interrupt,
                read_counters,
                refusal=lambda: BadInput("refused") if self.seconds < refused_for else None,
            ),
            outputs=Outputs(
                Progress(str(self.progress)),
                self.files,
                Timeline(clock, self.files),
                {"kubernetes": kubernetes, "keda": keda},
            ),
        )
        if plan_only:
            self.result = dry_run.plan(self.session)
            return
        self.proof = prove(self.session)
        self.result = report.result(self.proof)

    @property
    def facts(self):
        """The facts behind the verdict's reason."""
        return self.proof.verdict.facts

    @property
    def verdict(self):
        return self.result["verdict"], self.result["reason"]

    @property
    def seconds(self):
        """How long the proof took."""
        return self.time.now - BEGIN

    @property
    def lines(self):
        return list(ProgressReader(str(self.progress)).read_new())

    @property
    def rows(self):
        """The timeline."""
        with (self.files.folder / "timeline.csv").open() as file:
            return list(csv.DictReader(file))

    @property
    def passed(self):
        """The phases that came to their end, and whether each passed."""
        return [(phase["phase"], phase["passed"]) for phase in self.result["phases"]]

    def written(self):
        """What is in verdict.json now."""
        return json.loads((self.files.folder / "verdict.json").read_text())


def counts_of_all(run, targets):
    """The counters of pods that together count all that is answered; the first one had counted before."""
    answered = run.load.answered_before + run.load.stats.answered
    first, *others = [one.pod for one in targets]
    share = answered // (1 + len(others))
    return {first: COUNTED + answered - share * len(others), **dict.fromkeys(others, float(share))}
