# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about warnings and deviations, which are no part of a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from ...prediction.stabilization import ShortStabilization
from ..judgement.end_to_end import EndToEnd


def short_stabilization(warning: ShortStabilization) -> str:
    """Return the warning about a stabilization that is shorter than a dip of the metric."""
    return (
        "The HPA may shrink on its way: until new pods are counted the metric may be too low for up to "
        f"{warning.dip_seconds:g} s, and scale-in is stabilized for {warning.stabilization_seconds:g} s only"
    )


def outside_bounds(hop: str, seconds: float, earliest: float, latest: float) -> str:
    """Return the deviation of a hop that was outside its bounds."""
    return f"{hop} came after {seconds:g} s, and {earliest:g} to {latest:g} s were predicted"


def unpredicted_step(before: int, after: int, predicted: Sequence[int]) -> str:
    """Return the deviation of a growth that is no step of the predicted paths."""
    steps = ", ".join(map(str, predicted)) or "no step"
    return f"Replicas went from {before} to {after}, and from {before} only {steps} was predicted"


def end_to_end(comparison: EndToEnd) -> str:
    """Return whether the pods counted the requests that were answered."""
    if comparison.counted is None:
        unknown = [f"{pod}: {why}" for pod, why in comparison.pods.items() if isinstance(why, str)]
        return f"The counters can't be compared ({'; '.join(unknown) or 'there was no pod to read'})."
    answered, most = comparison.answered, comparison.most
    expected = f"{answered}" if answered == most else f"{answered} to {most}"
    relation = "and not"
    if comparison.agrees:
        relation = "as many as" if answered == most else "within"
    return f"The pods counted {comparison.counted:g} requests, {relation} the {expected} that were answered with 2xx."
