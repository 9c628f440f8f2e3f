# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prints the rate, lateness and cost of the load generator, and of vegeta against the same nginx on loopback.

Usage: python -m tests.bench.load [PAIRS]

The sender and vegeta send each rate in turn, PAIRS times (3), for 10 s, with a new connection for each request. The
figures are medians.

- rate held: the number of requests less 1, divided by the seconds from the first to the last request
- late: p99 of the time between the due time of a request and its sending. The sender measures it. vegeta records when
  it began each request; request n is due n / rate after the first, which so counts as in time.
- CPU: user and system seconds of the generator's processes
- RSS: the peak of the largest process, in MB of 1,000,000 bytes
- failed: requests that were not sent, or not answered with 2xx
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.workers import LoadWorkers

from tests.bench.load_targets import nginx, vegeta, waiting_server

ROOT = Path(__file__).parents[2]
USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHE = Path(os.environ.get("KEDA_DEMO_CACHE") or USER_CACHE / "keda_demo")
SECONDS = 10
TIMEOUT = 30.0
LATE_MS, RSS_MB = 2.0, 64.0
ANSWER_SECONDS = 20.0
# Requests a second and workers; requests in flight and workers.
RATES = [(2000, 1), (5000, 2)]
IN_FLIGHT = [(15_000, 1), (20_000, 2)]


@dataclass(frozen=True)
class Figures:
    """The figures of one run of a generator, in the units of the table."""

    rate: float
    late: float
    cpu: float
    rss: float
    failed: int
    in_flight: int = 0


def send(url: str, rate: float, seconds: float, workers: int) -> None:
    """Send a load from children of this process, and print its counts as JSON."""
    importlib.import_module("kubernetes")  # the module has imported it when it forks the workers
    load = LoadWorkers(workers)
    load.start(LoadSpec(url, (Stage(rate, seconds),), TIMEOUT, workers))
    in_flight = 0
    while not load.poll().ended:
        in_flight = max(in_flight, load.stats.in_flight)
        time.sleep(0.1)
    load.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({**load.stats.as_dict(), "most_in_flight": in_flight, "cpu": cpu, "rss": used.ru_maxrss}))


def ours(url: str, rate: float, seconds: float, workers: int) -> Figures:
    """Send a load by our sender, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.load", "send", url, str(rate), str(seconds), str(workers)]
    printed = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    counts: dict[str, Any] = json.loads(printed)
    return Figures(
        rate=(counts["sent"] - 1) / (counts["last_sent"] - counts["first_sent"]),
        late=counts["late_ms"]["p99"],
        cpu=counts["cpu"],
        rss=counts["rss"] * 1024 / 1e6,
        failed=counts["scheduled"] - counts["answered"],
        in_flight=counts["most_in_flight"],
    )


def theirs(program: Path, url: str, rate: int, seconds: int) -> Figures:
    """Send a load by vegeta."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        command = [str(program), "attack", f"-rate={rate}/s", f"-duration={seconds}s", f"-timeout={TIMEOUT:g}s"]
        command += ["-keepalive=false", f"-output={results}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(f"GET {url}\n".encode())
            process.stdin.close()
            _pid, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"vegeta ended with {process.returncode}")
        encode = [str(program), "encode", "-to=csv", str(results)]
        lines = subprocess.run(encode, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    requests = sorted((int(began), code) for began, code, *_rest in (line.split(",") for line in lines))
    first = requests[0][0]
    late = sorted((began - first) / 1e6 - 1000 * number / rate for number, (began, _code) in enumerate(requests))
    return Figures(
        rate=(len(requests) - 1) / (requests[-1][0] - first) * 1e9,
        late=late[int(0.99 * len(late))],
        cpu=used.ru_utime + used.ru_stime,
        rss=used.ru_maxrss * 1024 / 1e6,
        failed=rate * seconds - sum(code.startswith("2") for _began, code in requests),
    )


def show(name: str, runs: list[Figures], target: float = 0.0, in_time: bool = False) -> None:
    """Print the medians as a line of the table, and the targets that they miss.

    :param target: the rate, 0 for a line without targets
    :param in_time: whether the lateness has a target
    """
    rate, late, cpu, rss, failed = (
        statistics.median(getattr(run, key) for run in runs) for key in ("rate", "late", "cpu", "rss", "failed")
    )
    missed = ["rate"] if rate < 0.999 * target else []
    missed += ["late"] if in_time and late > LATE_MS else []
    missed += ["RSS"] if target and rss > RSS_MB else []
    missed += ["failed"] if target and failed else []
    note = f"  MISSED: {', '.join(missed)}" if missed else ""
    print(f"{name:<28} {rate:8.1f}/s {late:8.2f} ms {cpu:7.2f} s {rss:7.1f} MB {failed:8.0f}{note}", flush=True)


def show_in_flight(aim: int, workers: int, run: Figures) -> None:
    """Print the most requests that were open at the same time."""
    name = f"in flight, {workers} process{'es' if workers > 1 else ''}"
    missed = "  MISSED" if run.in_flight < aim or run.failed else ""
    print(
        f"{name:<28} {run.in_flight:8d} target {aim}, late {run.late:.2f} ms, {run.cpu:.2f} s, {run.rss:.1f} MB, "
        f"failed {run.failed}{missed}",
        flush=True,
    )


def main(pairs: int = 3) -> None:
    """Measure and print."""
    print(f"{'load on loopback':<28} {'rate held':>10} {'late p99':>11} {'CPU':>9} {'RSS':>10} {'failed':>8}")
    print(f"{'target':<28} {'':>10} {LATE_MS:8.2f} ms {'':>9} {RSS_MB:7.1f} MB {0:8d}")
    with nginx() as url:
        program = vegeta(CACHE)
        for rate, workers in RATES:
            runs = [(ours(url, rate, SECONDS, workers), theirs(program, url, rate, SECONDS)) for _ in range(pairs)]
            name = f"{rate}/s, {workers} worker{'s' if workers > 1 else ''}"
            # Two workers and the server use both cores, so only one worker has a target for lateness.
            show(name, [mine for mine, _ in runs], rate, in_time=workers == 1)
            show(f"{rate}/s, vegeta", [other for _, other in runs])
    with waiting_server(ANSWER_SECONDS) as url:
        for aim, workers in IN_FLIGHT:
            # The load lasts a tenth longer than an answer takes, so that the aim is reached before the first answer.
            run = ours(url, 1.05 * aim / ANSWER_SECONDS, 1.1 * ANSWER_SECONDS, workers)
            show_in_flight(aim, workers, run)


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        send(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    else:
        main(*map(int, sys.argv[1:]))
