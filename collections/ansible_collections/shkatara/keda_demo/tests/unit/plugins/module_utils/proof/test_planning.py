# SPDX-License-Identifier: MIT
"""Plans: the loads, their predictions, and what is refused before anything is sent."""

from __future__ import annotations

import copy
import dataclasses
import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import (
    hpa_model,
    hpa_object,
    scaledobject,
    triggers,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.controller_flags import (
    ControllerFlags,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.options import LoadOptions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import (
    ScaleInReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    PredictionReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import QueryShape
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import planning
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import Options, Phase
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.plan import Plan, Situation
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, METRIC, SCALEDOBJECT, changed

URL = "http://192.0.2.11:30115/"
RATE = {"rate": 34.5}
DEMO_RULES = KedaRules(1, 1, polling_interval=5.0)
ZERO_RULES = KedaRules(0, 0, polling_interval=5.0)
FORMULA = changed(SCALEDOBJECT, "spec.advanced", {"scalingModifiers": {"formula": "s0 * 2", "target": "10"}})
FALLBACK = changed(
    changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 3}),
    f"status.health.{METRIC}.numberOfFailures",
    40,
)


def scale_down(**rules):
    """Return the HPA with these rules for the scale-in."""
    return changed(HPA, "spec.behavior", {"scaleDown": rules})


NEVER_SHRINKS = scale_down(policies=[{"type": "Pods", "value": 0, "periodSeconds": 15}])
DISABLED = scale_down(selectPolicy="Disabled")


def situation(*phases, load=RATE, hpa=HPA, obj=SCALEDOBJECT, rules=DEMO_RULES, replicas=1, **fields):
    """Return the demo's situation with these phases, or with a scale-out and a hold."""
    view = scaledobject.scaledobject_view(obj)
    all_triggers = triggers.triggers_of(view)
    model = hpa_model.hpa_model(
        hpa_object.hpa_view(hpa),
        view,
        all_triggers,
        load_trigger=all_triggers[0],
        flags=ControllerFlags(),
        version=(1, 25),
    )
    return Situation(
        options=Options(phases=tuple(map(Phase, phases))) if phases else Options(),
        load_options=LoadOptions(**{"url": URL, **load}),
        model=model,
        timing=Timing(5.0, 30.0, pod_start=35.0),
        rules=rules,
        replicas=replicas,
        **fields,
    )


# The scale-out


def test_a_plan_of_a_scale_out():
    plan = planning.plan_scale_out(situation())
    prediction = plan.scale_out.prediction
    assert (prediction.replicas, prediction.possible_replicas, prediction.metric) == (4, [4], 34.5)
    # As long as the latest time, the hold of 15 s, and a margin of 15 s.
    seconds = round(prediction.times.latest_seconds + 30.0)
    assert plan.scale_out.spec == LoadSpec(url=URL, stages=(Stage(34.5, float(seconds)),))
    assert plan.metric_name == METRIC
    assert plan.bounds["replicas_ready"][1] == prediction.times.latest_seconds
    assert (plan.activation, plan.scale_in, plan.to_zero, plan.scale_in_bounds) == (None, None, None, {})
    assert plan.scale_in_phases == ()


def test_hops_of_a_counter_that_is_not_read_have_no_bounds():
    counted = planning.plan_scale_out(situation()).bounds
    assert set(counted) - set(planning.plan_scale_out(situation(counter_is_read=False)).bounds) == {
        "load_scraped",
        "new_pod_counted",
    }


def test_the_baseline_is_part_of_the_prediction():
    plan = planning.plan_scale_out(situation(load={"rate": 25.5}, baseline=9.0))
    assert (plan.scale_out.prediction.metric, plan.scale_out.prediction.replicas) == (34.5, 4)


def test_a_rate_for_the_given_replicas():
    plan = planning.plan_scale_out(situation(load={"replicas": 4}))
    assert plan.scale_out.prediction.possible_replicas == [4]
    assert 33 < plan.scale_out.spec.rate < 40


@pytest.mark.parametrize(("threshold", "per_request"), [("10", 1.0), ("300", 30.0), ("600", 60.0), ("5", 0.5)])
def test_the_rate_for_replicas_is_in_requests_whatever_the_unit_of_the_metric_is(threshold, per_request):
    hpa = changed(HPA, "spec.metrics.0.external.target.averageValue", threshold)
    plan = planning.plan_scale_out(situation(load={"replicas": 4}, hpa=hpa, per_request=per_request))
    assert plan.scale_out.spec.rate == 34.5
    assert plan.scale_out.prediction.metric == 34.5 * per_request
    assert plan.per_request == per_request


def test_replicas_that_no_rate_makes_are_refused():
    with pytest.raises(BadInput, match=r"load\.http\.replicas\D+11\b"):
        planning.plan_scale_out(situation(load={"replicas": 11}))


@pytest.mark.parametrize("phases", [("scale_out", "hold"), ("scale_out",)])
def test_the_shortest_load_that_is_accepted(phases):
    given = situation(*phases)
    latest = planning.plan_scale_out(given).scale_out.prediction.times.latest_seconds
    least = math.ceil(latest + given.options.hold)
    accepted = planning.plan_scale_out(situation(*phases, load={**RATE, "duration": float(least)}))
    assert accepted.scale_out.spec.duration == least
    with pytest.raises(BadInput, match=rf"load\.http\.duration\D+{least - 1}\b.*\b{least}\b"):
        planning.plan_scale_out(situation(*phases, load={**RATE, "duration": least - 1.0}))


def test_a_load_that_this_machine_cannot_send_is_refused():
    with pytest.raises(BadInput, match=r"load\.http\.rate 1e\+06"):
        planning.plan_scale_out(situation(load={"rate": 1e6}))


def test_a_load_is_checked_as_from_the_fewest_replicas():
    """4 replicas stay at this load, which is proven sooner than the way from 1 to 4."""
    seconds = planning.plan_scale_out(situation(replicas=4)).scale_out.spec.duration
    short = {**RATE, "duration": seconds}
    planning.plan_scale_out(situation(load=short, replicas=4))
    with pytest.raises(BadInput, match=rf"load\.http\.duration\D+{seconds:g}\b"):
        planning.check_load(situation(load=short, replicas=4))
    planning.check_load(situation(replicas=4))


def test_a_load_that_does_not_activate_is_predicted_to_leave_zero():
    rules = KedaRules(0, 0, polling_interval=5.0, activation=50.0)
    plan = planning.plan_scale_out(situation(load={"rate": 30.0}, rules=rules, replicas=0))
    prediction = plan.scale_out.prediction
    assert (prediction.possible_replicas, prediction.metric) == ([0], 30.0)
    assert prediction.reason is PredictionReason.LOAD_UNDER_ACTIVATION
    assert (prediction.times.earliest_change_seconds, prediction.times.earliest_seconds) == (None, None)
    with pytest.raises(BadInput, match=r"load\.http\.replicas\D+3\b.*activationThreshold\D+50\b"):
        planning.plan_scale_out(situation(load={"replicas": 3}, rules=rules, replicas=0))


def test_a_fallback_is_the_metric_whatever_is_sent():
    plan = planning.plan_scale_out(situation(obj=FALLBACK, replicas=3))
    prediction = plan.scale_out.prediction
    assert (prediction.metric, prediction.possible_replicas) == (30.0, [3])
    assert prediction.reason is PredictionReason.FALLBACK


# Without a prediction


def test_a_load_without_a_prediction_is_only_planned():
    plan = planning.plan_scale_out(situation(obj=FORMULA, load={**RATE, "duration": 60.0}))
    assert plan.scale_out.prediction is None
    assert plan.scale_out.spec == LoadSpec(url=URL, stages=(Stage(34.5, 60.0),))
    assert (plan.metric_name, plan.bounds) == ("", {})


@pytest.mark.parametrize("load", [RATE, {"replicas": 4}])
def test_a_load_that_needs_a_prediction_is_refused_without_one(load):
    for check in (planning.plan_scale_out, planning.check_load):
        with pytest.raises(BadInput, match=r"'s0 \* 2'.*load\.http\.rate\b.*load\.http\.duration\b"):
            check(situation(obj=FORMULA, load=load))


def test_an_activation_needs_a_prediction():
    with pytest.raises(BadInput, match=r"activation\b.*'s0 \* 2'"):
        planning.plan_activation(situation("activation", obj=FORMULA))


# The phase activation


@pytest.mark.parametrize(
    ("fields", "rate"),
    [
        ({}, 5.0),
        ({"baseline": 3.0}, 3.5),
        ({"replicas": 3}, 15.0),
        ({"load": {"rate": 34.5, "activation_rate": 8.0}}, 8.0),
        ({"rules": KedaRules(0, 0, activation=5.0), "replicas": 0}, 2.5),
    ],
)
def test_the_load_of_the_activation(fields, rate):
    plan = planning.plan_activation(situation("activation", **fields))
    prediction = plan.activation.prediction
    assert plan.activation.spec.rate == rate
    assert plan.activation.spec.duration == math.ceil(prediction.times.latest_seconds)
    assert not prediction.changes
    assert plan.scale_out is None


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({"load": {"rate": 34.5, "activation_rate": 12.0}}, r"12\D+0\D+10\b"),
        ({"load": {"rate": 34.5, "activation_rate": 8.0}, "baseline": 3.0}, r"11\D+3\D+10\b"),
        ({"baseline": 10.0}, r"10\D+10\D+10\b"),
    ],
)
def test_a_load_over_the_threshold_is_no_activation(fields, numbers):
    with pytest.raises(BadInput, match=rf"load\.http\.activation_rate\D+{numbers}"):
        planning.plan_activation(situation("activation", **fields))


