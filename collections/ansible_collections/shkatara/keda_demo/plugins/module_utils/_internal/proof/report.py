# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The content of verdict.json, made of what is known at a moment. The module's RETURN explains it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..autoscaling.hpa_model import NotPredicted
from ..common import urls
from ..prediction import hop_bounds
from ..prediction.scale_out import Prediction
from .records import Options, Replicas, Verdict
from .scene import Forecast, Scene


def result(scene: Scene, verdict: Verdict | None) -> dict[str, Any]:
    """Return verdict.json's content; without a verdict while the proof goes on."""
    message = verdict.message if verdict else "The proof is under way."
    if verdict and scene.ended_early and scene.spec:
        message += f" The load ended early, before its {scene.spec.duration:g} s: the verdict was there."
    hops = bounded_hops(scene)
    return {
        "verdict": verdict.verdict if verdict else None,
        "reason": verdict.reason if verdict else None,
        "message": message,
        "predicted": _predicted(scene.forecast, scene.options),
        "observed": _observed(scene),
        "phases": scene.phases,
        "load": _load(scene),
        "hops": hops,
        "end_to_end": asdict(scene.end_to_end) if scene.end_to_end else None,
        "deviations": _deviations(scene, hops),
        "evidence": _evidence(scene),
        "versions": {**scene.outputs.versions, "prometheus": scene.state.prometheus_version},
        "proof": str(scene.outputs.files.folder),
    }


def _predicted(forecast: Forecast, options: Options) -> dict[str, Any] | None:
    plan = forecast.plan
    nothing_yet = not (forecast.activation or forecast.out or forecast.back or forecast.to_zero)
    if plan is None or (plan.target and nothing_yet):
        return None
    others: tuple[NotPredicted, ...] = plan.not_predicted
    return {
        **(asdict(forecast.out) if forecast.out else {"replicas": None}),
        "activation": asdict(forecast.activation) if forecast.activation else None,
        "hops": {name: list(bounds) for name, bounds in forecast.bounds.items()},
        "scale_in": asdict(forecast.back) if forecast.back else None,
        "to_zero": asdict(forecast.to_zero) if forecast.to_zero else None,
        "hops_back": {name: list(bounds) for name, bounds in forecast.bounds_back.items()},
        "not_predicted": [asdict(one) for one in others],
        "read": _read(forecast, options),
        "assumed": {key: value for key, value in _told(options).items() if key not in _read(forecast, options)},
    }


def _told(options: Options) -> dict[str, float]:
    """Return what no object of the proof tells."""
    return {
        "metric_per_request": options.metric_per_request,
        "hpa_sync_period": options.hpa_sync_period,
        "hpa_tolerance": options.hpa_tolerance,
        "hpa_downscale_stabilization": options.hpa_downscale_stabilization,
        "pod_start_seconds": options.pod_start_seconds,
    }


def _read(forecast: Forecast, options: Options) -> dict[str, float]:
    """Return what of it the cluster has told: the controller manager's flags, before which the HPA's own fields go."""
    found = {name: _told(options)[name] for name in options.read}
    target = forecast.plan.target if forecast.plan else None
    if target is not None and "stabilizationWindowSeconds" in target.scale_down:
        found["hpa_downscale_stabilization"] = target.stabilization
    if target is not None and target.has_tolerance_field and "tolerance" in (target.scale_up or {}):
        found["hpa_tolerance"] = target.up_tolerance
    return found


def _observed(scene: Scene) -> dict[str, Any]:
    state, first = scene.state, scene.timeline.first_request
    history = state.history[-1:] if first is None else state.since(first)
    ended = scene.timeline.load_ended
    under_load = history if first is None or ended is None else [one for one in history if one.seconds <= ended - first]
    last = (under_load or history)[-1] if history else None
    return {
        "replicas": last.ready if last else None,
        "desired_replicas": last.desired if last else None,
        "current_replicas": last.current if last else None,
        "final_replicas": history[-1].ready if history else None,
        "metric": state.metric,
        "path": [] if first is None else [_counts(item) for item in history],
    }


