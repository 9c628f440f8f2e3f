# SPDX-License-Identifier: MIT
"""The change that shows each hop of a load: in scale-out, in scale-in and from zero."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    InitialState,
    predict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import hops
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.hops import HOPS, HopContext
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import State
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FIRST,
    HPA,
    METRIC,
    NEW,
    changed,
    deployed,
    event,
    pod,
    replicaset,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import metric, seen, without
from ansible_collections.shkatara.keda_demo.tests.support.recordings import (
    SCALE_OUT_HOPS,
    ready_chain,
    scale_in,
    scale_out,
    state_of,
    zero_state_of,
)


def predicted(replicas=1, kind="AverageValue"):
    target = HpaConfig((Metric(METRIC, 10.0, kind),), 1, 10)
    load = LoadSpec("http://host/", (Stage(34.5, 600.0),))
    return predict(target, load, InitialState(replicas), Timing(scrape_interval=5, query_window=30))


def shown(state, observation, prediction=None, **options):
    """The names of the hops that an observation shows, in the order of HOPS."""
    context = {"pods_before": frozenset({FIRST}), "metric_name": METRIC, **options}
    names = set()
    for change in state.apply(observation):
        names |= {hop.name for hop in hops.shown_hops(HopContext(change, state, prediction or predicted(), **context))}
    return [hop.name for hop in HOPS if hop.name in names]


def test_a_real_scale_out_shows_each_hop():
    state = state_of()
    names = [name for observation in scale_out() for name in shown(state, observation)]
    assert list(dict.fromkeys(names)) == [
        *SCALE_OUT_HOPS,
        "hpa_target_decision",
        "replicas_ready",
    ]


def test_a_chain_at_rest_shows_nothing():
    state = State(metrics=MetricState("0"))
    assert [shown(state, observation) for observation in ready_chain()] == [[]] * 6


@pytest.mark.parametrize(
    ("observation", "names"),
    [
        (metric(5, 11.0), []),  # the tolerance
        (metric(5, 11.1), ["metric_over_threshold"]),
        (seen(5, "horizontalpodautoscalers", scaled(1, "11")), []),
        (seen(5, "horizontalpodautoscalers", scaled(1, "11100m")), ["hpa_metric_over_threshold"]),
        (seen(5, "horizontalpodautoscalers", scaled(2, "0")), ["hpa_decision"]),
        (seen(5, "horizontalpodautoscalers", scaled(4, "0")), ["hpa_decision", "hpa_target_decision"]),
        (seen(5, "horizontalpodautoscalers", scaled(7, "0")), ["hpa_decision"]),
        (seen(5, "deployments", deployed(2, 1, 1)), ["deployment_scaled"]),
        (seen(5, "deployments", deployed(1, 1, 0)), []),
        (seen(5, "replicasets", replicaset(2, 1, 1)), ["replicaset_scaled"]),
        (seen(5, "replicasets", replicaset(1, 1, 0)), []),
        (seen(5, "pods", pod(NEW[0], ready=False), "ADDED"), ["pod_created", "pod_scheduled"]),
        # A pod from before the load is no sign of it.
        (seen(5, "pods", pod(FIRST, restartCount=1)), []),
        (seen(5, "pods", pod(FIRST, ready=False)), []),
        (seen(5, "events", event("Pod", FIRST, "Pulled", "already present"), "ADDED"), []),
        (seen(5, "events", event("Pod", NEW[0], "Pulled", "already present"), "ADDED"), ["image_there"]),
        (seen(5, "events", event("Pod", NEW[0], "Pulling", "pulling"), "ADDED"), []),
    ],
)
def test_change_that_shows_a_hop(observation, names):
    assert shown(state_of(), observation) == names


def test_replicas_are_ready_when_all_counts_agree():
    state = state_of(
        seen(4, "horizontalpodautoscalers", scaled(4, "9", current=4)), seen(4, "deployments", deployed(4, 4, 3))
    )
    assert shown(state, seen(5, "deployments", deployed(4, 4, 4))) == ["deployment_scaled", "replicas_ready"]


def test_a_value_target_is_compared_in_total():
    value = predicted(2, VALUE)
    assert shown(state_of(), metric(5, 10.9), value) == []
    assert shown(state_of(), metric(5, 11.1), value) == ["metric_over_threshold"]
    average = predicted(2)
    assert shown(state_of(), metric(5, 11.1), average) == []
    assert shown(state_of(), metric(5, 22.1), average) == ["metric_over_threshold"]


def test_from_zero_keda_brings_the_first_replica():
    first = seen(5, "deployments", deployed(1, 0, 0))
    assert shown(zero_state_of(), first, predicted(0)) == ["keda_activation", "deployment_scaled"]
    # The HPA's 1 for the first replica is no decision of its own.
    assert shown(zero_state_of(first), seen(9, "horizontalpodautoscalers", HPA), predicted(0)) == []
    decided = shown(zero_state_of(first), seen(20, "horizontalpodautoscalers", scaled(4, "34500m")), predicted(0))
    assert decided == ["hpa_metric_over_threshold", "hpa_decision", "hpa_target_decision"]


def four(*observations):
    return state_of(
        *without(scale_out(), "events"),
        *observations,
    )


def test_a_real_scale_in_shows_each_hop():
    state = four()
    names = [name for item in scale_in(100.0) for name in shown(state, item, load_ended=True)]
    assert list(dict.fromkeys(names)) == ["scale_in_decision", "replicas_at_minimum"]


def test_zero_is_a_hop_only_where_keda_scales_to_zero():
    at_zero = seen(150, "deployments", deployed(0, 1, 1))
    assert "scaled_to_zero" in shown(four(), at_zero, load_ended=True, inactive_replicas=0)
    assert "scaled_to_zero" not in shown(four(), at_zero, load_ended=True, inactive_replicas=1)


def test_scale_in_is_decided_below_the_count_at_the_end_of_the_load():
    fewer = seen(150, "deployments", deployed(3, 4, 4))
    assert shown(four(), fewer, load_ended=True, replicas_at_end=4) == ["scale_in_decision"]
    assert shown(four(), fewer, load_ended=True, replicas_at_end=3) == []
    assert shown(four(), fewer, load_ended=True) == ["scale_in_decision"], "the predicted count is 4"


def test_the_minimum_is_the_predicted_count_after_the_load():
    two = [
        seen(150, "deployments", deployed(2, 2, 2)),
        seen(150, "horizontalpodautoscalers", scaled(2, "0", current=2)),
    ]
    for replicas_after, expected in ((None, []), (1, []), (2, ["replicas_at_minimum"])):
        state = four(two[0])
        assert shown(state, two[1], load_ended=True, replicas_at_end=2, replicas_after=replicas_after) == expected


def test_hops_of_scale_out_are_not_shown_in_scale_in():
    assert shown(four(), metric(150, 34.5), load_ended=True) == []
    assert shown(four(), seen(150, "deployments", deployed(1, 1, 1)), load_ended=False) == []


def test_an_hpa_that_was_deleted_wants_nothing():
    state = state_of()
    assert shown(state, seen(5, "horizontalpodautoscalers", changed(HPA, "status", None), "DELETED")) == []
    assert shown(state, seen(6, "deployments", deployed(4, 4, 4))) == ["deployment_scaled"]
