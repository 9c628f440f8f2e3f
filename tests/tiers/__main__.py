# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Run a tier of the tests: python -m tests.tiers check|test|pythons|fuzz|all [STEP...]

With names of steps only those run. `all` leaves out what has passed before for the same files. Ends with the table of
times and the line `N passed, N failed`, which build/tests/summary has, too. The logs are beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.tiers import table
from tests.tiers.record import Record
from tests.tiers.runner import Outcome, Runner
from tests.tiers.steps import OLD_CORE, OLD_PYTHONS, PYTHONS, ROOT, can_run, tiers


def main() -> int:
    """Return the exit status."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m tests.tiers", description="Run a tier of the tests.")
    parser.add_argument("tier", choices=tiers())
    parser.add_argument("steps", nargs="*", help="names of the steps to run; all of the tier if there are none")
    arguments = parser.parse_args()
    steps = tiers()[arguments.tier]
    unknown = set(arguments.steps) - {step.name for step in steps}
    if unknown:
        names = ", ".join(step.name for step in steps)
        parser.error(f"no step {', '.join(sorted(unknown))} in {arguments.tier}; there are: {names}")
    for version in PYTHONS if arguments.tier in ("pythons", "all") else ():
        if f"python-{version}" not in {step.name for step in steps}:
            print(f"Python {version} is not installed: the unit tests with it are skipped", flush=True)
    if arguments.tier == "all" and not can_run(OLD_PYTHONS):
        print(f"{OLD_CORE} is not installed: the scenario {OLD_PYTHONS} is skipped", flush=True)
    folder = Path(os.environ.get("KEDA_DEMO_BUILD", ROOT / "build")) / "tests"
    resumable = arguments.tier == "all"
    record = Record(folder / "passed.json", ROOT) if resumable else None

    def keep(outcome: Outcome) -> None:
        if record and outcome.result == "passed":
            record.add(outcome.step.name)

    runner = Runner(folder, done=lambda step: bool(record and record.has_passed(step.name)), after=keep)
    outcomes = runner.run([step for step in steps if not arguments.steps or step.name in arguments.steps])
    summary = table.render(outcomes, time.monotonic() - began)
    (folder / "summary").write_text(f"{summary}\n")
    print(f"\n{summary}", flush=True)
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
