# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The way of a load from the first request to Ready replicas: by what each of its steps is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from ansible_collections.shkatara.keda_demo.plugins.module_utils import _views
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import Prediction
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Change
from ansible_collections.shkatara.keda_demo.plugins.module_utils._state import State


@dataclass(frozen=True)
class Sight:
    """A change, and what is known after it; `pods_before` are the names of those from before the load."""

    change: Change
    state: State
    prediction: Prediction
    pods_before: Set[str]

    @property
    def over(self) -> float:
        """The metric a replica above which the HPA acts, in its unit."""
        return self.prediction.threshold * (1 + self.prediction.tolerance)

    @property
    def desired(self) -> int:
        """The replicas that the HPA wants; 0 where there is no HPA."""
        return self.state.hpa.desired if self.state.hpa else 0

    @property
    def new_pod(self) -> _views.PodView | None:
        """The pod of the change, where it came after the load had begun."""
        return None if self.change.name in self.pods_before else self.state.pods.get(self.change.name)


@dataclass(frozen=True)
class Hop:
    """A step: `source` of the changes that can show it (empty: any), and how a person calls this source.

    `resolution_seconds` is how much earlier than seen it may have been; 0 for the arrival of a watch event.
    """

    name: str
    source: str
    words: str
    is_seen: Callable[[Sight], bool]
    resolution_seconds: float = 0.0


def _metric_is_over(sight: Sight) -> bool:
    return (sight.state.metric or 0) > sight.over * sight.prediction.from_replicas


def _hpa_metric_is_over(sight: Sight) -> bool:
    return sight.state.hpa is not None and (sight.state.hpa.average or 0) > sight.over


def _hpa_decided(sight: Sight) -> bool:
    return sight.desired > sight.prediction.from_replicas


def _hpa_decided_as_predicted(sight: Sight) -> bool:
    return _hpa_decided(sight) and sight.desired in sight.prediction.possible_replicas


def _deployment_is_scaled(sight: Sight) -> bool:
    deployment = sight.state.deployment
    return deployment is not None and deployment.spec_replicas > sight.prediction.from_replicas


def _pod_is_there(sight: Sight) -> bool:
    return sight.new_pod is not None


def _pod_is_scheduled(sight: Sight) -> bool:
    return sight.new_pod is not None and sight.new_pod.scheduled


def _pod_is_ready(sight: Sight) -> bool:
    return sight.new_pod is not None and sight.new_pod.ready


def _replicas_are_ready(sight: Sight) -> bool:
    settled = sight.state.history[-1].settled if sight.state.history else None
    return settled in sight.prediction.possible_replicas and settled != sight.prediction.from_replicas


_HPA, _DEPLOYMENT, _PODS = "watch of the HPA", "watch of the Deployment", "watch of the pods"
HOPS = (
    # Every 2 s the query is asked.
    Hop("metric_over_threshold", "prometheus", "the trigger's query", _metric_is_over, 2.0),
    Hop("hpa_metric_over_threshold", "horizontalpodautoscalers", _HPA, _hpa_metric_is_over),
    Hop("hpa_decision", "horizontalpodautoscalers", _HPA, _hpa_decided),
    Hop("hpa_target_decision", "horizontalpodautoscalers", _HPA, _hpa_decided_as_predicted),
    Hop("deployment_scaled", "deployments", _DEPLOYMENT, _deployment_is_scaled),
    Hop("pod_created", "pods", _PODS, _pod_is_there),
    Hop("pod_scheduled", "pods", _PODS, _pod_is_scheduled),
    Hop("pod_ready", "pods", _PODS, _pod_is_ready),
    Hop("replicas_ready", "", "watches of HPA and Deployment", _replicas_are_ready),
)


def passed_hops(sight: Sight) -> Iterator[Hop]:
    """Yield the hops that a change shows, in their order; one may be shown again later."""
    for hop in HOPS:
        if hop.source in ("", sight.change.source) and hop.is_seen(sight):
            yield hop
