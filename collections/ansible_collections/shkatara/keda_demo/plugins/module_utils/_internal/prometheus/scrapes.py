# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What Prometheus scrapes: its targets, and the samples of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ScrapeTarget:
    """A scrape target: `up` as Prometheus last saw it, `interval` in seconds (0 where it does not say)."""

    namespace: str
    pod: str
    url: str
    up: bool
    error: str
    interval: float
    job: str = ""
    instance: str = ""


@dataclass(frozen=True)
class Series:
    """One series' raw samples: (unix seconds by the server that scraped it, value), the oldest first."""

    labels: Mapping[str, str]
    samples: list[tuple[float, float]]
