# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The plan of a proof: which loads it sends, and what is predicted of them.

A plan is made in one place, from what is known at one moment, and never changed: after a phase that sends a load the
next plan is created anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..autoscaling.hpa import HpaConfig
from ..common.errors import BadInput
from ..load import capacity
from ..load.schedule import LoadSpec
from ..prediction import hop_bounds, rate_choice, scale_in, scale_out
from ..prediction.hop_bounds import MARGIN_SECONDS
from ..prediction.scale_out import InitialState, Prediction, PredictionReason
from ..prometheus.rate_bounds import Timing
from . import directions, expected_load, phase_checks, rate_limit, shape_checks
from .messages import verdict_messages
from .options import Phase
from .plan import Plan, PlannedLoad, Situation

# The length of a load for which only the rate is computed yet.
_LONG_SECONDS = 86400.0


def plan_activation(situation: Situation) -> Plan:
    """Return a plan with the load of the phase activation.

    :raises BadInput: the load is not under the threshold, or can't be sent from here
    """
    return replace(_empty_plan(situation), activation=_activation_load(situation))


def plan_scale_out(situation: Situation) -> Plan:
    """Return a plan with the load to be proven, and the scale-in after it.

    :raises BadInput: the load can't prove anything, or can't be sent from here
    """
    planned = _main_load(situation)
    plan = replace(_empty_plan(situation), scale_out=planned)
    if planned.prediction is None:
        return plan
    bounds = hop_bounds.scale_out_bounds(planned.prediction, situation.timing)
    if not situation.is_deployment:
        bounds = hop_bounds.without_replicasets(bounds)
    # Hops that are not observed are not expected.
    unread = () if situation.counter_is_read else ("load_scraped", "new_pod_counted")
    plan = replace(plan, bounds={name: times for name, times in bounds.items() if name not in unread})
    return _with_scale_in(plan, situation, planned.prediction.possible_replicas, situation.options.hold)


def plan_scale_in(situation: Situation) -> Plan:
    """Return a plan for a scale-in alone, from the replicas that there are.

    :raises BadInput: the replicas never scale in
    """
    # Nobody knows how long the load that made the replicas has been gone.
    return _with_scale_in(_empty_plan(situation), situation, [situation.replicas], None)


def check_load(situation: Situation) -> None:
    """Check a load before anybody waits for rest: as if it began from as few replicas as there can be.

    :raises BadInput: the load can't prove anything, or can't be sent from here
    """
    if situation.options.external is None:
        situation = at_rest(situation)
    _main_load(situation)


def at_rest(situation: Situation) -> Situation:
    """Return the situation as if replicas were as few as they can be, and the metric 0."""
    config = situation.model.config
    least = 0 if situation.rules.scales_to_zero or config is None else scale_in.replicas_after_scale_in(config, 0.0)
    return replace(situation, replicas=least, baseline=0.0)


def _empty_plan(situation: Situation) -> Plan:
    about_shape = (phase_checks.check_window(situation), shape_checks.mean_warning(situation))
    warnings = tuple(filter(None, (*situation.warnings, *about_shape)))
    return Plan(
        situation.model,
        situation.rules,
        situation.timing,
        per_request=situation.initial_state.per_request,
        warnings=warnings,
    )


def _main_load(situation: Situation) -> PlannedLoad:
    expected, external = situation.options.expected, situation.options.external
    if external is not None and expected is not None:
        return expected_load.load_of_others(situation, external, expected)
    planned = _own_load(situation)
    if expected is None or planned.prediction is None:
        return planned
    expected_load.check_agrees(expected, planned.prediction)
    return replace(planned, expectation=expected_load.expectation_of(situation, expected))


