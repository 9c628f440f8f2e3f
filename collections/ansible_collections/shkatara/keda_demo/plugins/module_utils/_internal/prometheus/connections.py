# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""HTTP GET in two ways behind one interface: direct by urllib3, or through a port-forward to a pod.

Neither follows a redirect or repeats a request by itself: a header may be a secret that is meant for this server
alone, and the caller knows whether a request is worth a second attempt. urllib3 opens its sockets itself, and has no
public way to use that of a port-forward; http.client has (see kube/port_forward.py).
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..kube.cluster import Cluster
from ..kube.port_forward import TIMEOUT_SECONDS, ForwardedConnection
from .addresses import Address

try:
    import urllib3
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it by missing_required_lib
    HTTPError = RuntimeError  # type: ignore[misc,assignment]


class NoResponse(Exception):
    """The server can't be reached, or its response is not complete; the message is the reason."""


@dataclass(frozen=True)
class Response:
    """An HTTP response with its whole body; `content_type` is empty if the server sends none."""

    status: int
    content_type: str
    body: bytes


class Connection(Protocol):
    """A connection to one server that is kept between requests. For one thread at a time."""

    def get(self, path: str, headers: Mapping[str, str]) -> Response:
        """Return the response to a GET, of any status.

        :raises NoResponse: no connection, or no complete response in time
        """

    def close(self) -> None:
        """Close the connection; the next request opens another."""


class DirectConnection:
    """A connection to a host that this machine reaches by itself.

    A connection that the server has closed since the last request is replaced before the next one is sent.
    TLS certificates are verified against the machine's certificate authorities.
    """

    def __init__(self, host: str, port: int, *, tls: bool = False, timeout: float = TIMEOUT_SECONDS) -> None:
        pool = urllib3.HTTPSConnectionPool if tls else urllib3.HTTPConnectionPool
        self._pool = pool(host, port, timeout=urllib3.Timeout(connect=timeout, read=timeout), maxsize=1)

    def get(self, path: str, headers: Mapping[str, str]) -> Response:
        """See Connection."""
        try:
            response = self._pool.urlopen("GET", path, headers=dict(headers), retries=False, redirect=False)
        except (HTTPError, OSError, ValueError) as error:
            raise NoResponse(_reason(error)) from error
        return Response(response.status, response.headers.get("Content-Type", ""), response.data)

    def close(self) -> None:
        """See Connection."""
        self._pool.close()


class PodConnection:
    """A connection to a port of a pod by a port-forward of its own, and so by a client of its own."""

    def __init__(self, cluster: Cluster, namespace: str, pod: str, port: int, timeout: float = TIMEOUT_SECONDS) -> None:
        """:raises ClusterError: see Cluster.new_client"""
        self._http = ForwardedConnection(cluster.new_client(), namespace, pod, port, timeout)

    def get(self, path: str, headers: Mapping[str, str]) -> Response:
        """See Connection."""
        try:
            self._http.request("GET", path, headers=headers)
            response = self._http.getresponse()
            return Response(response.status, response.headers.get("Content-Type", ""), response.read())
        except (http.client.HTTPException, OSError, ValueError) as error:
            self._http.close()
            raise NoResponse(str(error)) from error

    def close(self) -> None:
        """See Connection."""
        self._http.close()


def connection_to(cluster: Cluster, address: Address, timeout: float) -> Connection:
    """Return a connection to an address; the first request opens it.

    :raises ClusterError: see Cluster.new_client
    """
    if address.pod:
        return PodConnection(cluster, address.namespace, address.pod, address.port, timeout)
    return DirectConnection(address.host, address.port, tls=address.tls, timeout=timeout)


def _reason(error: BaseException) -> str:
    """Return the system's own message of an error, around which urllib3 puts one with the repr of a connection."""
    while True:
        inner = [error.__cause__, *error.args]
        cause = next((item for item in inner if isinstance(item, BaseException)), None)
        if cause is None:
            return str(error) or type(error).__name__
        error = cause