# The scale-in


def test_a_scale_in_after_the_load():
    plan = planning.plan_scale_out(situation("scale_out", "scale_in", load={"rate": 41.0}))
    assert plan.scale_out.prediction.possible_replicas == [4, 5]
    assert (plan.scale_in.from_replicas, plan.scale_in.replicas) == ([4, 5], 1)
    assert plan.scale_in_phases == ((Phase.SCALE_IN, plan.scale_in),)
    assert plan.scale_in_bounds["replicas_at_minimum"][1] == plan.scale_in.latest_seconds


def test_a_scale_in_and_to_zero():
    plan = planning.plan_scale_in(situation("scale_in", "to_zero", rules=ZERO_RULES, replicas=4))
    assert [(phase, predicted.replicas) for phase, predicted in plan.scale_in_phases] == [
        (Phase.SCALE_IN, 1),
        (Phase.TO_ZERO, 0),
    ]
    assert plan.to_zero.reason is ScaleInReason.COOLDOWN
    assert plan.scale_out is None


@pytest.mark.parametrize(("phase", "replicas"), [("scale_in", 1), ("to_zero", 0)])
def test_a_scale_in_from_the_minimum_is_refused(phase, replicas):
    at_minimum = situation(phase, rules=ZERO_RULES, replicas=replicas)
    plan = planning.plan_scale_in(at_minimum)
    with pytest.raises(BadInput, match=rf"phase {phase}\b.*\b{replicas}\b"):
        planning.check_scale_in(plan, at_minimum)


