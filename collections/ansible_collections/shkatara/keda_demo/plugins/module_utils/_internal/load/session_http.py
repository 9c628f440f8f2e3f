# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Requests by aiohttp: by TLS, or over kept connections.

aiohttp resolves a name once, begins each connection at the next of its addresses, and tries the others if that one
refuses. It reads no variables of proxies unless it is told to.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from ..common import tls
from .plain_http import Ended
from .request import Request

try:
    import aiohttp
    from yarl import URL
except ImportError:  # the module reports it
    aiohttp = None  # type: ignore[assignment]


class SessionClient:
    """Begins requests to some URLs in turn."""

    def __init__(self, urls: Sequence[str], keep_alive: bool, request: Request = Request()) -> None:  # noqa: B008
        self._loop = asyncio.get_running_loop()
        self._method = request.method
        self._turns = itertools.cycle([(URL(bare), fields) for bare, fields in map(request.fields, urls)])
        self._options: dict[str, Any] = {"allow_redirects": False, "data": request.body or None}
        if any(url.lower().startswith("https:") for url in urls):
            self._options["ssl"] = tls.context(request.trust)
            if request.host:
                self._options["server_hostname"] = request.server_name
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=not keep_alive, ttl_dns_cache=None),
            # The sender has one timer for all requests.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Host": request.host} if request.host else {},
            skip_auto_headers=["Content-Type"],
        )

    async def __aenter__(self) -> SessionClient:
        """Do nothing: the session opens connections with its requests."""
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close all connections."""
        await self._session.close()

    def begin(self, ended: Ended) -> Callable[[], object]:
        """Begin a request now; return the function that gives it up."""
        return self._loop.create_task(self._exchange(ended, *next(self._turns))).cancel

    async def _exchange(self, ended: Ended, url: URL, fields: list[tuple[str, str]]) -> None:
        try:
            async with self._session.request(self._method, url, headers=fields, **self._options) as response:
                async for _chunk in response.content.iter_any():
                    pass
        except (aiohttp.ClientError, OSError) as error:
            ended(error)
        else:
            ended(response.status)
