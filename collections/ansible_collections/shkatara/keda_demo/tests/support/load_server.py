# SPDX-License-Identifier: MIT
"""A server on loopback that counts requests and connections, for the tests of the load generator."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter

from aiohttp import web


class Server:
    """Counts requests and connections, and answers by the path."""

    def __init__(self):
        self.arrivals = []
        self.paths = Counter()
        self.accepted = 0
        self.port = 0

    async def __aenter__(self):
        app = web.Application()
        app.router.add_get("/", self.answer)
        app.router.add_get("/slow", self.slow)
        app.router.add_get("/error", self.error)
        app.router.add_get("/away", self.away)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self.runner.setup()
        # Connections are counted here and not by the clients' ports, which the kernel reuses.
        self.server = await asyncio.get_running_loop().create_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def accept(self):
        self.accepted += 1
        return self.runner.server()

    async def __aexit__(self, *_exc):
        self.server.close()
        await self.runner.cleanup()

    def note(self, request):
        self.arrivals.append(time.monotonic())
        self.paths[request.path_qs] += 1

    async def answer(self, request):
        self.note(request)
        return web.Response(text="Hello World!")

    async def slow(self, request):
        self.note(request)
        await asyncio.sleep(30)
        return web.Response(text="at last")

    async def error(self, request):
        self.note(request)
        return web.Response(status=503)

    async def away(self, request):
        self.note(request)
        raise web.HTTPFound("/")

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"


def serve(connection):
    """Run a server in this process; answer each message on `connection` with the number of requests by path."""

    async def run():
        async with Server() as server:
            connection.send(server.port)
            while True:
                while not connection.poll():
                    await asyncio.sleep(0.02)
                connection.recv()
                connection.send(dict(server.paths))

    asyncio.run(run())


class ServerProcess:
    """A server in a process of its own."""

    def __init__(self):
        context = multiprocessing.get_context("fork")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other,), daemon=True)
        self.process.start()
        self.port = self.connection.recv()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def arrived(self):
        """Return the number of requests so far."""
        self.connection.send("count")
        return sum(self.connection.recv().values())

    def close(self):
        self.process.terminate()
        self.process.join()
