# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Kubernetes quantities, Prometheus durations and times, as plain numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SUFFIXES = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}
_USER = re.compile(r"(?<=://)[^/?#]*@")
_QUANTITY = re.compile(r"([+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+))(?:e([+-]?[0-9]+)|E([+-]?[0-9]+)|([a-zA-Z]*))")
_DURATION_PART = re.compile(r"([0-9]+)(ms|s|m|h|d|w|y)")
_DURATION_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_RANGE = re.compile(r"\[\s*((?:[0-9]+(?:ms|[smhdwy]))+)\s*(?::[^\]]*)?\]")


def parse_quantity(text: str | float) -> float:
    """Return the value of a Kubernetes quantity such as ``36500m``, ``10`` or ``1k``.

    :raises ValueError: `text` is not a quantity

    Source: Kubernetes 1.25, k8s.io/apimachinery/pkg/api/resource/quantity.go, the grammar above type
    Quantity.
    """
    match = _QUANTITY.fullmatch(str(text).strip())
    if match is None or (match[4] or "") not in _SUFFIXES:
        raise ValueError(f"not a Kubernetes quantity: {text!r}")
    exponent = match[2] or match[3]
    # "1n" is 1e-9, while 1 * 10**-9 would add a rounding error: let float() read the decimal exponent.
    if exponent:
        return float(f"{match[1]}e{exponent}")
    return float(match[1]) * _SUFFIXES[match[4] or ""]


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration such as ``30s`` or ``1m30s``.

    :raises ValueError: `text` is not a duration

    Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
    """
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"not a Prometheus duration: {text!r}")
    return float(sum(int(number) * _DURATION_UNITS[unit] for number, unit in parts))


def query_window(query: str) -> float:
    """Return the longest range in a PromQL query in seconds; 0 without any (``[30s]`` gives 30)."""
    return max((parse_duration(found) for found in _RANGE.findall(query)), default=0.0)


def without_user(url: str) -> str:
    """Return a URL without the user and the password in it."""
    return _USER.sub("***@", url)


def utc(unix_time: float) -> str:
    """Return an RFC 3339 time in UTC with milliseconds."""
    return datetime.fromtimestamp(unix_time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
