# SPDX-License-Identifier: MIT
"""When a chain counts as ready and when as at rest."""

from __future__ import annotations

import dataclasses
import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    VALUE,
    HpaConfig,
    Metric,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.chain import missing, rest, rest_limit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observations import State
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    FIRST,
    FROM_ZERO,
    GATEWAY,
    HPA,
    HPA_AT_ZERO,
    METRIC,
    NEW,
    PODS,
    SCALEDOBJECT,
    changed,
    deployed,
    metric,
    pod,
    ready_chain,
    scaled,
    seen,
    state_of,
    target,
    without,
    zero_chain,
)

TARGET = HpaConfig((Metric(METRIC, 10.0),), min_replicas=1, max_replicas=10)
SETTLE = 55.0


def at_zero(*observations):
    state = State(load_trigger="0")
    for observation in (*zero_chain(), *observations):
        state.apply(observation)
    return state


def found_at_rest(state, now=2.0, given=TARGET, **options):
    return rest(state, given, SETTLE, now, **options)


def test_a_ready_chain_misses_nothing():
    assert missing(state_of()) == []


def test_nothing_seen_yet_misses_everything_in_the_order_of_the_chain():
    assert [gap.reason for gap in missing(State(load_trigger="0"))] == [
        "deployment_missing",
        "prometheus_unreachable",
        "scaledobject_missing",
        "hpa_missing",
    ]


def test_what_was_not_seen_yet_is_not_called_gone():
    state = State(load_trigger="0")
    assert "the Deployment was not seen yet" in missing(state)[0].message
    state.apply(seen(1, "deployments", {"message": "deployments is forbidden"}, "ERROR"))
    assert "can't be watched: deployments is forbidden" in missing(state)[0].message
    state.apply(seen(2, "deployments", DEPLOYMENT, "ADDED"))
    state.apply(seen(3, "deployments", DEPLOYMENT, "DELETED"))
    assert "the Deployment is not there" in missing(state)[0].message


FAILED = {
    "type": "ScalingActive",
    "status": "False",
    "reason": "FailedGetExternalMetric",
    "message": "unable to get external metric",
}
PAUSED = {"autoscaling.keda.sh/paused-replicas": "1"}


@pytest.mark.parametrize(
    ("observation", "reason", "words"),
    [
        (seen(1, "deployments", deployed(2, 2, 1)), "pods_not_ready", "1 of 2 pods Ready"),
        (seen(1, "deployments", deployed(0, 0, 0)), "pods_not_ready", "0 of 0 pods Ready"),
        (
            seen(1, "prometheus", {"message": "pod monitoring/prometheus-k8s-0 does not answer"}, "ERROR"),
            "prometheus_unreachable",
            "prometheus-k8s-0 does not answer",
        ),
        (
            metric(1, None, errors={"0": "parse error at char 4"}),
            "prometheus_unreachable",
            "parse error at char 4",
        ),
        (
            metric(1, 0.0, targets=None, targets_error="404 Not Found"),
            "prometheus_unreachable",
            "does not tell its targets (404 Not Found): give the interval in `scrape_interval`",
        ),
        (
            metric(1, None, targets=[target("other")]),
            "scrape_target_missing",
            f"scrapes none of the pods {FIRST}",
        ),
        (
            metric(1, 0.0, targets=[target(up=False, error="connection refused")]),
            "scrape_target_down",
            "http://10.244.1.2:5000/metrics: connection refused",
        ),
        (metric(1, 0.0, targets=[target(up=False)]), "scrape_target_down", "no scrape was made yet"),
        (seen(1, "pods", pod(NEW[0]), "ADDED"), "scrape_target_missing", f"does not scrape {NEW[0]} yet"),
        (
            seen(1, "scaledobjects", changed(SCALEDOBJECT, "status.conditions", [])),
            "scaledobject_not_ready",
            "no condition Ready yet",
        ),
        (
            seen(1, "scaledobjects", changed(SCALEDOBJECT, "metadata.annotations", PAUSED)),
            "scaledobject_paused",
            "paused",
        ),
        (seen(1, "horizontalpodautoscalers", HPA, "DELETED"), "hpa_missing", "not made"),
        (
            seen(1, "horizontalpodautoscalers", changed(HPA, "status.conditions.1", FAILED)),
            "hpa_metric_invalid",
            "FailedGetExternalMetric: unable to get external metric",
        ),
    ],
)
def test_what_is_missing_is_named(observation, reason, words):
    gaps = missing(state_of(observation))
    assert gaps[0].reason == reason
    assert words in gaps[0].message


