# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The hops of a load, from the first request to Ready replicas and back: which change shows each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from ...kube.resources import DEPLOYMENT
from ...kube.workloads import PodView
from ...prediction.expectation import Expectation
from ...prediction.hop_bounds import DEPLOYMENT_SCALED, WORKLOAD_SCALED
from ...prediction.scale_out import Prediction
from ..observed.cluster_state import EVENTS, HPAS, REPLICASETS, Change
from ..observed.state import State
from ..observed.workload_state import PODS


@dataclass(frozen=True)
class HopContext:
    """A change, and the state after it; `prediction` is what the load is to do, predicted or expected.

    `pods_before` are the names of the pods that were there before the load. `metric_name` is the external metric of the
    HPA that the load raises. `inactive_replicas` is the count without any load. After the load has ended
    `replicas_at_end` is the count that the workload was to have then, and `replicas_after` the predicted one.
    """

    change: Change
    state: State
    prediction: Prediction | Expectation
    pods_before: Set[str]
    metric_name: str = ""
    inactive_replicas: int = 1
    replicas_after: int | None = None
    replicas_at_end: int | None = None
    load_ended: bool = False

    @property
    def hpa_limits(self) -> Mapping[str, float]:
        """The HPA's metrics and the values above which it acts: per replica for AverageValue, in total for Value."""
        if isinstance(self.prediction, Expectation):
            return self.prediction.hpa_limits
        return {self.metric_name: self.prediction.threshold * (1 + self.prediction.tolerance)}

    @property
    def desired(self) -> int:
        """The replicas that the HPA wants; 0 without an HPA."""
        hpa = self.state.cluster.hpa
        return hpa.desired if hpa else 0

    @property
    def spec(self) -> int:
        """The replicas that the workload is to have; 0 without a workload."""
        workload = self.state.cluster.workload
        return workload.spec_replicas if workload else 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of hops that the change may show: any, that of its object, and WORKLOAD."""
        source = self.change.source
        return ("", source, WORKLOAD) if source == self.state.cluster.subject.resource.name else ("", source)

    @property
    def settled(self) -> int | None:
        """The count on which HPA and workload agree."""
        history = self.state.cluster.history
        return history[-1].settled if history else None

    @property
    def new_pod(self) -> PodView | None:
        """The pod of the change, if it was created after the load had started."""
        pod = self.state.cluster.pods.get(self.change.name)
        is_new = pod is not None and pod.name not in self.pods_before and self.state.cluster.subject.owns(pod)
        return pod if is_new else None

    @property
    def is_event_of_new_pod(self) -> bool:
        """Whether the change is an event of a pod that was created after the load had started."""
        kind, _, name = self.change.name.partition("/")
        return kind == "Pod" and name not in self.pods_before


@dataclass(frozen=True)
class Hop:
    """A hop: the `kind` of the changes that can show it (empty: any), and the `source` in words, with the kind's name.

    `after_load` is for hops of the scale-in. A watch has the resolution 0: the time of the event's arrival.
    """

    name: str
    kind: str
    source: str
    is_shown: Callable[[HopContext], bool]
    after_load: bool = False


def _metric_is_over(context: HopContext) -> bool:
    return (context.state.metrics.value or 0) > context.prediction.acts_above


def _hpa_metric_is_over(context: HopContext) -> bool:
    hpa = context.state.cluster.hpa
    return hpa is not None and any(hpa.values.get(name, 0.0) > above for name, above in context.hpa_limits.items())


def _is_activated(context: HopContext) -> bool:
    return context.prediction.from_replicas == 0 and context.spec > 0


def _hpa_wants_more(context: HopContext) -> bool:
    return context.desired > max(1, context.prediction.from_replicas)


def _hpa_wants_prediction(context: HopContext) -> bool:
    grown = context.desired > context.prediction.from_replicas
    return grown and context.desired in context.prediction.possible_replicas


def _deployment_is_scaled(context: HopContext) -> bool:
    return context.spec > context.prediction.from_replicas


def _other_workload_is_scaled(context: HopContext) -> bool:
    return context.state.cluster.subject.resource != DEPLOYMENT and _deployment_is_scaled(context)


def _replicaset_is_scaled(context: HopContext) -> bool:
    replicaset = context.state.cluster.replicasets.get(context.change.name)
    return replicaset is not None and replicaset.spec_replicas > context.prediction.from_replicas


def _pod_is_created(context: HopContext) -> bool:
    return context.new_pod is not None


def _pod_is_scheduled(context: HopContext) -> bool:
    return context.new_pod is not None and context.new_pod.scheduled


def _image_is_pulled(context: HopContext) -> bool:
    return context.is_event_of_new_pod and context.change.field == "Pulled"


def _pod_is_started(context: HopContext) -> bool:
    return context.new_pod is not None and context.new_pod.started


def _pod_is_ready(context: HopContext) -> bool:
    return context.new_pod is not None and context.new_pod.ready


def _replicas_are_ready(context: HopContext) -> bool:
    settled = context.settled
    return settled in context.prediction.possible_replicas and settled != context.prediction.from_replicas


def _scale_in_is_decided(context: HopContext) -> bool:
    at_end = context.replicas_at_end
    return context.spec < (max(context.prediction.possible_replicas) if at_end is None else at_end)


def _replicas_are_at_minimum(context: HopContext) -> bool:
    least = context.prediction.min_replicas if context.replicas_after is None else context.replicas_after
    return context.settled is not None and context.settled <= least


def _is_scaled_to_zero(context: HopContext) -> bool:
    return context.inactive_replicas == 0 and context.spec == 0


WORKLOAD = "workload"
_HPA, _WORKLOAD, _PODS = "watch of the HPA", "watch of the {kind}", "watch of the pods"
QUERY, COUNTER = "the trigger's query", "the counter's raw samples"
HOPS = (
    Hop("metric_over_threshold", "prometheus", QUERY, _metric_is_over),
    Hop("keda_activation", WORKLOAD, _WORKLOAD, _is_activated),
    Hop("hpa_metric_over_threshold", HPAS, _HPA, _hpa_metric_is_over),
    Hop("hpa_decision", HPAS, _HPA, _hpa_wants_more),
    Hop("hpa_target_decision", HPAS, _HPA, _hpa_wants_prediction),
    Hop(DEPLOYMENT_SCALED, DEPLOYMENT.name, _WORKLOAD, _deployment_is_scaled),
    Hop(WORKLOAD_SCALED, WORKLOAD, _WORKLOAD, _other_workload_is_scaled),
    Hop("replicaset_scaled", REPLICASETS, "watch of the ReplicaSets", _replicaset_is_scaled),
    Hop("pod_created", PODS, _PODS, _pod_is_created),
    Hop("pod_scheduled", PODS, _PODS, _pod_is_scheduled),
    Hop("image_there", EVENTS, "watch of the events: Pulled", _image_is_pulled),
    Hop("container_started", PODS, _PODS, _pod_is_started),
    Hop("pod_ready", PODS, _PODS, _pod_is_ready),
    Hop("replicas_ready", "", "watches of HPA and {kind}", _replicas_are_ready),
    Hop("scale_in_decision", WORKLOAD, _WORKLOAD, _scale_in_is_decided, after_load=True),
    Hop("replicas_at_minimum", "", "watches of HPA and {kind}", _replicas_are_at_minimum, after_load=True),
    Hop("scaled_to_zero", WORKLOAD, _WORKLOAD, _is_scaled_to_zero, after_load=True),
)


def shown_hops(context: HopContext) -> Iterator[Hop]:
    """Yield the hops that a change shows, in their order; a later change may show a hop again."""
    for hop in HOPS:
        if hop.after_load == context.load_ended and hop.kind in context.kinds and hop.is_shown(context):
            yield hop
