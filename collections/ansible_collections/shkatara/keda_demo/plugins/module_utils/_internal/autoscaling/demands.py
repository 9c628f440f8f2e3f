# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What each metric of an HPA asks for, read back from the HPA's status, as pure functions.

An HPA's status has each metric's value next to its target, and the replicas at that moment. The HPA follows the metric
that asks for the most, so the status shows which metric a decision came from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..common import quantities

# Source: Kubernetes 1.25, cmd/kube-controller-manager, --horizontal-pod-autoscaler-tolerance.
_TOLERANCE = 0.1
_KINDS = (("averageUtilization", "averageUtilization"), ("averageValue", "averageValue"), ("value", "value"))


def demands(hpa: Mapping[str, Any]) -> dict[str, int]:
    """Return the replicas that each metric asks for, by the metric's name; metrics without a value are left out.

    A metric within the tolerance asks for the replicas that there are. The HPA divides by the pods that it found, which
    may be fewer than `currentReplicas` while it scales; all metrics of one status are off by the same factor then.
    Source: Kubernetes 1.25, pkg/controller/podautoscaler/replica_calculator.go.
    """
    status = hpa.get("status") or {}
    current = status.get("currentReplicas") or 0
    targets = dict(_parts(hpa["spec"].get("metrics"), "target"))
    asked = {}
    for name, value in _parts(status.get("currentMetrics"), "current"):
        ratio = _ratio(value, targets.get(name) or {})
        if ratio is not None:
            within = abs(ratio - 1) <= _TOLERANCE
            asked[name] = current if within else math.ceil(round(ratio * current, 6))
    return asked


def _parts(metrics: Any, part: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (name, part) of each metric; resources are named by their resource, and their container."""
    found = []
    for metric in metrics or []:
        kind = metric.get("type") or ""
        source = metric.get(kind[:1].lower() + kind[1:]) or {}
        name = (source.get("metric") or {}).get("name") or source.get("name")
        if name:
            found.append((f"{source['container']}/{name}" if source.get("container") else name, source.get(part) or {}))
    return found


def _ratio(current: Mapping[str, Any], target: Mapping[str, Any]) -> float | None:
    for goal, field in _KINDS:
        if target.get(goal) is not None and current.get(field) is not None:
            wanted = quantities.parse_quantity(target[goal])
            return quantities.parse_quantity(current[field]) / wanted if wanted else None
    return None
