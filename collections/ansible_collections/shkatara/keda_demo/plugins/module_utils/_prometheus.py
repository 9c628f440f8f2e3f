# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prometheus' HTTP API, by its URL or by a port-forward to the pod behind a trigger's serverAddress."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from ansible_collections.shkatara.keda_demo.plugins.module_utils._cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._units import parse_duration

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import portforward
    from websocket import WebSocketException
except ImportError:  # the module says so by missing_required_lib
    ApiException = RuntimeError
    WebSocketException = RuntimeError  # type: ignore[misc,assignment]

_TIMEOUT_SECONDS = 10.0


class PrometheusError(Exception):
    """Prometheus can't be found, or does not answer as it should."""


@dataclass(frozen=True)
class Address:
    """Where a Prometheus is: `pod` and `namespace` are empty where `host` is reached directly."""

    host: str
    port: int
    path: str
    tls: bool = False
    namespace: str = ""
    pod: str = ""

    def __str__(self) -> str:
        if self.pod:
            return f"pod {self.namespace}/{self.pod}, port {self.port}"
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{self.path}"


def direct_address(url: str) -> Address:
    """Return the address of a URL that this machine reaches by itself.

    :raises PrometheusError: not an http or https URL
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PrometheusError(f"`prometheus_url` {url!r} is not a URL: give one such as http://192.0.2.10:9090")
    tls = parts.scheme == "https"
    return Address(parts.hostname, parts.port or (443 if tls else 80), parts.path.rstrip("/"), tls)


def service_of(server_address: str) -> tuple[str, str, int, str]:
    """Return (Service, namespace, port, path) of a trigger's serverAddress.

    :raises PrometheusError: not a plain http URL of a Service
    """
    parts = urlsplit(server_address if "//" in server_address else f"http://{server_address}")
    labels = (parts.hostname or "").split(".")
    is_service = len(labels) == 2 or (len(labels) > 2 and labels[2] == "svc")
    if parts.scheme != "http" or not is_service:
        raise PrometheusError(
            f"the trigger's serverAddress {server_address!r} is not the http URL of a Service "
            "(http://<service>.<namespace>.svc:<port>): give a `prometheus_url` that this machine reaches"
        )
    return labels[0], labels[1], parts.port or 80, parts.path.rstrip("/")


def find_pod(cluster: Cluster, server_address: str) -> Address:
    """Return the first ready pod behind a trigger's serverAddress.

    :raises PrometheusError: no such Service or port, or no ready pod
    :raises ClusterError: see Cluster.list
    """
    name, namespace, port, path = service_of(server_address)
    services, _version = cluster.list("services", namespace, name)
    if not services:
        raise PrometheusError(f"Service {namespace}/{name} of the trigger's serverAddress does not exist")
    ports = services[0]["spec"].get("ports") or []
    wanted = next((item for item in ports if item["port"] == port), None)
    if wanted is None:
        known = ", ".join(str(item["port"]) for item in ports)
        raise PrometheusError(f"Service {namespace}/{name} has no port {port} (it has: {known})")
    endpoints, _version = cluster.list("endpoints", namespace, name)
    for subset in endpoints[0].get("subsets") or [] if endpoints else []:
        numbers = [item["port"] for item in subset.get("ports") or [] if item.get("name") == wanted.get("name")]
        for address in subset.get("addresses") or []:
            pod = address.get("targetRef") or {}
            if numbers and pod.get("kind") == "Pod":
                return Address(pod["name"], numbers[0], path, namespace=pod["namespace"], pod=pod["name"])
    raise PrometheusError(f"Service {namespace}/{name} has no ready pod behind port {port}")


class _ForwardedConnection(http.client.HTTPConnection):
    """HTTP through the API server to a pod's port."""

    def __init__(self, api_client: Any, address: Address) -> None:
        super().__init__(f"{address.pod}.{address.namespace}", address.port)
        self._api_client = api_client
        self._address = address
        self._forward: Any = None

    def connect(self) -> None:
        """Open the port-forward; each connection has its own."""
        method = client.CoreV1Api(self._api_client).connect_get_namespaced_pod_portforward
        self._forward = portforward(method, self._address.pod, self._address.namespace, ports=str(self._address.port))
        self.sock = self._forward.socket(self._address.port)
        self.sock.settimeout(_TIMEOUT_SECONDS)

    def close(self) -> None:
        """Close the port-forward too."""
        super().close()
        if self._forward is not None:
            with contextlib.suppress(OSError):
                self._forward.close()
            self._forward = None


