# SPDX-License-Identifier: MIT
"""A server on loopback that notes whole requests, with TLS or without, for the tests of a load's requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Seen:
    """A request as it came: `headers` are (name in lower case, value), `server_name` is TLS' own."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    address: str = ""

    def all(self, name):
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]


class EchoServer:
    """Answers each request with 200; `seen` are the requests."""

    def __init__(self, tls=None, hosts=("127.0.0.1",), status=200):
        self.tls = tls
        self.hosts = hosts
        self.status = status
        self.seen = []
        self.server_names = []
        self.port = 0

    async def __aenter__(self):
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        if self.tls is not None:
            self.tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        loop = asyncio.get_running_loop()
        self.servers = []
        for host in self.hosts:
            server = await loop.create_server(self.runner.server, host, self.port, ssl=self.tls)
            self.port = server.sockets[0].getsockname()[1]
            self.servers.append(server)
        return self

    async def __aexit__(self, *_exc):
        for server in self.servers:
            server.close()
        await self.runner.cleanup()

    async def answer(self, request):
        headers = tuple((name.lower(), value) for name, value in request.headers.items())
        address = request.transport.get_extra_info("sockname")[0]
        self.seen.append(Seen(request.method, request.path_qs, headers, await request.read(), address))
        return web.Response(text="Hello World!", status=self.status)

    def url(self, path="/", host="127.0.0.1", user=""):
        return f"{'https' if self.tls else 'http'}://{user}{host}:{self.port}{path}"
