# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs a tier's steps, times them, and leaves nothing running: not after a failure, and not after a signal.

A step writes to its log, which is read while it grows. A pipe would stay open as long as any process that the step has
left behind.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tests.tiers import processes
from tests.tiers.counts import Counts, MoleculeLog, Part, failures_of_junit, of_junit
from tests.tiers.steps import Kind, Step

AT_ONCE = 2
POLL_SECONDS = 0.2
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


@dataclass
class Outcome:
    """How a step has ended."""

    step: Step
    result: str
    seconds: float = 0.0
    counts: Counts = field(default_factory=Counts)
    parts: list[Part] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the steps that need this one."""
        return self.result in {"passed", "passed before"}


class _Running:
    """A step whose process was started."""

    def __init__(self, step: Step, folder: Path, mark: str) -> None:
        self.step = step
        self.log = folder / f"{step.name}.log"
        self.report = folder / f"{step.name}.xml"
        self.report.unlink(missing_ok=True)
        self.molecule = MoleculeLog()
        self.began = time.monotonic()
        command = [*step.command, *([f"--junitxml={self.report}"] if step.kind is Kind.PYTEST else [])]
        print(f"\n== {step.name}: {' '.join(command)}", flush=True)
        self.process = _start(command, self.log, mark, step.environment)
        self._reader = self.log.open("rb")
        self._begun_line = b""

    def read(self, show: bool) -> None:
        """Take in what the log has got since the last time."""
        new = self._reader.read()
        *lines, self._begun_line = (self._begun_line + new).split(b"\n")
        for line in lines:
            self.molecule.read(line.decode(errors="replace"), time.monotonic())
        if show:
            sys.stdout.write(new.decode(errors="replace"))
            sys.stdout.flush()

    def outcome(self, show: bool) -> Outcome:
        """Return how the step has ended."""
        self.read(show)
        self._reader.close()
        found, failures = Counts(), self.molecule.failures()
        if self.step.kind is Kind.PYTEST:
            found, failures = of_junit(self.report), failures_of_junit(self.report)
        elif self.step.kind is Kind.MOLECULE:
            found = self.molecule.counts()
        elif self.process.returncode == 0:
            found = Counts(passed=1)
        if self.process.returncode != 0 and found.failed == 0:
            found += Counts(failed=1)
        seconds = time.monotonic() - self.began
        result = "failed" if found.failed or self.process.returncode else "passed"
        return Outcome(self.step, result, seconds, found, self.molecule.parts, failures)


def _start(command: list[str], log: Path, mark: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C reaches this program alone, which ends the step and then cleans up.
            start_new_session=True,
            env=os.environ | environment | {processes.VARIABLE: mark},
        )


class Runner:
    """Runs steps in their order, those that may run beside each other two at a time.

    :param folder: where the logs go
    :param done: tells whether a step needs no new run
    :param after: is called with every outcome
    """

    def __init__(self, folder: Path, done: Callable[[Step], bool], after: Callable[[Outcome], None]) -> None:
        self._folder = folder
        self._done = done
        self._after = after
        self._mark = uuid.uuid4().hex
        self._signal: int | None = None
        self.outcomes: list[Outcome] = []

    def run(self, steps: list[Step]) -> list[Outcome]:
        """Return the outcomes, in the order in which the steps have ended."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in SIGNALS:
            signal.signal(number, self._note)
        try:
            for beside, group in itertools.groupby(steps, key=lambda step: step.beside):
                self._run_group(list(self._wanted(group)), AT_ONCE if beside else 1)
        finally:
            # Such as the connections that ssh keeps open for the next task.
            processes.end_all(self._mark)
        return self.outcomes

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number

    def _wanted(self, group: Iterator[Step]) -> Iterator[Step]:
        for step in group:
            if self._done(step):
                self._add(Outcome(step, "passed before"))
            else:
                yield step

    def _add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._after(outcome)

    def _run_group(self, waiting: list[Step], at_once: int) -> None:
        running: list[_Running] = []
        while waiting or running:
            while waiting and len(running) < at_once:
                step = waiting.pop(0)
                if self._signal or (step.needs_all and not all(outcome.is_good for outcome in self.outcomes)):
                    self._add(Outcome(step, "not run"))
                else:
                    self._clean_up(step)
                    running.append(_Running(step, self._folder, self._mark))
            time.sleep(POLL_SECONDS)
            if self._signal:
                processes.end_all(self._mark)
            for one in list(running):
                one.read(show=at_once == 1)
                if one.process.poll() is not None:
                    running.remove(one)
                    self._end(one, at_once)

    def _end(self, ended: _Running, at_once: int) -> None:
        outcome = ended.outcome(show=at_once == 1)
        if self._signal and outcome.result != "passed":
            outcome.result = "interrupted"
        if at_once > 1:
            print(f"\n== {ended.step.name}:\n{ended.log.read_text(errors='replace')}", end="")
        print(f"== {ended.step.name}: {outcome.result} after {outcome.seconds:.1f} s", flush=True)
        if outcome.result != "passed" and not ended.step.keep:
            processes.end_all(self._mark)
            self._clean_up(ended.step)
        self._add(outcome)

    def _clean_up(self, step: Step) -> None:
        """Run the step's clean-up to its end, whatever signals come."""
        if not step.clean_up:
            return
        log = self._folder / f"{step.name}-clean-up.log"
        print(f"== {step.name}: {' '.join(step.clean_up)}", flush=True)
        status = _start(list(step.clean_up), log, self._mark, {}).wait()
        if status != 0:
            print(log.read_text(errors="replace"), f"== the clean-up has failed: {status}", sep="\n", flush=True)
