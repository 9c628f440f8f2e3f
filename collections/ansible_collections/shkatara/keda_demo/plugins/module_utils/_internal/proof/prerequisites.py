# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof needs before it begins: its target, a URL that answers, a Prometheus, and permissions."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..autoscaling import scaledobject, triggers
from ..autoscaling.scaledobject import ScaledObjectView
from ..common import tls, urls
from ..common.errors import BadInput
from ..kube import discovery, permissions
from ..kube.cluster import Cluster, ClusterError
from ..kube.permissions import Permission
from ..kube.resources import Resource
from ..load.request import Request
from ..prometheus import addresses
from ..prometheus.addresses import PrometheusError
from . import request_options, target, trigger_credentials
from .target import ProofTarget

_CONNECT_SECONDS = 5
_FORBIDDEN = 403


class Refused(BadInput):
    """The port of a load's URL refuses connections, as a Service's does while none of its pods is Ready."""


def find_target(cluster: Cluster, params: Mapping[str, Any]) -> ProofTarget:
    """Return what is to be proven.

    :raises BadInput: see target.find_target; where a read is forbidden, the message names all that are forbidden
    :raises ClusterError: see Cluster.list
    """
    try:
        return target.find_target(
            cluster,
            params["namespace"],
            params["name"],
            params["trigger"],
            params["counter_metric"],
            metric_per_request=params.get("metric_per_request"),
            query_window=params.get("query_window"),
        )
    except ClusterError as error:
        if error.status != _FORBIDDEN:
            raise
        view = _read_scaledobject(cluster, params)
        required = permissions.required_permissions(
            params["namespace"],
            _workload_kind(cluster, view) if view else None,
            prometheus_namespace=_prometheus_namespace(view, params) if view else None,
            counters=bool(params["counter_metric"]),
            version=cluster.server_version(),
        )
        lacking = _lacking(cluster, required)
        if lacking and view is None:
            lacking += (
                ". The ScaledObject names the workload and Prometheus: what these need is checked once it can be read"
            )
        raise BadInput(lacking or str(error)) from error


def _read_scaledobject(cluster: Cluster, params: Mapping[str, Any]) -> ScaledObjectView | None:
    """Return the ScaledObject; None if it can't be read."""
    try:
        objects, _version = cluster.list("scaledobjects", params["namespace"], params["name"])
        return scaledobject.scaledobject_view(objects[0])
    except (BadInput, ClusterError, IndexError):
        return None


def _workload_kind(cluster: Cluster, view: ScaledObjectView) -> Resource | None:
    """Return the kind that the ScaledObject scales; None if that is not known."""
    try:
        return discovery.find_resource(cluster, view.scale_target.api_version, view.scale_target.kind)
    except (BadInput, ClusterError):
        return None


def _prometheus_namespace(view: ScaledObjectView, params: Mapping[str, Any]) -> str | None:
    """Return the namespace of the Prometheus that the load's trigger asks; None with a URL, or if it is not known."""
    if params.get("prometheus_url"):
        return None
    try:
        trigger = triggers.find_load_trigger(
            triggers.triggers_of(view), params["trigger"], params["counter_metric"], params["namespace"]
        )
        return addresses.service_of(trigger.server_address)[1] if trigger else None
    except (BadInput, PrometheusError, ValueError):
        return None


def check_url_answers(
    url: str,
    connect: Callable[..., Any] = socket.create_connection,
    request: Request = Request(),  # noqa: B008 - it is frozen
) -> None:
    """Open and close a connection to the URL's host and port; no request is sent, since requests are counted.

    :raises Refused: the port refuses the connection
    :raises BadInput: nothing takes the connection, or its certificate is not taken
    """
    parts = urlsplit(url)
    host, shown = parts.hostname or "", urls.without_user(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connection = connect((host, port), timeout=_CONNECT_SECONDS)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that DNS can't have
        by = "".join(f"; a load does not use the proxy {proxy}" for proxy in request_options.bypassed_proxies((url,)))
        kind = Refused if isinstance(error, ConnectionRefusedError) else BadInput
        raise kind(
            f"load.http.url {shown} does not answer ({error}): give the URL at which this machine reaches the "
            f"application{by}"
        ) from error
    with connection:
        if parts.scheme != "https":
            return
        name = request.server_name or host
        try:
            tls.context(request.trust).wrap_socket(connection, server_hostname=name).close()
        except (OSError, ValueError) as error:  # ValueError: a name that a certificate can't have
            raise BadInput(
                f"load.http.url {shown} takes no TLS connection for {name} ({error}){tls.hint(error, 'load.http.')}"
            ) from error


def refusal(
    urls_of_load: Sequence[str],
    connect: Callable[..., Any] = socket.create_connection,
    request: Request = Request(),  # noqa: B008 - it is frozen
) -> Refused | None:
    """Return the error of the first URL whose port refuses connections; None where all answer.

    :raises BadInput: see check_url_answers
    """
    try:
        for url in urls_of_load:
            check_url_answers(url, connect, request)
    except Refused as error:
        return error
    return None


def check_prometheus(proof_target: ProofTarget, prometheus_url: str | None) -> str | None:
    """Return the namespace of the Prometheus that is reached by a port-forward; None where it has a URL.

    :raises BadInput: no trigger says where Prometheus is, or it is no Service
    """
    if prometheus_url or not proof_target.load_trigger:
        return None
    address = proof_target.load_trigger.server_address
    try:
        return addresses.service_of(address)[1]
    except PrometheusError as error:
        raise BadInput(str(error)) from error
    except ValueError as error:
        shown = urls.without_user(address)
        raise BadInput(f"the trigger's serverAddress {shown!r} is not a URL: {error}") from error


def check_permissions(
    cluster: Cluster,
    proof_target: ProofTarget,
    prometheus_namespace: str | None,
    version: str,
    prometheus_headers: Mapping[str, str] | None = None,
) -> None:
    """Check that the user may read what the proof reads.

    :param prometheus_headers: those that were given, with which no Secret is read
    :raises BadInput: permissions are missing; all of them are named at once
    """
    required = permissions.required_permissions(
        proof_target.namespace,
        proof_target.workload.resource,
        prometheus_namespace=prometheus_namespace,
        counters=bool(proof_target.counter),
        version=version,
    )
    trigger = proof_target.load_trigger
    if trigger and prometheus_namespace and not prometheus_headers and trigger_credentials.are_read(trigger.request):
        required += permissions.credential_permissions(proof_target.namespace)
    lacking = _lacking(cluster, required)
    if lacking:
        raise BadInput(lacking)


def _lacking(cluster: Cluster, required: Sequence[Permission]) -> str:
    missing = permissions.missing_permissions(cluster, required)
    if not missing:
        return ""
    listed = "; ".join(map(str, missing))
    return f"Missing permission(s) of {cluster.access.source}: {listed}. {permissions.remedy(missing)}"
