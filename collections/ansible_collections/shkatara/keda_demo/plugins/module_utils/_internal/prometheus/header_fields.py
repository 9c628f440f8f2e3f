# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A user's HTTP headers for Prometheus. Their values are secrets: no message has them."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import http_headers
from .addresses import PrometheusError

_SHORTEST_SECRET = 4  # a shorter value is part of many words


def check(headers: Mapping[str, str]) -> None:
    """Check that headers can be sent; the message names the header and not its value.

    :raises PrometheusError: HTTP does not allow the name or the value
    """
    for name, value in headers.items():
        if not http_headers.is_name(name):
            raise PrometheusError(f"`prometheus_headers` has the name {name!r}, which is none of a header")
        if not http_headers.is_value(value):
            raise PrometheusError(
                f"the value of {name} in `prometheus_headers` has a line break or a character that HTTP does not allow"
            )


def mask(text: str, headers: Mapping[str, str]) -> str:
    """Return a text without the headers' values, which a server may repeat in its error."""
    values = headers.values()
    secrets = {*values, *(value.rpartition(" ")[2] for value in values)}  # "Bearer <token>": the token alone too
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text
