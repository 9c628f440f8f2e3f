# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether the chain from the scrape target to the HPA is ready for a load, and whether it is at rest.

Pure: no cluster, no clock. Times are monotonic seconds, as the observations have them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..autoscaling.hpa import HpaConfig, desired_replicas
from ..prometheus.scrapes import ScrapeTarget
from .observations import State

_QUIET_SHARE = 0.02
# For what no formula knows: API calls, and updates of status on a busy controller.
_REST_MARGIN_SECONDS = 30.0


@dataclass(frozen=True)
class Missing:
    """A link of the chain that is not ready: reason code, and what a person is to know."""

    reason: str
    message: str


def missing(state: State) -> list[Missing]:
    """Return what is missing before a load makes sense, in the order of the chain; empty when it is ready."""
    checks = (_missing_pods, _missing_target, _missing_scaledobject, _missing_hpa)
    return [found for found in (check(state) for check in checks) if found is not None]


def _absent(state: State, source: str, what: str, gone: str) -> str:
    """Say why there is no view: only what was seen before is known to be gone."""
    if source in state.errors:
        return f"{what} can't be watched: {state.errors[source]}"
    return f"{what} {gone}" if source in state.seen else f"{what} was not seen yet"


def _missing_pods(state: State) -> Missing | None:
    deployment = state.deployment
    if deployment is None:
        return Missing("deployment_missing", _absent(state, "deployments", "the Deployment", "is not there"))
    if deployment.ready < max(_least(state), deployment.spec_replicas):
        waiting = {pod.waiting for pod in state.pods.values() if pod.waiting}
        why = f" ({'; '.join(sorted(waiting))})" if waiting else ""
        return Missing(
            "pods_not_ready",
            f"Deployment {deployment.name} has {deployment.ready} of {deployment.spec_replicas} pods Ready{why}",
        )
    return None


def _least(state: State) -> int:
    """Return the replicas that there must be: none at all is enough where KEDA takes away the last one."""
    return 0 if state.scaledobject is not None and state.scaledobject.inactive_replicas == 0 else 1


def _missing_target(state: State) -> Missing | None:
    # Where no trigger asks a Prometheus, nobody here does.
    return _missing_prometheus(state) if state.load_trigger else None


def _missing_prometheus(state: State) -> Missing | None:
    if state.prometheus_error:
        return Missing("prometheus_unreachable", f"Prometheus: {state.prometheus_error}")
    if state.targets is None:
        if state.given_interval:
            return None
        why = state.targets_error or "no answer yet"
        return Missing(
            "prometheus_unreachable",
            f"Prometheus does not tell its targets ({why}): give the interval in `scrape_interval`",
        )
    if state.given_interval and not state.own_targets:
        # The user knows of a feed that has other labels than its targets.
        return None
    if state.feeding_targets and not state.scrape_interval:
        return Missing(
            "prometheus_unreachable", "Prometheus tells no interval of its targets: give it in `scrape_interval`"
        )
    return _missing_scrape(state, state.own_targets) if state.own_pods_feed else _missing_feed(state)


def _missing_feed(state: State) -> Missing | None:
    down = [target for target in state.feeding_targets if not target.up]
    return _down(down[0]) if down else None


def _down(target: ScrapeTarget) -> Missing:
    return Missing(
        "scrape_target_down", f"Prometheus can't scrape {target.url}: {target.error or 'no scrape was made yet'}"
    )


def _missing_scrape(state: State, targets: list[ScrapeTarget]) -> Missing | None:
    ready = {name for name, pod in state.pods.items() if pod.ready and not pod.leaving}
    scraped = {target.pod for target in targets if target.pod in ready}
    if not ready and _least(state) == 0:
        return Missing(
            "scrape_target_missing",
            "there is no pod, and Prometheus has no target that feeds the trigger's query: a metric that comes from "
            "the pods themselves can't bring back the first one (set minReplicaCount to 1), and of one from elsewhere "
            "give the `scrape_interval`",
        )
    if not scraped:
        return Missing(
            "scrape_target_missing",
            f"Prometheus scrapes none of the pods {', '.join(sorted(ready)) or '(none is Ready)'}: is "
            "there a ServiceMonitor for their Service, with the labels that this Prometheus selects?",
        )
    down = [target for target in targets if target.pod in ready and not target.up]
    if down:
        return _down(down[0])
    if scraped != ready:
        return Missing("scrape_target_missing", f"Prometheus does not scrape {', '.join(sorted(ready - scraped))} yet")
    return None


def _missing_scaledobject(state: State) -> Missing | None:
    scaledobject = state.scaledobject
    if scaledobject is None:
        return Missing("scaledobject_missing", _absent(state, "scaledobjects", "the ScaledObject", "is not there"))
    if scaledobject.paused:
        return Missing("scaledobject_paused", f"ScaledObject {scaledobject.name} is paused by an annotation")
    if not scaledobject.ready:
        return Missing(
            "scaledobject_not_ready",
            f"ScaledObject {scaledobject.name} is not Ready ({scaledobject.message})",
        )
    return None


