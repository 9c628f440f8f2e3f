# SPDX-License-Identifier: MIT
"""Plans of loads with expectations, and the highest rate that the module may choose."""

from __future__ import annotations

import math
import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.external_metrics import (
    ExternalTarget,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.external import (
    Begin,
    External,
    ExternalSpec,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.expectation import Expected
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import phase_checks, planning
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import Phase
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.plan import HpaLimits
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, METRIC, SCALEDOBJECT, changed
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.proof.test_planning import (
    FORMULA,
    situation,
)

FOUR = Expected(4, 4, 90.0)
OUT = {"phases": (Phase.SCALE_OUT,)}
LIMITS = HpaLimits(10, (ExternalTarget(METRIC, "AverageValue", 10.0),), 0)


def planned(expected=FOUR, external=None, load=None, hold=True, **fields):
    """The load of a plan; 90 s and a hold of 15 s."""
    options = {"expected": expected, "external": external, **({} if hold else OUT)}
    given = situation(load=load or {"rate": 34.5}, options=options, **{"hpa_limits": LIMITS, **fields})
    phase_checks.check_phases(given)
    return planning.plan_scale_out(given).scale_out


def refusal(**given):
    with pytest.raises(BadInput) as error:
        planned(**given)
    return str(error.value)


# The load of others


def test_a_load_of_others_is_observed_for_as_long_as_it_takes():
    load = planned(external=External())
    assert load.spec == ExternalSpec(90.0 + 15.0 + 15.0, Begin.CALL, rise_timeout=300.0)
    assert planned(external=External(), hold=False).spec.duration == 105.0
    assert planned(external=External(200.0, Begin.RISE)).spec == ExternalSpec(200.0, Begin.RISE, 300.0)
    # Its rate is not known.
    assert load.prediction is None
    assert load.expectation.expected == FOUR


def test_the_hops_of_a_load_of_others_have_the_targets_of_the_hpa():
    expectation = planned(external=External()).expectation
    assert (expectation.from_replicas, expectation.min_replicas) == (1, 1)
    assert expectation.hpa_limits == pytest.approx({METRIC: 11.0})
    assert expectation.acts_above == pytest.approx(11.0)
    kafka = HpaLimits(10, (ExternalTarget("s0-kafka", "AverageValue", 50.0),))
    expectation = planned(external=External(), hpa_limits=kafka, obj=FORMULA).expectation
    assert expectation.hpa_limits == pytest.approx({"s0-kafka": 55.0})
    # Nobody reads a query.
    assert expectation.acts_above == math.inf


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"external": External(104.9)},
            r"load\.external\.duration of 104\.9 s is too short: 4 .* 90 s .* 15 s .* 105\b",
        ),
        ({"external": External(), "replicas": 4}, r"expected\.replicas is 4, and 4 replicas exist before the load"),
        ({"external": External(), "replicas": 6}, r"expected\.replicas is 4, and 6 replicas exist before the load"),
        (
            {"external": External(), "expected": Expected(1, 4, 90.0)},
            r"expected\.replicas is 1 to 4, and 1 replica exists before the load",
        ),
        (
            {"external": External(), "hpa_limits": HpaLimits(3)},
            r"expected\.replicas is 4, and the HPA's maxReplicas is 3\b",
        ),
    ],
)
def test_an_expectation_that_can_not_be_met_or_proves_nothing(given, named):
    assert re.search(named, refusal(**given))


def test_a_range_may_reach_beyond_the_maximum():
    assert planned(external=External(), expected=Expected(3, 20, 90.0)).expectation.most == 20


# A load of our own that can't be predicted


def test_a_load_that_can_not_be_predicted_is_judged_by_what_is_expected():
    load = planned(obj=FORMULA)
    assert load.prediction is None
    assert load.expectation.expected == FOUR
    assert load.spec.stages == (Stage(34.5, 120.0),)
    assert planned(obj=FORMULA, load={"rate": 34.5, "duration": 110.0}).spec.duration == 110.0


@pytest.mark.parametrize(
    ("load", "option"),
    [
        ({"rate": 34.5, "duration": 60.0}, "load.http.duration of 60 s"),
        ({"stages": (Stage(5.0, 30.0), Stage(34.5, 30.0))}, "load.http.stages of 60 s"),
    ],
)
@pytest.mark.parametrize("obj", [SCALEDOBJECT, FORMULA])
def test_a_load_that_is_too_short_for_what_is_expected(load, option, obj):
    message = refusal(load=load, obj=obj)
    assert message.startswith(f"{option} is too short: 4 replicas within 90 s")
    assert "at least 105" in message


