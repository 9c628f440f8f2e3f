# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The end of a run: where the time went, what has failed, what was counted, and the line `N passed, N failed`."""

from __future__ import annotations

from tests.tiers.counts import Counts
from tests.tiers.runner import Outcome
from tests.tiers.steps import Kind

WORDS = {Kind.PYTEST: "tests", Kind.MOLECULE: "molecule's steps", Kind.PROGRAM: "other steps"}

# Many tests may fail for one reason. The log has all of them.
FAILURE_LINES = 20


def _row(name: str, result: str, seconds: float | None, counts: str = "") -> str:
    time = "" if seconds is None else f"{seconds:8.1f}"
    return f"{name:<34}{result:<14}{time:>8}  {counts}".rstrip()


def render(outcomes: list[Outcome], seconds: float) -> str:
    """Return the table, the failures, a line that counts each kind apart, and the closing line that counts all of them.

    :param seconds: from the start of the run to its end
    """
    lines = [f"{'step':<34}{'result':<14}{'seconds':>8}"]
    for outcome in outcomes:
        ran = outcome.seconds > 0
        counted = str(outcome.counts) if ran and outcome.step.kind is not Kind.PROGRAM else ""
        lines.append(_row(outcome.step.name, outcome.result, outcome.seconds if ran else None, counted))
        lines += [_row(f"  {part.name}", part.result, part.seconds) for part in outcome.parts]
    lines.append(_row("all", "", seconds))
    for outcome in outcomes:
        if outcome.failures:
            lines += ["", f"{outcome.step.name}:", *(f"  {line}" for line in outcome.failures[:FAILURE_LINES])]
    sums = {
        kind: sum((one.counts for one in outcomes if one.step.kind is kind and one.seconds > 0), Counts())
        for kind in WORDS
    }
    lines += ["", "; ".join(f"{WORDS[kind]}: {found}" for kind, found in sums.items())]
    left_out = [outcome.step.name for outcome in outcomes if outcome.result == "not run"]
    if left_out:
        lines.append(f"not run: {', '.join(left_out)}")
    before = [outcome.step.name for outcome in outcomes if outcome.result == "passed before"]
    if before:
        lines.append(f"passed before, for the same files: {', '.join(before)}")
    return "\n".join([*lines, str(sum(sums.values(), Counts()))])
