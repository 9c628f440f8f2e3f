# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The flags of the controller manager that an HPA's prediction needs, where the cluster shows them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..common import durations
from ..kube.cluster import Cluster, ClusterError

# The options of verify_scaling, with what the controller manager takes where it is not told anything else.
# Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/config/v1alpha1/defaults.go.
DEFAULTS: Mapping[str, float] = {
    "hpa_sync_period": 15.0,
    "hpa_tolerance": 0.1,
    "hpa_downscale_stabilization": 300.0,
}


@dataclass(frozen=True)
class ControllerFlags:
    """The controller manager's flags about HPAs; `sync_period` and `downscale_stabilization` are in seconds."""

    sync_period: float = 15.0
    tolerance: float = 0.1
    downscale_stabilization: float = 300.0


_FLAGS = {
    "hpa_sync_period": "--horizontal-pod-autoscaler-sync-period",
    "hpa_tolerance": "--horizontal-pod-autoscaler-tolerance",
    "hpa_downscale_stabilization": "--horizontal-pod-autoscaler-downscale-stabilization",
}
_LABELS = "component=kube-controller-manager"


def read_flags(cluster: Cluster) -> dict[str, float]:
    """Return the flags by the names of the options; empty where the controller manager can't be seen.

    It can on a cluster of kubeadm, where it is a pod in kube-system, by somebody who may list the pods there.
    """
    try:
        pods, _version = cluster.list("pods", "kube-system", labels=_LABELS)
    except ClusterError:
        return {}
    return flags_of(pods)


def flags_of(pods: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the flags of the controller manager's pods, with defaults where it has none; empty without pods.

    Where several of them differ, nobody knows which of them leads: what differs is left out.
    """
    found = [_flags(pod) for pod in pods]
    return {
        name: found[0][name]
        for name in DEFAULTS
        if found and name in found[0] and all(flags.get(name) == found[0][name] for flags in found)
    }


def _flags(pod: Mapping[str, Any]) -> dict[str, float]:
    container = pod["spec"]["containers"][0]
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    # A value may stand in the next word, too.
    pairs = zip(words, [*words[1:], ""], strict=True)
    given = {word.partition("=")[0]: word.partition("=")[2] or after for word, after in pairs if word.startswith("--")}
    found = {
        name: _seconds_or_number(given[flag]) if flag in given else DEFAULTS[name] for name, flag in _FLAGS.items()
    }
    return {name: value for name, value in found.items() if value or (value == 0 and name != "hpa_sync_period")}


def _seconds_or_number(text: str) -> float | None:
    """Return the value of a flag, a number or a Go duration in seconds; None if it is neither, or is not finite."""
    for parse in (float, durations.parse_go_duration):
        with contextlib.suppress(ValueError):
            value = parse(text)
            return value if math.isfinite(value) else None
    return None
