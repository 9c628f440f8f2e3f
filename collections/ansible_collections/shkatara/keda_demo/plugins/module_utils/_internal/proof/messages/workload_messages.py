# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about the workload: what is not observed of its kind, and pods of others that it selects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def not_observed(title: str) -> str:
    """Return what is left out of a proof of another kind than Deployment.

    :param title: the kind and the name
    """
    return f"{title} is not a Deployment: ReplicaSets are not observed, and the hop replicaset_scaled is left out"


def other_pods(title: str, labels: str, owners: Mapping[str, str]) -> str:
    """Return the warning about pods of other workloads that a workload's selector selects, too.

    :param labels: the selector
    :param owners: by pod, the workload that it belongs to
    """
    pods = ", ".join(f"{pod} ({owner})" for pod, owner in sorted(owners.items()))
    return (
        f"The selector of {title} ({labels}) also selects pods of others, which are not counted as its replicas: "
        f"{pods}. Give each workload its own label"
    )


def ready_pods_of_others(labels: str, others: Iterable[str]) -> str:
    """Return why nothing can be proven of a Value target whose selector selects pods of other workloads."""
    return (
        f"the HPA multiplies the Ready pods of the selector {labels} for a target of type Value, and that selects pods "
        f"of {' and of '.join(others)}, too: give each workload its own label, or use AverageValue"
    )
