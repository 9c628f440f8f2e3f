# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The way of a load from the first request to Ready replicas and back: by what each of its steps is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from ..kube.workloads import PodView
from ..prediction.scale_out import Prediction
from .observations import State
from .records import Change


@dataclass(frozen=True)
class Sight:
    """A change, and what is known after it; `pods_before` are the names of those from before the load.

    `metric_name` is the external metric of the HPA that the load moves. `resting` is the count without any load.
    `back` says that the load has ended, when the Deployment was to have `spec_before` replicas; `back_at` is the count
    to which they are to go back.
    """

    change: Change
    state: State
    prediction: Prediction
    pods_before: Set[str]
    metric_name: str = ""
    resting: int = 1
    spec_before: int | None = None
    back_at: int | None = None
    back: bool = False

    @property
    def over(self) -> float:
        """The metric above which the HPA acts: a replica for an AverageValue target, in all for a Value one."""
        return self.prediction.threshold * (1 + self.prediction.tolerance)

    @property
    def desired(self) -> int:
        """The replicas that the HPA wants; 0 where there is no HPA."""
        return self.state.hpa.desired if self.state.hpa else 0

    @property
    def spec(self) -> int:
        """The replicas that the Deployment is to have; 0 where there is none."""
        return self.state.deployment.spec_replicas if self.state.deployment else 0

    @property
    def new_pod(self) -> PodView | None:
        """The pod of the change, where it came after the load had begun."""
        return None if self.change.name in self.pods_before else self.state.pods.get(self.change.name)

    @property
    def is_of_new_pod(self) -> bool:
        """Whether the change is an event of a pod that came after the load had begun."""
        kind, _, name = self.change.name.partition("/")
        return kind == "Pod" and name not in self.pods_before


@dataclass(frozen=True)
class Hop:
    """A step: `source` of the changes that can show it (empty: any), and how a person calls this source.

    `back` is for steps after the load. What is seen by a watch has the resolution 0: the time of its arrival.
    """

    name: str
    source: str
    words: str
    is_seen: Callable[[Sight], bool]
    back: bool = False


def _metric_is_over(sight: Sight) -> bool:
    return (sight.state.metric or 0) > sight.prediction.acts_above


def _hpa_metric_is_over(sight: Sight) -> bool:
    return sight.state.hpa is not None and sight.state.hpa.values.get(sight.metric_name, 0.0) > sight.over


def _activated(sight: Sight) -> bool:
    return sight.prediction.from_replicas == 0 and sight.spec > 0


def _hpa_decided(sight: Sight) -> bool:
    return sight.desired > max(1, sight.prediction.from_replicas)


def _hpa_decided_as_predicted(sight: Sight) -> bool:
    grown = sight.desired > sight.prediction.from_replicas
    return grown and sight.desired in sight.prediction.possible_replicas


def _deployment_is_scaled(sight: Sight) -> bool:
    return sight.spec > sight.prediction.from_replicas


def _replicaset_is_scaled(sight: Sight) -> bool:
    found = sight.state.replicasets.get(sight.change.name)
    return found is not None and found.spec_replicas > sight.prediction.from_replicas


def _pod_is_there(sight: Sight) -> bool:
    return sight.new_pod is not None


def _pod_is_scheduled(sight: Sight) -> bool:
    return sight.new_pod is not None and sight.new_pod.scheduled


def _image_is_there(sight: Sight) -> bool:
    return sight.is_of_new_pod and sight.change.field == "Pulled"


def _pod_is_started(sight: Sight) -> bool:
    return sight.new_pod is not None and sight.new_pod.started


def _pod_is_ready(sight: Sight) -> bool:
    return sight.new_pod is not None and sight.new_pod.ready


def _replicas_are_ready(sight: Sight) -> bool:
    settled = sight.state.history[-1].settled if sight.state.history else None
    return settled in sight.prediction.possible_replicas and settled != sight.prediction.from_replicas


def _hpa_decided_back(sight: Sight) -> bool:
    before = max(sight.prediction.possible_replicas) if sight.spec_before is None else sight.spec_before
    return sight.spec < before


def _replicas_are_back(sight: Sight) -> bool:
    settled = sight.state.history[-1].settled if sight.state.history else None
    least = sight.prediction.min_replicas if sight.back_at is None else sight.back_at
    return settled is not None and settled <= least


def _replicas_are_gone(sight: Sight) -> bool:
    return sight.resting == 0 and sight.spec == 0


_HPA, _DEPLOYMENT, _PODS = "watch of the HPA", "watch of the Deployment", "watch of the pods"
QUERY, COUNTER = "the trigger's query", "the counter's raw samples"
HOPS = (
    Hop("metric_over_threshold", "prometheus", QUERY, _metric_is_over),
    Hop("keda_activation", "deployments", _DEPLOYMENT, _activated),
    Hop("hpa_metric_over_threshold", "horizontalpodautoscalers", _HPA, _hpa_metric_is_over),
    Hop("hpa_decision", "horizontalpodautoscalers", _HPA, _hpa_decided),
    Hop("hpa_target_decision", "horizontalpodautoscalers", _HPA, _hpa_decided_as_predicted),
    Hop("deployment_scaled", "deployments", _DEPLOYMENT, _deployment_is_scaled),
    Hop("replicaset_scaled", "replicasets", "watch of the ReplicaSets", _replicaset_is_scaled),
    Hop("pod_created", "pods", _PODS, _pod_is_there),
    Hop("pod_scheduled", "pods", _PODS, _pod_is_scheduled),
    Hop("image_there", "events", "watch of the events: Pulled", _image_is_there),
    Hop("container_started", "pods", _PODS, _pod_is_started),
    Hop("pod_ready", "pods", _PODS, _pod_is_ready),
    Hop("replicas_ready", "", "watches of HPA and Deployment", _replicas_are_ready),
    Hop("scale_in_decision", "deployments", _DEPLOYMENT, _hpa_decided_back, back=True),
    Hop("replicas_at_minimum", "", "watches of HPA and Deployment", _replicas_are_back, back=True),
    Hop("scaled_to_zero", "deployments", _DEPLOYMENT, _replicas_are_gone, back=True),
)


def passed_hops(sight: Sight) -> Iterator[Hop]:
    """Yield the hops that a change shows, in their order; one may be shown again later."""
    for hop in HOPS:
        if hop.back == sight.back and hop.source in ("", sight.change.source) and hop.is_seen(sight):
            yield hop
