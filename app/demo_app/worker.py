# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""gunicorn's threaded worker, and what it lacks for a pod that goes while requests come."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from types import FrameType
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from demo_app.settings import load_settings

# How long to wait for a client to close its side of an answered connection.
_LINGER_SECONDS = 2.0


class DrainingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker that loses no request when it is told to stop.

    Kubernetes sends SIGTERM while it takes the pod out of the Service, and every node hears of the latter a
    little later. So this worker goes on for `drain_seconds` as if nothing had happened. A preStop hook that
    sleeps would do the same, but for Kubernetes alone, and needs a program to sleep with in the image.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._drain_seconds = load_settings().drain_seconds
        self._draining = False

    def init_signals(self) -> None:
        """Have an alarm stop the worker, since a signal handler can't wait and must take no lock."""
        super().init_signals()
        signal.signal(signal.SIGALRM, super().handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain at SIGTERM; one more SIGTERM changes nothing."""
        if self._draining:
            return
        self._draining = True
        if self._drain_seconds:
            signal.setitimer(signal.ITIMER_REAL, self._drain_seconds)
        else:
            super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take in what waits in the kernel's queue before the worker stops to listen.

        gunicorn leaves those connections there: their clients have sent a request, and get a reset when the
        process ends. The socket is closed then, so that whoever comes later is refused at once instead of
        left waiting.
        """
        stopping = not enabled and not self.alive
        if stopping:
            for listener in self.sockets:
                waiting = select.poll()
                waiting.register(listener, select.POLLIN)
                while waiting.poll(0):
                    self.accept(listener)
        super().set_accept_enabled(enabled)
        if stopping:
            for listener in self.sockets:
                listener.close()

    def handle(self, conn: TConn) -> Any:
        """Answer one request, and wait in this thread until its client has closed the connection.

        gunicorn waits for that in the main thread, which accepts nobody meanwhile: with clients 30 ms away it
        answers 33 requests a second, however many threads there are.
        """
        kept = super().handle(conn)
        if kept is False:
            _wait_for_close(conn.sock)
        return kept


def _wait_for_close(sock: socket.socket) -> None:
    deadline = time.monotonic() + _LINGER_SECONDS
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(4096):
                break
    with contextlib.suppress(OSError):
        # Nothing is left to wait for: gunicorn's own waiting now ends at once.
        sock.shutdown(socket.SHUT_RDWR)
