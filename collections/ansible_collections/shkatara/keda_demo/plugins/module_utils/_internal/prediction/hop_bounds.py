# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The earliest and the latest time of each hop, derived from a prediction's times, as pure functions.

A hop is one step of the chain from the first request to Ready replicas, or from the last request to the minimum and to
zero. The hops of scale-out are in seconds since the first request, those of scale-in in seconds since the last one.
"""

from __future__ import annotations

from ..prometheus.rate_bounds import DISCOVERY_SECONDS, Timing
from .scale_in import ScaleIn
from .scale_out import Prediction
from .slowest_growth import CONTROLLERS_SECONDS

Bounds = dict[str, tuple[float, float]]
# The hop of the workload, by its kind: a Deployment's, and that of any other kind.
DEPLOYMENT_SCALED, WORKLOAD_SCALED = "deployment_scaled", "workload_scaled"
REPLICASET_SCALED = "replicaset_scaled"
# How long a wait continues after the predicted latest time, so that a late hop differs from one that never comes.
MARGIN_SECONDS = 15.0


def scale_out_bounds(prediction: Prediction, timing: Timing) -> Bounds:
    """Return the bounds from the first request to Ready replicas; only the first hops if no change is predicted."""
    times = prediction.times
    bounds = {
        "first_request": (0.0, 0.0),
        "load_scraped": (0.0, timing.scrape_interval + CONTROLLERS_SECONDS),
    }
    first, target = times.earliest_change_seconds, times.earliest_seconds
    if first is None or target is None:
        return bounds
    latest_change = times.latest_change_seconds
    latest_started = latest_change + timing.pod_start
    latest_target = times.latest_seconds - timing.pod_start
    stages = times.latest_parts.get("stages", 0.0)
    query, by_hpa = (first, stages + timing.full_seconds + CONTROLLERS_SECONDS), latest_change
    if prediction.from_replicas == 0:
        # At 0 replicas KEDA acts first. The HPA reads its metric and decides once there is a replica.
        query, by_hpa = (0.0, query[1]), latest_target
    bounds["metric_over_threshold"] = query
    if prediction.from_replicas == 0:
        bounds["keda_activation"] = (0.0, latest_change)
    return {
        **bounds,
        "hpa_metric_over_threshold": (first, by_hpa),
        "hpa_decision": (first, by_hpa),
        **dict.fromkeys((DEPLOYMENT_SCALED, REPLICASET_SCALED, "pod_created"), (first, latest_change)),
        **dict.fromkeys(("pod_scheduled", "image_there", "container_started", "pod_ready"), (first, latest_started)),
        "new_pod_counted": (
            first,
            latest_started + DISCOVERY_SECONDS + 2 * timing.scrape_interval + CONTROLLERS_SECONDS,
        ),
        "hpa_target_decision": (target, latest_target),
        "replicas_ready": (target, times.latest_seconds),
    }


def without_replicasets(bounds: Bounds) -> Bounds:
    """Return the bounds for a workload of another kind than Deployment."""
    names = {DEPLOYMENT_SCALED: WORKLOAD_SCALED}
    return {names.get(name, name): times for name, times in bounds.items() if name != REPLICASET_SCALED}


def scale_in_bounds(scale_in: ScaleIn | None, to_zero: ScaleIn | None) -> Bounds:
    """Return the bounds from the load's last request to the minimum and to zero; infinite like the predictions."""
    bounds: Bounds = {}
    if scale_in is not None:
        # KEDA may take the last replicas away before the HPA shrinks.
        earliest = min(prediction.earliest_change_seconds for prediction in (scale_in, to_zero) if prediction)
        bounds["scale_in_decision"] = (earliest, scale_in.latest_change_seconds)
        bounds["replicas_at_minimum"] = (earliest, scale_in.latest_seconds)
        if to_zero is not None and max(scale_in.from_replicas) <= scale_in.replicas:
            # The HPA is at its minimum already, so the first change is KEDA's.
            bounds["scale_in_decision"] = (to_zero.earliest_change_seconds, to_zero.latest_seconds)
            bounds["replicas_at_minimum"] = (0.0, to_zero.latest_seconds)
    if to_zero is not None:
        bounds["scaled_to_zero"] = (to_zero.earliest_change_seconds, to_zero.latest_seconds)
    return bounds


def is_outside(seconds: float, resolution: float, earliest: float | None, latest: float | None) -> bool:
    """Whether a hop that was observed after `seconds` is outside its bounds; a hop without bounds never is.

    The hop may have come up to `resolution` seconds before its observation.
    """
    if earliest is None or latest is None:
        return False
    return seconds < earliest or seconds - resolution > latest
