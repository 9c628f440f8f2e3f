# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Plain HTTP requests, each over a connection of its own, on non-blocking sockets of the asyncio loop.

aiohttp took 500 to 580 us of one core for such a request (3.14 on Python 3.11, a virtual machine of two cores, nginx on
loopback), so that a core could not send 2,000 requests/s; sockets on the same loop took 220 to 240 us. Of 2,000/s by
each in turn for 4 s, with a Kubernetes lab beside them, the p99 of the first was 265 and 1358 ms late, that of the
second 1.5 and 3.7 ms. Other requests, by TLS or over connections that are kept, go through aiohttp (session_http).

A client that closes a connection first keeps its port for 60 s (TIME_WAIT), which bounds new connections to one address
to about 470 a second. So the server is left to close first, as it must after `Connection: close`; only after
LINGER_SECONDS the client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import os
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from . import capacity
from .answer import Answer, NoAnswer
from .capacity import LINGER_SECONDS, Limits

try:
    from yarl import URL
except ImportError:  # comes with aiohttp, of which the module says that it is missing
    URL = None  # type: ignore[assignment, misc]

# Not in Python's socket yet. Source: Linux 6.3, include/uapi/linux/in.h.
_IP_LOCAL_PORT_RANGE = 51
_PORTS_AT_A_TIME = 256
_AT_ONCE = 65536
_TURNS = 4  # reads in a row: a large body must not keep others from being sent

# Told once of each request what became of it: the status, or what went wrong.
Ended = Callable[[int | Exception], None]


class PlainClient:
    """Begins requests to one URL, of which the name is resolved once."""

    def __init__(self, url: str) -> None:
        self._url = URL(url)
        self._loop = asyncio.get_running_loop()
        self._family: int = socket.AF_INET
        self._address: Any = None
        self._ranges = port_ranges(capacity.limits_here())
        host = self._url.raw_host or ""
        host = f"[{host}]" if ":" in host else host
        if self._url.explicit_port:
            host += f":{self._url.explicit_port}"
        self._request = (
            f"GET {self._url.raw_path_qs} HTTP/1.1\r\nHost: {host}\r\n"
            "User-Agent: keda_demo\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        ).encode("ascii")

    async def __aenter__(self) -> PlainClient:
        """Find the address.

        :raises OSError: the name can't be resolved
        """
        found = await self._loop.getaddrinfo(self._url.raw_host, self._url.port, type=socket.SOCK_STREAM)
        self._family, *_, self._address = found[0]
        for family, *_, address in found if len(found) > 1 else ():
            with socket.socket(family, socket.SOCK_STREAM) as trial, contextlib.suppress(OSError):
                trial.setblocking(False)
                async with asyncio.timeout(1):
                    await self._loop.sock_connect(trial, address)
                self._family, self._address = family, address
                break
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Nothing is shared by the requests."""

    def begin(self, ended: Ended) -> Callable[[], None]:
        """Begin a request now; return what gives it up.

        :raises OSError: this machine has no file descriptor or no port left
        """
        one = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        with contextlib.suppress(OSError):  # an older kernel
            one.setsockopt(socket.IPPROTO_IP, _IP_LOCAL_PORT_RANGE, next(self._ranges))
        try:
            return _Exchange(self._loop, one, self._address, self._request, ended).give_up
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
        # Others have these ports: from all of them, however long that takes.
        one = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        return _Exchange(self._loop, one, self._address, self._request, ended).give_up


def port_ranges(limits: Limits) -> Iterator[bytes]:
    """Yield, for each connection, the local ports from which the kernel takes one, in the socket option's form.

    The kernel tries the ports of half of its range one by one before it tries the other half. From 14,116 open
    connections on, that took a core longer than there is between two requests. A small part of the range for each
    connection, in turn, ends this search soon.
    Source: Linux, net/ipv4/inet_hashtables.c, __inet_hash_connect; ip(7), IP_LOCAL_PORT_RANGE, the lower port first.
    """
    count = max(1, limits.ports // _PORTS_AT_A_TIME)
    edges = [limits.first_port + part * limits.ports // count for part in range(count + 1)]
    for first, after in itertools.cycle(itertools.pairwise(edges)):
        yield struct.pack("=HH", first, after - 1)


class _Exchange:
    """A request and its answer; `ended` is called once, unless the request is given up."""

    __slots__ = ("_answer", "_descriptor", "_ended", "_lingering", "_loop", "_rest", "_socket", "_told")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, one: socket.socket, address: Any, request: bytes, ended: Ended
    ) -> None:
        self._loop = loop
        self._ended = ended
        self._told = False
        self._rest = request
        self._answer = Answer()
        self._lingering: asyncio.TimerHandle | None = None
        self._socket = one
        # Not the socket itself: asyncio's selectors print what they do not know yet, which are two system calls.
        self._descriptor = self._socket.fileno()
        code = self._socket.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            self._socket.close()
            raise OSError(code, os.strerror(code))
        # On loopback the connection is there already.
        self._write(connecting=True)

    def give_up(self) -> None:
        """Close the connection, and tell nobody."""
        self._told = True
        self._close()

    def _write(self, connecting: bool = False) -> None:
        try:
            self._rest = self._rest[self._socket.send(self._rest) :]
        except BlockingIOError:
            pass
        except OSError as error:
            # Not from within __init__: there it would be this machine's refusal.
            if connecting:
                self._loop.call_soon(self._end, error)
            else:
                self._end(error)
            return
        if connecting and self._rest:
            self._loop.add_writer(self._descriptor, self._write)
        elif not self._rest:
            if not connecting:
                self._loop.remove_writer(self._descriptor)
            self._loop.add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        """Take in what is there, and the end of it where the server has closed already."""
        try:
            for _turn in range(_TURNS):
                data = self._socket.recv(_AT_ONCE)
                if not data:
                    self._answer.end()
                    self._end(self._answer.status)
                    return
                if self._answer.feed(data):
                    self._tell(self._answer.status)
        except BlockingIOError:
            if self._told and self._lingering is None:
                self._lingering = self._loop.call_later(LINGER_SECONDS, self._close)
        except (OSError, NoAnswer) as error:
            self._end(error)

    def _tell(self, outcome: int | Exception) -> None:
        if not self._told:
            self._told = True
            self._ended(outcome)

    def _end(self, outcome: int | Exception) -> None:
        self._close()
        self._tell(outcome)

    def _close(self) -> None:
        if self._socket.fileno() < 0:
            return
        if self._lingering is not None:
            self._lingering.cancel()
        if self._rest:
            self._loop.remove_writer(self._descriptor)
        else:
            self._loop.remove_reader(self._descriptor)
        self._socket.close()
