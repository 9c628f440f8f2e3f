# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What passed and failed inside a step: pytest's tests by its JUnit report, molecule's steps by its log lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# With colours molecule writes `default ➜ create: Executing` instead of `[default > create] Executing`.
MOLECULE_LINE = re.compile(r"^(?:INFO|WARNING|ERROR)\s+\[?(\S+) (?:>|➜) (\w+)(?:\]|:) (Executing|Executed: .+)$")


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


@dataclass
class Part:
    """A step of molecule: a scenario's action, and its seconds once it has ended."""

    name: str
    began: float
    seconds: float | None = None
    result: str = "not finished"


@dataclass
class MoleculeLog:
    """The actions in molecule's log, as far as it was read."""

    parts: list[Part] = field(default_factory=list)

    def read(self, line: str, now: float) -> None:
        """Take in a line that was written at `now`, in seconds of any clock."""
        found = MOLECULE_LINE.match(ESCAPES.sub("", line.rstrip()))
        if not found:
            return
        scenario, action, event = found.groups()
        if event == "Executing":
            self.parts.append(Part(f"{scenario} {action}", now))
        elif self.parts:
            part = self.parts[-1]
            part.seconds = now - part.began
            # Such as `Executed: Successful` and, for a scenario without that playbook, `Executed: Missing playbook`.
            part.result = {"Successful": "passed", "Failed": "failed"}.get(event.split(": ")[1], "left out")

    def counts(self) -> Counts:
        """Return how many actions have passed, and how many have not."""
        results = [part.result for part in self.parts]
        return Counts(results.count("passed"), results.count("failed") + results.count("not finished"))
