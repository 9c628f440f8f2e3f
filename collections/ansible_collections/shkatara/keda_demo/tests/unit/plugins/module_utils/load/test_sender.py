# SPDX-License-Identifier: MIT
"""The sender against a test server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import multiprocessing
import os
import resource
import socket
import time

import aiohttp
import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.capacity import LINGER_SECONDS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.sender import (
    Sender,
    error_name,
    own_error,
)
from ansible_collections.shkatara.keda_demo.tests.support.load_server import Server

both_clients = pytest.mark.parametrize("keep_alive", [False, True], ids=["plain", "aiohttp"])


def load(url, rate, duration, **options):
    return LoadSpec(url, (Stage(rate, duration),), **options)


async def test_rate_count_and_lateness():
    async with Server() as server:
        stats = (await Sender(load(server.url("/?a=b%20c"), rate=400, duration=1)).run()).as_dict()
    assert (stats["scheduled"], stats["sent"], stats["answered"], stats["failed"]) == (400, 400, 400, 0)
    assert stats["statuses"] == {"200": 400}
    assert stats["ended"] is True
    assert server.accepted == 400, "a connection was used twice"
    assert server.paths == {"/?a=b%20c": 400}
    # At a constant rate request 200 of 400 leaves after 0.5 s, also if earlier requests were late.
    assert server.arrivals[200] - server.arrivals[0] == pytest.approx(0.5, abs=0.4)
    assert stats["late_ms"]["p50"] < 250


async def test_a_ramp_and_a_pause():
    """A ramp from 0 to 100/s in 1 s has 50 requests, half of them in the last 0.3 s. A pause and 10 requests follow."""
    stages = (Stage(100, 1, ramp=True), Stage(0, 0.5), Stage(100, 0.1))
    async with Server() as server:
        await Sender(LoadSpec(server.url(), stages)).run()
    first, arrivals = server.arrivals[0], server.arrivals
    assert len(arrivals) == 60
    assert arrivals[25] - first > 0.6
    assert arrivals[50] - first > 1.4


async def test_a_worker_sends_its_share_at_its_times():
    spec = LoadSpec("http://host/", (Stage(50, 0.4),), workers=4)
    async with Server() as server:
        begin = asyncio.get_running_loop().time()
        stats = await Sender(LoadSpec(server.url(), spec.stages, workers=4), worker=3, begin=begin).run()
    assert stats.sent == 5
    assert stats.first_sent >= begin + spec.due(3)
    assert stats.last_sent >= begin + spec.due(19)


async def test_connections_are_kept_with_keep_alive():
    async with Server() as server:
        stats = await Sender(load(server.url(), rate=50, duration=0.5, keep_alive=True)).run()
    assert stats.answered == 25
    assert server.accepted < 25


@both_clients
async def test_the_loop_is_open_and_time_outs_are_the_servers(keep_alive):
    """A server that does not answer does not slow down the sending."""
    async with Server() as server:
        sender = Sender(load(server.url("/slow"), rate=200, duration=0.5, timeout=1, keep_alive=keep_alive))
        begun = time.monotonic()
        stats = await sender.run()
    assert len(server.arrivals) == 100
    assert server.arrivals[-1] - server.arrivals[0] < 1.5, "the sender waited for a time-out"
    assert time.monotonic() - begun > 1.4, "a request was not given its time"
    assert (stats.answered, stats.not_sent, dict(stats.errors)) == (0, 0, {"timeout": 100})


@both_clients
@pytest.mark.parametrize(("path", "status"), [("/error", "503"), ("/away", "302")])
async def test_other_statuses_count_as_failed_and_redirects_are_not_followed(path, status, keep_alive):
    async with Server() as server:
        spec = load(server.url(path), rate=50, duration=0.2, keep_alive=keep_alive)
        stats = (await Sender(spec).run()).as_dict()
    assert (stats["answered"], stats["failed"], stats["statuses"]) == (0, 10, {status: 10})
    assert server.paths == {path: 10}


@both_clients
async def test_a_refused_connection_is_an_error_of_the_server(keep_alive):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        stats = (await Sender(load(url, rate=50, duration=0.2, keep_alive=keep_alive)).run()).as_dict()
    assert (stats["sent"], stats["answered"], stats["errors"]) == (10, 0, {"ECONNREFUSED": 10})
    assert stats["not_sent"] == 0


@contextlib.asynccontextmanager
async def raw_server(serve):
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "no_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "cut_off"),
        # A chunk of which the first 6 bytes, in the only read, end like the last chunk.
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx0\r\n\r\n", "cut_off"),
        (b"220 mail\r\n", "not_http"),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "not_http"),
    ],
)
async def test_a_bad_answer_is_an_error_of_the_server(answer, error):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with raw_server(serve) as url:
        stats = await Sender(load(url, rate=50, duration=0.1)).run()
    assert dict(stats.errors) == {error: 5}


@pytest.mark.parametrize(("closes", "first"), [(True, "server"), (False, "client")])
async def test_the_server_is_left_to_close_first(closes, first):
    """The side that closes first keeps the port for a minute."""
    closed = []

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        begun = time.monotonic()
        if closes:
            await asyncio.sleep(LINGER_SECONDS / 5)
            closed.append("server" if not reader.at_eof() else "client")
        else:
            assert await reader.read() == b""
            closed.append("client" if time.monotonic() - begun > LINGER_SECONDS / 2 else "too soon")
        writer.close()

    async with raw_server(serve) as url:
        stats = await Sender(load(url, rate=50, duration=0.1)).run()
        assert stats.as_dict()["response_ms"]["max"] < 1000 * LINGER_SECONDS, "the response time includes the close"
        await asyncio.sleep(LINGER_SECONDS + 0.3)
    assert (stats.answered, closed) == (5, [first] * 5)


async def test_more_open_requests_than_allowed_are_not_begun():
    async with Server() as server:
        spec = load(server.url("/slow"), rate=100, duration=0.2, timeout=1)
        stats = await Sender(spec, most_in_flight=7).run()
    assert (stats.scheduled, stats.sent, stats.not_sent) == (20, 7, 13)
    assert dict(stats.not_sent_reasons) == {"too_many_in_flight": 13}
    assert len(server.arrivals) == 7


async def test_requests_after_a_stall_are_not_sent_in_a_burst():
    """After a stall of 2.5 s requests more than 1 s late are left out, and the others are late."""
    async with Server() as server:
        begin = asyncio.get_running_loop().time() - 2.5
        stats = await Sender(load(server.url(), rate=20, duration=3), begin=begin).run()
    assert stats.scheduled == 60
    assert stats.not_sent_reasons["too_late"] == stats.not_sent == pytest.approx(30, abs=3)
    assert stats.sent == stats.answered == len(server.arrivals) == 60 - stats.not_sent
    assert stats.late >= 17


def out_of_files(connection, port, keep_alive):
    """Send with file descriptors for a few connections only."""

    async def run():
        # The sender raises its limit no further than the hard one.
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        taken = []
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        for descriptor in taken[-12:]:
            os.close(descriptor)
        spec = load(f"http://127.0.0.1:{port}/slow", 100, 0.3, timeout=1, keep_alive=keep_alive)
        return (await Sender(spec, most_in_flight=1000).run()).as_dict()

    connection.send(asyncio.run(run()))


@both_clients
async def test_this_machines_own_errors_are_apart_from_the_servers(keep_alive):
    async with Server() as server:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(
            target=out_of_files, args=(theirs, server.port, keep_alive)
        )
        process.start()
        while not ours.poll():
            await asyncio.sleep(0.05)
        counts = ours.recv()
        process.join()
    assert set(counts["not_sent_reasons"]) == {"EMFILE"}
    assert counts["scheduled"] == 30 == counts["sent"] + counts["not_sent"]
    assert counts["sent"] == len(server.arrivals) > 0
    assert counts["errors"] == {"timeout": counts["sent"]}


@pytest.mark.parametrize(
    ("error", "own", "name"),
    [
        (OSError(errno.EADDRNOTAVAIL, "no port"), "EADDRNOTAVAIL", "EADDRNOTAVAIL"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "", "ECONNRESET"),
        (aiohttp.ClientConnectorError(None, OSError(errno.EMFILE, "no file")), "EMFILE", "EMFILE"),
        (aiohttp.ClientConnectorError(None, OSError(errno.EHOSTUNREACH, "away")), "", "EHOSTUNREACH"),
        (aiohttp.ServerDisconnectedError(), "", "ServerDisconnectedError"),
    ],
)
def test_errors_of_this_machine_and_of_the_server(error, own, name):
    assert (own_error(error), error_name(error)) == (own, name)


@both_clients
async def test_a_stop_at_once_gives_up_open_requests(keep_alive):
    async with Server() as server:
        sender = Sender(load(server.url("/slow"), rate=50, duration=60, keep_alive=keep_alive))
        running = asyncio.create_task(sender.run())
        await asyncio.sleep(0.5)
        begun = time.monotonic()
        sender.stop(at_once=True)
        stats = await running
        assert time.monotonic() - begun < 3, "it waited for answers"
    assert stats.errors["given_up"] == stats.sent > 10
    assert stats.as_dict()["in_flight"] == 0


async def test_a_name_is_resolved_to_the_address_that_answers():
    """On many machines localhost is also ::1, where this server does not listen."""
    async with Server() as server:
        stats = await Sender(load(f"http://localhost:{server.port}/", rate=50, duration=0.1)).run()
    assert stats.answered == 5
    assert server.accepted in (5, 6)  # of several addresses each is tried


async def test_a_name_that_does_not_exist():
    with pytest.raises(OSError, match=r"\w"):
        await Sender(load("http://no-such-host.invalid/", rate=50, duration=0.1)).run()
