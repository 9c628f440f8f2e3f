# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The computable part of a ScaledObject's HPA.

The API has an HPA's metrics by name; KEDA names the metric of the trigger at index N `sN-...`. This module pairs each
metric with its trigger and takes over what the arithmetic in hpa.py can compute. Metrics that it can't compute are
listed with the cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..common import quantities
from . import hpa_object, keda, missing_values, obstacles
from .controller_flags import ControllerFlags
from .hpa import AVERAGE_VALUE, VALUE, HpaConfig, Metric
from .hpa_object import HpaView
from .missing_values import MissingValue, Why
from .obstacles import Obstacle
from .pausing import KedaVersion
from .scaledobject import ScaledObjectView
from .triggers import Trigger

_UNKNOWN_TYPE = "its type is not known here"
_NO_VALUE: Mapping[Why, str] = {
    Why.NOT_READ: "the HPA has no value of it",
    Why.CANNOT_READ: "the HPA can't read it",
    Why.KEDA_FAILS: "KEDA can't read it",
    Why.TRIGGER_ERROR: "KEDA says that a trigger fails, and the load's does not",
}


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
    `obstacles` is what keeps the HPA and KEDA from scaling in one direction.
    """

    config: HpaConfig | None
    not_predicted: tuple[NotPredicted, ...] = ()
    fallback: float | None = None
    obstacles: tuple[Obstacle, ...] = ()


def hpa_model(
    hpa: HpaView,
    scaledobject: ScaledObjectView,
    triggers: Sequence[Trigger],
    *,
    load_trigger: Trigger | None,
    flags: ControllerFlags,
    version: tuple[int, int],
    keda_version: KedaVersion | None = None,
    polled: Mapping[str, float | None] | None = None,
    not_understood: str = "",
) -> HpaModel:
    """Return the model of an HPA, made from its own fields and not from the ScaledObject's.

    Other external metrics are assumed to keep the value that the HPA last read. A metric without a value proposes
    nothing, and the HPA does not shrink while there is one.

    :param version: Kubernetes' (major, minor)
    :param keda_version: KEDA's (major, minor), None if it is not known
    :param polled: the values of the triggers' queries, by the triggers' keys: an HPA at 0 replicas reads none, and one
        whose last sync ended without a decision shows values of an earlier sync
    :param not_understood: why the load trigger's value under a load can't be computed; empty if it can
    """
    hindering = obstacles.obstacles(hpa, scaledobject, triggers, load_trigger, keda_version)
    if scaledobject.formula:
        why = f"scalingModifiers.formula {scaledobject.formula!r} combines all triggers into one metric"
        return HpaModel(None, tuple(NotPredicted(str(trigger), why) for trigger in triggers), obstacles=hindering)
    by_prefix = {f"s{trigger.index}-": trigger for trigger in triggers}
    load_index = load_trigger.index if load_trigger else None
    missing = missing_values.missing_values(hpa, scaledobject, load_index, keda_version)
    metrics: list[Metric] = []
    not_predicted: list[NotPredicted] = []
    fallback: float | None = None
    for spec in hpa.metric_specs:
        name, external = hpa_object.metric_name(spec), spec.get("external")
        trigger = next((owner for prefix, owner in by_prefix.items() if external and name.startswith(prefix)), None)
        label = obstacles.trigger_label(name, triggers)
        by_load = trigger is not None and trigger == load_trigger
        if not_understood and by_load:
            not_predicted.append(NotPredicted(label, not_understood))
            continue
        metric = _metric(spec, name, hpa, by_load=by_load, polled=(polled or {}).get(trigger.key) if trigger else None)
        if name in missing and not by_load:
            not_predicted.append(NotPredicted(label, _without_value(missing[name])))
            continue
        if metric is None:
            why = f"a metric of type {spec.get('type')} is not computed from a load"
            not_predicted.append(NotPredicted(label, why))
            continue
        metrics.append(metric)
        if metric.by_load:
            fallback = keda.fallback_value(scaledobject, metric, hpa.current, keda_version, hpa.values.get(name))
        else:
            unread = load_trigger is None and trigger is not None and not trigger.query
            stays = _stays(metric, hpa, scaledobject, trigger, polled or {})
            not_predicted.append(NotPredicted(label, _UNKNOWN_TYPE if unread else stays))
    if not any(metric.by_load for metric in metrics):
        not_predicted = not_predicted or [NotPredicted(str(trigger), _UNKNOWN_TYPE) for trigger in triggers]
        return HpaModel(None, tuple(not_predicted), obstacles=hindering)
    config = HpaConfig(
        metrics=tuple(metrics),
        min_replicas=hpa.min_replicas,
        max_replicas=hpa.max_replicas,
        tolerance=flags.tolerance,
        behavior=hpa.behavior,
        downscale_stabilization=flags.downscale_stabilization,
        version=version,
        unread=tuple(missing),
    )
    return HpaModel(config, tuple(not_predicted), fallback, hindering)


def _without_value(missing: MissingValue) -> str:
    detail = f" ({missing.detail})" if missing.detail else ""
    return f"{_NO_VALUE[missing.why]}{detail}, so that it asks for no replicas, and the HPA does not shrink"


def _stays(
    metric: Metric,
    hpa: HpaView,
    scaledobject: ScaledObjectView,
    trigger: Trigger | None,
    polled: Mapping[str, float | None],
) -> str:
    """Return what is assumed of a metric that the load does not raise."""
    metadata = (scaledobject.triggers[trigger.index].get("metadata") or {}) if trigger else {}
    if metric.name in scaledobject.failures.falling_back and metric.name in hpa.values:
        return f"it fails, and KEDA's fallback gives it a value of {metric.value:g}"
    if metric.name not in hpa.values and not (trigger and polled.get(trigger.key) is not None):
        return "the HPA reads no value of it at 0 replicas: 0 is assumed, and more may come"
    if trigger is not None and trigger.type == "cron":
        times = f"{metadata.get('start')} to {metadata.get('end')} ({metadata.get('timezone')})"
        return f"its value of {metric.value:g} is assumed to stay, and changes by its schedule: {times}"
    return f"our load does not move it: its value of {metric.value:g} is assumed to stay"


def _metric(
    spec: dict[str, Any], name: str, hpa: HpaView, *, by_load: bool, polled: float | None = None
) -> Metric | None:
    """Return an external metric of the HPA with its present value; None for metrics of other types."""
    target = (spec.get("external") or {}).get("target") or {}
    kind = target.get("type")
    if kind not in (AVERAGE_VALUE, VALUE):
        return None
    value = hpa.values.get(name)
    if value is None or (polled is not None and not hpa.scaling_active):
        total = polled or 0.0
    elif kind == AVERAGE_VALUE:
        total = value * hpa.current
    else:
        total = value
    goal = quantities.parse_quantity(target["averageValue" if kind == AVERAGE_VALUE else "value"])
    return Metric(name, goal, kind, value=0.0 if by_load else total, by_load=by_load)
