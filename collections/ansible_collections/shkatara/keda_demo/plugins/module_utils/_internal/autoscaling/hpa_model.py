# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The computable part of a ScaledObject's HPA.

The API has an HPA's metrics by name; KEDA names the metric of the trigger at index N `sN-...`. This module pairs each
metric with its trigger and takes over what the arithmetic in hpa.py can compute. Metrics that it can't compute are
listed with the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..common import quantities
from . import keda
from .controller_flags import ControllerFlags
from .hpa import AVERAGE_VALUE, VALUE, HpaConfig, Metric
from .hpa_object import HpaView
from .scaledobject import ScaledObjectView
from .triggers import Trigger

_UNKNOWN_TYPE = "its type is not known here"


@dataclass(frozen=True)
class NotPredicted:
    """A trigger, or a metric without one, that is watched and not computed, and why."""

    trigger: str
    why: str

    def __str__(self) -> str:
        return f"{self.trigger}: {self.why}"


@dataclass(frozen=True)
class HpaModel:
    """The computable part of an HPA: `config` is None if nothing can be computed.

    `fallback` is the value that KEDA puts in place of the load's metric while its trigger fails too often; else None.
    """

    config: HpaConfig | None
    not_predicted: tuple[NotPredicted, ...] = ()
    fallback: float | None = None


def hpa_model(
    hpa: HpaView,
    scaledobject: ScaledObjectView,
    triggers: Sequence[Trigger],
    *,
    load_trigger: Trigger | None,
    flags: ControllerFlags,
    version: tuple[int, int],
    not_understood: str = "",
) -> HpaModel:
    """Return the model of an HPA, made from its own fields and not from the ScaledObject's.

    Other external metrics are assumed to keep the value that the HPA last read.

    :param not_understood: why the load trigger's value under a load can't be computed; empty if it can
    """
    if scaledobject.formula:
        why = f"scalingModifiers.formula {scaledobject.formula!r} makes one metric of all triggers"
        return HpaModel(None, tuple(NotPredicted(str(trigger), why) for trigger in triggers))
    by_prefix = {f"s{trigger.index}-": trigger for trigger in triggers}
    metrics: list[Metric] = []
    not_predicted: list[NotPredicted] = []
    fallback: float | None = None
    for spec in hpa.metric_specs:
        name, external = _metric_name(spec), spec.get("external")
        trigger = next((owner for prefix, owner in by_prefix.items() if external and name.startswith(prefix)), None)
        label = str(trigger) if trigger else name
        if not_understood and trigger is not None and trigger == load_trigger:
            not_predicted.append(NotPredicted(label, not_understood))
            continue
        metric = _metric(spec, name, hpa, by_load=trigger is not None and trigger == load_trigger)
        if metric is None:
            why = f"a metric of type {spec.get('type')} is not computed from a load"
            not_predicted.append(NotPredicted(label, why))
            continue
        metrics.append(metric)
        if metric.by_load:
            fallback = keda.fallback_value(scaledobject, metric)
        else:
            unread = load_trigger is None and trigger is not None and not trigger.query
            stays = f"no load of ours moves it: its value of {metric.value:g} is taken to stay"
            not_predicted.append(NotPredicted(label, _UNKNOWN_TYPE if unread else stays))
    if not any(metric.by_load for metric in metrics):
        not_predicted = not_predicted or [NotPredicted(str(trigger), _UNKNOWN_TYPE) for trigger in triggers]
        return HpaModel(None, tuple(not_predicted))
    config = HpaConfig(
        metrics=tuple(metrics),
        min_replicas=hpa.min_replicas,
        max_replicas=hpa.max_replicas,
        tolerance=flags.tolerance,
        behavior=hpa.behavior,
        downscale_stabilization=flags.downscale_stabilization,
        version=version,
    )
    return HpaModel(config, tuple(not_predicted), fallback)


def _metric_name(spec: dict[str, Any]) -> str:
    source = spec.get("external") or spec.get("resource") or spec.get("containerResource") or {}
    return str((source.get("metric") or {}).get("name") or source.get("name") or spec.get("type"))


def _metric(spec: dict[str, Any], name: str, hpa: HpaView, *, by_load: bool) -> Metric | None:
    """Return an external metric of the HPA with its present value; None for metrics of other types."""
    target = (spec.get("external") or {}).get("target") or {}
    kind = target.get("type")
    if kind not in (AVERAGE_VALUE, VALUE):
        return None
    value = hpa.values.get(name, 0.0)
    total = value * hpa.current if kind == AVERAGE_VALUE else value
    goal = quantities.parse_quantity(target["averageValue" if kind == AVERAGE_VALUE else "value"])
    return Metric(name, goal, kind, value=0.0 if by_load else total, by_load=by_load)
