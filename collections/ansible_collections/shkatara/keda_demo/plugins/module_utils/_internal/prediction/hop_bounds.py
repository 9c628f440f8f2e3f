# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Between which times each hop has to come, made of a prediction's times, as pure functions.

Those of the way out are in seconds since the first request, those of the way back since the load's last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..prometheus.rate_bounds import DISCOVERY_SECONDS, Timing
from .scale_in import ScaleIn
from .scale_out import CONTROLLERS_SECONDS, Prediction

Bounds = dict[str, tuple[float, float]]
# A wait goes on for so long after the predicted latest time: what comes late is not what never comes.
MARGIN_SECONDS = 15.0


def scale_out_bounds(prediction: Prediction, timing: Timing) -> Bounds:
    """Return the hops from the first request to Ready replicas; only the first ones where nothing is to change."""
    stages = prediction.latest_parts.get("stages", 0.0)
    scraped = {
        "first_request": (0.0, 0.0),
        "load_scraped": (0.0, timing.scrape_interval + CONTROLLERS_SECONDS),
    }
    first, target = prediction.earliest_change_seconds, prediction.earliest_seconds
    if first is None or target is None:
        return scraped
    decided, started = (
        prediction.latest_change_seconds,
        prediction.latest_change_seconds + timing.pod_start,
    )
    wanted = prediction.latest_seconds - timing.pod_start
    shown, by_hpa = (first, stages + timing.full_seconds + CONTROLLERS_SECONDS), decided
    activation: Bounds = {}
    if prediction.from_replicas == 0:
        # The HPA's own metric and decision come after KEDA's, when there is a replica.
        activation = {"keda_activation": (0.0, decided)}
        shown, by_hpa = (0.0, shown[1]), wanted
    pod = dict.fromkeys(("deployment_scaled", "replicaset_scaled", "pod_created"), (first, decided))
    ready = dict.fromkeys(
        ("pod_scheduled", "image_there", "container_started", "pod_ready"),
        (first, started),
    )
    return {
        **scraped,
        "metric_over_threshold": shown,
        **activation,
        "hpa_metric_over_threshold": (first, by_hpa),
        "hpa_decision": (first, by_hpa),
        **pod,
        **ready,
        "new_pod_counted": (
            first,
            started + DISCOVERY_SECONDS + 2 * timing.scrape_interval + CONTROLLERS_SECONDS,
        ),
        "hpa_target_decision": (target, wanted),
        "replicas_ready": (target, prediction.latest_seconds),
    }


def scale_in_bounds(scale_in: ScaleIn | None, to_zero: ScaleIn | None) -> Bounds:
    """Return the hops from the load's last request to the minimum, and to zero."""
    found: Bounds = {}
    if scale_in is not None:
        # KEDA may take the last replicas before the HPA has taken the others.
        earliest = min(scale_in.earliest_change_seconds, *_earliest(to_zero))
        found["scale_in_decision"] = (earliest, scale_in.latest_change_seconds)
        found["replicas_at_minimum"] = (earliest, scale_in.latest_seconds)
        if to_zero is not None and max(scale_in.from_replicas) <= scale_in.replicas:
            # They are at the HPA's minimum, and the one that decides is KEDA.
            found["scale_in_decision"] = (
                to_zero.earliest_change_seconds,
                to_zero.latest_seconds,
            )
            found["replicas_at_minimum"] = (0.0, to_zero.latest_seconds)
    if to_zero is not None:
        found["scaled_to_zero"] = (
            to_zero.earliest_change_seconds,
            to_zero.latest_seconds,
        )
    return found


def _earliest(one: ScaleIn | None) -> list[float]:
    return [float("inf") if one is None else one.earliest_change_seconds]


def outside(name: str, hop: Mapping[str, Any]) -> str:
    """Return how a hop that was seen is outside its bounds; empty where it is inside or has none.

    It came up to its resolution before it was seen.
    """
    if hop.get("latest") is None:
        return ""
    seen, resolution = hop["seconds"], hop["resolution_seconds"]
    if seen < hop["earliest"] or seen - resolution > hop["latest"]:
        return f"{name} came after {seen:g} s, and {hop['earliest']:g} to {hop['latest']:g} s were predicted"
    return ""
