# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What can be computed of a ScaledObject's HPA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..common import quantities
from .controller_flags import ControllerFlags
from .hpa import AVERAGE_VALUE, VALUE, HpaConfig, Metric
from .hpa_object import HpaView
from .scaledobject import ScaledObjectView
from .triggers import Trigger


@dataclass(frozen=True)
class NotPredicted:
    """A trigger that is watched and not computed, and why."""

    trigger: str
    why: str


@dataclass(frozen=True)
class HpaModel:
    """What can be computed of an HPA: `target` is None where nothing can.

    `fallback` is the metric's value where the moved trigger has failed so often that KEDA puts another in its place.
    """

    target: HpaConfig | None
    not_predicted: tuple[NotPredicted, ...] = ()
    fallback: float | None = None

    @property
    def unknown(self) -> str:
        """What is not predicted, in words; empty where all is."""
        return "; ".join(f"{one.trigger}: {one.why}" for one in self.not_predicted)


def hpa_model(
    hpa: HpaView,
    scaledobject: ScaledObjectView,
    triggers: Sequence[Trigger],
    *,
    load_trigger: Trigger | None,
    flags: ControllerFlags,
    version: tuple[int, int],
) -> HpaModel:
    """Return what the HPA was really told, and of what nothing is known.

    Other external metrics count with the value that the HPA last saw: they are taken to stay.
    """
    if scaledobject.formula:
        why = f"scalingModifiers.formula {scaledobject.formula!r} makes one metric of all triggers"
        return HpaModel(None, tuple(NotPredicted(str(trigger), why) for trigger in triggers))
    by_prefix = {f"s{trigger.index}-": trigger for trigger in triggers}
    metrics: list[Metric] = []
    unknown: list[NotPredicted] = []
    fallback: float | None = None
    for item in hpa.targets:
        name, external = _metric_name(item), item.get("external")
        trigger = next((one for prefix, one in by_prefix.items() if external and name.startswith(prefix)), None)
        label = str(trigger) if trigger else name
        metric = _metric(item, name, hpa, by_load=trigger is not None and trigger == load_trigger)
        if metric is None:
            unknown.append(NotPredicted(label, f"a metric of type {item.get('type')} is not computed from a load"))
            continue
        metrics.append(metric)
        if not metric.by_load:
            unread = load_trigger is None and trigger is not None and not trigger.query
            stays = f"no load of ours moves it: its value of {metric.value:g} is taken to stay"
            why = "its type is not known here" if unread else stays
            unknown.append(NotPredicted(label, why))
        elif (
            name in scaledobject.falling_back
            and scaledobject.fallback_replicas is not None
            and metric.kind == AVERAGE_VALUE
        ):
            # Source: KEDA 2.10, pkg/fallback/fallback.go, doFallback.
            fallback = int(metric.target * 1000) * scaledobject.fallback_replicas / 1000
    if not any(metric.by_load for metric in metrics):
        unknown = unknown or [NotPredicted(str(trigger), "its type is not known here") for trigger in triggers]
        return HpaModel(None, tuple(unknown))
    target = HpaConfig(
        metrics=tuple(metrics),
        min_replicas=hpa.min_replicas,
        max_replicas=hpa.max_replicas,
        tolerance=flags.tolerance,
        behavior=hpa.behavior,
        downscale_stabilization=flags.downscale_stabilization,
        version=version,
    )
    return HpaModel(target, tuple(unknown), fallback)


def _metric_name(item: dict[str, Any]) -> str:
    inner = item.get("external") or item.get("resource") or item.get("containerResource") or {}
    return str((inner.get("metric") or {}).get("name") or inner.get("name") or item.get("type"))


def _metric(item: dict[str, Any], name: str, hpa: HpaView, *, by_load: bool) -> Metric | None:
    """Return an external metric of the HPA with its present value; None for all others."""
    told = (item.get("external") or {}).get("target") or {}
    kind = told.get("type")
    if kind not in (AVERAGE_VALUE, VALUE):
        return None
    seen = hpa.values.get(name, 0.0)
    total = seen * hpa.current if kind == AVERAGE_VALUE else seen
    goal = quantities.parse_quantity(told["averageValue" if kind == AVERAGE_VALUE else "value"])
    return Metric(name, goal, kind, value=0.0 if by_load else total, by_load=by_load)
