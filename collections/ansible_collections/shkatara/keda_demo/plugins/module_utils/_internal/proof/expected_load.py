# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Loads that are judged by a user's expectations: the load of others, and one whose effect can't be predicted."""

from __future__ import annotations

import math

from ..autoscaling import external_metrics
from ..common.errors import BadInput
from ..load.external import External, ExternalSpec
from ..load.schedule import LoadSpec
from ..prediction.expectation import Expectation, Expected
from ..prediction.hop_bounds import MARGIN_SECONDS
from ..prediction.scale_out import Prediction
from .messages import expectation_messages, verdict_messages
from .plan import PlannedLoad, Situation


def expectation_of(situation: Situation, expected: Expected) -> Expectation:
    """Return an expectation together with the current replicas.

    :raises BadInput: the replicas are as expected already, or can't become so
    """
    if situation.replicas >= expected.least:
        raise BadInput(expectation_messages.already_there(expected, situation.replicas))
    if situation.hpa_limits.max_replicas is not None and expected.least > situation.hpa_limits.max_replicas:
        raise BadInput(expectation_messages.above_maximum(expected, situation.hpa_limits.max_replicas))
    tolerance, index = situation.options.hpa_tolerance, situation.hpa_limits.trigger_index
    own = None if index is None else external_metrics.target_of_trigger(situation.hpa_limits.targets, index)
    return Expectation(
        expected=expected,
        from_replicas=situation.replicas,
        min_replicas=situation.rules.min_replicas,
        hpa_limits={target.name: target.goal * (1 + tolerance) for target in situation.hpa_limits.targets},
        acts_above=math.inf if own is None else own.acts_above(situation.replicas, tolerance),
    )


def load_of_others(situation: Situation, external: External, expected: Expected) -> PlannedLoad:
    """Return the observation of a load that somebody else sends.

    :raises BadInput: see expectation_of; or the observation is too short
    """
    needed = expected.within_seconds + situation.options.hold + MARGIN_SECONDS
    duration = float(math.ceil(needed)) if external.duration is None else external.duration
    _check_length(situation, expected, "load.external.duration", duration)
    spec = ExternalSpec(duration, external.begin, situation.options.wait_timeout)
    return PlannedLoad(spec, None, expectation_of(situation, expected))


def unpredicted_load(situation: Situation) -> tuple[LoadSpec, Expectation | None]:
    """Return a load whose effect can't be computed, and what is expected of it; None if it is only watched.

    :raises BadInput: options are missing, see also expectation_of and long_enough
    """
    options, expected = situation.load_options, situation.options.expected
    why = f"Nothing can be predicted ({verdict_messages.not_predicted(situation.model.not_predicted)})"
    no_length = expected is None and options.duration is None and not options.stages
    if options.replicas is not None or no_length:
        raise BadInput(
            f"{why}: give load.http.rate, and what you expect in expected (or load.http.duration, to watch alone)"
        )
    if expected is None:
        return options.spec(0.0, 0.0), None
    return long_enough(situation, expected, 0.0), expectation_of(situation, expected)


def long_enough(situation: Situation, expected: Expected, rate: float) -> LoadSpec:
    """Return a load that is long enough for what is expected.

    :param rate: the rate if `load.http.replicas` were given
    :raises BadInput: its duration was given, and is too short
    """
    options, needed = situation.load_options, expected.within_seconds + situation.options.hold
    spec = options.spec(rate, float(math.ceil(needed + MARGIN_SECONDS)))
    _check_length(situation, expected, options.length_option, spec.duration)
    return spec


def _check_length(situation: Situation, expected: Expected, option: str, duration: float) -> None:
    hold = situation.options.hold
    if duration < expected.within_seconds + hold:
        raise BadInput(expectation_messages.too_short(expected, option, duration, hold))


def check_agrees(expected: Expected, prediction: Prediction) -> None:
    """Check that what is expected may come of a load that can be predicted.

    :raises BadInput: it can't
    """
    possible = [count for count in prediction.possible_replicas if expected.least <= count <= expected.most]
    earliest = prediction.times.earliest_seconds
    if not possible or (earliest is not None and expected.within_seconds < earliest):
        raise BadInput(expectation_messages.contradiction(expected, prediction))
