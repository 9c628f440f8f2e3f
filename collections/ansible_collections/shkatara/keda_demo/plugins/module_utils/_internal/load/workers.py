# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Sends loads from worker processes.

The processes are forked before the module starts any thread. Watches in the module don't delay their requests, and
they end by themselves when the module is gone, whatever ended it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection, wait

from . import stats
from .schedule import LoadSpec
from .stats import LoadStats
from .worker import SIGNALS, StartOrder, serve

_START_SECONDS = 0.02  # enough for every worker to read its order


class _Member:
    """A worker process, as the module sees it. `stats` is replaced and never changed, since readers keep it."""

    def __init__(self, name: str, connection: Connection, process: multiprocessing.process.BaseProcess) -> None:
        self.name = name
        self.connection = connection
        self.process = process
        self.stats = LoadStats()
        self.dead = False
        self._asked = False

    def order(self, order: StartOrder | str) -> None:
        """Send an order, if the process is still there."""
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def start(self, order: StartOrder) -> None:
        """Begin another load."""
        self.stats = LoadStats()
        self.order(order)

    def read(self) -> None:
        """Receive the newest counts, and ask for newer ones. The load of a process that died has ended."""
        try:
            while not self.dead and self.connection.poll():
                self.stats = self.connection.recv()
                self._asked = False
        except (EOFError, OSError):
            self.dead = True
        if self.dead and not self.stats.ended:
            self.stats = replace(self.stats, ended=True, died=self._cause_of_death())
        if not self._asked and not self.stats.ended:
            self._asked = True
            self.order("report")

    def _cause_of_death(self) -> str:
        self.process.join(timeout=1)
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"{self.name} was ended by signal {-code} ({signal.strsignal(-code)})"
        return f"{self.name} ended with exit code {code}"


class LoadWorkers:
    """The worker processes of a sender. Make them before any thread is started: they are forked.

    `stats` are the newest counts of all workers. A poll replaces them; the counts of an earlier poll don't change.
    """

    def __init__(self, workers: int = 1) -> None:
        self._members: list[_Member] = []
        self._running = False
        self.stats = LoadStats()
        context = multiprocessing.get_context("fork")
        # A signal that arrives before a child ignores signals would end the child alone.
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
            # Otherwise multiprocessing would wait at exit for processes that wait for this one.
            self.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def start(self, spec: LoadSpec) -> None:
        """Begin to send now, in all workers at the same time.

        :raises RuntimeError: the load before has not ended, or spec.workers are not those of this object
        """
        if self._running and not self.poll().ended:
            raise RuntimeError("the load before has not ended")
        if spec.workers != len(self._members):
            raise RuntimeError(f"a load for {spec.workers} workers was given to {len(self._members)}")
        begin = time.monotonic() + _START_SECONDS
        for worker, member in enumerate(self._members):
            member.start(StartOrder(spec, worker, begin))
        self._running = True
        self.stats = LoadStats()

    def drain(self) -> None:
        """Send no more requests, and let the open ones end."""
        self._order("drain")

    def stop(self) -> None:
        """Send no more requests, and give up the open ones."""
        self._order("stop")

    def poll(self) -> LoadStats:
        """Return the newest counts of the load.

        When a worker has died the others are stopped: their shares are not the load that the module was to send.
        """
        if self._running or any(member.process.exitcode is not None for member in self._members):
            for member in self._members:
                member.read()
            if any(member.stats.died for member in self._members) and not all(
                member.stats.ended for member in self._members
            ):
                self._order("stop")
            counts = [member.stats for member in self._members]
            self.stats = counts[0] if len(counts) == 1 else stats.merged(counts)
        return self.stats

    def wait(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> LoadStats:
        """Return the newest counts as soon as the load has ended, or after `seconds`."""
        end = clock() + seconds
        while not self.poll().ended and clock() < end:
            wait([member.connection for member in self._members if not member.dead], 0.05)
        return self.stats

    def close(self) -> None:
        """End the processes, by a signal if they don't end by themselves."""
        for member in self._members:
            member.connection.close()
        for member in self._members:
            member.process.join(timeout=1)
            if member.process.is_alive() and member.process.pid is not None:
                os.kill(member.process.pid, signal.SIGKILL)
                member.process.join(timeout=1)

    def _order(self, order: str) -> None:
        if not self._running:
            self.stats = replace(self.stats, ended=True)
        for member in self._members:
            member.order(order)
