# SPDX-License-Identifier: MIT
"""The recorded scale-out as it is seen of workloads of other kinds: their objects, pods and events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.scale_watcher import SCALES
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.watcher import ObjectEvent
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    Reading,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import Observation
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import PODS
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    DISCOVERY,
    FLEET,
    FLEETS,
    STATEFULSET,
    fleet_pod,
    owned,
    scale,
    scales,
    stateful,
    stateful_pod,
)

NAMES = {name: f"test-{index}" for index, name in enumerate(PODS)}
FLEET_DOCUMENTS = {
    "the kinds of shop.example/v1": DISCOVERY["/apis/shop.example/v1/"],
    FLEETS.scale_name: scale(1, 1),
}


def stateful_cluster(*pods: dict[str, Any], **kinds: list[dict[str, Any]]) -> Objects:
    """A cluster with the StatefulSet, its first pod, and other objects."""
    return Objects(
        scaledobjects=[scales("StatefulSet")], statefulsets=[STATEFULSET], pods=[stateful_pod(0), *pods], **kinds
    )


def fleet_cluster(*pods: dict[str, Any]) -> Objects:
    """A cluster with the Fleet, its first pod, and other pods."""
    return Objects(
        FLEET_DOCUMENTS,
        scaledobjects=[scales("Fleet", "shop.example/v1")],
        pods=[fleet_pod("test-0"), *pods],
        **{FLEETS.name: [FLEET]},
    )


def as_statefulset(observations: Iterable[Observation]) -> list[Observation]:
    """The observations of the Deployment as those of the StatefulSet, whose pods have numbers."""
    return list(_other_kind(observations, _stateful_events))


def as_fleet(observations: Iterable[Observation]) -> list[Observation]:
    """The observations of the Deployment as those of the Fleet, which is seen together with its Scale."""
    return list(_other_kind(observations, _fleet_events))


def _stateful_events(event: ObjectEvent) -> Iterator[ObjectEvent]:
    if event.kind == "deployments":
        status = event.object["status"]
        counts = (event.object["spec"]["replicas"], status["replicas"], status.get("readyReplicas") or 0)
        yield replace(event, kind="statefulsets", object=stateful(*counts))
    else:
        yield replace(event, object=owned(dict(event.object), "StatefulSet", "test", "statefulset"))


def _fleet_events(event: ObjectEvent) -> Iterator[ObjectEvent]:
    if event.kind == "deployments":
        yield replace(event, kind=FLEETS.name, object=FLEET)
        yield replace(
            event, kind=SCALES, object=scale(event.object["spec"]["replicas"], event.object["status"]["replicas"])
        )
    else:
        yield replace(event, object=owned(dict(event.object), "Fleet", "test", "fleet", "shop.example/v1"))


def _other_kind(observations: Iterable[Observation], events: Any) -> Iterator[Observation]:
    for item in observations:
        if isinstance(item, Reading):
            yield _renamed_reading(item)
        elif not isinstance(item, ObjectEvent):
            yield item
        elif item.kind == "deployments":
            yield from events(item)
        elif item.kind == "pods":
            yield from events(replace(item, object=_renamed(item.object)))
        elif item.kind != "replicasets":
            yield replace(item, object=_renamed(item.object))


def _renamed(obj: Any) -> Any:
    text = json.dumps(obj)
    for name, other in NAMES.items():
        text = text.replace(name, other)
    return json.loads(text)


def _renamed_reading(reading: Reading) -> Reading:
    counter = [replace(series, labels=_renamed(series.labels)) for series in reading.counter]
    read = reading.targets
    if read is None or read.targets is None:
        return replace(reading, counter=counter)
    targets = [replace(target, pod=NAMES.get(target.pod, target.pod)) for target in read.targets]
    return replace(reading, counter=counter, targets=TargetsReading(targets, read.error, read.feeds))
