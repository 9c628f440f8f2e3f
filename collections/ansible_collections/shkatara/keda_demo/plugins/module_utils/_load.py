# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Open-loop HTTP load: requests leave at a constant rate, whether earlier ones were answered or not.

A closed loop (so many clients, each waiting for its answer) sends less as soon as the application slows down,
and so hides what it is to measure. The sender is a process of its own, forked before the module starts any
thread: its clock is not disturbed by watches, and it ends by itself when the module is gone, however that
happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import multiprocessing
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

try:
    import aiohttp
except ImportError:  # the module says so by missing_required_lib
    aiohttp = None  # type: ignore[assignment]

_REPORT_SECONDS = 0.25
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BUCKET = 1.02  # neighbouring buckets of a histogram differ by 2 %


@dataclass(frozen=True)
class LoadSpec:
    """What to send: `rate` requests a second for `duration` seconds, each given `timeout` seconds."""

    url: str
    rate: float
    duration: float
    timeout: float = 10.0

    @property
    def count(self) -> int:
        """The number of requests, which bounds the load also when time runs strangely."""
        return max(1, math.floor(self.rate * self.duration + 1e-9))

    @property
    def most_in_flight(self) -> int:
        """The number of open requests at which no more are begun: a time-out's worth, and some."""
        soft_limit, _hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = math.ceil(self.rate * self.timeout) + 64
        return needed if soft_limit == resource.RLIM_INFINITY else max(1, min(needed, soft_limit - 64))


class Histogram:
    """Quantiles of a stream of values in bounded memory, at a resolution of 2 %."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.highest = 0.0

    def add(self, value: float) -> None:
        """Count a value; what is below 0.000001 counts as that."""
        self._buckets[math.ceil(math.log(max(value, 1e-6), _BUCKET))] += 1
        self.count += 1
        self.highest = max(self.highest, value)

    def quantile(self, share: float) -> float | None:
        """Return the upper bound of the bucket that holds the quantile; None without values."""
        wanted = max(1, math.ceil(share * self.count))
        for bucket in sorted(self._buckets):
            wanted -= self._buckets[bucket]
            if wanted <= 0:
                return min(_BUCKET**bucket, self.highest)
        return None

    def summary_ms(self) -> dict[str, float]:
        """Return p50, p99 and max in milliseconds; empty without values."""
        quantiles = {"p50": self.quantile(0.5), "p99": self.quantile(0.99), "max": self.highest}
        return {name: round(1000 * value, 2) for name, value in quantiles.items() if value is not None and self.count}


@dataclass
class LoadStats:
    """Counts of requests; `first_sent` is on the machine's monotonic clock.

    `died` says how the sender's process ended where it ended before the load; it is empty otherwise.
    """

    scheduled: int = 0
    sent: int = 0
    not_sent: int = 0
    answered: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    first_sent: float | None = None
    last_sent: float | None = None
    late: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)
    ended: bool = False
    died: str = ""

    @property
    def finished(self) -> int:
        """Requests of which we know what became."""
        return sum(self.statuses.values()) + sum(self.errors.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain data: what goes into verdict.json, and over the pipe."""
        return {
            "scheduled": self.scheduled,
            "sent": self.sent,
            "not_sent": self.not_sent,
            "answered": self.answered,
            "failed": self.finished - self.answered,
            "in_flight": self.sent - self.finished,
            "statuses": dict(self.statuses),
            "errors": dict(self.errors),
            "first_sent": self.first_sent,
            "last_sent": self.last_sent,
            "late_ms": self.late.summary_ms(),
            "response_ms": self.response.summary_ms(),
            "ended": self.ended,
            "died": self.died,
        }


