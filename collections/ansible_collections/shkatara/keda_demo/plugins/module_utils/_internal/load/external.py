# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A load that somebody else sends: its begin and its length are all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .schedule import Stage


class Begin(StrEnum):
    """When a load that somebody else sends begins."""

    # At the moment at which the module begins to observe it.
    CALL = "call"
    # When the metric or the replicas are first seen above those at that moment.
    RISE = "rise"


@dataclass(frozen=True)
class External:
    """The options of `load.external`: `duration` is in seconds, None to have it computed."""

    duration: float | None = None
    begin: Begin = Begin.CALL


@dataclass(frozen=True)
class ExternalSpec:
    """A load of others, observed for `duration` seconds; its rise is awaited for `rise_timeout` seconds.

    It has the fields of a LoadSpec that a report shows, without a rate, stages or answers to wait for.
    """

    duration: float
    begin: Begin = Begin.CALL
    rise_timeout: float = 300.0
    url: str = ""
    rate: float | None = None
    stages: tuple[Stage, ...] = ()
    timeout: float = 0.0