def _own_load(situation: Situation) -> PlannedLoad:
    model, options, initial = situation.model, situation.load_options, situation.initial_state
    if model.config is None:
        spec, expectation = expected_load.unpredicted_load(situation)
        return PlannedLoad(_sendable(spec), None, expectation)
    rate = 0.0
    if options.replicas is not None:
        phase_checks.check_trigger(model)
        try:
            rate = rate_choice.choose_rate(model.config, options.replicas, initial, situation.timing)
        except ValueError as error:
            raise BadInput(str(error)) from error
        rate_limit.check(situation, rate)
    reason = PredictionReason.FALLBACK if model.fallback is not None else None
    spec = options.spec(rate, _LONG_SECONDS)
    prediction = scale_out.predict(model.config, spec, initial, situation.timing, reason)
    shape_checks.check_growth(prediction, situation)
    if initial.replicas == 0 and prediction.metric <= situation.rules.activation:
        if options.replicas is not None:
            raise BadInput(
                f"load.http.replicas is {options.replicas}, for which the metric would be {prediction.metric:g}, and "
                f"the trigger's activationThreshold is {situation.rules.activation:g}: nothing would start"
            )
        prediction = _under_activation(model.config, spec, initial, situation.timing)
    hold, expected = situation.options.hold, situation.options.expected
    if expected is not None:
        return PlannedLoad(_sendable(expected_load.long_enough(situation, expected, rate)), prediction)
    needed = prediction.times.latest_seconds + hold
    spec = options.spec(rate, float(round(needed + MARGIN_SECONDS)))
    if spec.duration < needed:
        option = options.length_option
        raise BadInput(verdict_messages.load_too_short(prediction, option, spec.duration, hold, math.ceil(needed)))
    return PlannedLoad(_sendable(spec), prediction)


def _activation_load(situation: Situation) -> PlannedLoad:
    """Return a load under the threshold, which lasts until replicas would have changed."""
    options, config, initial = situation.load_options, situation.model.config, situation.initial_state
    if config is None:
        raise BadInput(
            "phase activation needs a prediction, and none is possible "
            f"({verdict_messages.not_predicted(situation.model.not_predicted)})"
        )
    phase_checks.check_trigger(situation.model)
    limit = config.load_metric.goal(initial.replicas) if initial.replicas else situation.rules.activation
    chosen = min(options.max_rate, max(0.0, limit - situation.baseline) / 2 / initial.per_request)
    rate = options.activation_rate or chosen
    total = initial.value(rate, situation.timing)
    if rate <= 0 or total > limit:
        raise BadInput(
            f"load.http.activation_rate leads to a metric of {total:g}, and a load that moves nothing has one above "
            f"{situation.baseline:g} and at most {limit:g}"
        )
    spec = options.constant(rate, _LONG_SECONDS)
    predict = _under_activation if initial.replicas == 0 else scale_out.predict
    prediction = predict(config, spec, initial, situation.timing)
    return PlannedLoad(_sendable(options.constant(rate, math.ceil(prediction.times.latest_seconds))), prediction)


def _under_activation(config: HpaConfig, spec: LoadSpec, initial: InitialState, timing: Timing) -> Prediction:
    """Return the prediction of a load that does not reach the activationThreshold, so that replicas stay at 0."""
    # As if the load were not there, but for the time to wait.
    without = InitialState(0, 0.0, 0.0, initial.activation_seconds, initial.from_zero)
    unmoved = scale_out.predict(config, spec, without, timing)
    return replace(
        unmoved,
        replicas=0,
        possible_replicas=[0],
        metric=round(initial.value(spec.rate, timing), 6),
        reason=PredictionReason.LOAD_UNDER_ACTIVATION,
        steps={0: []},
        paths=[[0]],
        times=replace(unmoved.times, earliest_change_seconds=None, earliest_seconds=None),
    )


def _sendable(spec: LoadSpec) -> LoadSpec:
    """:raises BadInput: this machine can't send the load"""
    problem = capacity.refusal(spec, capacity.limits_here())
    if problem:
        raise BadInput(problem)
    return spec


def _with_scale_in(plan: Plan, situation: Situation, counts: Sequence[int], hold: float | None) -> Plan:
    """Return a plan with the predictions of its phases after the load, from one of `counts`.

    :param hold: how long the load lasts after the replicas are Ready, in seconds; None without a load
    """
    config, timing, replicas = situation.model.config, situation.timing, list(counts)
    if config is None:
        return plan
    # A trigger may have begun to fail since the phases were checked.
    directions.check_directions(situation)
    down = zero = None
    if Phase.SCALE_IN in situation.options.phases:
        down = scale_in.predict_scale_in(
            config, replicas, situation.baseline, timing, pods_at_rest=situation.replicas, held_seconds=hold or 0.0
        )
        down = down if hold is not None else replace(down, earliest_change_seconds=0.0)
    if Phase.TO_ZERO in situation.options.phases:
        zero = scale_in.predict_to_zero(situation.rules, replicas, timing)
    shape_checks.check_way_back(down, zero, situation)
    bounds = hop_bounds.scale_in_bounds(down, zero)
    return replace(plan, scale_in=down, to_zero=zero, scale_in_bounds=bounds)
