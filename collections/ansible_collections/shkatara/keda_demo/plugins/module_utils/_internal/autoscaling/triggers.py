# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which of a ScaledObject's triggers the load moves, and what its HPA makes of them, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..common.errors import BadInput
from ..prometheus import promql
from .scaledobject import ScaledObjectView


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


def find_load_trigger(
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
        selector = promql.counter_selector(counter_metric, namespace)
        known = [trigger for trigger in known if promql.mentions(trigger.query, selector)] or known
    if len(known) > 1:
        raise BadInput(
            f"The ScaledObject has the triggers {names}, and it is not clear which the load moves: give the name or "
            "the index of one in `trigger`"
        )
    return known[0] if known else None


@dataclass(frozen=True)
class Trigger:
    """A trigger of a ScaledObject. `query` and `server_address` are empty where it is not of type prometheus.

    `activation` is in the metric's unit. KEDA names the trigger's external metric `s<index>-...`.
    """

    index: int
    name: str
    type: str
    query: str = ""
    server_address: str = ""
    activation: float = 0.0
    cached: bool = False

    @property
    def key(self) -> str:
        """How it is called in results: by its name, else by its index."""
        return self.name or str(self.index)

    def __str__(self) -> str:
        return f"{self.key} ({self.type})"
