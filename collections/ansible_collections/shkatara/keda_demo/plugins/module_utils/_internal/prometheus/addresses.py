# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The address of a Prometheus: its URL, or a pod behind a trigger's serverAddress."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..common import urls
from ..kube.cluster import Cluster


class PrometheusError(Exception):
    """Prometheus can't be found, or its answer is an error; `status` is the HTTP status, 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Address:
    """The address of a Prometheus; `pod` and `namespace` are empty if this machine reaches `host` directly."""

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

    :raises PrometheusError: not an http or https URL, or one with credentials in it
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise PrometheusError("`prometheus_url` has credentials in it: give them in `prometheus_headers`")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PrometheusError(
            f"`prometheus_url` {urls.without_user(url)!r} is not a URL: give one such as http://192.0.2.10:9090"
        )
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
            f"the trigger's serverAddress {urls.without_user(server_address)!r} is not the http URL of a Service "
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
    service_port = next((item for item in ports if item["port"] == port), None)
    if service_port is None:
        known = ", ".join(str(item["port"]) for item in ports)
        raise PrometheusError(f"Service {namespace}/{name} has no port {port} (it has: {known})")
    endpoints, _version = cluster.list("endpoints", namespace, name)
    for subset in endpoints[0].get("subsets") or [] if endpoints else []:
        name_of_port = service_port.get("name")
        numbers = [item["port"] for item in subset.get("ports") or [] if item.get("name") == name_of_port]
        for address in subset.get("addresses") or []:
            pod = address.get("targetRef") or {}
            if numbers and pod.get("kind") == "Pod":
                return Address(pod["name"], numbers[0], path, namespace=pod["namespace"], pod=pod["name"])
    raise PrometheusError(f"Service {namespace}/{name} has no ready pod behind port {port}")
