# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What pauses a ScaledObject: annotations, whose effect depends on KEDA's version, and the condition Paused.

| annotation | effect | since |
| --- | --- | --- |
| `paused-replicas` | no scaling; replicas go to its number | before 2.10 |
| `paused` | no scaling; 2.12 ignores its value, later versions do not | 2.12 |
| `paused-scale-in` | the HPA's scaleDown.selectPolicy is Disabled, and KEDA removes no last replica | 2.18 |
| `paused-scale-out` | the HPA's scaleUp.selectPolicy is Disabled, and KEDA brings no first replica | 2.18 |
| `force-activation` | KEDA takes all triggers for active, so that it removes no last replica | 2.18 |

The condition Paused exists since 2.11. Since 2.18 it is true as well if only one direction is paused. It may also stay
true after the annotation is gone, while KEDA scales again.

Source: KEDA's CHANGELOG, 2.11.0 (#4253), 2.12.0 (#3304), 2.13.0 (#5215); the documentation of 2.17 and of 2.18,
concepts/scaling-deployments, and the issues #6902, #7022 and #6903; KEDA 2.10 and current,
pkg/scaling/executor/scale_scaledobjects.go; current, controllers/keda/scaledobject_controller.go and hpa.go. The
condition that stays: issues #5490, #6421 and #6982.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..kube import workloads
from ..kube.workloads import Object

KedaVersion = tuple[int, int]
_PREFIX = "autoscaling.keda.sh/"
PAUSED, PAUSED_REPLICAS = f"{_PREFIX}paused", f"{_PREFIX}paused-replicas"
PAUSED_SCALE_IN, PAUSED_SCALE_OUT = f"{_PREFIX}paused-scale-in", f"{_PREFIX}paused-scale-out"
FORCE_ACTIVATION = f"{_PREFIX}force-activation"
_ANNOTATIONS = (PAUSED, PAUSED_REPLICAS, PAUSED_SCALE_IN, PAUSED_SCALE_OUT, FORCE_ACTIVATION)
# The keys for the condition, in addition to the annotations.
_STATUS, _TEXT = "condition", "condition_text"
_PAUSED_SINCE, _VALUE_COUNTS_SINCE, _DIRECTIONS_SINCE = (2, 12), (2, 13), (2, 18)
# What Go's strconv.ParseBool takes for false.
_FALSE = ("0", "f", "F", "false", "False", "FALSE")


@dataclass(frozen=True)
class Pausing:
    """What KEDA does not do with a ScaledObject.

    `whole` says that it scales in no direction, because of `annotation`, or, if that is empty, of the condition Paused,
    whose reason and message are in `condition`. `forced` says that all triggers are taken for active.
    """

    whole: bool = False
    annotation: str = ""
    condition: str = ""
    scale_in: bool = False
    scale_out: bool = False
    forced: bool = False


def pause_signs(scaledobject: Object) -> dict[str, str]:
    """Return the annotations and the condition of a ScaledObject that tell of a pause; empty for most ScaledObjects."""
    annotations = scaledobject["metadata"].get("annotations") or {}
    signs = {name: str(annotations[name]) for name in _ANNOTATIONS if name in annotations}
    condition = workloads.condition(scaledobject.get("status") or {}, "Paused")
    # A ScaledObject that was never paused has the status Unknown.
    if condition.get("status") in ("True", "False"):
        signs[_STATUS] = condition["status"]
        signs[_TEXT] = workloads.condition_summary(condition, "Paused")
    return signs


def pausing(signs: Mapping[str, str], keda: KedaVersion | None) -> Pausing:
    """Return what is paused; a version that is not known is taken for one that knows the annotation.

    :param signs: see pause_signs
    :param keda: KEDA's (major, minor), None if it is not known
    """
    knows_directions = keda is None or keda >= _DIRECTIONS_SINCE
    scale_in = knows_directions and _is_set(signs, PAUSED_SCALE_IN)
    scale_out = knows_directions and _is_set(signs, PAUSED_SCALE_OUT)
    annotation = PAUSED_REPLICAS if PAUSED_REPLICAS in signs else PAUSED if _pauses(signs, keda) else ""
    by_condition = signs.get(_STATUS) == "True" and not (scale_in or scale_out)
    return Pausing(
        whole=bool(annotation) or by_condition,
        annotation=annotation,
        condition=signs.get(_TEXT, ""),
        scale_in=scale_in,
        scale_out=scale_out,
        forced=knows_directions and _is_set(signs, FORCE_ACTIVATION),
    )


def _pauses(signs: Mapping[str, str], keda: KedaVersion | None) -> bool:
    """Whether the annotation `paused` has an effect."""
    if PAUSED not in signs or (keda is not None and keda < _PAUSED_SINCE):
        return False
    if keda is not None and keda < _VALUE_COUNTS_SINCE:
        return True
    if keda is None and signs.get(_STATUS) == "True":
        return True
    return _is_set(signs, PAUSED)


def _is_set(signs: Mapping[str, str], annotation: str) -> bool:
    # Text that is no truth value pauses.
    return annotation in signs and signs[annotation] not in _FALSE
