# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the shape of a query makes impossible to prove, and what a person is to know of it before the load."""

from __future__ import annotations

import math

from ..autoscaling.hpa import VALUE
from ..common.errors import BadInput
from ..prediction import replica_graph
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import Prediction, PredictionReason
from .judgement.findings import Code, Finding
from .messages import shape_messages
from .plan import Situation


def check_growth(prediction: Prediction, situation: Situation) -> None:
    """Check that the HPA stays where a load leads it.

    :raises BadInput: it falls back after its stabilization, and grows again
    """
    config, timing = situation.model.config, situation.timing
    if prediction.reason is not PredictionReason.FALLS_BACK or config is None:
        return
    # The whole load reaches the beginning's replicas by `metric`, which is a mean.
    total = prediction.metric * situation.initial_state.hpa_replicas
    left = replica_graph.falls_back(config, total, prediction.possible_replicas, timing)
    count = max(left, default=prediction.replicas)
    value = replica_graph.steady_value(total, timing, count)
    raise BadInput(shape_messages.falls_back(prediction, count, value, left.get(count, prediction.from_replicas)))


def check_way_back(down: ScaleIn | None, zero: ScaleIn | None, situation: Situation) -> None:
    """Check that the replicas come back after the load.

    :raises BadInput: they never do
    """
    if down is not None and math.isinf(down.latest_seconds):
        raise BadInput(
            "phase scale_in can't be proven: the policies of behavior.scaleDown never let the HPA shrink from "
            f"{max(down.from_replicas)} to {down.replicas} replicas"
        )
    if zero is not None and math.isinf(zero.latest_seconds):
        raise BadInput(shape_messages.never_inactive(situation.timing.query.low, situation.rules.activation))


def mean_warning(situation: Situation) -> Finding | None:
    """Return that a mean with a target of type Value may lead the HPA above its rest for a while."""
    config, timing = situation.model.config, situation.timing
    if config is None or not timing.takes_mean or config.load_metric.kind != VALUE:
        return None
    return Finding(Code.MEAN_LAGS, {"seconds": timing.counted_seconds, "stabilization": config.stabilization})
