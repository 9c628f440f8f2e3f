# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The address of a Prometheus: its URL, or a pod behind a trigger's serverAddress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..common import urls
from ..kube.cluster import Cluster

_GIVE_URL = "give a `prometheus_url` that this machine reaches"


class PrometheusError(Exception):
    """Prometheus can't be found, or its answer is an error; `status` is the HTTP status, 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Address:
    """The address of a Prometheus; `pod` and `namespace` are empty if this machine reaches `host` directly.

    A pod behind a Service is asked as KEDA asks the Service: `service` is its host with the port, if one was given, and
    `authorization` the header of the user in the trigger's serverAddress; both are empty for none.
    """

    host: str
    port: int
    path: str
    tls: bool = False
    namespace: str = ""
    pod: str = ""
    service: str = ""
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        if self.pod:
            return f"pod {self.namespace}/{self.pod}, port {self.port}{' (https)' if self.tls else ''}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"


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

    :raises PrometheusError: not a URL of a Service
    :raises ValueError: not a URL
    """
    parts = urlsplit(_whole(server_address))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    labels = (parts.hostname or "").split(".")
    is_service = all(labels[:2]) and (len(labels) == 2 or (len(labels) > 2 and labels[2] == "svc"))
    if parts.scheme not in ("http", "https") or not is_service:
        raise PrometheusError(
            f"the trigger's serverAddress {urls.without_user(server_address)!r} is not the URL of a Service "
            f"(http://<service>.<namespace>.svc:<port>): {_GIVE_URL}"
        )
    return labels[0], labels[1], port, parts.path.rstrip("/")


def _whole(server_address: str) -> str:
    """Return a serverAddress with a scheme, which it may lack."""
    return server_address if "//" in server_address else f"http://{server_address}"


def find_pod(cluster: Cluster, server_address: str) -> Address:
    """Return the first ready pod behind a trigger's serverAddress.

    :raises PrometheusError: no such Service or port, or no ready pod
    :raises ClusterError: see Cluster.list
    """
    name, namespace, port, path = service_of(server_address)
    url, authorization = urls.split_user(_whole(server_address))
    parts = urlsplit(url)
    services, _version = cluster.list("services", namespace, name)
    service = f"Service {namespace}/{name}"
    if not services:
        raise PrometheusError(
            f"{service} of the trigger's serverAddress does not exist: {_GIVE_URL} if it is not a Service"
        )
    spec = services[0]["spec"]
    ports = [item for item in spec.get("ports") or [] if (item.get("protocol") or "TCP") == "TCP"]
    service_port = next((item for item in ports if item["port"] == port), None)
    # The name of a headless Service leads to the pods themselves, and so the port is theirs.
    is_headless = spec.get("clusterIP") == "None"
    if spec.get("type") == "ExternalName":
        raise PrometheusError(
            f"{service} of the trigger's serverAddress is of type ExternalName and stands for "
            f"{spec.get('externalName')}, so that it has no pods here: {_GIVE_URL}"
        )
    if service_port is None and not is_headless:
        known = ", ".join(str(item["port"]) for item in ports) or "none"
        raise PrometheusError(f"{service} has no port {port} (it has: {known})")
    endpoints, _version = cluster.list("endpoints", namespace, name)
    for subset in endpoints[0].get("subsets") or [] if endpoints else []:
        numbers = [port] if is_headless else _numbers(subset, service_port or {})
        for address in subset.get("addresses") or []:
            pod = address.get("targetRef") or {}
            if numbers and pod.get("kind") == "Pod":
                return Address(
                    pod["name"],
                    numbers[0],
                    path,
                    parts.scheme == "https",
                    namespace=pod["namespace"],
                    pod=pod["name"],
                    service=parts.netloc,
                    authorization=authorization,
                )
    if not spec.get("selector") and not is_headless:
        raise PrometheusError(
            f"{service} of the trigger's serverAddress has no selector, and no pod behind port {port}: {_GIVE_URL}"
        )
    raise PrometheusError(f"{service} has no ready pod behind port {port}")


def _numbers(subset: Mapping[str, Any], service_port: Mapping[str, Any]) -> list[int]:
    """Return the port of a Service at the pods of a subset of its Endpoints; empty if they have none."""
    name = service_port.get("name") or ""
    return [
        item["port"]
        for item in subset.get("ports") or []
        if (item.get("name") or "") == name and (item.get("protocol") or "TCP") == "TCP"
    ]
