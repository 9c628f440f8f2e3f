# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The inside of a process that sends loads: what it is told to, and what it tells."""

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

# What a terminal or a job's end sends to the whole group of processes.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REPORT_SECONDS = 0.1


@dataclass(frozen=True)
class StartOrder:
    """The order to send a share of a load, from a moment of the monotonic clock on."""

    spec: LoadSpec
    worker: int
    begin: float


class Worker:
    """The inside of a worker process: sends one load after the other, and reports when it is asked to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._senders: asyncio.Queue[Sender | None] = asyncio.Queue()
        self._sender: Sender | None = None
        self._asked = False

    async def run(self) -> None:
        """Serve until the other side is gone."""
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
            self._asked = True
        elif self._sender is not None:
            self._sender.stop(at_once=order == "stop")

    async def _send(self, sender: Sender) -> None:
        sending = self._loop.create_task(sender.run())
        while not (await asyncio.wait({sending}, timeout=_REPORT_SECONDS))[0]:
            # Never unasked: a module that does not read would fill the pipe, and that would stop the sender.
            if self._asked:
                self._asked = False
                self._connection.send(sender.stats)
        try:
            await sending
        except OSError as error:
            sender.stats.died = f"Nothing could be sent to {urls.without_user(sender.spec.url)}: {error}"
        sender.stats.ended = True
        self._connection.send(sender.stats)


def serve(connection: Connection, others: list[Connection]) -> None:
    """Be a worker process until the other end of `connection` is gone; `others` are such ends, to be closed here."""
    # Signals of the terminal's group reach this process too; the module decides what they mean and sends an
    # order.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for other in others:
        other.close()  # or the end of the module would not be seen here
    # What the module has made stays as it is: looking through it would only cost time, and copy its memory.
    gc.freeze()

    async def run() -> None:
        await Worker(connection).run()

    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        asyncio.run(run())
