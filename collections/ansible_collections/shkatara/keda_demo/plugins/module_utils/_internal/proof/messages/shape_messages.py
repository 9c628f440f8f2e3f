# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about what the shape of a query makes impossible."""

from __future__ import annotations

from ...prediction.scale_out import Prediction
from . import phrases


def falls_back(prediction: Prediction, count: int, value: float, after: int) -> str:
    """Return why a mean with a target of type AverageValue proves nothing.

    :param count: the highest count that the HPA does not keep
    :param value: the query's value there
    :param after: the count that the HPA asks for there
    """
    return (
        f"The HPA does not stay where this load leads it. The trigger's query is the mean of the pods (avg, or sum / "
        f"count), and the trigger's metricType AverageValue divides it by the pods once more. A mean of "
        f"{prediction.metric:g} at {phrases.replicas(prediction.from_replicas)} leads to as many as "
        f"{phrases.replicas(count)}. There the mean is {value:.4g}, which asks for {after} at "
        f"{phrases.threshold(prediction)}. So the HPA falls back after its stabilization, and grows again. Set "
        "metricType: Value in the trigger, or let the query add the pods up (sum)"
    )


def never_inactive(low: float, activation: float) -> str:
    """Return why KEDA never takes the last replica away."""
    return (
        f"phase to_zero can't be proven: the trigger's query is never less than {low:g}, and its activationThreshold "
        f"is {activation:g}, so KEDA considers it active without any load. Lower the query's limit, or raise "
        "activationThreshold"
    )
