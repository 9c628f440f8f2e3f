# SPDX-License-Identifier: MIT
"""Loads with methods, headers, bodies, TLS, users, several URLs and several addresses, against real servers."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections import Counter

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.tls import Trust
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load import capacity
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.request import Request
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.sender import Sender
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.echo_server import EchoServer

NAME = "shop.example.test"
both_clients = pytest.mark.parametrize("keep_alive", [False, True], ids=["plain", "session"])


def load(*urls, rate=50, duration=0.2, **options):
    url, *more = urls
    return LoadSpec(url, (Stage(rate, duration),), 5, more_urls=tuple(more), **options)


async def send(*urls, **options):
    return await Sender(load(*urls, **options)).run()


@both_clients
@pytest.mark.parametrize(
    ("request_", "headers", "body"),
    [
        (Request(), {"content-length": []}, b""),
        (Request("DELETE"), {}, b""),
        (Request("POST"), {"content-length": ["0"], "content-type": []}, b""),
        (Request("PATCH", body=b"a=1"), {"content-length": ["3"], "content-type": []}, b"a=1"),
        (
            Request("POST", (("Content-Type", "application/json"), ("user-agent", "me"), ("Host", NAME)), b"{}"),
            {"content-type": ["application/json"], "user-agent": ["me"], "host": [NAME], "accept": ["*/*"]},
            b"{}",
        ),
        (Request("PUT", body=3_000_000 * b"x"), {"content-length": ["3000000"]}, 3_000_000 * b"x"),
    ],
    ids=["get", "delete", "post", "patch", "headers", "large"],
)
async def test_method_headers_and_body(request_, headers, body, keep_alive):
    async with EchoServer() as server:
        stats = await send(server.url("/a?b=%20c"), request=request_, keep_alive=keep_alive)
        assert (stats.answered, dict(stats.errors)) == (10, {})
    for seen in server.seen:
        assert (seen.method, seen.path, seen.body) == (request_.method, "/a?b=%20c", body)
        assert {name: seen.all(name) for name in headers} == headers
        assert seen.all("connection") == ([] if keep_alive else ["close"])
        assert len(seen.all("host")) == 1


@both_clients
async def test_the_answer_to_head_ends_with_its_head(keep_alive):
    """It names the length of a body that does not come."""
    async with EchoServer() as server:
        stats = await send(server.url(), request=Request("HEAD"), keep_alive=keep_alive)
    assert (stats.answered, dict(stats.errors)) == (10, {})
    assert stats.as_dict()["response_ms"]["max"] < 400, "it waited for the end of the connection"


@both_clients
async def test_a_user_in_the_url_is_sent(keep_alive):
    async with EchoServer() as server:
        spec = load(server.url(user="me:w%40rd@"), keep_alive=keep_alive)
        assert capacity.is_plain(spec) is not keep_alive
        assert (await Sender(spec).run()).answered == 10
    assert {seen.all("authorization")[0] for seen in server.seen} == {"Basic " + base64.b64encode(b"me:w@rd").decode()}


# TLS


@pytest.mark.parametrize("keep_alive", [False, True])
@pytest.mark.parametrize("validate", [True, False])
async def test_a_private_authority(tmp_path, keep_alive, validate):
    authority = Authority(tmp_path)
    trust = Trust(ca_path=authority.path) if validate else Trust(validate=False)
    async with EchoServer(authority.server("127.0.0.1")) as server:
        stats = await send(server.url(), keep_alive=keep_alive, request=Request(trust=trust))
        assert (stats.answered, dict(stats.errors)) == (10, {})
        refused = await send(server.url(), keep_alive=keep_alive)
        assert dict(refused.errors) == {"CERTIFICATE_VERIFY_FAILED": 10}


async def test_the_host_of_an_ingress_is_the_name_for_tls(tmp_path):
    authority = Authority(tmp_path)
    request = Request("POST", (("Host", f"{NAME}:8443"),), b"x", Trust(ca_path=authority.path))
    async with EchoServer(authority.server(NAME)) as server:
        assert (await send(server.url(), request=request)).answered == 10
        assert set(server.server_names) == {NAME}
        assert {seen.all("host")[0] for seen in server.seen} == {f"{NAME}:8443"}
        without = Request(trust=Trust(ca_path=authority.path))
        assert set((await send(server.url(), request=without)).errors) == {"CERTIFICATE_VERIFY_FAILED"}


# URLs in turn


@both_clients
async def test_urls_take_turns(keep_alive):
    async with EchoServer() as one, EchoServer() as two:
        urls = [one.url("/a"), two.url("/b"), one.url("/c")]
        stats = await send(*urls, rate=60, duration=0.5, keep_alive=keep_alive)
    assert stats.answered == 30
    assert Counter(seen.path for seen in one.seen) == {"/a": 10, "/c": 10}
    assert Counter(seen.path for seen in two.seen) == {"/b": 10}


async def test_plain_and_tls_urls_together(tmp_path):
    authority = Authority(tmp_path)
    async with EchoServer() as plain, EchoServer(authority.server("127.0.0.1")) as secure:
        request = Request(trust=Trust(ca_path=authority.path))
        assert (await send(plain.url(), secure.url(), request=request)).answered == 10
    assert (len(plain.seen), len(secure.seen)) == (5, 5)


async def test_a_name_among_several_that_does_not_exist():
    async with EchoServer() as server:
        with pytest.raises(OSError, match=r"\w"):
            await send(server.url(), "http://no-such-host.invalid/")


# Addresses


@pytest.fixture
def resolved(monkeypatch):
    """Let NAME have these addresses."""

    def set_addresses(*addresses):
        loop = asyncio.get_running_loop()

        async def getaddrinfo(host, port, **_options):
            assert host == NAME
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)

    return set_addresses


HERE = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@pytest.mark.parametrize("secure", [True, False])
async def test_connections_are_spread_over_the_addresses_of_a_name(tmp_path, resolved, secure):
    tls = Authority(tmp_path).server(NAME) if secure else None
    async with EchoServer(tls, hosts=HERE) as server:
        resolved(*HERE)
        request = Request(trust=Trust(validate=False))
        stats = await send(server.url(host=NAME), rate=60, duration=0.5, request=request)
    assert stats.answered == 30
    counts = Counter(seen.address for seen in server.seen)
    assert set(counts) == set(HERE)
    assert secure or set(counts.values()) == {10}


@both_clients
async def test_an_address_that_refuses_is_left_out(resolved, keep_alive):
    async with EchoServer(hosts=HERE[1:]) as server:
        resolved(*HERE)
        stats = await send(server.url(host=NAME), rate=60, duration=0.5, keep_alive=keep_alive)
    assert (stats.answered, dict(stats.errors)) == (30, {})
    found = {seen.address for seen in server.seen}
    assert found == set(HERE[1:]) or (keep_alive and found < set(HERE[1:]))  # few connections may do for all


async def test_where_no_address_accepts_the_requests_fail(resolved):
    async with EchoServer() as server:
        port = server.port
    resolved("127.0.0.1", "127.0.0.2")
    stats = await send(f"http://{NAME}:{port}/")
    assert dict(stats.errors) == {"ECONNREFUSED": 10}


# Proxies


@both_clients
async def test_a_load_goes_by_no_proxy(monkeypatch, keep_alive):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with EchoServer() as server:
        assert (await send(server.url(), keep_alive=keep_alive)).answered == 10


# The machine's limits


@pytest.mark.parametrize(
    ("urls", "most"),
    [
        (("http://a/", "http://b/"), 185),
        (("http://a/", "http://b/", "http://A/x"), 247),
        (("http://a:80/", "http://a:81/"), 185),
        (("http://me:word@a/", "http://a/"), 370),
        (("http://a/",), 370),
    ],
)
def test_ports_are_needed_for_each_address(urls, most):
    spec = load(*urls, rate=37, duration=600, keep_alive=False)
    spec = LoadSpec(spec.url, spec.stages, 10, more_urls=spec.more_urls)
    assert capacity.required_resources(spec).to_one_address == most
    limits = capacity.Limits(20000, 20000, 1, most, 10**9)
    assert capacity.refusal(spec, limits) is None
    assert "ports: " in capacity.refusal(spec, capacity.Limits(20000, 20000, 1, most - 1, 10**9))