@pytest.mark.parametrize("hpa", [NEVER_SHRINKS, DISABLED])
@pytest.mark.parametrize(
    ("make_plan", "phases", "replicas"),
    [(planning.plan_scale_in, ("scale_in",), 4), (planning.plan_scale_out, ("scale_out", "scale_in"), 1)],
)
def test_a_scale_in_that_never_reaches_the_minimum_is_refused(hpa, make_plan, phases, replicas):
    with pytest.raises(BadInput, match=r"scale_in\b.*behavior\.scaleDown\D+4\D+1\b"):
        make_plan(situation(*phases, hpa=hpa, replicas=replicas))


@pytest.mark.parametrize("make_plan", [planning.plan_scale_out, planning.plan_scale_in])
def test_policies_do_not_matter_without_the_phase_scale_in(make_plan):
    plan = make_plan(situation("scale_out", "hold", hpa=NEVER_SHRINKS, replicas=1))
    assert plan.scale_in_phases == ()


# The phases


@pytest.mark.parametrize(
    ("fields", "phases", "named"),
    [
        ({"obj": FORMULA}, ("scale_out", "scale_in"), r"scale_out, scale_in\b.*'s0 \* 2'"),
        ({"obj": FORMULA}, ("activation",), r"activation\b.*'s0 \* 2'"),
        ({}, ("scale_out", "to_zero"), r"to_zero\b.*minReplicaCount\b.*idleReplicaCount\b"),
        ({"rules": ZERO_RULES}, ("activation",), r"activation\b.*activationThreshold\b"),
        ({"obj": FALLBACK}, ("activation",), r"fallback\b.*load\.http\.rate\b.*activation\b"),
        ({"obj": FALLBACK, "load": {"replicas": 4}}, ("scale_out",), r"fallback\b.*load\.http\.rate\b"),
        ({"hpa": DISABLED}, ("scale_in",), r"scale_in\b.*behavior\.scaleDown\.selectPolicy\b.*Disabled\b"),
    ],
)
def test_phases_that_cannot_be_proven_are_refused(fields, phases, named):
    with pytest.raises(BadInput, match=named):
        planning.check_phases(situation(*phases, **fields))


