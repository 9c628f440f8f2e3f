# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""gunicorn's threaded worker, extended so that a pod can stop while requests arrive.

gunicorn's own worker stops accepting connections at SIGTERM, while nodes still send them to the pod. It drops the
connections in the kernel's queue. It also waits for closing clients in the thread that accepts connections.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from types import FrameType
from typing import Any, NoReturn

from gunicorn.workers.gthread import TConn, ThreadWorker

from demo_app.settings import load_settings

# The longest wait for a client to close its side of an answered connection.
_LINGER_SECONDS = 2.0


class DrainingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker that loses no request when it stops.

    Kubernetes sends SIGTERM at the same time as it removes the pod from the Service, and nodes learn of the removal a
    little later. So this worker accepts requests for `drain_seconds` after SIGTERM. A preStop hook that sleeps would
    have the same effect, but only in Kubernetes, and it needs a program that sleeps in the image.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._drain_seconds = load_settings().drain_seconds
        self._draining = False

    def init_signals(self) -> None:
        """Let SIGALRM stop the worker: SIGTERM's handler must neither wait nor take a lock, so it sets an alarm."""
        super().init_signals()
        signal.signal(signal.SIGALRM, super().handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain at the first SIGTERM. A further SIGTERM has no effect."""
        if self._draining:
            return
        self._draining = True
        if self._drain_seconds:
            signal.setitimer(signal.ITIMER_REAL, self._drain_seconds)
        else:
            super().handle_exit(sig, frame)

    def handle_quit(self, _sig: int, _frame: FrameType | None) -> NoReturn:
        """End at once.

        gunicorn's handler shuts its thread pool down. It then waits for ever for the pool's lock if the signal came
        while the main thread, in which it runs, gave the pool a connection.
        """
        os._exit(0)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept the connections in the kernel's queue before the worker stops listening.

        gunicorn leaves these connections in the queue. Their clients may have sent a request, and would get a reset
        when the process ends. Then the socket is closed, so that later clients are refused at once and do not wait in
        the queue.
        """
        stopping = not enabled and not self.alive
        if stopping:
            for listener in self.sockets:
                poll = select.poll()
                poll.register(listener, select.POLLIN)
                while poll.poll(0):
                    self.accept(listener)
        super().set_accept_enabled(enabled)
        if stopping:
            for listener in self.sockets:
                listener.close()

    def handle(self, conn: TConn) -> Any:
        """Answer a request, and wait in this thread until the client has closed the connection.

        gunicorn waits in the main thread, which accepts no connections meanwhile. With a round trip of 30 ms it would
        answer 33 requests a second, whatever the number of threads.
        """
        keep_alive = super().handle(conn)
        if keep_alive is False:
            _wait_for_close(conn.sock)
        return keep_alive


def _wait_for_close(sock: socket.socket) -> None:
    deadline = time.monotonic() + _LINGER_SECONDS
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(4096):
                break
    with contextlib.suppress(OSError):
        # After this, gunicorn's own wait ends at once.
        sock.shutdown(socket.SHUT_RDWR)