def test_a_leaving_pod_needs_no_target():
    leaving = changed(pod(NEW[0]), "metadata.deletionTimestamp", "2026-11-24T09:00:00Z")
    assert missing(state_of(seen(1, "pods", leaving))) == []


def test_targets_that_are_not_told_are_not_needed_where_the_interval_is_given():
    state = state_of(metric(1, 0.0, targets=None, targets_error="404 Not Found"))
    state.given_interval = 30.0
    assert missing(state) == []


def test_pods_need_no_target_where_others_feed_the_metric():
    state = state_of(metric(1, 0.0, targets=[GATEWAY], feeds={(GATEWAY.job, GATEWAY.instance)}))
    assert missing(state) == []
    down = changed_target(GATEWAY, up=False, error="connection refused")
    state.apply(metric(2, 0.0, targets=[down]))
    assert [(gap.reason, GATEWAY.url in gap.message) for gap in missing(state)] == [("scrape_target_down", True)]


def changed_target(one, **fields):
    return type(one)(**{**vars(one), **fields})


def test_no_replica_is_ready_where_keda_takes_away_the_last_one():
    assert missing(at_zero()) == []
    found = found_at_rest(at_zero())
    assert (found.at_rest, found.baseline, found.message) == (True, 0, "0 replica(s), and the metric is at rest")


def test_an_hpa_that_is_disabled_at_one_replica_is_not_ready():
    reasons = [gap.reason for gap in missing(state_of(seen(1, "horizontalpodautoscalers", disabled_at_one())))]
    assert reasons == ["hpa_metric_invalid"]


def disabled_at_one():
    return changed(changed(HPA_AT_ZERO, "status.currentReplicas", 1), "status.desiredReplicas", 1)


def test_a_replica_is_no_rest_where_keda_takes_away_the_last_one():
    state = state_of(seen(0.5, "scaledobjects", FROM_ZERO))
    assert missing(state) == []
    found = found_at_rest(state)
    assert not found.at_rest
    assert "replicas are to be 0 without any load" in found.message


def test_at_rest():
    found = found_at_rest(state_of(), now=1)
    assert (found.at_rest, found.baseline) == (True, 0)


@pytest.mark.parametrize(
    "observation",
    [
        seen(1, "horizontalpodautoscalers", scaled(4, "9")),
        seen(1, "deployments", deployed(4, 4, 4)),
        seen(1, "deployments", deployed(1, 4, 1)),
        seen(1, "pods", changed(pod(NEW[0]), "metadata.deletionTimestamp", "2026-11-24T09:00:00Z")),
        metric(1, 4.0),  # it may fall still
        seen(1, "horizontalpodautoscalers", HPA, "DELETED"),
    ],
)
def test_not_at_rest(observation):
    assert not found_at_rest(state_of(observation)).at_rest


def grown(count, value, *, since=1.0, until=70.0):
    """A chain at `count` replicas, whose metric stays at `value`."""
    names = list(PODS)[:count]
    return state_of(
        *(seen(since, "pods", pod(name)) for name in names),
        seen(since, "horizontalpodautoscalers", scaled(count, "10", current=count)),
        seen(since, "deployments", deployed(count, count, count)),
        *(metric(at, value, targets=[target(name) for name in names]) for at in range(int(since) + 1, int(until), 2)),
    )


def test_replicas_that_others_ask_for_are_at_rest():
    found = found_at_rest(grown(4, 35.0), now=70.0)
    assert (found.at_rest, found.baseline) == (True, pytest.approx(35.0))
    assert "others keep the metric at 35, which is added to the prediction" in found.message


def test_replicas_that_nothing_asks_for_are_not_at_rest():
    found = found_at_rest(grown(4, 5.0), now=70.0)
    assert not found.at_rest
    assert "replicas are to be 1 without any load: the HPA wants 4, 4 are there, 4 Ready" in found.message


def test_a_value_target_is_not_shared_by_the_replicas():
    given = HpaConfig((Metric(METRIC, 10.0, VALUE),), min_replicas=1, max_replicas=10)
    assert found_at_rest(grown(4, 10.5), now=70.0, given=given).at_rest
    assert not found_at_rest(grown(4, 10.5), now=70.0).at_rest


def test_a_metric_that_stays_is_traffic_of_others():
    state = state_of(*(metric(at, 4.0) for at in range(1, 70, 2)))
    assert not found_at_rest(state, now=50).at_rest
    found = found_at_rest(state, now=69)
    assert found.at_rest
    assert found.baseline == pytest.approx(4.0)


def test_what_was_read_during_a_load_of_ours_is_no_traffic_of_others():
    state = state_of(*(metric(at, 5.0) for at in range(1, 70, 2)))
    assert found_at_rest(state, now=69).baseline == pytest.approx(5.0)
    assert not found_at_rest(state, now=69, since=42.0).at_rest


