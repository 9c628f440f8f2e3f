# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The flags of the controller manager that a prediction needs, read from its pod's command line.

A cluster made by kubeadm runs the controller manager as a pod in kube-system, whose container has the whole command
line. A flag that is absent there has its default, but only if nothing else can set it. So the command has to be
`kube-controller-manager` itself: a shell, `env`, a wrapper script or the image's entrypoint may add flags that the pod
does not show, and then nothing is read. `$(VAR)` stands for the value of an environment variable, which is not looked
up either.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..common import durations
from ..kube.cluster import Cluster, ClusterError

# The options of verify_scaling, with the controller manager's defaults.
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


_PROGRAM = "kube-controller-manager"
_LABELS = f"component={_PROGRAM}"
_OPTIONS = {
    "--horizontal-pod-autoscaler-sync-period": "hpa_sync_period",
    "--horizontal-pod-autoscaler-tolerance": "hpa_tolerance",
    "--horizontal-pod-autoscaler-downscale-stabilization": "hpa_downscale_stabilization",
}
_VARIABLE = "$("


def read_flags(cluster: Cluster) -> dict[str, float]:
    """Return the flags that the cluster shows, by the names of the options; empty without access to the pods."""
    try:
        pods, _version = cluster.list("pods", "kube-system", labels=_LABELS)
    except ClusterError:
        return {}
    return flags_of(pods)


def flags_of(pods: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the flags on which all pods of the controller manager agree; empty without pods.

    Only one of the pods leads, and it may be any of them. So a flag that differs between pods is left out.
    """
    flags = [_pod_flags(pod) for pod in pods]
    first = flags[0] if flags else {}
    return {
        option: first[option]
        for option in DEFAULTS
        if option in first and all(others.get(option) == first[option] for others in flags)
    }


def _pod_flags(pod: Mapping[str, Any]) -> dict[str, float]:
    container = _container(pod["spec"]["containers"])
    command = container.get("command") or [""]
    if PurePosixPath(command[0]).name != _PROGRAM:
        return {}
    texts, understood = _option_texts([*command[1:], *(container.get("args") or [])])
    flags = dict(DEFAULTS) if understood else {}
    for option, text in texts.items():
        flags.pop(option, None)
        value = _seconds_or_number(text)
        if value is not None and math.isfinite(value) and (value or option != "hpa_sync_period"):
            flags[option] = value
    return flags


def _container(containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the controller manager's container; empty if none of several has its name."""
    if len(containers) == 1:
        return containers[0]
    return next((container for container in containers if container["name"] == _PROGRAM), {})


def _option_texts(words: Sequence[str]) -> tuple[dict[str, str], bool]:
    """Return the text of each option on a command line, and whether the whole line is understood.

    The last of several equal flags wins. A word that is not understood may be such a flag, so that only the options
    behind it are known.
    """
    texts: dict[str, str] = {}
    understood = True
    rest = list(words)
    while rest:
        name, equals, text = rest.pop(0).partition("=")
        if not name.startswith("-") or name in ("-", "--") or _VARIABLE in name:
            texts, understood = {}, False
            continue
        # The controller manager takes `_` in a flag's name for `-`.
        option = _OPTIONS.get(name.replace("_", "-"))
        # A flag of ours always has a value. Any other flag may be a boolean without one.
        if not equals and rest and (option or not (rest[0].startswith("-") or _VARIABLE in rest[0])):
            text = rest.pop(0)
        if option:
            texts[option] = text
    return texts, understood


def _seconds_or_number(text: str) -> float | None:
    """Return the value of a flag, a number or a Go duration in seconds; None if it is neither, or is not finite."""
    for parse in (float, durations.parse_go_duration):
        with contextlib.suppress(ValueError):
            value = parse(text)
            return value if math.isfinite(value) else None
    return None