@pytest.mark.parametrize(
    ("fields", "phases"),
    [
        ({}, ("activation", "scale_out", "hold", "scale_in")),
        ({"obj": FORMULA}, ("scale_out", "hold")),
        ({"rules": KedaRules(0, 0, activation=5.0)}, tuple(Phase)),
        ({"obj": FALLBACK}, ("scale_out", "hold", "scale_in")),
        ({"hpa": DISABLED}, ("scale_out", "hold")),
    ],
)
def test_phases_that_can_be_proven(fields, phases):
    planning.check_phases(situation(*phases, **fields))


def test_a_query_without_a_value_is_refused_where_it_is_predicted():
    narrow = {"shape": QueryShape("c", "rate", 5.0)}
    with pytest.raises(BadInput, match=r"5 / 5\b"):
        planning.check_phases(situation(**narrow))
    planning.check_phases(situation(obj=FORMULA, **narrow))
    plan = planning.plan_scale_out(situation(shape=QueryShape("c", "rate", 12.0)))
    assert [finding.code for finding in plan.warnings] == [Code.TWO_SAMPLES]


def test_a_plan_without_phases_predicts_nothing():
    given = situation()
    plan = Plan(given.model, given.rules, given.timing)
    assert (plan.scale_in_phases, plan.bounds, plan.scale_in_bounds) == ((), {}, {})
    assert plan.metric_name == METRIC


# The shape of the query

MEAN = Timing(5.0, shape=QueryShape("requests_total", window=30.0, mean=True))


def of_kind(kind):
    """The demo's HPA with a target of this type."""
    hpa = copy.deepcopy(HPA)
    for metric in hpa["spec"]["metrics"]:
        target = metric["external"]["target"]
        number = target.pop("averageValue", None) or target.pop("value")
        metric["external"]["target"] = {"type": kind, "value" if kind == "Value" else "averageValue": number}
    return hpa


def test_a_mean_that_the_hpa_divides_again_is_refused_with_the_arithmetic():
    asked = dataclasses.replace(situation(), timing=MEAN)
    with pytest.raises(
        BadInput, match=r"34\.5 at 1 replica .*4 replicas.* 8\.625, which asks for 1 .*metricType: Value"
    ):
        planning.plan_scale_out(asked)


def test_a_mean_under_the_threshold_proves_that_nothing_moves():
    asked = dataclasses.replace(situation(load={"rate": 5.0}), timing=MEAN)
    assert planning.plan_scale_out(asked).scale_out.prediction.reason is PredictionReason.LOAD_UNDER_THRESHOLD


def test_a_mean_with_a_value_is_predicted_with_a_warning():
    plan = planning.plan_scale_out(dataclasses.replace(situation(hpa=of_kind("Value")), timing=MEAN))
    assert plan.scale_out.prediction.replicas == 4
    assert [warning.code for warning in plan.warnings] == [Code.MEAN_LAGS]
    plain = planning.plan_scale_out(situation(hpa=of_kind("Value")))
    assert plain.warnings == ()


def test_a_query_that_never_falls_below_the_activation_is_refused_for_to_zero():
    limited = Timing(5.0, shape=QueryShape("requests_total", window=30.0, low=5.0), own_pods=False)
    asked = situation("scale_out", "hold", "to_zero", rules=ZERO_RULES, replicas=0)
    planning.plan_scale_out(
        dataclasses.replace(asked, timing=dataclasses.replace(limited, shape=None, query_window=30))
    )
    with pytest.raises(BadInput, match="never less than 5"):
        planning.plan_scale_out(dataclasses.replace(asked, timing=limited))
