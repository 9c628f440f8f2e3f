# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Durations as Prometheus and Go write them, in seconds.

durationpy reads both. Prometheus allows less than Go: whole numbers only, no sign, nothing between the parts.
durationpy also takes blanks between the parts and units that neither has, so Prometheus' grammar is checked here.
Its results are rounded to microseconds, and are finite.
"""

from __future__ import annotations

import re

try:
    import durationpy
except ImportError:  # the module reports it
    durationpy = None  # type: ignore[assignment]

_PROMETHEUS_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration such as ``30s`` or ``1m30s``; a year has 365 days.

    :raises ValueError: `text` is not a duration

    Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
    """
    if not _PROMETHEUS_DURATION.fullmatch(text):
        raise ValueError(f"not a Prometheus duration: {text!r}")
    return parse_go_duration(text)


def parse_go_duration(text: str) -> float:
    """Return the seconds of a Go duration such as ``1m30s``, ``1.5s`` or ``300ms``.

    :raises ValueError: `text` is not a duration, or is longer than 2.7 million years

    Source: https://pkg.go.dev/time#ParseDuration
    """
    return float(durationpy.from_str(text).total_seconds())
