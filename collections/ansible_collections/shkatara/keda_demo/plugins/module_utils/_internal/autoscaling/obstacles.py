# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What keeps an HPA or KEDA from scaling in one direction, whatever the load does, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from . import hpa_object, missing_values, pausing
from .hpa_object import HpaView
from .missing_values import MissingValue
from .pausing import KedaVersion
from .scaledobject import ScaledObjectView
from .triggers import Trigger


class Direction(StrEnum):
    """What can be hindered: the HPA's growth and its shrinking, and KEDA's steps from zero and to zero."""

    OUT = "out"
    IN = "in"
    FROM_ZERO = "from_zero"
    TO_ZERO = "to_zero"


class Code(StrEnum):
    """What hinders."""

    # A metric has no value: the HPA does not shrink, and KEDA does not scale to zero while a trigger fails.
    NO_VALUE = "no_value"
    NO_RESOURCE_VALUE = "no_resource_value"
    # A trigger fails, and the fallback's replicas stand for it.
    FALLBACK = "fallback"
    PAUSED_SCALE_IN = "paused_scale_in"
    PAUSED_SCALE_OUT = "paused_scale_out"
    FORCED_ACTIVATION = "forced_activation"


_HINDERED: Mapping[Code, frozenset[Direction]] = {
    Code.NO_VALUE: frozenset({Direction.IN, Direction.TO_ZERO}),
    Code.NO_RESOURCE_VALUE: frozenset({Direction.IN}),
    Code.FALLBACK: frozenset({Direction.IN, Direction.TO_ZERO}),
    Code.PAUSED_SCALE_IN: frozenset({Direction.IN, Direction.TO_ZERO}),
    Code.PAUSED_SCALE_OUT: frozenset({Direction.OUT, Direction.FROM_ZERO}),
    Code.FORCED_ACTIVATION: frozenset({Direction.TO_ZERO}),
}


@dataclass(frozen=True)
class Obstacle:
    """What hinders, with the trigger and its missing value, or the fallback's behavior, or the annotation.

    `keda_known` is false if KEDA's version is not known, so that the annotation may have no effect.
    """

    code: Code
    trigger: str = ""
    missing: MissingValue | None = None
    behavior: str = ""
    annotation: str = ""
    keda_known: bool = True

    def hinders(self, direction: Direction) -> bool:
        """Whether there is no scaling in this direction."""
        return direction in _HINDERED[self.code]


def obstacles(
    hpa: HpaView,
    scaledobject: ScaledObjectView,
    triggers: Sequence[Trigger],
    load_trigger: Trigger | None,
    keda: KedaVersion | None,
) -> tuple[Obstacle, ...]:
    """Return what hinders, triggers first in the HPA's order.

    KEDA does not scale to zero while a trigger fails and none is active. KEDA 2.10 then writes the fallback's replicas
    to the workload itself, whatever the HPA says, so that a scale-in has no times that can be proven.
    Source: KEDA 2.10 and current, pkg/scaling/executor/scale_scaledobjects.go, RequestScale; issue #6659.
    """
    index = load_trigger.index if load_trigger else None
    missing = missing_values.missing_values(hpa, scaledobject, index, keda)
    failures = scaledobject.failures
    found = []
    for spec in hpa.metric_specs:
        name = hpa_object.metric_name(spec)
        label = trigger_label(name, triggers)
        if name in missing:
            code = Code.NO_VALUE if "external" in spec else Code.NO_RESOURCE_VALUE
            found.append(Obstacle(code, label, missing[name]))
        elif name in failures.falling_back and failures.fallback is not None:
            found.append(Obstacle(Code.FALLBACK, label, behavior=failures.fallback.behavior))
    pause = pausing.pausing(scaledobject.pause, keda)
    by_annotation = (
        (Code.PAUSED_SCALE_IN, pausing.PAUSED_SCALE_IN, pause.scale_in),
        (Code.PAUSED_SCALE_OUT, pausing.PAUSED_SCALE_OUT, pause.scale_out),
        (Code.FORCED_ACTIVATION, pausing.FORCE_ACTIVATION, pause.forced),
    )
    found += [
        Obstacle(code, annotation=annotation, keda_known=keda is not None)
        for code, annotation, is_set in by_annotation
        if is_set
    ]
    return tuple(found)


def trigger_label(metric: str, triggers: Sequence[Trigger]) -> str:
    """Return the trigger of an HPA's metric, such as `0 (prometheus)`; the metric's name if there is none."""
    external = next((trigger for trigger in triggers if metric.startswith(f"s{trigger.index}-")), None)
    resource = next((trigger for trigger in triggers if trigger.type == metric), None)
    owner = external or resource
    return str(owner) if owner else metric