def test_no_rate_is_chosen_for_a_load_that_can_not_be_predicted():
    message = refusal(load={"replicas": 4}, obj=FORMULA)
    assert all(name in message for name in ("'s0 * 2'", "load.http.rate", "expected"))


# A load that can be predicted, too


def test_a_prediction_stays_beside_what_is_expected():
    load = planned()
    assert load.prediction.possible_replicas == [4]
    assert load.expectation.expected == FOUR
    # It is expected within 90 s, so it lasts as long and not until the latest predicted time.
    assert load.spec.duration == 120.0
    assert planned(load={"replicas": 4}).spec.rate == 34.5


@pytest.mark.parametrize(
    ("expected", "named"),
    [
        (Expected(5, 5, 90.0), r"expected\.replicas is 5, and a metric of 34\.5 at 10 per replica leads to 4\b"),
        (Expected(2, 3, 90.0), r"expected\.replicas is 2 to 3, and a metric of 34\.5 .* leads to 4\b"),
        (Expected(4, 4, 20.0), r"expected\.within_seconds is 20, and 4 replicas can't exist before 21\.7 s"),
    ],
)
def test_what_the_prediction_excludes_is_refused(expected, named):
    assert re.search(named, refusal(expected=expected))


@pytest.mark.parametrize("expected", [Expected(3, 5, 90.0), Expected(4, 4, 22.0), Expected(4, 9, 500.0)])
def test_what_the_prediction_allows(expected):
    assert planned(expected=expected).expectation.expected == expected


def test_a_load_that_moves_nothing_contradicts_growth():
    assert re.search(r"expected\.replicas is 4, and a metric of 5 .* leads to 1\b", refusal(load={"rate": 5.0}))


# The highest rate that is chosen

MINUTE = changed(HPA, "spec.metrics.0.external.target.averageValue", "600")


def chosen(hpa=HPA, **load):
    return planning.plan_scale_out(situation(hpa=hpa, load={"replicas": 4, **load})).scale_out.spec.rate


def test_a_rate_of_thousands_is_not_chosen():
    """`sum(increase(c[1m]))` with a threshold of 600 is taken for a sum of rates."""
    with pytest.raises(BadInput) as error:
        chosen(MINUTE)
    message = str(error.value)
    (rate,) = re.findall(r"have to send (\d+) requests/s", message)
    assert 1800 < int(rate) < 2400
    for part in (
        "load.http.replicas is 4",
        "load.http.max_rate is 200",
        "600 per replica",
        f"a metric of {rate}",
        "adds 1 to it",
        f"set load.http.max_rate to at least {rate}",
        "metric_per_request",
        "load.http.rate",
    ):
        assert part in message


def test_the_refusal_comes_before_the_wait_for_rest():
    with pytest.raises(BadInput, match="max_rate"):
        planning.check_load(situation(hpa=MINUTE, load={"replicas": 4}))


def test_what_others_make_of_the_metric_is_named():
    given = situation(hpa=MINUTE, load={"replicas": 4}, baseline=100.0)
    with pytest.raises(BadInput, match=r"a metric of \d+, of which others cause 100,"):
        planning.plan_scale_out(given)


def test_a_rate_that_is_allowed_or_given_is_sent():
    assert chosen() == 34.5
    assert chosen(max_rate=34.5) == 34.5
    with pytest.raises(BadInput, match=r"max_rate is 34\.4\b"):
        chosen(max_rate=34.4)
    assert 1800 < chosen(MINUTE, max_rate=3000.0, timeout=1.0) < 2400
    given = situation(load={"rate": 500.0, "timeout": 1.0, "max_rate": 10.0})
    assert planning.plan_scale_out(given).scale_out.spec.rate == 500.0


def test_the_rate_of_the_activation_stays_below_it():
    def rate(**load):
        return planning.plan_activation(situation("activation", hpa=MINUTE, load=load)).activation.spec.rate

    assert rate(rate=34.5) == 200.0
    assert rate(rate=34.5, max_rate=1e6) == 300.0
    assert rate(rate=34.5, activation_rate=250.0) == 250.0
