# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""HTTP GET in two ways behind one interface: direct by urllib3, or through a port-forward to a pod.

The direct way honours the variables of proxies. A port-forward goes by the way to the API server.

Neither follows a redirect or repeats a request by itself: a header may be a secret that is meant for this server
alone, and the caller knows whether a request is worth a second attempt. urllib3 opens its sockets itself, and has no
public way to use that of a port-forward; http.client has (see kube/port_forward.py).
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..common import proxies
from ..common import tls as tls_settings
from ..common.proxies import Proxy
from ..common.tls import Trust
from ..kube.cluster import Cluster
from ..kube.port_forward import TIMEOUT_SECONDS, ForwardedConnection
from .addresses import Address

try:
    import urllib3
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
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
    """A connection to a host that this machine reaches by itself, or by the proxy that its environment names.

    A connection that the server has closed since the last request is replaced before the next one is sent.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: bool = False,
        timeout: float = TIMEOUT_SECONDS,
        trust: Trust = Trust(),  # noqa: B008 - it is frozen
    ) -> None:
        """:raises ValueError: the environment names no right proxy
        :raises OSError: the authorities can't be read
        """
        self._url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        self._proxy = proxies.of_environment(self._url)
        self._manager = _manager(self._proxy, tls_settings.context(trust) if tls else None, timeout)
        if not trust.validate:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def get(self, path: str, headers: Mapping[str, str]) -> Response:
        """See Connection."""
        by = f"through the proxy {self._proxy}: " if self._proxy else ""
        try:
            response = self._manager.request(
                "GET", self._url + path, headers=dict(headers), retries=False, redirect=False
            )
        except (HTTPError, OSError, ValueError) as error:
            reason = _reason(error)
            raise NoResponse(f"{by}{reason}{tls_settings.hint(reason, 'prometheus_')}") from error
        if response.status == http.client.PROXY_AUTHENTICATION_REQUIRED and self._proxy:
            raise NoResponse(f"{by}it requires a user and a password (407)")
        return Response(response.status, response.headers.get("Content-Type", ""), response.data)

    def close(self) -> None:
        """See Connection."""
        self._manager.clear()


class PodConnection:
    """A connection to a port of a pod by a port-forward of its own, and so by a client of its own.

    `service` is the host, with the port if it has one, for which the pod is asked; empty for the pod itself. With
    `trust` the bytes are TLS, for that host.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        pod: str,
        port: int,
        timeout: float = TIMEOUT_SECONDS,
        *,
        service: str = "",
        trust: Trust | None = None,
    ) -> None:
        """:raises OSError: the authorities can't be read"""
        self._host = {"Host": service} if service else {}
        self._http = ForwardedConnection(
            cluster.new_client(),
            namespace,
            pod,
            port,
            timeout,
            tls=tls_settings.context(trust) if trust else None,
            server_name=urlsplit(f"//{service}").hostname or "",
        )

    def get(self, path: str, headers: Mapping[str, str]) -> Response:
        """See Connection."""
        own = {} if any(name.lower() == "host" for name in headers) else self._host
        try:
            self._http.request("GET", path, headers={**own, **headers})
            response = self._http.getresponse()
            return Response(response.status, response.headers.get("Content-Type", ""), response.read())
        except (http.client.HTTPException, OSError, ValueError) as error:
            self._http.close()
            raise NoResponse(f"{error}{tls_settings.hint(error, 'prometheus_')}") from error

    def close(self) -> None:
        """See Connection."""
        self._http.close()


def connection_to(cluster: Cluster, address: Address, timeout: float, trust: Trust = Trust()) -> Connection:  # noqa: B008
    """Return a connection to an address; the first request opens it.

    :raises ValueError: the environment names no right proxy
    :raises OSError: the authorities can't be read
    """
    if address.pod:
        return PodConnection(
            cluster,
            address.namespace,
            address.pod,
            address.port,
            timeout,
            service=address.service,
            trust=trust if address.tls else None,
        )
    return DirectConnection(address.host, address.port, tls=address.tls, timeout=timeout, trust=trust)


def _manager(proxy: Proxy | None, context: ssl.SSLContext | None, timeout: float) -> Any:
    """Return what sends requests: of one connection, direct or by a proxy."""
    options: dict[str, Any] = {"num_pools": 1, "maxsize": 1, "ssl_context": context}
    options["timeout"] = urllib3.Timeout(connect=timeout, read=timeout)
    if proxy is None:
        return urllib3.PoolManager(**options)
    if proxy.scheme.startswith("socks"):
        raise ValueError(f"{proxy} is a SOCKS proxy, and only an HTTP proxy is used: give an http:// one")
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else None
    return urllib3.ProxyManager(proxy.url, proxy_headers=headers, **options)


def _reason(error: BaseException) -> str:
    """Return the system's own message of an error, around which urllib3 puts one with the repr of a connection."""
    while True:
        inner = [error.__cause__, *error.args]
        cause = next((item for item in inner if isinstance(item, BaseException)), None)
        if cause is None:
            return str(error) or type(error).__name__
        error = cause
