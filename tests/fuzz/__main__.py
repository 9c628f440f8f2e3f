# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Compare predictions with simulated runs of many worlds: python -m tests.fuzz [--worlds N] [--seed S].

A world is an HPA, a load, and the times of a cluster, from wide ranges. All cores work. Prints what became of the
worlds, how long that took, and the seed. A difference ends the run, and is printed with the smallest world that
has one.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

import hypothesis
from ansible_collections.shkatara.keda_demo.tests.support import fuzz_checks, fuzz_worlds
from hypothesis import HealthCheck, Phase, settings

WORLDS = 10_000
# Worlds of one task of a process.
CHUNK = 200


class DifferenceError(Exception):
    """A run differs from its prediction."""


@dataclass
class Share:
    """What became of the worlds of one task, and the seconds that they took; `failure` is the smallest difference."""

    worlds: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    def add(self, other: Share) -> None:
        """Add the counts of another task."""
        self.worlds += other.worlds
        for kind, seconds in other.seconds.items():
            self.seconds[kind] = self.seconds.get(kind, 0.0) + seconds


def run_share(seed: int, worlds: int) -> Share:
    """Return what became of `worlds` worlds, which `seed` determines."""
    share = Share()

    @hypothesis.seed(seed)
    @settings(
        max_examples=worlds,
        deadline=None,
        database=None,
        print_blob=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(fuzz_worlds.cases())
    def compare(case: fuzz_worlds.Case) -> None:
        began = time.process_time()
        result = fuzz_checks.check(case)
        if result.differences:
            share.failure = "found"
            raise DifferenceError("\n  ".join([str(case), *result.differences]))
        if share.failure:  # The worlds from here on are those by which hypothesis shrinks the failure.
            return
        share.worlds[result.kind] += 1
        share.seconds[result.kind] = share.seconds.get(result.kind, 0.0) + time.process_time() - began

    try:
        compare()
    except DifferenceError as error:
        share.failure = str(error)
    return share


def table(total: Share) -> str:
    """Return the counts and times as a table."""
    rows = [f"{'worlds':>7}  {'CPU, s':>8}  what became of them"]
    rows += [f"{count:7}  {total.seconds[kind]:8.1f}  {kind}" for kind, count in total.worlds.most_common()]
    refused = sum(count for kind, count in total.worlds.items() if kind.startswith("refused"))
    rows.append(
        f"{total.worlds.total():7}  {sum(total.seconds.values()):8.1f}  all; {refused} of them refused, and rightly so"
    )
    return "\n".join(rows)


def main() -> int:
    """Return the exit status: 1 if a run differs from its prediction."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Compare predictions with simulated runs."
    )
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{arguments.worlds} worlds on {cores} core(s), seed {arguments.seed}", flush=True)
    began, total, failures = time.monotonic(), Share(), []
    sizes = [min(CHUNK, arguments.worlds - first) for first in range(0, arguments.worlds, CHUNK)]
    with ProcessPoolExecutor(cores) as pool:
        tasks = [pool.submit(run_share, arguments.seed + number, size) for number, size in enumerate(sizes)]
        for number, task in enumerate(as_completed(tasks), 1):
            share = task.result()
            total.add(share)
            if share.failure:
                failures.append(share.failure)
                pool.shutdown(wait=False, cancel_futures=True)
                break
            if number % 10 == 0:
                print(f"{total.worlds.total()} worlds after {time.monotonic() - began:.0f} s", flush=True)
    print(table(total))
    for failure in failures:
        print(f"\nDIFFERENT FROM ITS PREDICTION:\n  {failure}")
    print(
        f"\n{len(failures)} failure(s), {time.monotonic() - began:.0f} s; again with: "
        f"make fuzz FUZZ='--worlds {arguments.worlds} --seed {arguments.seed}'"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
