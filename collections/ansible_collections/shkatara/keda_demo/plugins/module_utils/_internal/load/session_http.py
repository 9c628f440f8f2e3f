# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Requests by aiohttp: by TLS, with a user in the URL, or over kept connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .plain_http import Ended

try:
    import aiohttp
except ImportError:  # the module reports it by missing_required_lib
    aiohttp = None  # type: ignore[assignment]


class SessionClient:
    """Begins requests to one URL; its name is resolved once."""

    def __init__(self, url: str, keep_alive: bool) -> None:
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=not keep_alive, ttl_dns_cache=None),
            # The sender has one timer for all requests.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "keda_demo"},
        )

    async def __aenter__(self) -> SessionClient:
        """Do nothing: the session opens connections with its requests."""
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close all connections."""
        await self._session.close()

    def begin(self, ended: Ended) -> Callable[[], object]:
        """Begin a request now; return the function that gives it up."""
        return self._loop.create_task(self._exchange(ended)).cancel

    async def _exchange(self, ended: Ended) -> None:
        try:
            async with self._session.get(self._url, allow_redirects=False) as response:
                async for _chunk in response.content.iter_any():
                    pass
        except (aiohttp.ClientError, OSError) as error:
            ended(error)
        else:
            ended(response.status)
