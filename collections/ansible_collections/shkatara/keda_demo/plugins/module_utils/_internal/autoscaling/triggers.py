# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A ScaledObject's triggers as small records, and which of them the load drives, as pure functions.

Only a trigger of type `prometheus` has a query that can be read here. KEDA names the external metric of the trigger at
index N `sN-...`, whatever the trigger's own name is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..common.errors import BadInput
from ..prometheus import promql
from . import trigger_requests
from .scaledobject import ScaledObjectView
from .trigger_requests import TriggerRequest


@dataclass(frozen=True)
class Trigger:
    """A trigger of a ScaledObject. `query` and `server_address` are empty if it is not of type prometheus.

    `key` identifies the trigger within its ScaledObject, see trigger_keys. `activation` is in the metric's unit, and
    `cached` is `useCachedMetrics`. `request` is how KEDA asks for the query.
    """

    index: int
    name: str
    type: str
    key: str
    query: str = ""
    server_address: str = ""
    activation: float = 0.0
    cached: bool = False
    request: TriggerRequest = field(default_factory=TriggerRequest)

    def __str__(self) -> str:
        return f"{self.key} ({self.type})"


def triggers_of(view: ScaledObjectView) -> tuple[Trigger, ...]:
    """Return the triggers of a ScaledObject.

    Source: KEDA 2.10, pkg/scalers/prometheus_scaler.go, parsePrometheusMetadata.
    """
    names = [spec.get("name") or "" for spec in view.triggers]
    triggers = []
    for index, (spec, key) in enumerate(zip(view.triggers, trigger_keys(names), strict=True)):
        is_prometheus = spec.get("type") == "prometheus"
        metadata = (spec.get("metadata") or {}) if is_prometheus else {}
        triggers.append(
            Trigger(
                index=index,
                name=names[index],
                type=str(spec.get("type")),
                key=key,
                query=metadata.get("query") or "",
                server_address=metadata.get("serverAddress") or "",
                activation=_number(metadata.get("activationThreshold")),
                cached=bool(spec.get("useCachedMetrics")),
                request=trigger_requests.request_of(spec) if is_prometheus else TriggerRequest(),
            )
        )
    return tuple(triggers)


def trigger_keys(names: Sequence[str]) -> list[str]:
    """Return a key for each trigger that no other trigger has, from their names; an empty name is none.

    The key is the trigger's name, or its index if it has no name. A name that two triggers share and an index that is
    another trigger's name give no key: then it is `#` and the index, such as `#0`.
    """
    count = Counter(name for name in names if name)
    keys = []
    for index, name in enumerate(names):
        key = name or str(index)
        if count[key] > (1 if name else 0):
            key = f"#{index}"
            while key in count:
                key = f"#{key}"
        keys.append(key)
    return keys


def _number(text: object) -> float:
    # A ScaledObject with any other text here is not Ready, and KEDA says why.
    try:
        return float(str(text or 0))
    except ValueError:
        return 0.0


def find_load_trigger(
    triggers: Sequence[Trigger], wanted: str | None, counter_metric: str | None, namespace: str
) -> Trigger | None:
    """Return the trigger that the load drives; None if no trigger is of a type that is understood.

    :param wanted: the option `trigger`: a key, a name or an index, of which a name wins over an index
    :param counter_metric: the option `counter_metric`: the counter that each request raises
    :raises BadInput: there is no such trigger, or several fit
    """
    names = ", ".join(map(str, triggers)) or "(none)"
    if wanted is not None:
        trigger = _wanted_trigger(triggers, wanted, names)
        return trigger if trigger.query else None
    candidates = [trigger for trigger in triggers if trigger.query]
    if len(candidates) > 1 and counter_metric:
        selector = promql.counter_selector(counter_metric, namespace)
        candidates = [trigger for trigger in candidates if promql.mentions(trigger.query, selector)] or candidates
    if len(candidates) > 1:
        raise BadInput(
            f"The ScaledObject has the triggers {names}, and it is not clear which the load moves: give the name or "
            "the index of one in `trigger`"
        )
    return candidates[0] if candidates else None


def _wanted_trigger(triggers: Sequence[Trigger], wanted: str, names: str) -> Trigger:
    by_key = [trigger for trigger in triggers if trigger.key == wanted]
    by_name = [trigger for trigger in triggers if trigger.name == wanted]
    by_index = [trigger for trigger in triggers if str(trigger.index) == wanted]
    matches = by_key or by_name or by_index
    if not matches:
        raise BadInput(f"`trigger` is {wanted!r}, and the ScaledObject has {names}: give a name or an index")
    if len(matches) > 1:
        keys = " or ".join(trigger.key for trigger in matches)
        raise BadInput(f"`trigger` is {wanted!r}, and several triggers of the ScaledObject have this name: give {keys}")
    return matches[0]
