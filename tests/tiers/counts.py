# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What passed and failed inside a step: pytest's tests by its JUnit report, molecule's steps by its log lines.

The summary repeats what failed, since whoever has only the end of a run's output sees nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# With colours molecule writes `default ➜ create: Executing` instead of `[default > create] Executing`.
MOLECULE_LINE = re.compile(r"^(?:INFO|WARNING|ERROR)\s+\[?(\S+) (?:>|➜) (\w+)(?:\]|:) (Executing|Executed: .+)$")

# Molecule puts this before each line of Ansible, and wraps the lines.
FRAME = re.compile(r"^\s*│ ?")
# Of Ansible's default callback: a task's title, whose end may be on the next line, and the line with a failed result,
# whose fields are on the next lines.
TASK = re.compile(r"^(?:TASK|HANDLER) \[(.+?)(?:\](?: \**)?)?$")
FAILED = re.compile(r"^(?:fatal|failed): \[")
REASON_LINES = 15
LINE_LENGTH = 200


@dataclass(frozen=True)
class Counts:
    """Numbers of tests, or of steps."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Return the sums."""
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        """Return `3 passed, 0 failed`, and the skipped where there are any."""
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def of_junit(report: Path) -> Counts:
    """Return the counts of a JUnit report; all zero if pytest has not written it."""
    if not report.is_file():
        return Counts()
    found = Counts()
    for suite in ElementTree.parse(report).iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        found += Counts(int(suite.get("tests", 0)) - failed - skipped, failed, skipped)
    return found


def failures_of_junit(report: Path) -> list[str]:
    """Return the names of a JUnit report's tests that have failed."""
    if not report.is_file():
        return []
    cases = ElementTree.parse(report).iter("testcase")
    failed = (case for case in cases if case.find("failure") is not None or case.find("error") is not None)
    return [f"{case.get('classname')}::{case.get('name')}" for case in failed]


@dataclass
class Part:
    """A step of molecule: a scenario's action, and its seconds once it has ended.

    :ivar reason: the task that has failed last, and the beginning of its result
    """

    name: str
    began: float
    seconds: float | None = None
    result: str = "not finished"
    reason: list[str] = field(default_factory=list)


@dataclass
class MoleculeLog:
    """The actions in molecule's log, as far as it was read."""

    parts: list[Part] = field(default_factory=list)
    _task: str = ""
    _in_result: bool = False

    def read(self, line: str, now: float) -> None:
        """Take in a line that was written at `now`, in seconds of any clock."""
        line = ESCAPES.sub("", line).rstrip()
        found = MOLECULE_LINE.match(line)
        if not found:
            if self.parts:
                self._read_ansible(FRAME.sub("", line), self.parts[-1])
            return
        scenario, action, event = found.groups()
        if event == "Executing":
            self.parts.append(Part(f"{scenario} {action}", now))
        elif self.parts:
            part = self.parts[-1]
            part.seconds = now - part.began
            # Such as `Executed: Successful` and, for a scenario without that playbook, `Executed: Missing playbook`.
            part.result = {"Successful": "passed", "Failed": "failed"}.get(event.split(": ")[1], "left out")

    def _read_ansible(self, line: str, part: Part) -> None:
        task = TASK.match(line)
        if task:
            self._task, self._in_result = task[1], False
        elif FAILED.match(line):
            part.reason, self._in_result = [self._task], True
        elif not line:
            self._in_result = False
        elif line.startswith("...ignoring"):
            part.reason, self._in_result = [], False
        if self._in_result and len(part.reason) <= REASON_LINES:
            part.reason.append(line[:LINE_LENGTH])

    def failures(self) -> list[str]:
        """Return the name of each action that has not passed, followed by its reason."""
        failed = [part for part in self.parts if part.result in {"failed", "not finished"}]
        return [line for part in failed for line in (part.name, *(f"  {line}" for line in part.reason))]

    def counts(self) -> Counts:
        """Return how many actions have passed, and how many have not."""
        results = [part.result for part in self.parts]
        return Counts(results.count("passed"), results.count("failed") + results.count("not finished"))
