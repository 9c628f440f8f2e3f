# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Kubernetes quantities, Prometheus durations and times, as plain numbers."""

from __future__ import annotations

import re

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
_QUANTITY = re.compile(r"([+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+))(?:e([+-]?[0-9]+)|E([+-]?[0-9]+)|([a-zA-Z]*))")


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
