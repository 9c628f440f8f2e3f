# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The options about Prometheus' URL and its certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..autoscaling.triggers import Trigger
from ..common import tls, urls
from ..common.tls import Trust
from ..prometheus import addresses
from ..prometheus.addresses import PrometheusError

SPEC: dict[str, dict[str, Any]] = {
    "prometheus_validate_certs": {"type": "bool"},
    "prometheus_ca_path": {"type": "path"},
}


def wrong(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options."""
    given = Trust(params.get("prometheus_validate_certs") is not False, params.get("prometheus_ca_path") or "")
    problem = tls.problem(given, "prometheus_ca_path")
    return _wrong_url(params["prometheus_url"]) + ([problem] if problem else [])


def trust(params: Mapping[str, Any], trigger: Trigger) -> Trust:
    """Return which certificates of Prometheus are taken: as KEDA does it, unless an option says more.

    The trigger's `unsafeSsl` is about the server of its serverAddress, and so not about one that has its own URL.
    """
    validate, ca_path = params.get("prometheus_validate_certs"), params.get("prometheus_ca_path") or ""
    if validate is None:
        validate = bool(ca_path or params.get("prometheus_url") or not trigger.request.unsafe_ssl)
    return Trust(validate, ca_path)


def _wrong_url(url: str | None) -> list[str]:
    if not url:
        return []
    if not urls.is_url(url):
        return [f"prometheus_url is {urls.without_user(url)!r} and must be a URL such as http://192.0.2.10:9090"]
    if "?" in url or "#" in url:
        # A query may have a key in it.
        return [
            "prometheus_url has a query or a fragment (from ? or # on), which no request would have: give the URL "
            "before /api/v1, and a key in prometheus_headers"
        ]
    try:
        addresses.direct_address(url)
    except PrometheusError as error:
        return [str(error)]
    return []
