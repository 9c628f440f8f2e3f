# SPDX-License-Identifier: MIT
"""By which change each step of a load is seen, out and back and from zero."""

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
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.hops import HOPS, Sight, passed_hops
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observations import State
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FIRST,
    HPA,
    METRIC,
    NEW,
    changed,
    deployed,
    event,
    metric,
    pod,
    ready_chain,
    replicaset,
    scale_in,
    scale_out,
    scaled,
    seen,
    state_of,
    zero_chain,
)

OUT = [hop.name for hop in HOPS if not hop.back]


def predicted(replicas=1, kind="AverageValue"):
    target = HpaConfig((Metric(METRIC, 10.0, kind),), 1, 10)
    load = LoadSpec("http://host/", (Stage(34.5, 600.0),))
    return predict(target, load, InitialState(replicas), Timing(scrape_interval=5, query_window=30))


def passed(state, observation, prediction=None, **options):
    """The hops that an observation shows."""
    known = {"pods_before": frozenset({FIRST}), "metric_name": METRIC, **options}
    names = []
    for change in state.apply(observation):
        names += [hop.name for hop in passed_hops(Sight(change, state, prediction or predicted(), **known))]
    return sorted(set(names), key=[hop.name for hop in HOPS].index)


def test_each_step_of_a_real_scale_out_is_seen_once_at_least():
    state = state_of()
    names = [name for observation in scale_out() for name in passed(state, observation)]
    assert list(dict.fromkeys(names)) == [
        "metric_over_threshold",
        "deployment_scaled",
        "hpa_metric_over_threshold",
        "hpa_decision",
        "replicaset_scaled",
        "pod_created",
        "pod_scheduled",
        "image_there",
        "container_started",
        "pod_ready",
        "hpa_target_decision",
        "replicas_ready",
    ]


def test_a_chain_at_rest_shows_nothing():
    state = State(load_trigger="0")
    assert [passed(state, observation) for observation in ready_chain()] == [[]] * 6


@pytest.mark.parametrize(
    ("observation", "hops"),
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
        # What was there before the load is no sign of it.
        (seen(5, "pods", pod(FIRST, restartCount=1)), []),
        (seen(5, "pods", pod(FIRST, ready=False)), []),
        (seen(5, "events", event("Pod", FIRST, "Pulled", "already present"), "ADDED"), []),
        (seen(5, "events", event("Pod", NEW[0], "Pulled", "already present"), "ADDED"), ["image_there"]),
        (seen(5, "events", event("Pod", NEW[0], "Pulling", "pulling"), "ADDED"), []),
    ],
)
def test_by_what_a_step_is_seen(observation, hops):
    assert passed(state_of(), observation) == hops


def test_replicas_are_ready_when_all_counts_agree():
    state = state_of(
        seen(4, "horizontalpodautoscalers", scaled(4, "9", current=4)), seen(4, "deployments", deployed(4, 4, 3))
    )
    assert passed(state, seen(5, "deployments", deployed(4, 4, 4))) == ["deployment_scaled", "replicas_ready"]


def test_a_value_target_is_compared_as_a_whole():
    value = predicted(2, VALUE)
    assert passed(state_of(), metric(5, 10.9), value) == []
    assert passed(state_of(), metric(5, 11.1), value) == ["metric_over_threshold"]
    average = predicted(2)
    assert passed(state_of(), metric(5, 11.1), average) == []
    assert passed(state_of(), metric(5, 22.1), average) == ["metric_over_threshold"]


def from_zero(*observations):
    state = State(load_trigger="0")
    for observation in (*zero_chain(), *observations):
        state.apply(observation)
    return state


def test_from_zero_keda_brings_the_first_replica():
    first = seen(5, "deployments", deployed(1, 0, 0))
    assert passed(from_zero(), first, predicted(0)) == ["keda_activation", "deployment_scaled"]
    # What the HPA does with the first replica is no decision of its own.
    assert passed(from_zero(first), seen(9, "horizontalpodautoscalers", HPA), predicted(0)) == []
    decided = passed(from_zero(first), seen(20, "horizontalpodautoscalers", scaled(4, "34500m")), predicted(0))
    assert decided == ["hpa_metric_over_threshold", "hpa_decision", "hpa_target_decision"]


def four(*observations):
    return state_of(
        *(item for item in scale_out() if item.source != "events"),
        *observations,
    )


def test_each_step_of_a_real_way_back_is_seen():
    state = four()
    names = [name for item in scale_in(100.0) for name in passed(state, item, back=True)]
    assert list(dict.fromkeys(names)) == ["scale_in_decision", "replicas_at_minimum"]


def test_zero_is_a_step_only_where_replicas_rest_there():
    gone = seen(150, "deployments", deployed(0, 1, 1))
    assert "scaled_to_zero" in passed(four(), gone, back=True, resting=0)
    assert "scaled_to_zero" not in passed(four(), gone, back=True, resting=1)


def test_steps_out_are_not_looked_for_on_the_way_back():
    assert passed(four(), metric(150, 34.5), back=True) == []
    assert passed(four(), seen(150, "deployments", deployed(1, 1, 1)), back=False) == []


def test_an_hpa_that_is_gone_wants_nothing():
    state = state_of()
    assert passed(state, seen(5, "horizontalpodautoscalers", changed(HPA, "status", None), "DELETED")) == []
    assert passed(state, seen(6, "deployments", deployed(4, 4, 4))) == ["deployment_scaled"]
