# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Kubernetes quantities as plain numbers."""

from __future__ import annotations

import math
import re

try:
    from kubernetes import utils
except ImportError:  # the module reports it
    utils = None

_CHARACTERS = re.compile(r"[0-9a-zA-Z.+-]+")


def parse_quantity(text: str | float) -> float:
    """Return the value of a Kubernetes quantity such as ``36500m``, ``10`` or ``1k``; it is finite.

    The library reads more than the API server accepts: blanks, underscores and digits of other scripts, which are
    refused here, and ``1K`` or ``1e3k``, which no API server returns.

    :raises ValueError: `text` is not a quantity, or is too large for a float

    Source: Kubernetes 1.25, k8s.io/apimachinery/pkg/api/resource/quantity.go, the grammar above type Quantity.
    """
    number = str(text).strip()
    try:
        value = float(utils.parse_quantity(number)) if _CHARACTERS.fullmatch(number) else math.nan
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"not a Kubernetes quantity: {text!r}") from error
    if not math.isfinite(value):
        raise ValueError(f"not a Kubernetes quantity: {text!r}")
    return value
