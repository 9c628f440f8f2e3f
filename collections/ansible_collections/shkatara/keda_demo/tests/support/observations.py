# SPDX-License-Identifier: MIT
"""The observations of a proof, one a function: events of objects, broken watches, and readings of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.watcher import (
    ObjectEvent,
    WatchFailed,
    WatchRecovered,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    Reading,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.scrapes import (
    ScrapeTarget,
    Series,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import Observation
from ansible_collections.shkatara.keda_demo.tests.support.objects import FIRST, PODS, deployed, pod

# The time of day at which each script begins, 2026-11-24 09:00:00 UTC in unix seconds.
NOON = 1795510800.0


def target(pod_name: str = FIRST, up: bool = True, error: str = "") -> ScrapeTarget:
    """A scrape target of a pod."""
    instance = f"{PODS.get(pod_name, '10.244.1.99')}:5000"
    return ScrapeTarget("test", pod_name, f"http://{instance}/metrics", up, error, 5.0, "test", instance)


# A target that is no pod of the Deployment, as an ingress or a queue would be.
GATEWAY = ScrapeTarget(
    "ingress", "gateway-0", "http://10.244.1.40:9113/metrics", True, "", 15.0, "gateway", "10.244.1.40:9113"
)


def seen(at: float, kind: str, obj: dict[str, Any], event: str = "MODIFIED") -> ObjectEvent:
    """An event of an object."""
    return ObjectEvent(at, kind, event, obj)


def failed(at: float, kind: str, message: str = "the connection broke") -> WatchFailed:
    """A watch that is broken."""
    return WatchFailed(at, kind, message)


def recovered(at: float, kind: str) -> WatchRecovered:
    """A watch that is open again."""
    return WatchRecovered(at, kind)


def metric(
    at: float,
    value: float | None,
    *,
    targets: Any = None,
    feeds: Any = None,
    targets_error: str = "",
    targets_unlisted: bool = False,
    **more: Any,
) -> Reading:
    """The only trigger's query returned a value; `targets` were read too where they or their error are given."""
    read = (
        None
        if targets is None and not targets_error
        else TargetsReading(targets, targets_error, feeds, targets_unlisted)
    )
    return Reading(at, **{"values": {"0": value}, "targets": read, **more})


def series(pod_name: str, *samples: tuple[float, float]) -> Series:
    """A pod's raw samples, (seconds since NOON, value)."""
    return Series({"namespace": "test", "pod": pod_name}, [(NOON + at, value) for at, value in samples])


def source(observation: Observation) -> str:
    """The kind of an object's observation, or `prometheus`."""
    return getattr(observation, "kind", "prometheus")


def ready_replicas(at: float, count: int) -> list[Observation]:
    """Events of the Deployment with `count` Ready pods, and of these pods."""
    pods = [seen(at, "pods", pod(name)) for name in list(PODS)[:count]]
    return [*pods, seen(at, "deployments", deployed(count, count, count))]


def pod_targets(count: int) -> list[ScrapeTarget]:
    """The scrape targets of the Deployment's first `count` pods."""
    return [target(name) for name in list(PODS)[:count]]


def later(observation: Observation, seconds: float) -> Observation:
    """The observation so many seconds later."""
    return replace(observation, at=observation.at + seconds)


def without(observations: list[Observation], *sources: str) -> list[Observation]:
    """The observations that are of none of these sources."""
    return [item for item in observations if source(item) not in sources]


def map_objects(
    observations: Iterable[Observation], kind: str, function: Callable[[dict[str, Any]], dict[str, Any]]
) -> list[Observation]:
    """The observations with another object, made by `function`, in the place of each object of a kind."""
    return [replace(item, object=function(item.object)) if source(item) == kind else item for item in observations]


def with_object(observations: Iterable[Observation], kind: str, obj: dict[str, Any]) -> list[Observation]:
    """The observations with `obj` in the place of each object of a kind."""
    return map_objects(observations, kind, lambda _object: obj)
