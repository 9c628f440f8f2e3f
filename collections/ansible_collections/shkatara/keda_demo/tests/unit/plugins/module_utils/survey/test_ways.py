# SPDX-License-Identifier: MIT
"""The way of the load to the application."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey import ways
from ansible_collections.shkatara.keda_demo.tests.support.survey_clusters import node, service

NODES = [
    node(("InternalIP", "192.0.2.9"), ready="False"),
    node(("Hostname", "one"), ("InternalIP", "192.0.2.11"), ("ExternalIP", "198.51.100.11")),
    node(("InternalIP", "2001:db8::12")),
]
SERVER = "https://192.0.2.10:6443"


def decide(asked="auto", *reached, given=False):
    return ways.decide(
        asked,
        30115,
        NODES,
        SERVER,
        given_url=given,
        reaches=lambda address, port: port == 30115 and address in reached,
    )


@pytest.mark.parametrize(
    ("reached", "url"),
    [
        (["192.0.2.11", "198.51.100.11"], "http://192.0.2.11:30115/"),
        (["198.51.100.11"], "http://198.51.100.11:30115/"),
        (["2001:db8::12"], "http://[2001:db8::12]:30115/"),
        # A node that is not Ready is not asked.
        (["192.0.2.9"], f"{SERVER}{ways.PROXY_PATH}"),
    ],
)
def test_the_first_node_in_reach_or_else_the_api_server(reached, url):
    assert decide("auto", *reached).url == url


def test_the_way_is_said():
    way = decide()
    assert way.name == "api"
    assert way.message == (
        "no way from this machine to port 30115 of 192.0.2.11, 2001:db8::12, 198.51.100.11, so the load goes through "
        "the API server, whose proxy spreads it over the pods"
    )


def test_a_way_that_was_asked_for():
    assert decide("api", "192.0.2.11").name == "api"
    assert decide("auto", given=True) == ways.Way("url", "", "the load goes to the URL that was given")
    (problem,) = decide("node_port").problems
    assert "(demo_load_way is node_port): open it, leave demo_load_way out, or give verify_load_url" in problem


def test_a_port_of_somebody_else_s():
    port = {"port": 80, "nodePort": 30115}
    assert (
        ways.port_problems([service("test", "test", {}, port), service("web", "shop", {}, {"port": 80})], 30115) == []
    )
    (problem,) = ways.port_problems([service("test", "shop", {}, port)], 30115)
    assert problem.startswith("demo_app_node_port is 30115, which Service shop/test holds: give another port")


def test_a_refusal_is_an_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ways.reaches("127.0.0.1", port) is True
    assert ways.reaches("127.0.0.1", port) is True
    assert ways.reaches("nowhere.invalid", port) is False
