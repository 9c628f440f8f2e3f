# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The target of a proof: the ScaledObject, its workload and its triggers, checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from ..autoscaling import replica_bounds, scaledobject, triggers
from ..autoscaling.triggers import Trigger
from ..common.errors import BadInput
from ..kube.cluster import Cluster
from ..prometheus import promql, query_factor, query_reader
from ..prometheus.not_understood import NotUnderstood
from ..prometheus.query_shape import QueryShape
from ..prometheus.recording_rules import RulesReading
from . import workload
from .workload import Workload


@dataclass(frozen=True)
class ProofTarget:
    """The objects by name, and what does not change during a proof; times are in seconds.

    `load_trigger` is the trigger whose metric the load raises, None if no trigger is understood; `counter` is the
    selector of the counter that each request raises, empty if it is not known. `shape` is what the load trigger's query
    makes of it, or why that is not understood; None without a load trigger.
    """

    namespace: str
    scaledobject: str
    hpa: str
    workload: Workload
    triggers: tuple[Trigger, ...]
    load_trigger: Trigger | None
    counter: str
    shape: QueryShape | NotUnderstood | None

    @property
    def known_shape(self) -> QueryShape | None:
        """What the load trigger's query makes of its selector; None if that is not understood."""
        return self.shape if isinstance(self.shape, QueryShape) else None

    @property
    def query_window(self) -> float:
        """The age of the oldest sample that the load trigger's query depends on, in seconds; 0 if it is not known."""
        return self.known_shape.history_seconds if self.known_shape else 0.0


def read_shape(
    trigger: Trigger | None,
    metric_per_request: float | None,
    query_window: float | None,
    rules: RulesReading | None = None,
) -> QueryShape | NotUnderstood | None:
    """Return the shape of a trigger's query; None without a trigger.

    :param metric_per_request: see query_factor.with_options
    :param query_window: see query_factor.with_options
    :param rules: what Prometheus says of its recording rules; None before it was asked
    """
    if trigger is None:
        return None
    shape = query_reader.read_query(trigger.query, rules)
    return query_factor.with_options(shape, metric_per_request, query_window)


def find_target(
    cluster: Cluster,
    namespace: str,
    name: str,
    trigger: str | None = None,
    counter_metric: str | None = None,
    *,
    metric_per_request: float | None = None,
    query_window: float | None = None,
) -> ProofTarget:
    """Return what the ScaledObject `name` points to.

    :param trigger: the name or index of the trigger that the load raises, if it was given
    :param counter_metric: the counter that each request raises, if it was given
    :param metric_per_request: what one request per second adds to the metric, if it was given
    :param query_window: the window of the load trigger's query in seconds, if it was given
    :raises BadInput: it does not exist, or is of a form that this module can't observe
    :raises ClusterError: see Cluster.list
    """
    objects, _version = cluster.list("scaledobjects", namespace, name)
    if not objects:
        others, _version = cluster.list("scaledobjects", namespace)
        known = ", ".join(sorted(item["metadata"]["name"] for item in others)) or "none"
        raise BadInput(f"There is no ScaledObject {name} in namespace {namespace} (`name`; it has: {known})")
    replica_bounds.check_bounds(objects[0])
    view = scaledobject.scaledobject_view(objects[0])
    scaled = workload.find_workload(cluster, namespace, view)
    all_triggers = triggers.triggers_of(view)
    load_trigger = triggers.find_load_trigger(all_triggers, trigger, counter_metric, namespace)
    return ProofTarget(
        namespace=namespace,
        scaledobject=name,
        hpa=scaledobject.hpa_name(objects[0]),
        workload=scaled,
        triggers=all_triggers,
        load_trigger=load_trigger,
        counter=promql.counter_selector(counter_metric, namespace) if counter_metric else "",
        shape=read_shape(load_trigger, metric_per_request, query_window),
    )
