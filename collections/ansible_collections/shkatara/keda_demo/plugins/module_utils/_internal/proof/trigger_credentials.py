# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The headers with which KEDA asks Prometheus for a trigger: its own, and those of a TriggerAuthentication.

The credentials are in a Secret, which the kubeconfig may be allowed to read or not. What the user gives in the option
`prometheus_headers` takes precedence, and then no Secret is read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ..autoscaling import trigger_requests
from ..autoscaling.trigger_requests import TriggerRequest
from ..common.errors import BadInput
from ..kube.cluster import Cluster, ClusterError
from .target import ProofTarget

_KINDS: Mapping[str, str] = {
    "TriggerAuthentication": "triggerauthentications",
    "ClusterTriggerAuthentication": "clustertriggerauthentications",
}
_HEADER_MODES = {trigger_requests.BEARER, trigger_requests.BASIC, trigger_requests.CUSTOM}


class _NoCredentials(Exception):
    """The credentials can't be had; the message is the reason."""


def are_read(request: TriggerRequest) -> bool:
    """Whether the credentials of a trigger are in Secrets of its own namespace."""
    return bool(_HEADER_MODES & set(request.auth_modes)) and request.authentication[0] == "TriggerAuthentication"


def of_proof(cluster: Cluster, proof_target: ProofTarget, params: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of each request to Prometheus: the user's, and those of the load trigger.

    :raises BadInput: the trigger has credentials that can't be read
    """
    given = params["prometheus_headers"] or {}
    trigger = proof_target.load_trigger
    if trigger is None:
        return dict(given)
    has_url = bool(params["prometheus_url"])
    return headers(cluster, proof_target.namespace, trigger.request, given, has_url=has_url)


def headers(
    cluster: Cluster, namespace: str, request: TriggerRequest, given: Mapping[str, str], *, has_url: bool
) -> dict[str, str]:
    """Return the headers of every request to Prometheus.

    :param namespace: the ScaledObject's
    :param given: the option `prometheus_headers`
    :param has_url: whether the user gave a `prometheus_url`, which may need no credentials
    :raises BadInput: the trigger has credentials that can't be read, and no header was given
    """
    own = dict(request.headers)
    if not given and request.auth_modes:
        try:
            own |= _authorization(cluster, namespace, request)
        except _NoCredentials as error:
            if not has_url:
                raise BadInput(
                    f"The trigger asks Prometheus with {request.summary}, and {error}: give the header in "
                    "prometheus_headers"
                ) from error
    names = {name.lower() for name in given}
    return {**{name: value for name, value in own.items() if name.lower() not in names}, **given}


def _authorization(cluster: Cluster, namespace: str, request: TriggerRequest) -> dict[str, str]:
    """:raises _NoCredentials: they are not in a Secret that can be read"""
    if not _HEADER_MODES & set(request.auth_modes):
        raise _NoCredentials("only bearer, basic and custom are known here")
    kind, name = request.authentication
    if kind not in _KINDS:
        raise _NoCredentials("there is no authenticationRef with their credentials")
    try:
        objects, _version = cluster.list(_KINDS[kind], namespace, name)
        if not objects:
            raise _NoCredentials(f"{kind} {name} does not exist")
        # KEDA reads the Secrets of a ClusterTriggerAuthentication in its own namespace.
        place = namespace if kind == "TriggerAuthentication" else cluster.keda_namespace()
        credentials = _credentials(cluster, place, objects[0]["spec"])
    except ClusterError as error:
        raise _NoCredentials(f"its credentials can't be read ({error})") from error
    try:
        return trigger_requests.authorization(request.auth_modes, credentials)
    except KeyError as error:
        others = ", ".join(sorted(set(objects[0]["spec"]) - {"secretTargetRef"})) or "nothing else"
        raise _NoCredentials(
            f"{kind} {name} has no {error.args[0]} from a Secret (it has {others} in addition to secretTargetRef)"
        ) from error


def _credentials(cluster: Cluster, namespace: str, spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that are in Secrets.

    :raises ClusterError: a Secret can't be read
    """
    credentials = {}
    for reference in spec.get("secretTargetRef") or []:
        secrets, _version = cluster.list("secrets", namespace, reference["name"])
        for secret in secrets:
            encoded = (secret.get("data") or {}).get(reference["key"])
            if encoded is not None:
                try:
                    credentials[reference["parameter"]] = base64.b64decode(encoded).decode()
                except (binascii.Error, UnicodeDecodeError):
                    continue
    return credentials
