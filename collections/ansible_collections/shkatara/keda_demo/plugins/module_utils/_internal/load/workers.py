# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Sends loads from worker processes of their own.

They are forked before the module starts any thread: their clocks are not disturbed by watches, and they end by
themselves when the module is gone, however that happened.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from . import stats
from .schedule import LoadSpec
from .stats import LoadStats
from .worker import SIGNALS, StartOrder, serve

_START_SECONDS = 0.02  # in which every worker reads its order


class _Member:
    """The outside of a worker process."""

    def __init__(self, name: str, connection: Connection, process: multiprocessing.process.BaseProcess) -> None:
        self.name = name
        self.connection = connection
        self.process = process
        self.stats = LoadStats()
        self.dead = False
        self._asked = False

    def order(self, order: StartOrder | str) -> None:
        """Send an order, if there is anybody to take it."""
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def start(self, order: StartOrder) -> None:
        """Begin another load."""
        self.stats = LoadStats()
        self.order(order)

    def read(self) -> None:
        """Take in the newest counts, and ask for newer ones. A process that died counts as ended, and says so."""
        try:
            while not self.dead and self.connection.poll():
                self.stats = self.connection.recv()
                self._asked = False
        except (EOFError, OSError):
            self.dead = True
        if self.dead and not self.stats.ended:
            self.stats.ended, self.stats.died = True, self._how_it_died()
        if not self._asked and not self.stats.ended:
            self._asked = True
            self.order("report")

    def _how_it_died(self) -> str:
        self.process.join(timeout=1)
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"{self.name} was ended by signal {-code} ({signal.strsignal(-code)})"
        return f"{self.name} ended with exit code {code}"


class LoadProcess:
    """The sender in its own processes. Make it before any thread is started: they are forked."""

    def __init__(self, workers: int = 1) -> None:
        self._members: list[_Member] = []
        self._running = False
        self.last: dict[str, Any] = LoadStats().as_dict()
        context = multiprocessing.get_context("fork")
        # A signal that comes before a child ignores it would end the child alone.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            for number in range(workers):
                ours, theirs = context.Pipe()
                others = [*(member.connection for member in self._members), ours]
                process = context.Process(target=serve, args=(theirs, others), name=f"load-{number}", daemon=True)
                process.start()
                theirs.close()
                name = "The sender's process" + (f" {number + 1} of {workers}" if workers > 1 else "")
                self._members.append(_Member(name, ours, process))
        except BaseException:
            # Else multiprocessing would wait at the end for processes that wait for us.
            self.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def start(self, spec: LoadSpec) -> None:
        """Begin to send now, in all workers at the same moment.

        :raises RuntimeError: the load before has not ended, or spec.workers are not those of this object
        """
        if self._running and not self.poll()["ended"]:
            raise RuntimeError("the load before has not ended")
        if spec.workers != len(self._members):
            raise RuntimeError(f"a load for {spec.workers} workers was given to {len(self._members)}")
        begin = time.monotonic() + _START_SECONDS
        for worker, member in enumerate(self._members):
            member.start(StartOrder(spec, worker, begin))
        self._running = True
        self.last = LoadStats().as_dict()

    def drain(self) -> None:
        """Send no more, and wait for the answers to what was sent."""
        self._order("drain")

    def stop(self) -> None:
        """Send no more and give up the open requests."""
        self._order("stop")

    def poll(self) -> dict[str, Any]:
        """Return the newest counts of the load, of all workers; see LoadStats.as_dict.

        When a worker has died the others are stopped: what they send is not the load that was asked for.
        """
        if self._running or any(member.process.exitcode is not None for member in self._members):
            for member in self._members:
                member.read()
            if any(member.stats.died for member in self._members) and not all(
                member.stats.ended for member in self._members
            ):
                self._order("stop")
            self.last = stats.merged(member.stats for member in self._members).as_dict()
        return self.last

    def wait(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> dict[str, Any]:
        """Return the last counts, once sending has ended or `seconds` are over."""
        end = clock() + seconds
        while not self.poll()["ended"] and clock() < end:
            wait([member.connection for member in self._members if not member.dead], 0.05)
        return self.last

    def close(self) -> None:
        """End the processes, whatever they do."""
        for member in self._members:
            member.connection.close()
        for member in self._members:
            member.process.join(timeout=1)
            if member.process.is_alive() and member.process.pid is not None:
                os.kill(member.process.pid, signal.SIGKILL)
                member.process.join(timeout=1)

    def _order(self, order: str) -> None:
        if not self._running:
            self.last = {**self.last, "ended": True}
        for member in self._members:
            member.order(order)
