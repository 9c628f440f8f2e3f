# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The phrases about findings: the only place where their codes become words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..judgement.findings import Code, Finding
from . import phrases

_PHRASES: Mapping[Code, str] = {
    Code.UNWATCHED: "{object} can't be watched: {error}",
    Code.UNSEEN: "{object} was not seen yet",
    Code.GONE: "{object} no longer exists",
    Code.PODS_WAITING: "{kind} {name} has {ready} of {wanted} pods Ready{waiting}",
    Code.NO_ANSWER: "Prometheus: {error}",
    Code.REFUSED: (
        "Prometheus refused the trigger's query ({error}). The trigger has {request}. Give the headers that Prometheus "
        "asks for in `prometheus_headers`, such as Authorization or X-Scope-OrgID, or give another `prometheus_url`"
    ),
    Code.INVALID_QUERY: "the trigger's query can't be used ({error}): fix it in the ScaledObject",
    Code.SEVERAL_SERIES: "{error} (the query must combine them into one, such as with `sum`)",
    Code.QUERY_FAILED: "Prometheus can't evaluate the trigger's query now ({error})",
    Code.NO_TARGETS: "Prometheus does not report its targets ({error}): give the interval in `scrape_interval`",
    Code.TARGETS_UNLISTED: "this Prometheus has no list of targets ({error}): give the interval in `scrape_interval`",
    Code.NO_INTERVAL: "Prometheus reports no interval for its targets: give it in `scrape_interval`",
    Code.TARGET_DOWN: "Prometheus can't scrape {url}: {error}",
    Code.NO_POD: (
        "there is no pod, and Prometheus has no target that feeds the trigger's query: a metric that comes from the "
        "pods themselves can't bring back the first one (set minReplicaCount to 1), and of one from elsewhere give the "
        "`scrape_interval`"
    ),
    Code.NO_POD_SCRAPED: (
        "Prometheus scrapes none of the pods {pods}: is there a ServiceMonitor for their Service, with the labels that "
        "this Prometheus selects?"
    ),
    Code.POD_NOT_SCRAPED: "Prometheus does not scrape {pods} yet",
    Code.PAUSED: "ScaledObject {name} is paused by its annotation {annotation}: remove it",
    Code.PAUSED_BY_CONDITION: (
        "ScaledObject {name} has the condition Paused ({condition}), and no annotation that pauses it; KEDA may have "
        "kept the condition of an earlier pause (kedacore/keda#6982)"
    ),
    Code.NOT_READY: "ScaledObject {name} is not Ready ({condition})",
    Code.NO_VALID_METRIC: "HPA {name} has no valid metric ({condition})",
    Code.NO_VALUE: "HPA {name} has no value of {metric} ({condition})",
    Code.REPLICAS_GONE: "the HPA or the {kind} no longer exists",
    Code.REPLICAS_MOVING: (
        "without any load {wanted} replicas are expected: the HPA wants {desired}, {current} exist, {ready} are Ready"
    ),
    Code.PODS_LEAVING: "{count} pods of an earlier load are still leaving",
    Code.ROLLING_OUT: "{kind} {name} is still replacing pods of an older template",
    Code.REPLICAS_UNWATCHED: "the replicas can't be watched: {errors}",
    Code.NO_DATA: "the trigger's query returns no data, which is an error for KEDA and not 0",
    Code.NOT_READ: "the metric was not read yet",
    Code.METRIC_FALLING: "the metric is still {value:.4g}",
    Code.NO_METRIC: "{replicas} replica(s), and no metric that is known here",
    Code.QUIET: "{replicas} replica(s), and the metric is at rest",
    Code.OTHER_TRAFFIC: "others keep the metric at {value:.4g}, which is added to the prediction",
    Code.SCRAPED_TWICE: (
        "Prometheus scrapes each pod {times} times, by the jobs {jobs}, so that the query counts each request {times} "
        "times, which is part of the prediction: do several Services match one ServiceMonitor?"
    ),
    Code.TWO_SAMPLES: (
        "{function} over {window:g} s sometimes has only two samples, at a scrape every {interval:g} s: one "
        "scrape that is late or fails leaves the query without a value"
    ),
    Code.MEAN_LAGS: (
        "the query is a mean, which counts new pods up to {seconds:g} s after their start, and the HPA multiplies it "
        "by the Ready pods: it may go higher than it stays, for {stabilization:g} s and more"
    ),
}


def phrase(finding: Finding) -> str:
    """Return a finding as a phrase."""
    data: dict[str, Any] = dict(finding.data)
    if finding.code is Code.PODS_WAITING:
        data["waiting"] = f" ({'; '.join(data['waiting'])})" if data["waiting"] else ""
    if finding.code is Code.REFUSED:
        data["request"] = data.get("request") or "no customHeaders and no authModes"
    if "pods" in data:
        data["pods"] = ", ".join(data["pods"]) or "(none is Ready)"
    if "jobs" in data:
        data["jobs"] = ", ".join(data["jobs"])
    if "errors" in data:
        data["errors"] = phrases.errors(data["errors"])
    if finding.code is Code.TARGET_DOWN:
        data["error"] = data["error"] or "it was not scraped yet"
    return _PHRASES[finding.code].format_map(data)
