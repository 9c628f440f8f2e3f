# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The way of the load from this machine to the application.

A NodePort is open on every node, but a cluster's nodes may be out of this machine's reach: kind's on a Mac, or those of
a cloud. The API server is always in reach. Its proxy for Services picks a pod for each request, so that the load
spreads as by the Service itself. A port-forward would lead all of it to one pod.
Source: Kubernetes 1.25, pkg/registry/core/service/storage/storage.go, ResourceLocation.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .owners import DEMO_APP, NAMESPACES

AUTO, NODE_PORT, API = "auto", "node_port", "api"
WAYS = (AUTO, NODE_PORT, API)
SERVICE, PORT_NAME = "test", "http"
PROXY_PATH = f"/api/v1/namespaces/{NAMESPACES[DEMO_APP]}/services/{SERVICE}:{PORT_NAME}/proxy/"
_SECONDS = 2.0
_MOST_NODES = 8

Reaches = Callable[[str, int], bool]


@dataclass(frozen=True)
class Way:
    """How the load goes: `url` is empty if the user gave one."""

    name: str = ""
    url: str = ""
    message: str = ""
    problems: tuple[str, ...] = ()


def decide(
    asked: str, node_port: int, nodes: Sequence[Mapping[str, Any]], server: str, *, given_url: bool, reaches: Reaches
) -> Way:
    """Return the way of the load.

    :param asked: `auto`, `node_port` or `api`
    :param given_url: whether the user has given the URL
    :param server: the URL of the API server
    :param reaches: whether this machine reaches a port of an address
    """
    if given_url:
        return Way("url", "", "the load goes to the URL that was given")
    addresses = addresses_of(nodes)
    with ThreadPoolExecutor(_MOST_NODES, "ways") as pool:
        answers = [] if asked == API else list(pool.map(lambda address: reaches(address, node_port), addresses))
    reached = [address for address, answer in zip(addresses, answers, strict=False) if answer]
    if reached:
        return Way(NODE_PORT, _url(reached[0], node_port), f"the load goes to the NodePort {reached[0]}:{node_port}")
    tried = f"no way from this machine to port {node_port} of {', '.join(addresses) or 'any node'}"
    if asked == NODE_PORT:
        remedy = "open it, leave demo_load_way out, or give verify_load_url"
        return Way(NODE_PORT, problems=(f"{tried} (demo_load_way is node_port): {remedy}",))
    why = "" if asked == API else f"{tried}, so "
    message = f"{why}the load goes through the API server, whose proxy spreads it over the pods"
    return Way(API, f"{server}{PROXY_PATH}", message)


def port_problems(services: Sequence[Mapping[str, Any]], node_port: int) -> list[str]:
    """Return that a Service of somebody else's holds the NodePort, or nothing."""
    own = (NAMESPACES[DEMO_APP], SERVICE)
    return [
        f"demo_app_node_port is {node_port}, which Service {service['metadata']['namespace']}/"
        f"{service['metadata']['name']} holds: give another port from 30000 to 32767"
        for service in services
        if (service["metadata"]["namespace"], service["metadata"]["name"]) != own
        and any(port.get("nodePort") == node_port for port in service["spec"].get("ports") or [])
    ]


def addresses_of(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return addresses of Ready nodes, those inside of the cluster's network first, at most one screen of them."""
    ready = [
        node.get("status") or {}
        for node in nodes
        if any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in (node.get("status") or {}).get("conditions") or []
        )
    ]
    found = [
        address["address"]
        for kind in ("InternalIP", "ExternalIP")
        for status in ready
        for address in status.get("addresses") or []
        if address["type"] == kind
    ]
    return list(dict.fromkeys(found))[:_MOST_NODES]


def reaches(address: str, port: int) -> bool:
    """Return whether packets come to a port: the NodePort does not exist yet, so a refusal is an answer, too."""
    try:
        socket.create_connection((address, port), _SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def _url(address: str, port: int) -> str:
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"