def _counts(item: Replicas) -> dict[str, Any]:
    return {
        "seconds": round(item.seconds, 3),
        "desired": item.desired,
        "spec": item.spec,
        "current": item.current,
        "ready": item.ready,
    }


def bounded_hops(scene: Scene) -> dict[str, dict[str, Any]]:
    """Return the hops with the bounds that were predicted for them, all in seconds since the first request."""
    first, ended = scene.timeline.first_request, scene.timeline.load_ended
    shift = 0.0 if first is None or ended is None else ended - first
    bounds: dict[str, tuple[float, float]] = dict(scene.forecast.bounds)
    if ended is not None:
        bounds |= {
            name: (earliest + shift, latest + shift) for name, (earliest, latest) in scene.forecast.bounds_back.items()
        }
    return {
        name: {
            **hop,
            "earliest": round(bounds[name][0], 3) if name in bounds else None,
            "latest": round(bounds[name][1], 3) if name in bounds else None,
        }
        for name, hop in scene.timeline.hops.items()
    }


def _deviations(scene: Scene, hops: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what was outside the prediction and is no part of the verdict, which rests on count and times."""
    found = [words for name, hop in hops.items() if (words := hop_bounds.outside(name, hop))]
    first = scene.timeline.first_request
    if first is not None and scene.forecast.out is not None:
        found += path_deviations(scene.state.since(first), scene.forecast.out)
    check = scene.end_to_end
    if check is not None and check.agrees is not True:
        found.append(check.message)
    return found


def path_deviations(history: list[Replicas], prediction: Prediction) -> list[str]:
    """Return each growth of a Deployment that is no step of the predicted paths."""
    counts = [item.spec for item in history]
    return [
        f"Replicas went from {before} to {after}, and from {before} only "
        f"{', '.join(map(str, prediction.steps.get(before, []))) or 'no step'} was predicted"
        for before, after in itertools.pairwise(counts)
        if after > before and after not in prediction.steps.get(before, [])
    ]


def _load(scene: Scene) -> dict[str, Any]:
    # The two times are on a clock that means nothing to a reader.
    counts = {key: value for key, value in scene.load.last.items() if key not in ("first_sent", "last_sent")}
    spec = scene.spec
    return {
        "url": urls.without_user(scene.load_options.url),
        "rate": spec.rate if spec else scene.load_options.rate,
        "duration": spec.duration if spec else scene.load_options.duration,
        "stages": [asdict(stage) for stage in spec.stages] if spec else [],
        **counts,
        "ended_early": scene.ended_early,
    }


def _evidence(scene: Scene) -> dict[str, Any]:
    target, state = scene.target, scene.state
    scaledobject, hpa = state.scaledobject, state.hpa
    return {
        "namespace": target.namespace,
        "scaledobject": target.scaledobject,
        "scaledobject_ready": scaledobject.message if scaledobject else None,
        "metric_names": scaledobject.metric_names if scaledobject else [],
        "hpa": target.hpa,
        "hpa_scaling_active": hpa.message if hpa else None,
        "hpa_behavior": hpa.behavior if hpa else None,
        "hpa_values": hpa.values if hpa else {},
        "deployment": target.deployment,
        "triggers": [
            {
                **asdict(one),
                "server_address": urls.without_user(one.server_address),
                "value": state.values.get(one.key),
            }
            for one in target.triggers
        ],
        "trigger": target.load_trigger.key if target.load_trigger else None,
        "query_window_seconds": target.query_window,
        "counter": target.counter or None,
        "scrape_interval_seconds": state.scrape_interval,
        "targets": [asdict(one) for one in state.feeding_targets],
        "pods": [asdict(pod) for pod in state.pods.values()],
        "errors": dict(state.errors),
    }
