# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Plain HTTP requests, each over its own connection, on non-blocking sockets of the asyncio loop.

aiohttp took 500 to 580 us of one core for such a request (3.14 on Python 3.11, a virtual machine of two cores, nginx on
loopback), so that a core could not send 2,000 requests/s; sockets on the same loop took 220 to 240 us. Each sent
2,000/s for 4 s, twice, in turn, next to a Kubernetes lab: aiohttp's p99 was 265 and 1358 ms late, the sockets' p99 1.5
and 3.7 ms. aiohttp sends the other requests, by TLS or over kept connections (session_http).

A request never goes by a proxy: it would balance and limit connections in the place of the cluster, and its own limits
would be measured.

The side that closes a connection first keeps its port for 60 s (TIME_WAIT). A client that closes as soon as it has the
answer, as aiohttp does, can open only about 470 connections a second to one address. So the server closes first here,
as it must after `Connection: close`; the client closes after LINGER_SECONDS.
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
from .request import Request

try:
    from yarl import URL
except ImportError:  # comes with aiohttp, of which the module says that it is missing
    URL = None  # type: ignore[assignment, misc]

# Python's socket does not have it yet. Source: Linux 6.3, include/uapi/linux/in.h.
_IP_LOCAL_PORT_RANGE = 51
_PORTS_AT_A_TIME = 256
_READ_SIZE = 65536
_READS_IN_A_ROW = 4  # a large body must not delay the requests that are due

# The family of a server's address, and the address with the bytes of a request to it.
Route = tuple[int, tuple[Any, bytes]]
# Called once for each request with its outcome: the status of the answer, or the error.
Ended = Callable[[int | Exception], None]


class PlainClient:
    """Begins requests to some URLs in turn. A name is resolved once, and its addresses take turns too."""

    def __init__(self, *urls: str, request: Request = Request()) -> None:  # noqa: B008 - it is frozen
        self._loop = asyncio.get_running_loop()
        self._head_only = request.method == "HEAD"
        self._ranges = port_ranges(capacity.limits_here())
        self._messages = [_prepared(url, request) for url in urls]
        self._routes = _turns([[(socket.AF_INET, (None, message))] for _url, message in self._messages])

    async def __aenter__(self) -> PlainClient:
        """Resolve the names, once each.

        :raises OSError: a name can't be resolved
        """
        places = list(dict.fromkeys((url.raw_host, url.port) for url, _message in self._messages))
        found = dict(zip(places, await asyncio.gather(*(self._resolve(*place) for place in places)), strict=True))
        self._routes = _turns(
            [
                [(family, (address, message)) for family, address in found[url.raw_host, url.port]]
                for url, message in self._messages
            ]
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Do nothing: requests share nothing."""

    async def _resolve(self, host: str | None, port: int | None) -> list[tuple[int, Any]]:
        """Return the addresses of a name that accept a connection; the first of all if none does.

        A machine often has an IPv6 address on which the application does not listen.
        """
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses: list[tuple[int, Any]] = [(family, address) for family, *_, address in found]
        if len(addresses) == 1:
            return addresses
        accepting = await asyncio.gather(*(self._accepts(*each) for each in addresses))
        return [each for each, accepts in zip(addresses, accepting, strict=True) if accepts] or addresses[:1]

    async def _accepts(self, family: int, address: Any) -> bool:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                trial.setblocking(False)
                async with asyncio.timeout(1):
                    await self._loop.sock_connect(trial, address)
        except OSError:  # TimeoutError is one
            return False
        return True

    def begin(self, ended: Ended) -> Callable[[], None]:
        """Begin a request now; return the function that gives it up.

        :raises OSError: this machine has no file descriptor or no port left
        """
        family, target = next(self._routes)
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        with contextlib.suppress(OSError):  # an older kernel
            connection.setsockopt(socket.IPPROTO_IP, _IP_LOCAL_PORT_RANGE, next(self._ranges))
        try:
            return _Exchange(self._loop, connection, target, ended, self._head_only).give_up
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
        # All ports of this part are in use: the kernel searches its whole range, however long that takes.
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        return _Exchange(self._loop, connection, target, ended, self._head_only).give_up


def _prepared(text: str, request: Request) -> tuple[URL, bytes]:
    """Return a URL without its user, and the whole request to it."""
    bare, fields = request.fields(text)
    url = URL(bare)
    host = url.raw_host or ""
    host = f"[{host}]" if ":" in host else host
    if url.explicit_port:
        host += f":{url.explicit_port}"
    return url, request.message(url.raw_path_qs, host, fields)


def _turns(routes: list[list[Route]]) -> Iterator[Route]:
    """Yield the next route of each URL in turn."""
    if len(routes) == 1:
        return itertools.cycle(routes[0])
    return map(next, itertools.cycle([itertools.cycle(each) for each in routes]))


def port_ranges(limits: Limits) -> Iterator[bytes]:
    """Yield the range of local ports for each next connection, as the value of the socket option.

    The kernel tries the ports of half of its range one by one before it tries the other half. From 14,116 open
    connections on, this search took a core longer than the time between two requests. A small part of the range for
    each connection, in turn, keeps the search short.
    Source: Linux, net/ipv4/inet_hashtables.c, __inet_hash_connect; ip(7), IP_LOCAL_PORT_RANGE, the lower port first.
    """
    count = max(1, limits.ports // _PORTS_AT_A_TIME)
    edges = [limits.first_port + part * limits.ports // count for part in range(count + 1)]
    for first, after in itertools.cycle(itertools.pairwise(edges)):
        yield struct.pack("=HH", first, after - 1)


class _Exchange:
    """A request and its answer; `ended` is called once, unless the request is given up."""

    __slots__ = ("_answer", "_descriptor", "_ended", "_has_ended", "_lingering", "_loop", "_rest", "_socket")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        target: tuple[Any, bytes],
        ended: Ended,
        head_only: bool = False,
    ) -> None:
        address, self._rest = target
        self._loop = loop
        self._ended = ended
        self._has_ended = False
        self._answer = Answer(head_only)
        self._lingering: asyncio.TimerHandle | None = None
        self._socket = connection
        # Not the socket itself: asyncio's selectors format an object that they do not know yet, by two system calls.
        self._descriptor = self._socket.fileno()
        code = self._socket.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            self._socket.close()
            raise OSError(code, os.strerror(code))
        # On loopback the connection is established already.
        self._write(connecting=True)

    def give_up(self) -> None:
        """Close the connection without a call of `ended`."""
        self._has_ended = True
        self._close()

    def _write(self, connecting: bool = False) -> None:
        try:
            self._rest = self._rest[self._socket.send(self._rest) :]
        except BlockingIOError:
            pass
        except OSError as error:
            # Not from within __init__, where an error means that this machine refused.
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
        """Read the bytes that have arrived, and the end if the server has closed."""
        try:
            for _read in range(_READS_IN_A_ROW):
                data = self._socket.recv(_READ_SIZE)
                if not data:
                    self._answer.end()
                    self._end(self._answer.status)
                    return
                if self._answer.feed(data):
                    self._report(self._answer.status)
        except BlockingIOError:
            if self._has_ended and self._lingering is None:
                self._lingering = self._loop.call_later(LINGER_SECONDS, self._close)
        except (OSError, NoAnswer) as error:
            self._end(error)

    def _report(self, outcome: int | Exception) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._ended(outcome)

    def _end(self, outcome: int | Exception) -> None:
        self._close()
        self._report(outcome)

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
