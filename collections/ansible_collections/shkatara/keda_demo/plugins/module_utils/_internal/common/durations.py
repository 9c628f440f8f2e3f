# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Durations as Prometheus writes them, in seconds."""

from __future__ import annotations

import re

_DURATION_PART = re.compile(r"([0-9]+)(ms|s|m|h|d|w|y)")


_DURATION_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration such as ``30s`` or ``1m30s``.

    :raises ValueError: `text` is not a duration

    Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
    """
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"not a Prometheus duration: {text!r}")
    return float(sum(int(number) * _DURATION_UNITS[unit] for number, unit in parts))
