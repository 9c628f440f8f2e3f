# SPDX-License-Identifier: MIT
"""When a workload is at rest, at what metric, and the longest wait for it."""

from __future__ import annotations

import dataclasses
import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import rest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code, Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.metric_state import (
    MetricState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import State
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import TRIGGER_ERROR, annotated
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FIRST,
    FROM_ZERO,
    HPA,
    METRIC,
    SCALEDOBJECT,
    changed,
    deployed,
    leaving_pod,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    failed,
    metric,
    pod_targets,
    ready_replicas,
    recovered,
    seen,
    target,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, state_of, zero_chain

CONFIG = HpaConfig((Metric(METRIC, 10.0),), min_replicas=1, max_replicas=10)
SETTLE = 55.0


def check(state, now=2.0, config=CONFIG, **options):
    return rest.check(state, config, SETTLE, now, **options)


def test_at_rest():
    result = check(state_of(), now=1)
    assert (result.at_rest, result.baseline) == (True, 0)


def test_no_replica_is_rest_where_keda_removes_the_last_replica():
    state = State(metrics=MetricState("0"))
    for observation in zero_chain():
        state.apply(observation)
    assert check(state) == rest.Rest(True, 0, Finding(Code.QUIET, {"replicas": 0}))


def test_a_replica_is_no_rest_where_keda_removes_the_last_replica():
    result = check(state_of(seen(0.5, "scaledobjects", FROM_ZERO)))
    assert not result.at_rest
    assert (result.finding.code, result.finding.data["wanted"]) == (Code.REPLICAS_MOVING, 0)


@pytest.mark.parametrize(
    ("observation", "code"),
    [
        (seen(1, "horizontalpodautoscalers", scaled(4, "9")), Code.REPLICAS_MOVING),
        (seen(1, "deployments", deployed(4, 4, 4)), Code.REPLICAS_MOVING),
        (seen(1, "deployments", deployed(1, 4, 1)), Code.REPLICAS_MOVING),
        (
            seen(1, "pods", leaving_pod()),
            Code.PODS_LEAVING,
        ),
        (metric(1, 4.0), Code.METRIC_FALLING),
        (seen(1, "horizontalpodautoscalers", HPA, "DELETED"), Code.REPLICAS_GONE),
    ],
)
def test_not_at_rest(observation, code):
    result = check(state_of(observation))
    assert (result.at_rest, result.finding.code) == (False, code)


def grown(count, value, *, since=1.0, until=70.0):
    """A chain at `count` replicas, whose metric stays at `value`."""
    return state_of(
        seen(since, "horizontalpodautoscalers", scaled(count, "10", current=count)),
        *ready_replicas(since, count),
        *(metric(at, value, targets=pod_targets(count)) for at in range(int(since) + 1, int(until), 2)),
    )


def test_replicas_that_other_traffic_needs_are_at_rest():
    result = check(grown(4, 35.0), now=70.0)
    assert (result.at_rest, result.baseline) == (True, pytest.approx(35.0))
    assert result.finding == Finding(Code.OTHER_TRAFFIC, {"value": pytest.approx(35.0)})


def test_replicas_that_no_metric_asks_for_are_not_at_rest():
    moving = Finding(Code.REPLICAS_MOVING, {"wanted": 1, "desired": 4, "current": 4, "ready": 4})
    assert check(grown(4, 5.0), now=70.0) == rest.Rest(False, 0.0, moving)


def test_a_value_target_is_not_shared_by_the_replicas():
    config = HpaConfig((Metric(METRIC, 10.0, VALUE),), min_replicas=1, max_replicas=10)
    assert check(grown(4, 10.5), now=70.0, config=config).at_rest
    assert not check(grown(4, 10.5), now=70.0).at_rest


def test_replicas_of_a_fallback_are_at_rest():
    assert check(grown(4, 0.0), now=70.0, fallback=40.0).at_rest
    assert not check(grown(4, 0.0), now=70.0).at_rest


def test_a_metric_that_stays_is_other_traffic():
    state = state_of(*(metric(at, 4.0) for at in range(1, 70, 2)))
    assert check(state, now=50).finding == Finding(Code.METRIC_FALLING, {"value": 4.0})
    result = check(state, now=69)
    assert result.at_rest
    assert result.baseline == pytest.approx(4.0)


def test_readings_during_a_load_of_this_proof_are_no_other_traffic():
    state = state_of(*(metric(at, 5.0) for at in range(1, 70, 2)))
    assert check(state, now=69).baseline == pytest.approx(5.0)
    assert not check(state, now=69, since=42.0).at_rest


def test_without_a_config_replicas_are_at_rest_when_they_agree():
    assert check(state_of(), config=None).at_rest
    assert check(grown(4, 0.0), now=70.0, config=None).at_rest
    assert not check(state_of(seen(1, "deployments", deployed(4, 4, 4))), config=None).at_rest


@pytest.mark.parametrize("kind", ["horizontalpodautoscalers", "deployments"])
def test_replicas_that_are_not_watched_are_not_at_rest(kind):
    state = state_of(failed(5, kind))
    unwatched = Finding(Code.REPLICAS_UNWATCHED, {"errors": ((kind, "the connection broke"),)})
    assert check(state, now=6) == rest.Rest(False, 0.0, unwatched)
    state.apply(recovered(8, kind))
    assert check(state, now=9).at_rest


def test_old_readings_are_no_rest_while_prometheus_does_not_answer():
    state = state_of(PollFailed(1, "connection refused"))
    assert check(state) == rest.Rest(False, 0.0, Finding(Code.NO_ANSWER, {"error": "connection refused"}))
    state.apply(metric(3, 0.0))
    assert check(state, now=3).at_rest


def test_a_chain_with_a_missing_link_is_not_at_rest():
    result = check(state_of(metric(1, 0.0, targets=[target("other")])))
    assert result == rest.Rest(False, 0.0, Finding(Code.NO_POD_SCRAPED, {"pods": [FIRST]}))


def trigger_with(ignore_null_values):
    path = "spec.triggers.0.metadata.ignoreNullValues"
    return seen(0.5, "scaledobjects", changed(SCALEDOBJECT, path, ignore_null_values))


@pytest.mark.parametrize("ignore_null_values", [None, "true"])
def test_no_data_counts_as_zero_where_it_does_for_keda(ignore_null_values):
    state = state_of(trigger_with(ignore_null_values), metric(1, None))
    assert state.metrics.value is None
    result = check(state, now=1)
    assert (result.at_rest, result.baseline) == (True, 0)


def test_no_data_is_no_rest_where_it_is_an_error_for_keda():
    state = state_of(trigger_with("false"), metric(1, None))
    assert check(state, now=1) == rest.Rest(False, 0.0, Finding(Code.NO_DATA))
    state.apply(metric(3, 0.0))
    assert check(state, now=3).at_rest


def test_a_metric_that_was_not_read_since_the_last_change_is_no_rest():
    state = state_of(seen(1, "deployments", deployed(2, 2, 2)), seen(2, "deployments", deployed(1, 1, 1)))
    assert check(state, now=3) == rest.Rest(False, 0.0, Finding(Code.NOT_READ))


def test_prometheus_is_not_needed_where_no_trigger_asks_it():
    state = State()
    for observation in without(ready_chain(), "prometheus"):
        state.apply(observation)
    result = rest.check(state, None, SETTLE, now=1.0, since=-math.inf)
    assert result == rest.Rest(True, 0.0, Finding(Code.NO_METRIC, {"replicas": 1}))


def test_the_longest_wait_is_the_sum_of_its_parts():
    parts = rest.longest_wait(55.0, 315.0, 30.0)
    assert sum(seconds for _part, seconds in parts) == 55 + 55 + 315 + 30 + 30
    assert [seconds for _part, seconds in parts] == [55, 315, 55, 30, 30]


UNREAD = dataclasses.replace(CONFIG, unread=("s1-kafka-orders",))
FROZEN = dataclasses.replace(CONFIG, behavior={"scaleDown": {"selectPolicy": "Disabled"}})


def at_four(obj=SCALEDOBJECT, value=0.0):
    """A state of four replicas, which an earlier load has left."""
    return state_of(
        seen(0.2, "scaledobjects", obj),
        seen(0.2, "horizontalpodautoscalers", scaled(4, "0", current=4)),
        *ready_replicas(0.2, 4),
        metric(1, value, targets=pod_targets(4)),
    )


@pytest.mark.parametrize(("config", "at_rest"), [(CONFIG, False), (UNREAD, True), (FROZEN, True)])
def test_replicas_of_an_hpa_that_never_shrinks_stay(config, at_rest):
    assert check(at_four(), config=config).at_rest is at_rest


@pytest.mark.parametrize("config", [UNREAD, FROZEN])
def test_an_hpa_that_never_shrinks_may_still_grow(config):
    assert check(at_four(value=60.0), config=config).finding.code == Code.REPLICAS_MOVING


@pytest.mark.parametrize(
    ("obj", "at_rest"),
    [
        (FROM_ZERO, False),
        # KEDA takes the last replica away, whatever the HPA does, unless a trigger fails or the scale-in is paused.
        (changed(FROM_ZERO, "status.conditions.0", TRIGGER_ERROR), None),
        (annotated(obj=FROM_ZERO, paused_scale_in="true"), True),
    ],
)
def test_keda_removes_the_last_replica(obj, at_rest):
    result = check(at_four(obj), config=FROZEN)
    if at_rest is None:  # the chain is not ready, but the replicas stay
        assert result.finding.code == Code.NOT_READY
    else:
        assert result.at_rest is at_rest
