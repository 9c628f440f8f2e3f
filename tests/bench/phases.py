# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The phases of a run of `make demo`, from the times of its tasks and the verdict.json of its proof.

No sentence that a reader sees is parsed here: tasks are known by their files, the rest by verdict.json's fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# The phase that ends when the first task of a role's file begins, in the order of site.yml.
FILES = {
    "preflight/tasks/hosts.yml": "hosts up",
    "control_plane/tasks/configure.yml": "control plane prepared",
    "control_plane/tasks/check.yml": "kubeadm init",
    "kube_prometheus/tasks/wait.yml": "applied and joined",
    "keda/tasks/wait.yml": "monitoring ready",
    "demo_app/tasks/wait.yml": "KEDA available",
}
# The phase that ends with a hop of the proof.
HOPS = {"first_request": "HPA with a metric", "replicas_ready": "four replicas Ready"}


@dataclass(frozen=True)
class TaskTimes:
    """When the first task of each role's file began, and the totals of a run; times are in seconds of the epoch."""

    files: Mapping[str, float]
    tasks: int
    changed: int
    end: float


def read_task_times(text: str) -> TaskTimes:
    """Read what the callback task_times has written.

    :raises ValueError: the run did not come to its end
    """
    lines = [json.loads(line) for line in text.splitlines()]
    if not lines or "changed" not in lines[-1]:
        raise ValueError("the callback task_times wrote no end of the run")
    # Each of several playbooks has an end, which counts the changes of the playbooks before it, too.
    end, tasks = lines[-1], [line for line in lines if "task" in line]
    files: dict[str, float] = {}
    for task in tasks:
        files.setdefault(task["task"].rpartition(":")[0], task["time"])
    return TaskTimes(files, len(tasks), end["changed"], end["time"])


def phase_ends(times: TaskTimes, verdict: Mapping[str, Any], start: float, replicas: int) -> dict[str, float]:
    """Return the seconds from `start` (of the epoch) at which each phase ended.

    :param verdict: the content of verdict.json
    :param replicas: the replicas that the load needs
    :raises ValueError: the proof had another outcome, or a phase is missing
    """
    if verdict["verdict"] != "scaled" or verdict["observed"]["replicas"] != replicas:
        raise ValueError(
            f"{replicas} replicas and the verdict scaled were expected, and the proof says {verdict['verdict']} "
            f"({verdict['reason']}) with {verdict['observed']['replicas']}: {verdict['proof']}"
        )
    ends = {name: times.files[path] for path, name in FILES.items() if path in times.files}
    for hop, name in HOPS.items():
        if hop in verdict["hops"]:
            ends[name] = datetime.fromisoformat(verdict["hops"][hop]["time"]).timestamp()
    missing = [name for name in [*FILES.values(), *HOPS.values()] if name not in ends]
    if missing:
        raise ValueError(f"phases without an end: {', '.join(missing)}")
    return {name: end - start for name, end in {**ends, "verdict": times.end}.items()}