class Sender:
    """Sends one load in the running asyncio loop."""

    def __init__(self, spec: LoadSpec) -> None:
        self.spec = spec
        self.stats = LoadStats()
        self._stop = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()

    def stop(self, at_once: bool = False) -> None:
        """Send no more; with `at_once` give up the open requests too."""
        self._stop.set()
        if at_once:
            for task in self._in_flight:
                task.cancel()

    async def run(self) -> LoadStats:
        """Send until the load is over or stopped, then wait for the open requests."""
        timeout = aiohttp.ClientTimeout(total=self.spec.timeout)
        # A new connection each: kube-proxy balances connections, not requests.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                await self._send_all(session)
                if self._in_flight:
                    await asyncio.wait(set(self._in_flight))
            finally:
                for task in self._in_flight:
                    task.cancel()
        self.stats.ended = True
        return self.stats

    async def _send_all(self, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        most = self.spec.most_in_flight
        for number in range(self.spec.count):
            due = start + number / self.spec.rate
            await self._sleep_until(due, loop)
            if self._stop.is_set():
                return
            self.stats.scheduled += 1
            if len(self._in_flight) >= most:
                self.stats.not_sent += 1
                continue
            task = loop.create_task(self._send(session, due, loop))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
        # The last request stands for its whole interval, so that the load lasts as long as it was asked to.
        await self._sleep_until(start + self.spec.duration, loop)

    async def _sleep_until(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        delay = due - loop.time()
        if delay <= 0.2:
            # Also when late, so that answers are read and other tasks run.
            await asyncio.sleep(max(0.0, delay))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), delay)

    async def _send(self, session: aiohttp.ClientSession, due: float, loop: asyncio.AbstractEventLoop) -> None:
        begun = loop.time()
        self.stats.sent += 1
        self.stats.last_sent = begun
        if self.stats.first_sent is None:
            self.stats.first_sent = begun
        self.stats.late.add(begun - due)
        try:
            async with session.get(self.spec.url, allow_redirects=False) as response:
                async for _chunk in response.content.iter_any():
                    pass
                status = response.status
        except asyncio.CancelledError:
            self.stats.errors["given_up"] += 1
        except TimeoutError:
            self.stats.errors["timeout"] += 1
        except (aiohttp.ClientError, OSError) as error:
            self.stats.errors[type(error).__name__] += 1
        else:
            self.stats.statuses[str(status)] += 1
            if 200 <= status < 300:
                self.stats.answered += 1
                self.stats.response.add(loop.time() - begun)


async def _serve(connection: Connection, spec: LoadSpec) -> None:
    """Wait for `start`, send, and report the counts; end when told to or when the other side is gone."""
    loop = asyncio.get_running_loop()
    orders: asyncio.Queue[str] = asyncio.Queue()

    def read_order() -> None:
        try:
            orders.put_nowait(connection.recv())
        except (EOFError, OSError):
            loop.remove_reader(connection.fileno())
            orders.put_nowait("stop")

    loop.add_reader(connection.fileno(), read_order)
    if await orders.get() != "start":
        connection.send(LoadStats(ended=True).as_dict())
        return
    sender = Sender(spec)
    sending = loop.create_task(sender.run())
    reading = loop.create_task(orders.get())
    while not sending.done():
        await asyncio.wait({sending, reading}, timeout=_REPORT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            sender.stop(at_once=reading.result() == "stop")
            reading = loop.create_task(orders.get())
        if not sending.done():
            connection.send(sender.stats.as_dict())
    reading.cancel()
    connection.send(sending.result().as_dict())


def _main(connection: Connection, other_end: Connection, spec: LoadSpec) -> None:
    # Signals of the terminal's group reach this process too; the module decides what they mean and sends an
    # order.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    other_end.close()  # or the end of the module would not be seen here
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        asyncio.run(_serve(connection, spec))


class LoadProcess:
    """The sender in its own process. Make it before any thread is started: it is forked."""

    def __init__(self, spec: LoadSpec) -> None:
        self.spec = spec
        self.last: dict[str, Any] = LoadStats().as_dict()
        context = multiprocessing.get_context("fork")
        self._connection, child_end = context.Pipe()
        self._process = context.Process(
            target=_main, args=(child_end, self._connection, spec), name="load", daemon=True
        )
        # A signal that comes before the child ignores it would end the child alone.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        child_end.close()

    def start(self) -> None:
        """Begin to send now."""
        self._order("start")

    def drain(self) -> None:
        """Send no more, and wait for the answers to what was sent."""
        self._order("drain")

    def stop(self) -> None:
        """Send no more and give up the open requests."""
        self._order("stop")

    def poll(self) -> dict[str, Any]:
        """Return the newest counts; see LoadStats.as_dict. A process that died counts as ended, and says so."""
        try:
            while self._connection.poll():
                self.last = self._connection.recv()
        except (EOFError, OSError):
            if not self.last["ended"]:
                self.last = {**self.last, "ended": True, "died": self._how_it_died()}
        return self.last

    def _how_it_died(self) -> str:
        self._process.join(timeout=1)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"The sender's process was ended by signal {-code} ({signal.strsignal(-code)})"
        return f"The sender's process ended with exit code {code}"

    def wait(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> dict[str, Any]:
        """Return the last counts, once sending has ended or `seconds` are over."""
        end = clock() + seconds
        while not self.poll()["ended"] and clock() < end:
            self._connection.poll(0.05)
        return self.last

    def close(self) -> None:
        """End the process, whatever it does."""
        self._connection.close()
        self._process.join(timeout=1)
        if self._process.is_alive() and self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.join(timeout=1)

    def _order(self, order: str) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send(order)
