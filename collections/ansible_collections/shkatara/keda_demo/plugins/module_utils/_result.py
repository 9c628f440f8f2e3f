# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The content of verdict.json, as pure functions of what is known at a moment. The module's RETURN explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import Prediction
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Options, ProofTarget, Verdict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._state import State


@dataclass(frozen=True)
class Course:
    """A proof at a moment. `first_request` is on the monotonic clock, None while nothing was sent.

    `load` is what is sent (url, rate, duration), `counts` what the sender says of it.
    """

    target: ProofTarget
    options: Options
    state: State
    prediction: Prediction | None
    first_request: float | None
    hops: Mapping[str, Mapping[str, Any]]
    load: Mapping[str, Any]
    counts: Mapping[str, Any]
    ended_early: bool
    versions: Mapping[str, str | None]
    folder: str


def result(course: Course, verdict: Verdict | None) -> dict[str, Any]:
    """Return verdict.json's content; without a verdict while the load is still to come."""
    message = verdict.message if verdict else "The load is under way."
    if verdict and course.ended_early:
        message += f" The load ended early, before its {course.load['duration']:g} s: the verdict was there."
    return {
        "verdict": verdict.verdict if verdict else None,
        "reason": verdict.reason if verdict else None,
        "message": message,
        "predicted": _predicted(course.prediction, course.options),
        "observed": _observed(course.state, course.first_request),
        "load": _load(course),
        "hops": dict(course.hops),
        "evidence": _evidence(course.target, course.state),
        "versions": {**course.versions, "prometheus": course.state.prometheus_version},
        "proof": course.folder,
    }


def _predicted(prediction: Prediction | None, options: Options) -> dict[str, Any] | None:
    if prediction is None:
        return None
    return asdict(prediction) | {
        "assumed": {
            "metric_per_request": 1,
            "hpa_sync_period": options.hpa_sync_period,
            "hpa_tolerance": options.hpa_tolerance,
            "pod_start_seconds": options.pod_start_seconds,
        },
    }


def _observed(state: State, first_request: float | None) -> dict[str, Any]:
    history = state.history[-1:] if first_request is None else state.since(first_request)
    last = history[-1] if history else None
    path = [] if first_request is None else history
    return {
        "replicas": last.ready if last else None,
        "desired_replicas": last.desired if last else None,
        "current_replicas": last.current if last else None,
        "metric": state.metric,
        "path": [
            {
                "seconds": round(item.seconds, 3),
                "desired": item.desired,
                "spec": item.spec,
                "current": item.current,
                "ready": item.ready,
            }
            for item in path
        ],
    }


def _load(course: Course) -> dict[str, Any]:
    # The two times are on a clock that means nothing to a reader.
    counts = {key: value for key, value in course.counts.items() if key not in ("first_sent", "last_sent")}
    return {**course.load, **counts, "ended_early": course.ended_early}


def _evidence(target: ProofTarget, state: State) -> dict[str, Any]:
    scaledobject, hpa = state.scaledobject, state.hpa
    return {
        "namespace": target.namespace,
        "scaledobject": target.scaledobject,
        "scaledobject_ready": scaledobject.message if scaledobject else None,
        "metric_names": scaledobject.metric_names if scaledobject else [],
        "hpa": target.hpa,
        "hpa_scaling_active": hpa.message if hpa else None,
        "hpa_behavior": hpa.behavior if hpa else None,
        "deployment": target.deployment,
        "query": target.query,
        "query_window_seconds": target.query_window,
        "server_address": target.server_address,
        "scrape_interval_seconds": state.scrape_interval,
        "targets": [asdict(one) for one in state.own_targets],
        "pods": [asdict(pod) for pod in state.pods.values()],
        "errors": dict(state.errors),
    }
