# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Open-loop HTTP load: requests leave at their times, whether earlier requests were answered or not.

A closed loop (a fixed number of clients, each waiting for its answer) sends less as soon as the application slows down,
and so hides the overload that it is to show.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ssl
from collections.abc import Callable
from functools import partial

from . import capacity
from .answer import NoAnswer
from .plain_http import PlainClient
from .schedule import LoadSpec
from .session_http import SessionClient
from .stats import LoadStats

# After a stall the requests that are due are sent at once, but none later than this: such a burst is another load than
# the given one. The bound also keeps the load from lasting longer.
_TOO_LATE_SECONDS = 1.0
# After this many requests in a row answers are read, also if more requests are due.
_SENT_IN_A_ROW = 8
# Refusals by this machine, not by the server.
_OWN_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


class Sender:
    """Sends a worker's share of one load in the running asyncio loop.

    :param begin: the time of the loop's clock at which the load begins; None for now
    :param most_in_flight: the limit of open requests; None for the number that the load needs
    """

    def __init__(
        self, spec: LoadSpec, worker: int = 0, begin: float | None = None, most_in_flight: int | None = None
    ) -> None:
        self.spec = spec
        self.stats = LoadStats()
        self._loop = asyncio.get_running_loop()
        self._worker = worker
        self._begin_at = begin
        self._most = most_in_flight
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        # The time at which each open request was begun, and the function that gives it up. The oldest is the first, and
        # so the first to time out.
        self._open: dict[int, tuple[float, Callable[[], object]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def stop(self, at_once: bool = False) -> None:
        """Send no more requests; with `at_once` give up the open requests too."""
        self._stop.set()
        if at_once:
            self._give_up("given_up", list(self._open))

    async def run(self) -> LoadStats:
        """Send until the load is over or stopped, then wait for the open requests to end.

        :raises OSError: a URL's host has no address
        """
        most = self._most or capacity.allow_in_flight(self.spec)
        called = self._loop.time()
        async with self._client() as client:
            if self._begin_at is not None:
                # The time to resolve the name is no part of the load.
                self._begin_at += self._loop.time() - called
            try:
                await self._send_all(client, most)
                while self._open:
                    self._idle.clear()
                    await self._idle.wait()
            finally:
                self._give_up("given_up", list(self._open))
                if self._timer is not None:
                    self._timer.cancel()
        self.stats.ended = True
        return self.stats

    def _client(self) -> PlainClient | SessionClient:
        spec, urls = self.spec, self.spec.urls_of(self._worker)
        if capacity.is_plain(spec):
            return PlainClient(*urls, request=spec.request)
        return SessionClient(urls, spec.keep_alive, spec.request)

    async def _send_all(self, client: PlainClient | SessionClient, most: int) -> None:
        begin = self._loop.time() if self._begin_at is None else self._begin_at
        in_a_row = 0
        for number in self.spec.numbers(self._worker):
            due = begin + self.spec.due(number)
            in_a_row += 1
            if due > self._loop.time() or in_a_row >= _SENT_IN_A_ROW:
                in_a_row = 0
                await self._sleep_until(due)
            if self._stop.is_set():
                return
            self.stats.scheduled += 1
            if len(self._open) >= most:
                self.stats.not_sent_reasons["too_many_in_flight"] += 1
            elif self._loop.time() - due > _TOO_LATE_SECONDS:
                self.stats.not_sent_reasons["too_late"] += 1
            else:
                self._send(client, number, due)
        # The last request stands for its whole interval, so that the load lasts for its duration.
        await self._sleep_until(begin + self.spec.duration)

    async def _sleep_until(self, due: float) -> None:
        delay = due - self._loop.time()
        if delay <= 0.2:
            # Also if the request is late, so that answers are read.
            await asyncio.sleep(max(0.0, delay))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), delay)

    def _send(self, client: PlainClient | SessionClient, number: int, due: float) -> None:
        begun = self._loop.time()
        try:
            give_up = client.begin(partial(self._ended, number))
        except OSError as error:
            if not own_error(error):
                self.stats.note_sent(begun, due)
            self._note_error(error)
            return
        self._open[number] = (begun, give_up)
        self.stats.note_sent(begun, due)
        if self._timer is None:
            self._timer = self._loop.call_at(begun + self.spec.timeout, self._time_out)

    def _ended(self, number: int, outcome: int | Exception) -> None:
        begun, _give_up = self._open.pop(number)
        if isinstance(outcome, int):
            self.stats.note_status(outcome, self._loop.time() - begun)
        else:
            if own_error(outcome):  # aiohttp learns of it after the request was begun
                self.stats.sent -= 1
            self._note_error(outcome)
        if not self._open:
            self._idle.set()

    def _note_error(self, error: Exception) -> None:
        own = own_error(error)
        if own:
            self.stats.not_sent_reasons[own] += 1
        else:
            self.stats.errors[error_name(error)] += 1

    def _time_out(self) -> None:
        """Give up the requests whose time is over, and set the timer for the next request."""
        now = self._loop.time()
        expired = []
        for number, (begun, _give_up) in self._open.items():
            if begun + self.spec.timeout > now:
                break
            expired.append(number)
        self._give_up("timeout", expired)
        self._timer = None
        if self._open:
            begun, _give_up = next(iter(self._open.values()))
            self._timer = self._loop.call_at(begun + self.spec.timeout, self._time_out)

    def _give_up(self, error: str, numbers: list[int]) -> None:
        for number in numbers:
            _begun, give_up = self._open.pop(number)
            give_up()
            self.stats.errors[error] += 1
        if not self._open:
            self._idle.set()


def own_error(error: Exception) -> str:
    """Return the name of this machine's refusal, such as EMFILE; empty for any other error."""
    number = _errno(error)
    return errno.errorcode[number] if number in _OWN_ERRORS else ""


def error_name(error: Exception) -> str:
    """Return the name of an error: its code, its errno's name such as ECONNREFUSED, OpenSSL's reason, or its class."""
    if isinstance(error, NoAnswer):
        return str(error)
    secure = _tls_error(error)
    if secure is not None:
        return getattr(secure, "reason", None) or type(error).__name__
    return errno.errorcode.get(_errno(error), type(error).__name__)


def _tls_error(error: Exception) -> ssl.SSLError | None:
    """Return the error of OpenSSL in an error, whose number is none of the system's."""
    # aiohttp's error of a certificate is one by its type alone.
    inner = (getattr(error, "certificate_error", None), getattr(error, "os_error", None), error)
    return next((each for each in inner if isinstance(each, ssl.SSLError)), None)


def _errno(error: Exception) -> int:
    if _tls_error(error) is not None:
        return 0
    # aiohttp wraps the system's errors.
    number = getattr(getattr(error, "os_error", error), "errno", None)
    return number if isinstance(number, int) else 0
