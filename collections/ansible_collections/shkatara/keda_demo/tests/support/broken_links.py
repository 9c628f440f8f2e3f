# SPDX-License-Identifier: MIT
"""The recorded scale-out with links of its chain broken, while the replicas grow all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import Reading
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import Observation
from ansible_collections.shkatara.keda_demo.tests.support.objects import changed
from ansible_collections.shkatara.keda_demo.tests.support.observations import map_objects
from ansible_collections.shkatara.keda_demo.tests.support.recordings import COUNTED
from ansible_collections.shkatara.keda_demo.tests.support.scripted import counts_of_all

Observations = list[Observation]
Counters = Callable[[Any, list[Any]], dict[str, float]]


@dataclass(frozen=True)
class Script:
    """What a proof observes, and what its pods' counters say."""

    observations: Observations
    counters: Counters = counts_of_all


def count(share: float) -> Callable[[Script], Script]:
    """The pods count a part of the requests."""

    def counters(run: Any, targets: list[Any]) -> dict[str, float]:
        return {target.pod: share * run.load.stats.answered / len(targets) for target in targets}

    return lambda script: replace(script, counters=counters)


def still_samples(script: Script) -> Script:
    """Prometheus' samples of the counter do not rise."""

    def still(item: Observation) -> Observation:
        if not isinstance(item, Reading):
            return item
        counter = [replace(one, samples=[(at, COUNTED) for at, _value in one.samples]) for one in item.counter[:1]]
        return replace(item, counter=counter)

    return replace(script, observations=[still(item) for item in script.observations])


def still_query(script: Script) -> Script:
    """The trigger's query returns 0."""

    def still(item: Observation) -> Observation:
        return replace(item, values=dict.fromkeys(item.values, 0.0)) if isinstance(item, Reading) else item

    return replace(script, observations=[still(item) for item in script.observations])


def _of_objects(script: Script, kind: str, path: str, value: object) -> Script:
    observations = map_objects(script.observations, kind, lambda obj: changed(obj, path, value))
    return replace(script, observations=observations)


def still_value(script: Script) -> Script:
    """The HPA reads 0 from KEDA."""
    path = "status.currentMetrics.0.external.current.averageValue"
    return _of_objects(script, "horizontalpodautoscalers", path, "0")


def still_hpa(script: Script) -> Script:
    """The HPA wants one replica."""
    return _of_objects(script, "horizontalpodautoscalers", "status.desiredReplicas", 1)


def still_deployment(script: Script) -> Script:
    """The Deployment is to have one replica, and has more."""
    return _of_objects(script, "deployments", "spec.replicas", 1)


@dataclass(frozen=True)
class Link:
    """A link of the chain: what a broken one looks like, and what it feeds."""

    name: str
    broken: Callable[[Script], Script]
    feeds: tuple[Callable[[Script], Script], ...] = ()


LINKS = (
    Link("app: another application answers", count(0.0), (still_samples, still_query, still_value)),
    Link("counter: it counts half of the requests", count(0.5), ()),
    Link("scrape: the counter's samples do not rise", still_samples, (still_query, still_value)),
    Link("query: it returns 0", still_query, (still_value,)),
    Link("KEDA: it gives the HPA 0", still_value),
    Link("HPA: it wants one replica", still_hpa),
    Link("Deployment: its `spec.replicas` stays 1", still_deployment),
)


def alone(link: Link, observations: Observations) -> Script:
    """Only this link is broken: the later ones move by something else."""
    return link.broken(Script(observations))


def with_fed(link: Link, observations: Observations) -> Script:
    """This link is broken, and what it feeds stands still up to the HPA."""
    script = alone(link, observations)
    for still in link.feeds:
        script = still(script)
    return script
