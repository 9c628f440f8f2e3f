# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The JSON documents of Prometheus' HTTP API as plain data.

Prometheus writes sample values as strings, among them "NaN" and "+Inf", for which JSON has no number. No function here
returns them.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..common import durations
from .scrapes import ScrapeTarget, Series


def values(data: Mapping[str, Any], nan: float | None = None) -> list[float | None]:
    """Return the values of an instant vector's elements: `nan` for NaN, and None for infinity."""
    numbers = [float(series["value"][1]) for series in data["result"]]
    return [nan if math.isnan(number) else _finite(number) for number in numbers]


def series(data: Mapping[str, Any]) -> list[Series]:
    """Return the raw samples of a range selector's series, without samples that are NaN or infinite."""
    return [Series(item["metric"], _samples(item["values"])) for item in data["result"] if item.get("values")]


def evaluation_time(document: Mapping[str, Any]) -> float | None:
    """Return the unix time at which an instant query was evaluated; None if the answer does not have it."""
    data = document.get("data")
    if not isinstance(data, dict) or not data.get("result"):
        return None
    result = data["result"]
    if data.get("resultType") == "scalar":
        return _finite(result[0])
    return _finite(result[0]["value"][0]) if data.get("resultType") == "vector" and "value" in result[0] else None


def scrape_target(item: Mapping[str, Any]) -> ScrapeTarget:
    """Return an active target."""
    labels, discovered = item.get("labels") or {}, item.get("discoveredLabels") or {}
    interval = item.get("scrapeInterval") or ""
    return ScrapeTarget(
        # Relabelling may have changed `labels`; the discovered labels are those of Kubernetes.
        namespace=discovered.get("__meta_kubernetes_namespace") or labels.get("namespace") or "",
        pod=discovered.get("__meta_kubernetes_pod_name") or labels.get("pod") or "",
        url=item.get("scrapeUrl") or "",
        up=item.get("health") == "up",
        error=item.get("lastError") or "",
        interval=durations.parse_duration(interval) if interval else 0.0,
        job=labels.get("job") or "",
        instance=labels.get("instance") or "",
    )


def _samples(points: list[tuple[float, str]]) -> list[tuple[float, float]]:
    samples = [(_finite(time), _finite(value)) for time, value in points]
    return [(time, value) for time, value in samples if time is not None and value is not None]


def _finite(number: str | float) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None
