# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A user's HTTP headers for Prometheus. Their values are secrets: no message has them."""

from __future__ import annotations

from collections.abc import Mapping

from ..common import hiding, http_headers
from ..common.hiding import Hider
from .addresses import PrometheusError


def check(headers: Mapping[str, str]) -> None:
    """Check that headers can be sent; the message names the header and not its value.

    :raises PrometheusError: HTTP does not allow the name or the value
    """
    for name, value in headers.items():
        problem = http_headers.problem("`prometheus_headers`", name, value)
        if problem:
            raise PrometheusError(problem)


def mask(text: str, headers: Mapping[str, str]) -> str:
    """Return a text without the headers' values, which a server may repeat in its error."""
    return Hider(secret for value in headers.values() for secret in hiding.of_header(value)).text(text)