class Prometheus:
    """One Prometheus server over one connection, made anew after an error. For one thread at a time."""

    def __init__(self, cluster: Cluster, find: Callable[[], Address]) -> None:
        self._cluster = cluster
        self._find = find
        self._connection: http.client.HTTPConnection | None = None
        self.address: Address | None = None

    def query(self, expression: str) -> float | None:
        """Return the sum of an instant query's series, as KEDA's one value; None for no data or NaN.

        :raises PrometheusError: no answer, or more than one series, on which KEDA's trigger fails too
        """
        data = self._get("/api/v1/query", {"query": expression})
        result = data["result"]
        scalar = data["resultType"] == "scalar"
        values = [result[1]] if scalar else [series["value"][1] for series in result]
        if len(values) > 1:
            raise PrometheusError(f"the trigger's query returns {len(values)} series, and KEDA takes one: {expression}")
        value = float(values[0]) if values else math.nan
        return None if math.isnan(value) else value

    def targets(self) -> list[Target]:
        """Return the active scrape targets."""
        return [_target(item) for item in self._get("/api/v1/targets", {"state": "active"})["activeTargets"]]

    def version(self) -> str | None:
        """Return the server's version; None where it does not say."""
        try:
            return str(self._get("/api/v1/status/buildinfo", {})["version"])
        except (PrometheusError, KeyError):
            return None

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        # A kept connection may have been closed by the other side meanwhile: that alone is worth a second
        # try.
        kept = self._connection is not None
        try:
            return self._get_once(path, parameters)
        except PrometheusError:
            if not kept:
                raise
            return self._get_once(path, parameters)

    def _get_once(self, path: str, parameters: Mapping[str, str]) -> Any:
        try:
            connection, address = self._connect()
            connection.request("GET", f"{address.path}{path}?{urlencode(parameters)}")
            response = connection.getresponse()
            body = response.read()
            document = json.loads(body) if "json" in response.headers.get("Content-Type", "") else {}
        except ClusterError as error:
            self.close()
            raise PrometheusError(str(error)) from error
        except (OSError, http.client.HTTPException, ApiException, WebSocketException, ValueError) as error:
            self.close()
            raise PrometheusError(f"{self.address or 'Prometheus'} does not answer: {error}") from error
        if document.get("status") != "success":
            reason = document.get("error") or f"HTTP {response.status}"
            raise PrometheusError(f"{self.address} refused {path}: {reason}")
        return document["data"]

    def _connect(self) -> tuple[http.client.HTTPConnection, Address]:
        if self._connection is None or self.address is None:
            self.address = self._find()
            if self.address.pod:
                self._connection = _ForwardedConnection(self._cluster.new_client(), self.address)
            else:
                kind = http.client.HTTPSConnection if self.address.tls else http.client.HTTPConnection
                self._connection = kind(self.address.host, self.address.port, timeout=_TIMEOUT_SECONDS)
        return self._connection, self.address


def _target(item: Mapping[str, Any]) -> Target:
    labels, discovered = item.get("labels") or {}, item.get("discoveredLabels") or {}
    interval = item.get("scrapeInterval") or ""
    return Target(
        # The discovered labels are the truth; `labels` is what relabelling left.
        namespace=discovered.get("__meta_kubernetes_namespace") or labels.get("namespace") or "",
        pod=discovered.get("__meta_kubernetes_pod_name") or labels.get("pod") or "",
        url=item.get("scrapeUrl") or "",
        up=item.get("health") == "up",
        error=item.get("lastError") or "",
        interval=parse_duration(interval) if interval else 0.0,
    )
