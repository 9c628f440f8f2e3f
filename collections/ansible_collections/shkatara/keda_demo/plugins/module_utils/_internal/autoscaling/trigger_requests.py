# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How KEDA asks Prometheus for a trigger of type `prometheus`, besides the query: parameters, headers, credentials.

Source: KEDA 2.10 and 2.19, pkg/scalers/prometheus_scaler.go, pkg/scalers/authentication/authentication_helpers.go.
"""

from __future__ import annotations

import base64
import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Older versions don't know `queryParameters`, and leave it out (https://github.com/kedacore/keda/issues/4962).
_QUERY_PARAMETERS_SINCE = (2, 13)
# From this version on NaN is handled like infinity (https://github.com/kedacore/keda/pull/7522).
_NAN_IS_NULL_SINCE = (2, 20)
# What Go's strconv.ParseBool reads as true.
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
BEARER, BASIC, CUSTOM = "bearer", "basic", "custom"


@dataclass(frozen=True)
class TriggerRequest:
    """What a request has besides the query. The values of headers are secrets: only their names are shown.

    `auth_modes` are the trigger's, and `authentication` is (kind, name) of the object with the credentials for them,
    ("", "") without one. `unsafe_ssl` says that KEDA takes any certificate.
    """

    namespace: str = ""
    query_parameters: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth_modes: tuple[str, ...] = ()
    authentication: tuple[str, str] = ("", "")
    unsafe_ssl: bool = False

    def parameters(self, keda: tuple[int, int] | None) -> list[tuple[str, str]]:
        """Return the parameters of the query that a version of KEDA sends, by name and value; None is the newest."""
        named = [("namespace", self.namespace)] if self.namespace else []
        return named + (list(self.query_parameters) if keda is None or keda >= _QUERY_PARAMETERS_SINCE else [])

    @property
    def summary(self) -> str:
        """What the request has, without any value that may be a secret; empty for nothing."""
        kind, name = self.authentication
        parts = [
            f"customHeaders {', '.join(self.headers)}" if self.headers else "",
            f"authModes {', '.join(self.auth_modes)}" if self.auth_modes else "",
            f"authenticationRef {kind} {name}" if name else "",
        ]
        return ", ".join(filter(None, parts))


def is_nan_zero(keda: tuple[int, int] | None) -> bool:
    """Whether a version of KEDA takes NaN for a number, and not as missing; None is the newest version."""
    return keda is not None and keda < _NAN_IS_NULL_SINCE


def request_of(spec: Mapping[str, Any]) -> TriggerRequest:
    """Return how the trigger of a ScaledObject is asked."""
    metadata = spec.get("metadata") or {}
    reference = spec.get("authenticationRef") or {}
    headers = _pairs(metadata.get("customHeaders"))
    if metadata.get("cortexOrgID"):  # until KEDA 2.14
        headers.setdefault("X-Scope-OrgID", str(metadata["cortexOrgID"]))
    return TriggerRequest(
        namespace=str(metadata.get("namespace") or ""),
        query_parameters=tuple(_pairs(metadata.get("queryParameters")).items()),
        headers=headers,
        auth_modes=tuple(mode for item in str(metadata.get("authModes") or "").split(",") if (mode := item.strip())),
        authentication=(reference.get("kind") or "TriggerAuthentication", reference["name"])
        if reference.get("name")
        else ("", ""),
        unsafe_ssl=str(metadata.get("unsafeSsl")) in _TRUE,
    )


def authorization(modes: tuple[str, ...], credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the header of an authMode, of which KEDA sends the first of bearer, basic and custom.

    :param credentials: the parameters of the TriggerAuthentication, by name
    :raises KeyError: a parameter is missing; its name is the argument
    """
    if BEARER in modes:
        return {"Authorization": f"Bearer {credentials['bearerToken'].removesuffix(chr(10))}"}
    if BASIC in modes:
        pair = f"{credentials['username']}:{credentials.get('password', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if CUSTOM in modes:
        return {credentials["customAuthHeader"]: credentials["customAuthValue"]}
    return {}


def _pairs(text: object) -> dict[str, str]:
    """Return the pairs of ``name=value,name=value``. A name without a value keeps the trigger from being Ready."""
    lines = list(csv.reader([str(text or "")]))
    pairs = (item.partition("=") for item in (lines[0] if lines else []))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}