def test_a_target_that_is_not_known_is_at_rest_where_replicas_agree():
    assert found_at_rest(state_of(), given=None).at_rest
    assert found_at_rest(grown(4, 0.0), now=70.0, given=None).at_rest
    assert not found_at_rest(state_of(seen(1, "deployments", deployed(4, 4, 4))), given=None).at_rest


@pytest.mark.parametrize("source", ["horizontalpodautoscalers", "deployments"])
def test_replicas_that_are_not_watched_are_not_at_rest(source):
    state = state_of(seen(5, source, {"message": "the connection broke"}, "ERROR"))
    assert "the connection broke" in found_at_rest(state, now=6).message
    state.apply(seen(8, source, {}, "RECOVERED"))
    assert found_at_rest(state, now=9).at_rest


def test_old_samples_are_no_rest_while_prometheus_does_not_answer():
    state = state_of(seen(1, "prometheus", {"message": "connection refused"}, "ERROR"))
    found = found_at_rest(state)
    assert not found.at_rest
    assert "connection refused" in found.message
    state.apply(metric(3, 0.0))
    assert found_at_rest(state, now=3).at_rest


def test_a_chain_with_a_gap_is_not_at_rest():
    found = found_at_rest(state_of(metric(1, 0.0, targets=[target("other")])))
    assert not found.at_rest
    assert f"scrapes none of the pods {FIRST}" in found.message


def trigger_with(ignore_null_values):
    path = "spec.triggers.0.metadata.ignoreNullValues"
    return seen(0.5, "scaledobjects", changed(SCALEDOBJECT, path, ignore_null_values))


@pytest.mark.parametrize("ignore_null_values", [None, "true"])
def test_no_data_counts_as_zero_where_it_does_for_keda(ignore_null_values):
    state = state_of(trigger_with(ignore_null_values), metric(1, None))
    assert state.metric is None
    found = found_at_rest(state, now=1)
    assert (found.at_rest, found.baseline) == (True, 0)


def test_no_data_is_no_rest_where_it_is_an_error_for_keda():
    state = state_of(trigger_with("false"), metric(1, None))
    found = found_at_rest(state, now=1)
    assert not found.at_rest
    assert "no data" in found.message
    state.apply(metric(3, 0.0))
    assert found_at_rest(state, now=3).at_rest


def test_a_wait_for_rest_is_made_of_parts():
    limit, words = rest_limit(55.0, 315.0, 30.0)
    assert limit == 55 + 55 + 315 + 30 + 30
    assert words == "metric 55 s, scale-in 315 s, metric again 55 s, pods leaving 30 s, margin 30 s"


def test_prometheus_is_not_needed_where_no_trigger_asks_it():
    state = State()
    for observation in without(ready_chain(), "prometheus"):
        state.apply(observation)
    assert missing(state) == []
    assert rest(state, None, SETTLE, now=1.0, since=-math.inf).at_rest


def test_another_page_of_the_same_pods_does_not_feed_the_metric():
    """A sidecar's own target, which is slower and down, is none of this metric."""
    app = dataclasses.replace(target(), job="test", instance="10.244.1.5:5000")
    sidecar = dataclasses.replace(
        app, url="http://10.244.1.5:15090/stats", up=False, interval=60.0, job="sidecar", instance="10.244.1.5:15090"
    )
    data = {"values": {"0": 0.0}, "targets": [sidecar, app], "feeds": {("test", "10.244.1.5:5000")}}
    state = state_of(seen(1.0, "prometheus", data))
    assert state.feeding_targets == [app]
    assert state.scrape_interval == 5.0
    assert state.own_pods_feed
    assert missing(state) == []


def test_targets_without_an_interval_are_asked_for():
    silent = dataclasses.replace(target(), interval=0.0)
    state = state_of(seen(1.0, "prometheus", {"values": {"0": 0.0}, "targets": [silent]}))
    assert [gap.message for gap in missing(state)] == [
        "Prometheus tells no interval of its targets: give it in `scrape_interval`"
    ]
    state.given_interval = 30.0
    assert missing(state) == []


def test_an_hpa_of_the_cpu_alone_is_ready():
    resource = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 3}}}
    hpa = changed(HPA, "status.currentMetrics", [resource])
    assert missing(state_of(seen(1.0, "horizontalpodautoscalers", hpa))) == []
    nothing = changed(HPA, "status.currentMetrics", [{"type": ""}])
    assert [gap.reason for gap in missing(state_of(seen(1.0, "horizontalpodautoscalers", nothing)))] == [
        "hpa_metric_invalid"
    ]
