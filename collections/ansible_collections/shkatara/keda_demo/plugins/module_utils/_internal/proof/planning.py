# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which loads a proof sends, and what is predicted of them, from what is known of the scene at that moment."""

from __future__ import annotations

import math
from dataclasses import replace

from ..autoscaling.hpa import HpaConfig
from ..autoscaling.hpa_model import HpaModel
from ..common.errors import BadInput
from ..load import capacity
from ..load.schedule import LoadSpec
from ..prediction import hop_bounds, rate_choice, scale_in, scale_out
from ..prediction.hop_bounds import MARGIN_SECONDS
from ..prediction.scale_out import InitialState, Prediction
from ..prometheus.rate_bounds import Timing
from . import messages
from .scene import Scene

# For what is computed before the real length is known.
_LONG_SECONDS = 86400.0


def start_of(scene: Scene, plan: HpaModel, baseline: float, replicas: int) -> InitialState:
    """Return what there is before the load.

    :param baseline: the metric at rest, in its unit
    """
    rules = scene.rules
    if plan.fallback is not None:
        return InitialState(replicas, plan.fallback, 0.0)
    return InitialState(
        replicas=replicas,
        baseline=baseline,
        per_request=scene.options.metric_per_request,
        activation_seconds=rules.polling_interval,
        from_zero=rules.first_replicas,
    )


def main_load(scene: Scene, plan: HpaModel, start: InitialState) -> tuple[LoadSpec, Prediction | None]:
    """Return the load, and what it will do; None where nothing can be computed.

    :raises BadInput: it can't prove anything, or can't be sent from here
    """
    options, hold = scene.load_options, scene.options.hold_seconds if "hold" in scene.options.phases else 0.0
    if plan.target is None:
        if options.replicas is not None or (options.duration is None and not options.stages):
            raise BadInput(f"Nothing can be predicted ({plan.unknown}): give load.http.rate and load.http.duration")
        return _sendable(options.spec(0.0, 0.0)), None
    timing, rate = scene.timing(), 0.0
    if options.replicas is not None:
        try:
            rate = rate_choice.choose_rate(plan.target, options.replicas, start, timing)
        except ValueError as error:
            raise BadInput(str(error)) from error
    reason = "fallback" if plan.fallback is not None else ""
    spec = options.spec(rate, _LONG_SECONDS)
    prediction = scale_out.predict(plan.target, spec, start, timing, reason)
    if start.replicas == 0 and prediction.metric <= scene.rules.activation:
        if options.replicas is not None:
            raise BadInput(
                f"load.http.replicas is {options.replicas}, which a metric of {prediction.metric:g} would make, and "
                f"the trigger's activationThreshold is {scene.rules.activation:g}: nothing would begin"
            )
        prediction = _under_activation(plan.target, spec, start, timing)
    spec = options.spec(rate, _computed_duration(prediction, hold))
    needed = prediction.latest_seconds + hold
    if spec.duration < needed:
        raise BadInput(messages.too_short_words(prediction, spec.duration, hold, math.ceil(needed)))
    return _sendable(spec), prediction


def activation_load(scene: Scene, plan: HpaModel, baseline: float) -> tuple[LoadSpec, Prediction]:
    """Return a load under the threshold, which lasts until anything would have moved.

    :raises BadInput: it is not under the threshold
    """
    options, timing = scene.load_options, scene.timing()
    start = start_of(scene, plan, baseline, scene.state.history[-1].spec)
    if plan.target is None:
        raise BadInput(f"phase activation needs a prediction, and there is none ({plan.unknown})")
    moves_at = plan.target.load_metric.goal(start.replicas) if start.replicas else scene.rules.activation
    rate = options.activation_rate or max(0.0, moves_at - baseline) / 2 / start.per_request
    total = baseline + rate * start.per_request
    if rate <= 0 or total > moves_at:
        raise BadInput(
            f"load.http.activation_rate makes a metric of {total:g}, and what moves nothing is above {baseline:g} and "
            f"at most {moves_at:g}"
        )
    spec = options.constant(rate, _LONG_SECONDS)
    if start.replicas == 0:
        prediction = _under_activation(plan.target, spec, start, timing)
    else:
        prediction = scale_out.predict(plan.target, spec, start, timing)
    return _sendable(options.constant(rate, math.ceil(prediction.latest_seconds))), prediction


def _under_activation(target: HpaConfig, spec: LoadSpec, start: InitialState, timing: Timing) -> Prediction:
    """Return the prediction of a load that does not reach the activationThreshold, so that replicas stay at 0."""
    # As if the load were not there, but for the time to wait.
    unmoved = scale_out.predict(
        target, spec, InitialState(0, 0.0, 0.0, start.activation_seconds, start.from_zero), timing
    )
    total = start.baseline + spec.rate * start.per_request
    return replace(
        unmoved,
        replicas=0,
        possible_replicas=[0],
        metric=round(total, 6),
        reason="load_under_activation",
        steps={0: []},
        paths=[[0]],
        earliest_change_seconds=None,
        earliest_seconds=None,
    )


def _computed_duration(prediction: Prediction, hold_seconds: float) -> float:
    """Return how long a load has to be in seconds, when nobody says so: the latest time, the hold, and a margin."""
    return float(round(prediction.latest_seconds + hold_seconds + MARGIN_SECONDS))


def _sendable(spec: LoadSpec) -> LoadSpec:
    """:raises BadInput: this machine can't send the load"""
    problem = capacity.refusal(spec, capacity.limits_here())
    if problem:
        raise BadInput(problem)
    return spec


def predict_back(scene: Scene, plan: HpaModel, baseline: float, counts: list[int]) -> None:
    """Predict the way back where there is a phase for it."""
    if plan.target is None:
        return
    timing = scene.timing()
    if "scale_in" in scene.options.phases:
        scene.forecast.back = scale_in.predict_scale_in(plan.target, counts, baseline, timing)
    if "to_zero" in scene.options.phases:
        scene.forecast.to_zero = scale_in.predict_to_zero(scene.rules, counts, timing)
    scene.forecast.bounds_back = hop_bounds.scale_in_bounds(scene.forecast.back, scene.forecast.to_zero)