def _missing_hpa(state: State) -> Missing | None:
    if state.hpa is None:
        gone = "is gone, and KEDA has not made another yet"
        return Missing("hpa_missing", _absent(state, "horizontalpodautoscalers", "the HPA, which KEDA makes,", gone))
    if not state.hpa.valid:
        return Missing("hpa_metric_invalid", f"HPA {state.hpa.name} has no valid metric ({state.hpa.message})")
    return None


@dataclass(frozen=True)
class Rest:
    """Whether the workload is at rest: `baseline` is the metric then, in its unit."""

    at_rest: bool
    baseline: float
    message: str


def rest(
    state: State,
    target: HpaConfig | None,
    settle_seconds: float,
    now: float,
    *,
    since: float = -math.inf,
    fallback: float | None = None,
) -> Rest:
    """Say whether replicas are where they stay without the load, and the metric has settled.

    :param target: what the HPA was told; None where that can't be computed
    :param settle_seconds: how long the metric may still fall after an earlier load: query window and two
        scrapes. Afterwards what is left is traffic that others send, and part of the prediction.
    :param fallback: what KEDA puts in the metric's place while the trigger fails; None where it works
    :param since: when a load of our own has ended: what was read before tells nothing of others
    """
    unfit = _unfit(state, target, fallback)
    if unfit:
        return Rest(False, 0.0, unfit)
    if not state.load_trigger:
        return Rest(True, 0.0, f"{state.history[-1].spec} replica(s), and no metric that is known here")
    return _settled(state, target, settle_seconds, now, since)


def _settled(state: State, target: HpaConfig | None, settle_seconds: float, now: float, since: float) -> Rest:
    """Say whether the metric has settled, and at what."""
    since = max(since, state.history[-1].seconds if state.history else now)
    no_data = 0.0 if state.scaledobject is None or state.scaledobject.no_data_is_zero(state.moved_index) else None
    known = [(at, no_data if value is None else value) for at, value in state.metrics if at > since]
    if known and known[-1][1] is None:
        return Rest(False, 0.0, "the trigger's query returns no data, which is an error for KEDA and not 0")
    recent = [value for at, value in known if at > now - settle_seconds and value is not None]
    if not recent:
        return Rest(False, 0.0, "the metric was not read yet")
    if recent[-1] <= _QUIET_SHARE * (target.load_metric.target if target else 1.0):
        return Rest(True, 0.0, f"{state.history[-1].spec} replica(s), and the metric is at rest")
    first = known[0][0]
    if now - first < settle_seconds:
        return Rest(False, 0.0, f"the metric is still {recent[-1]:.4g}")
    baseline = math.fsum(recent) / len(recent)
    return Rest(True, baseline, f"others keep the metric at {baseline:.4g}, which is added to the prediction")


def _unfit(state: State, target: HpaConfig | None, fallback: float | None) -> str:
    """Return why the metric is no sign of rest now: something moves, is missing or is not seen; else empty."""
    found = _moving(state, target, fallback)
    if found:
        return found
    if state.unwatched:
        return f"the replicas can't be watched: {state.unwatched}"
    gaps = missing(state)
    return gaps[0].message if gaps else ""


def _moving(state: State, target: HpaConfig | None, fallback: float | None) -> str:
    """Return what is still on its way to where it stays; empty when nothing is."""
    hpa, deployment = state.hpa, state.deployment
    if hpa is None or deployment is None:
        return "the HPA or the Deployment is gone"
    count = deployment.spec_replicas
    if {hpa.desired, deployment.replicas, deployment.ready} != {count} or not _stays(state, target, count, fallback):
        return (
            f"replicas are to be {minimum_replicas(state)} without any load: the HPA wants {hpa.desired}, "
            f"{deployment.replicas} are there, {deployment.ready} Ready"
        )
    leaving = sum(pod.leaving for pod in state.pods.values())
    return f"{leaving} pods of an earlier load are still leaving" if leaving else ""


def _stays(state: State, target: HpaConfig | None, count: int, fallback: float | None) -> bool:
    """Whether replicas stay at `count`: it is the least there can be, or what the metrics ask for at this moment."""
    least = minimum_replicas(state)
    if count <= least or target is None:
        return count >= least
    if least == 0:
        return False
    value = (state.metric or 0.0) if fallback is None else fallback
    return desired_replicas(target, value, count) == count


def minimum_replicas(state: State) -> int:
    """Return the replicas that there are without any load: 0 where KEDA takes away the last one."""
    if state.scaledobject is not None and state.scaledobject.inactive_replicas == 0:
        return 0
    return state.hpa.min_replicas if state.hpa else 1


def rest_limit(settle: float, scale_in: float, grace: float) -> tuple[float, str]:
    """Return the longest time to wait for rest in seconds, and its parts in words.

    :param settle: how long the metric may fall; once before the HPA shrinks, and once for what others send
    :param scale_in: how long the HPA may take to shrink, see scale_down_seconds
    :param grace: how long a pod may take to leave
    """
    limit = settle + settle + scale_in + grace + _REST_MARGIN_SECONDS
    return limit, (
        f"metric {settle:g} s, scale-in {scale_in:g} s, metric again {settle:g} s, pods leaving {grace:g} s, margin "
        f"{_REST_MARGIN_SECONDS:g} s"
    )
