# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A process that sends loads: it receives orders by a pipe, and reports its counts by the same pipe when asked.

A process of its own keeps the times of the requests: a thread of the module would wait for the interpreter's lock while
watches decode their objects.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection

from ..common import urls
from .schedule import LoadSpec
from .sender import Sender

# Signals that a terminal or the end of a job sends to the whole process group.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REPORT_SECONDS = 0.1


@dataclass(frozen=True)
class StartOrder:
    """The order to send a worker's share of a load, from the time `begin` of the monotonic clock on."""

    spec: LoadSpec
    worker: int
    begin: float


class Worker:
    """Sends one load after another, in the worker process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._senders: asyncio.Queue[Sender | None] = asyncio.Queue()
        self._sender: Sender | None = None
        self._report_is_due = False

    async def run(self) -> None:
        """Send loads until the module's end of the pipe is closed."""
        self._loop.add_reader(self._connection.fileno(), self._read)
        while (sender := await self._senders.get()) is not None:
            await self._send(sender)

    def _read(self) -> None:
        try:
            order = self._connection.recv()
        except (EOFError, OSError):
            self._loop.remove_reader(self._connection.fileno())
            self._senders.put_nowait(None)
            order = "stop"
        if isinstance(order, StartOrder):
            self._sender = Sender(order.spec, order.worker, order.begin)
            self._senders.put_nowait(self._sender)
        elif order == "report":
            self._report_is_due = True
        elif self._sender is not None:
            self._sender.stop(at_once=order == "stop")

    async def _send(self, sender: Sender) -> None:
        sending = self._loop.create_task(sender.run())
        while not (await asyncio.wait({sending}, timeout=_REPORT_SECONDS))[0]:
            # Only on request: a module that does not read would fill the pipe, and a full pipe stops the sender.
            if self._report_is_due:
                self._report_is_due = False
                self._connection.send(sender.stats)
        try:
            await sending
        except OSError as error:
            named = ", ".join(map(urls.without_user, sender.spec.urls))
            sender.stats.died = f"Nothing could be sent to {named}: {error}"
        sender.stats.ended = True
        self._connection.send(sender.stats)


def serve(connection: Connection, others: list[Connection]) -> None:
    """Run a worker process until the module's end of `connection` is closed.

    :param others: the module's ends of all pipes so far, which were inherited by the fork
    """
    # The terminal's signals reach this process too. The module decides their meaning and sends an order.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for other in others:
        other.close()  # an open copy would hide the end of the module
    # The module's objects stay. Garbage collection of them would cost time, and copy their memory.
    gc.freeze()

    async def run() -> None:
        await Worker(connection).run()

    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        asyncio.run(run())
