# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The phrases about what keeps an HPA or KEDA from scaling in one direction."""

from __future__ import annotations

from collections.abc import Mapping

from ...autoscaling.missing_values import MissingValue, Why
from ...autoscaling.obstacles import Code, Obstacle

_WHY: Mapping[Why, str] = {
    Why.NOT_READ: "has no value in the HPA",
    Why.CANNOT_READ: "can't be read by the HPA",
    Why.KEDA_FAILS: "can't be read by KEDA",
    Why.TRIGGER_ERROR: "may be the one that KEDA can't read",
}
_NO_SHRINKING = "an HPA does not shrink while a metric has no value"
_PHRASES: Mapping[Code, str] = {
    Code.NO_VALUE: (
        "trigger {trigger} {missing}, and {no_shrinking}, nor does KEDA scale to zero: fix that trigger, or omit "
        "the phases after the load"
    ),
    Code.NO_RESOURCE_VALUE: (
        "trigger {trigger} {missing}, and {no_shrinking}: are there a metrics-server, and resource requests of each "
        "container?"
    ),
    Code.FALLBACK: (
        "trigger {trigger} fails, and KEDA's fallback (behavior {behavior}) replaces it, so that the replicas after "
        "the load are not the load's"
    ),
    Code.PAUSED_SCALE_IN: "the annotation {annotation} pauses the scale-in",
    Code.PAUSED_SCALE_OUT: "the annotation {annotation} pauses the scale-out, so KEDA starts no first replica",
    Code.FORCED_ACTIVATION: "the annotation {annotation} keeps all triggers active, so that KEDA never scales to zero",
}


def obstacle(hindrance: Obstacle) -> str:
    """Return what hinders, as a phrase."""
    unsure = "" if hindrance.keda_known else " (by KEDA 2.18 and later; the version of this KEDA can't be read)"
    phrase = _PHRASES[hindrance.code].format(
        trigger=hindrance.trigger,
        behavior=hindrance.behavior,
        annotation=hindrance.annotation,
        missing=_missing(hindrance.missing) if hindrance.missing else "",
        no_shrinking=_NO_SHRINKING,
    )
    return f"{phrase}{unsure if hindrance.annotation else ''}"


def warning(hindrance: Obstacle) -> str:
    """Return what hinders as a warning, for a proof that does not need that direction."""
    text = obstacle(hindrance)
    return f"{text[0].upper()}{text[1:]}"


def _missing(missing: MissingValue) -> str:
    detail = f" ({missing.detail})" if missing.detail else ""
    return f"{_WHY[missing.why]}{detail}"
