# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a port on which nothing listens says about the way to it."""

import errno
import socket

import pytest
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils import preflight_reach

WAY = {"name": "the API", "address": "192.0.2.11", "port": 6443, "login_port": 22}


@pytest.fixture
def port():
    """Return a port of this machine on which a server listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def outcome(way, **options):
    return preflight_reach.try_way(WAY | way, 1.0, **options)["outcome"]


def test_a_server_is_reached(port):
    assert outcome({"address": "127.0.0.1", "port": port}) == "reached"


def test_a_port_on_which_nothing_listens_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    assert outcome({"address": "127.0.0.1", "port": free}) == "reached"


def test_a_name_that_does_not_resolve_is_named_as_such():
    assert outcome({"address": "nowhere.invalid"}) == "unknown_name"


@pytest.mark.parametrize(
    "error", [TimeoutError(), OSError(errno.EHOSTUNREACH, "No route to host"), OSError(errno.ENETUNREACH, "")]
)
@pytest.mark.parametrize(("login", "wanted"), [(None, "unreachable"), (ConnectionRefusedError(), "blocked")])
def test_ssh_tells_a_blocked_port_from_an_address_that_is_not_reached(error, login, wanted):
    tried = []

    def connect(address, _timeout):
        tried.append(address)
        raise (login or error) if address[1] == 22 else error

    assert outcome({}, connect=connect) == wanted
    assert tried == [("192.0.2.11", 6443), ("192.0.2.11", 22)]
