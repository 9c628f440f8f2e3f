# SPDX-License-Identifier: MIT
"""The load generator against a server of ours on loopback."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import time
from collections import Counter

import pytest
from aiohttp import web
from ansible_collections.shkatara.keda_demo.plugins.module_utils import _load
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load import (
    Histogram,
    LoadProcess,
    LoadSpec,
    Sender,
)


class Server:
    """Counts requests and connections, and answers as a test wants it."""

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
        # Counted here and not by the clients' ports, which the kernel gives again.
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
        self.paths[request.path] += 1

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


async def test_rate_count_and_lateness():
    async with Server() as server:
        stats = (await Sender(LoadSpec(server.url(), rate=200, duration=2)).run()).as_dict()
    assert (stats["scheduled"], stats["sent"], stats["answered"], stats["failed"]) == (400, 400, 400, 0)
    assert stats["statuses"] == {"200": 400}
    assert stats["ended"] is True
    assert server.accepted == 400, "a connection was used twice"
    # Constant: request 200 of 400 leaves after 1 s, whatever the machine did in between.
    assert server.arrivals[200] - server.arrivals[0] == pytest.approx(1.0, abs=0.7)
    assert stats["late_ms"]["p50"] < 250


async def test_the_loop_is_open():
    """Answers that don't come don't slow the sending down."""
    async with Server() as server:
        sender = Sender(LoadSpec(server.url("/slow"), rate=100, duration=1, timeout=3))
        asyncio.get_running_loop().call_later(10, sender.stop, True)  # one after the other would take 300 s
        stats = await sender.run()
    assert len(server.arrivals) == 100
    assert server.arrivals[-1] - server.arrivals[0] < 2.5, "the sender waited for a time-out"
    assert (stats.answered, stats.errors["timeout"]) == (0, 100)


@pytest.mark.parametrize(("path", "status"), [("/error", "503"), ("/away", "302")])
async def test_what_is_not_2xx_counts_as_failed_and_redirects_are_not_followed(path, status):
    async with Server() as server:
        stats = (await Sender(LoadSpec(server.url(path), rate=50, duration=0.2)).run()).as_dict()
    assert (stats["answered"], stats["failed"], stats["statuses"]) == (0, 10, {status: 10})
    assert server.paths == {path: 10}


async def test_a_refused_connection_is_an_error_of_its_own():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        stats = (await Sender(LoadSpec(url, rate=50, duration=0.2)).run()).as_dict()
    assert (stats["sent"], stats["answered"], stats["errors"]) == (10, 0, {"ClientConnectorError": 10})


async def test_more_open_requests_than_allowed_are_not_begun(monkeypatch):
    monkeypatch.setattr(LoadSpec, "most_in_flight", 7)
    async with Server() as server:
        stats = await Sender(LoadSpec(server.url("/slow"), rate=100, duration=0.2, timeout=2)).run()
    assert (stats.scheduled, stats.sent, stats.not_sent) == (20, 7, 13)
    assert len(server.arrivals) == 7


async def test_a_stop_at_once_gives_up_open_requests():
    async with Server() as server:
        sender = Sender(LoadSpec(server.url("/slow"), rate=50, duration=60))
        running = asyncio.create_task(sender.run())
        await asyncio.sleep(0.5)
        begun = time.monotonic()
        sender.stop(at_once=True)
        stats = await running
        assert time.monotonic() - begun < 3, "it waited for answers"
    assert stats.errors["given_up"] == stats.sent > 10


def serve(connection):
    """A server in a process of its own, for the tests of LoadProcess."""

    async def run():
        async with Server() as server:
            connection.send(server.port)
            while True:
                while not connection.poll():
                    await asyncio.sleep(0.05)
                connection.recv()
                connection.send(len(server.arrivals))

    asyncio.run(run())


@pytest.fixture
def server():
    context = multiprocessing.get_context("fork")
    connection, other = context.Pipe()
    process = context.Process(target=serve, args=(other,), daemon=True)
    process.start()
    yield connection.recv(), connection
    process.terminate()
    process.join()


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def test_process_sends_and_reports(server):
    port, connection = server
    load = LoadProcess(LoadSpec(f"http://127.0.0.1:{port}/", rate=100, duration=1))
    assert load.poll()["sent"] == 0, "it began before it was told"
    load.start()
    counts = load.wait(20)
    load.close()
    connection.send("count")
    assert (counts["ended"], counts["answered"]) == (True, 100)
    assert connection.recv() == 100


def test_process_stops_at_once(server):
    port, _connection = server
    load = LoadProcess(LoadSpec(f"http://127.0.0.1:{port}/slow", rate=100, duration=600))
    load.start()
    wait_for(lambda: load.poll()["in_flight"] > 0)
    begun = time.monotonic()
    load.stop()
    counts = load.wait(5)
    load.close()
    # A second is promised, which a loaded machine may double; the answers would take 10 s to be given up.
    assert time.monotonic() - begun < 3
    assert counts["ended"]
    assert counts["in_flight"] == 0


def test_process_ignores_the_terminals_signals_and_ends_with_its_parent(server):
    port, connection = server
    load = LoadProcess(LoadSpec(f"http://127.0.0.1:{port}/", rate=50, duration=600))
    load.start()
    wait_for(lambda: load.poll()["sent"] > 0)
    pid, before = load._process.pid, load.last["sent"]
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    wait_for(lambda: load.poll()["sent"] > before + 50)
    assert not load.last["ended"]
    load._connection.close()  # what the kernel does when the module is killed
    load._process.join(timeout=5)
    assert load._process.exitcode is not None
    connection.send("count")
    arrived = connection.recv()
    time.sleep(0.5)  # in which 25 more would come
    connection.send("count")
    assert connection.recv() == arrived


def test_a_process_that_died_says_so(server):
    port, _connection = server
    load = LoadProcess(LoadSpec(f"http://127.0.0.1:{port}/", rate=50, duration=600))
    load.start()
    wait_for(lambda: load.poll()["sent"] > 0)
    os.kill(load._process.pid, signal.SIGKILL)
    counts = load.wait(5)
    load.close()
    assert counts["ended"]
    assert counts["died"] == "The sender's process was ended by signal 9 (Killed)"
    assert counts["sent"] > 0, "what was known of the load is lost"


@pytest.mark.parametrize("orders", [["start", "stop"], ["start", "drain"], ["stop"]])
def test_a_process_that_was_told_to_end_did_not_die(server, orders):
    port, _connection = server
    load = LoadProcess(LoadSpec(f"http://127.0.0.1:{port}/", rate=50, duration=600))
    for order in orders:
        getattr(load, order)()
    load.wait(5)
    load._process.join(timeout=5)
    counts = load.poll()
    load.close()
    assert (counts["ended"], counts["died"]) == (True, "")


def test_a_process_that_fails_says_so(monkeypatch):
    async def fail(*_args):
        raise SystemExit(3)

    monkeypatch.setattr(_load, "_serve", fail)
    load = LoadProcess(LoadSpec("http://host/", rate=50, duration=600))
    counts = load.wait(5)
    load.close()
    assert counts["died"] == "The sender's process ended with exit code 3"


@pytest.mark.parametrize(
    ("rate", "duration", "count"), [(37, 150, 5550), (0.5, 3, 1), (0.1, 1, 1), (0.1, 30, 3), (10, 0.25, 2)]
)
def test_count(rate, duration, count):
    assert LoadSpec("http://host/", rate, duration).count == count


def test_histogram_is_right_within_two_percent():
    histogram = Histogram()
    for number in range(1, 1001):
        histogram.add(number / 1000)
    assert histogram.quantile(0.5) == pytest.approx(0.5, rel=0.02)
    assert histogram.quantile(0.99) == pytest.approx(0.99, rel=0.02)
    assert histogram.summary_ms()["max"] == 1000
    assert Histogram().summary_ms() == {}
