# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The targets of an HPA's external metrics, of whatever trigger: the HPA's own fields say when it acts on them."""

from __future__ import annotations

from dataclasses import dataclass

from ..common import quantities
from .hpa import AVERAGE_VALUE, VALUE
from .hpa_object import HpaView


@dataclass(frozen=True)
class ExternalTarget:
    """The target of an external metric: per replica if its kind is AverageValue, in total if it is Value."""

    name: str
    kind: str
    goal: float

    def acts_above(self, replicas: int, tolerance: float) -> float:
        """Return the metric's total above which an HPA with so many replicas acts."""
        return self.goal * (1 + tolerance) * (max(1, replicas) if self.kind == AVERAGE_VALUE else 1)


def external_targets(hpa: HpaView) -> tuple[ExternalTarget, ...]:
    """Return the targets of all external metrics, in their order."""
    found = []
    for spec in hpa.metric_specs:
        external = spec.get("external") or {}
        target, name = external.get("target") or {}, (external.get("metric") or {}).get("name")
        kind = target.get("type")
        goal = target.get("averageValue" if kind == AVERAGE_VALUE else "value")
        if name and kind in (AVERAGE_VALUE, VALUE) and goal is not None:
            found.append(ExternalTarget(name, kind, quantities.parse_quantity(goal)))
    return tuple(found)


def target_of_trigger(targets: tuple[ExternalTarget, ...], index: int) -> ExternalTarget | None:
    """Return the target of the trigger at an index, by KEDA's name of its metric; None if there is none."""
    return next((target for target in targets if target.name.startswith(f"s{index}-")), None)
