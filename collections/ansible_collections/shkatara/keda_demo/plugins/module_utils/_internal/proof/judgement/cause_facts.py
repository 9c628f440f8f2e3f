# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The facts behind the reasons of `wrong_cause`. Times are in seconds since the first request."""

from __future__ import annotations

from dataclasses import dataclass

from ...autoscaling.hpa_model import NotPredicted
from ...autoscaling.hpa_object import HpaTarget
from ...kube.field_managers import FieldManager
from ..observed.replicas import ReplicaCounts


@dataclass(frozen=True)
class MovedBeforeLoad:
    """The replicas were not `from_replicas` any more when the load was to begin; `sent` says whether it did begin."""

    from_replicas: int
    counts: ReplicaCounts
    sent: bool


@dataclass(frozen=True)
class TooEarly:
    """The HPA wanted a predicted count before the load can have raised the metric so far."""

    replicas: int
    seconds: float
    earliest_seconds: float


@dataclass(frozen=True)
class NeverOver:
    """Replicas grew after `seconds`, and `metric` was not seen over `limit` by then.

    `by_hpa` says whether the metric is the HPA's own value of it, and not the trigger's query. `highest` is its highest
    value until the replicas grew, None if there was none. `others` are the triggers that are not predicted.
    """

    metric: str
    by_hpa: bool
    limit: float
    highest: float | None
    replicas: int
    seconds: float
    others: tuple[NotPredicted, ...] = ()


@dataclass(frozen=True)
class NotCounted:
    """The pods counted other requests than this load's: `counted`, and not from `answered` to `most`."""

    answered: int
    most: int
    counted: float


@dataclass(frozen=True)
class NotScraped:
    """Prometheus' samples of the counter did not rise while the load was sent."""

    requests: int


@dataclass(frozen=True)
class OtherMetric:
    """The HPA went to `replicas` by `metric`, which asked for `asked`; the load's metric asked for `by_load`."""

    metric: str
    asked: int
    by_load: int
    replicas: int
    seconds: float


@dataclass(frozen=True)
class RaisedMinimum:
    """The HPA went to `replicas` because its minReplicas was raised."""

    before: int
    after: int
    by_load: int
    replicas: int
    seconds: float


@dataclass(frozen=True)
class OtherWriter:
    """Somebody wrote the workload's replicas, and the HPA did not want that count: it wanted `desired`."""

    before: int
    after: int
    desired: int
    seconds: float
    writer: FieldManager
    after_load: bool = False


@dataclass(frozen=True)
class OtherHpas:
    """Other HPAs scale the same workload, by name; `sent` says whether the load had begun."""

    hpas: tuple[tuple[str, HpaTarget], ...]
    sent: bool


CauseFacts = (
    MovedBeforeLoad
    | TooEarly
    | NeverOver
    | NotCounted
    | NotScraped
    | OtherMetric
    | RaisedMinimum
    | OtherWriter
    | OtherHpas
)
