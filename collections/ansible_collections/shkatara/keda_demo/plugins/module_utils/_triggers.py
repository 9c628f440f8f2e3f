# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which of a ScaledObject's triggers the load moves, and what its HPA makes of them, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._hpa import AVERAGE_VALUE, VALUE, HpaTarget, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._promql import counter_selector, mentions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Options, ProofTarget, Trigger
from ansible_collections.shkatara.keda_demo.plugins.module_utils._units import parse_quantity
from ansible_collections.shkatara.keda_demo.plugins.module_utils._views import HpaView, ScaledObjectView


class BadInput(Exception):
    """The proof can't begin: the message says what is wrong and what would be right."""


@dataclass(frozen=True)
class NotPredicted:
    """A trigger that is watched and not computed, and why."""

    trigger: str
    why: str


@dataclass(frozen=True)
class HpaPlan:
    """What can be computed of an HPA: `target` is None where nothing can.

    `fallback` is the metric's value where the moved trigger has failed so often that KEDA puts another in its place.
    """

    target: HpaTarget | None
    not_predicted: tuple[NotPredicted, ...] = ()
    fallback: float | None = None

    @property
    def unknown(self) -> str:
        """What is not predicted, in words; empty where all is."""
        return "; ".join(f"{one.trigger}: {one.why}" for one in self.not_predicted)


def triggers_of(view: ScaledObjectView) -> tuple[Trigger, ...]:
    """Return the triggers of a ScaledObject.

    Source: KEDA 2.10, pkg/scalers/prometheus_scaler.go, parsePrometheusMetadata.
    """
    found = []
    for index, item in enumerate(view.triggers):
        metadata = item.get("metadata") or {}
        known = item.get("type") == "prometheus"
        found.append(
            Trigger(
                index=index,
                name=item.get("name") or "",
                type=str(item.get("type")),
                query=(metadata.get("query") or "") if known else "",
                server_address=(metadata.get("serverAddress") or "") if known else "",
                activation=_number(metadata.get("activationThreshold")) if known else 0.0,
                cached=bool(item.get("useCachedMetrics")),
            )
        )
    return tuple(found)


def _number(text: object) -> float:
    # KEDA says of one that is no number that the ScaledObject is not Ready.
    try:
        return float(str(text or 0))
    except ValueError:
        return 0.0


def moved_trigger(
    triggers: Sequence[Trigger], wanted: str | None, counter_metric: str | None, namespace: str
) -> Trigger | None:
    """Return the trigger that the load moves; None where no trigger is of a type that is understood.

    :param wanted: a name or an index, where it was given (option `trigger`)
    :param counter_metric: the counter that each request raises, where it was given
    :raises BadInput: there is no such trigger, or it is not clear which
    """
    known = [trigger for trigger in triggers if trigger.query]
    names = ", ".join(map(str, triggers)) or "(none)"
    if wanted is not None:
        found = [trigger for trigger in triggers if wanted in (trigger.name, str(trigger.index))]
        if not found:
            raise BadInput(f"`trigger` is {wanted!r}, and the ScaledObject has {names}: give a name or an index")
        return found[0] if found[0].query else None
    if len(known) > 1 and counter_metric:
        selector = counter_selector(counter_metric, namespace)
        known = [trigger for trigger in known if mentions(trigger.query, selector)] or known
    if len(known) > 1:
        raise BadInput(
            f"The ScaledObject has the triggers {names}, and it is not clear which the load moves: give the name or "
            "the index of one in `trigger`"
        )
    return known[0] if known else None


def hpa_plan(
    hpa: HpaView, view: ScaledObjectView, proof: ProofTarget, options: Options, version: tuple[int, int]
) -> HpaPlan:
    """Return what the HPA was really told, and of what nothing is known.

    Other external metrics count with the value that the HPA last saw: they are taken to stay.
    """
    if view.formula:
        why = f"scalingModifiers.formula {view.formula!r} makes one metric of all triggers"
        return HpaPlan(None, tuple(NotPredicted(str(trigger), why) for trigger in proof.triggers))
    by_prefix = {f"s{trigger.index}-": trigger for trigger in proof.triggers}
    metrics: list[Metric] = []
    unknown: list[NotPredicted] = []
    fallback: float | None = None
    for item in hpa.targets:
        name, external = _metric_name(item), item.get("external")
        trigger = next((one for prefix, one in by_prefix.items() if external and name.startswith(prefix)), None)
        label = str(trigger) if trigger else name
        metric = _metric(item, name, hpa, moved=trigger is not None and trigger == proof.moved)
        if metric is None:
            unknown.append(NotPredicted(label, f"a metric of type {item.get('type')} is not computed from a load"))
            continue
        metrics.append(metric)
        if not metric.moved:
            unread = proof.moved is None and trigger is not None and not trigger.query
            stays = f"no load of ours moves it: its value of {metric.value:g} is taken to stay"
            why = "its type is not known here" if unread else stays
            unknown.append(NotPredicted(label, why))
        elif name in view.falling_back and view.fallback_replicas is not None and metric.kind == AVERAGE_VALUE:
            # Source: KEDA 2.10, pkg/fallback/fallback.go, doFallback.
            fallback = int(metric.target * 1000) * view.fallback_replicas / 1000
    if not any(metric.moved for metric in metrics):
        unknown = unknown or [NotPredicted(str(trigger), "its type is not known here") for trigger in proof.triggers]
        return HpaPlan(None, tuple(unknown))
    target = HpaTarget(
        metrics=tuple(metrics),
        min_replicas=hpa.min_replicas,
        max_replicas=hpa.max_replicas,
        tolerance=options.hpa_tolerance,
        behavior=hpa.behavior,
        downscale_stabilization=options.hpa_downscale_stabilization,
        version=version,
    )
    return HpaPlan(target, tuple(unknown), fallback)


def _metric_name(item: dict[str, Any]) -> str:
    inner = item.get("external") or item.get("resource") or item.get("containerResource") or {}
    return str((inner.get("metric") or {}).get("name") or inner.get("name") or item.get("type"))


def _metric(item: dict[str, Any], name: str, hpa: HpaView, *, moved: bool) -> Metric | None:
    """Return an external metric of the HPA with its present value; None for all others."""
    told = (item.get("external") or {}).get("target") or {}
    kind = told.get("type")
    if kind not in (AVERAGE_VALUE, VALUE):
        return None
    seen = hpa.values.get(name, 0.0)
    total = seen * hpa.current if kind == AVERAGE_VALUE else seen
    goal = parse_quantity(told["averageValue" if kind == AVERAGE_VALUE else "value"])
    return Metric(name, goal, kind, value=0.0 if moved else total, moved=moved)
