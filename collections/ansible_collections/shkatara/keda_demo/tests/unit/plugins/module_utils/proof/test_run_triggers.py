# SPDX-License-Identifier: MIT
"""Proofs of ScaledObjects with several triggers, of unknown types, in fallback, or with a metric that others feed."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    GATEWAY,
    HPA,
    METRIC,
    PODS,
    SCALEDOBJECT,
    changed,
    deployed,
    metric,
    pod,
    ready_chain,
    scale_out,
    scaled,
    seen,
    target,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.scripted import COUNTER, Run

QUEUE = {
    "type": "prometheus",
    "name": "queue",
    "metadata": {"query": "sum(rate(queued_total[2m]))", "serverAddress": "http://prometheus-k8s.monitoring.svc:9090"},
}
BOTH = changed(SCALEDOBJECT, "spec.triggers", [*SCALEDOBJECT["spec"]["triggers"], QUEUE])


def hpa_of_both(hpa, average):
    external = {"metric": {"name": "s1-prometheus"}, "target": {"type": "AverageValue", "averageValue": "5"}}
    hpa = changed(hpa, "spec.metrics", [*hpa["spec"]["metrics"], {"type": "External", "external": external}])
    seen_last = {"metric": {"name": "s1-prometheus"}, "current": {"averageValue": average}}
    return changed(
        hpa, "status.currentMetrics", [*hpa["status"]["currentMetrics"], {"type": "External", "external": seen_last}]
    )


def chain_of_both(observations, average="2"):
    """The same with the HPA and the ScaledObject of two triggers."""
    replaced = []
    for item in observations:
        data = item.data
        if item.source == "horizontalpodautoscalers":
            data = hpa_of_both(data, average)
        if item.source == "scaledobjects":
            data = BOTH
        if item.source == "prometheus":
            data = {**data, "values": {**data["values"], "queue": 2.0}}
        replaced.append(seen(item.at, item.source, data, item.event))
    return replaced


def test_a_second_trigger_is_named_and_taken_to_stay(tmp_path):
    run = Run(tmp_path, chain_of_both([*ready_chain(), *scale_out()]), scaledobject=BOTH)
    assert run.verdict == ("scaled", "as_predicted")
    (other,) = run.result["predicted"]["not_predicted"]
    assert other["trigger"] == "queue (prometheus)"
    assert "its value of 2 is taken to stay" in other["why"]
    evidence = run.result["evidence"]
    assert (evidence["trigger"], [one["value"] for one in evidence["triggers"]]) == ("0", [30.779899999999998, 2.0])


def test_a_second_trigger_that_asks_for_more_is_blamed(tmp_path):
    more = [
        seen(40, "deployments", deployed(6, 6, 6)),
        seen(40, "horizontalpodautoscalers", scaled(6, "9", current=6)),
    ]
    events = chain_of_both([*ready_chain(), *(item for item in scale_out() if item.at < 33), *more])
    run = Run(tmp_path, events, scaledobject=BOTH)
    assert run.verdict == ("wrong_count", "other_trigger")
    assert "queue (prometheus): no load of ours moves it" in run.result["message"]


def test_the_trigger_that_the_load_moves_can_be_named(tmp_path):
    observations = chain_of_both(ready_chain())
    run = Run(tmp_path, observations, scaledobject=BOTH, trigger="0", load={"rate": 5.0}, counter=None)
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert run.result["evidence"]["trigger"] == "0"


FORMULA = changed(SCALEDOBJECT, "spec.advanced", {"scalingModifiers": {"formula": "s0 * 2", "target": "10"}})
KAFKA = changed(SCALEDOBJECT, "spec.triggers.0.type", "kafka")
CPU = changed(SCALEDOBJECT, "spec.triggers", [{"type": "cpu", "metadata": {"value": "50"}}])
HPA_OF_CPU = changed(
    HPA,
    "spec.metrics",
    [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}],
)


def of(scaledobject, observations, hpa=HPA):
    """The same with another ScaledObject, and the HPA's metrics of another HPA."""
    replaced = []
    for item in observations:
        data = item.data
        if item.source == "scaledobjects":
            data = scaledobject
        if item.source == "horizontalpodautoscalers":
            data = changed(data, "spec.metrics", hpa["spec"]["metrics"])
        replaced.append(seen(item.at, item.source, data, item.event))
    return replaced


LONG = {"rate": 34.5, "duration": 60.0}


def test_a_formula_is_watched_and_not_predicted(tmp_path):
    run = Run(tmp_path, of(FORMULA, [*ready_chain(), *scale_out()]), scaledobject=FORMULA, load=LONG)
    assert run.verdict == ("aborted", "not_predictable")
    assert "scalingModifiers.formula 's0 * 2' makes one metric of all triggers" in run.result["message"]
    assert run.result["predicted"]["replicas"] is None
    assert run.result["observed"]["replicas"] == 4
    assert [step["spec"] for step in run.result["observed"]["path"]][-1] == 4
    assert run.load.orders == ["start"], "it is watched to the end of the load"
    assert run.seconds == pytest.approx(60, abs=1)


@pytest.mark.parametrize(
    ("scaledobject", "hpa", "why"),
    [
        (KAFKA, HPA, "its type is not known here"),
        (CPU, HPA_OF_CPU, "a metric of type Resource is not computed from a load"),
    ],
)
def test_a_type_that_is_not_known_is_watched_and_not_predicted(tmp_path, scaledobject, hpa, why):
    events = of(scaledobject, without([*ready_chain(), *scale_out()], "prometheus"), hpa)
    run = Run(tmp_path, events, scaledobject=scaledobject, load=LONG, counter=None)
    assert run.verdict == ("aborted", "not_predictable")
    assert why in run.result["message"]
    assert run.result["observed"]["replicas"] == 4


@pytest.mark.parametrize("load", [{"rate": 34.5}, {"replicas": 4}])
def test_what_needs_a_prediction_is_refused_without_one(tmp_path, load):
    run = Run(tmp_path, of(FORMULA, ready_chain()), scaledobject=FORMULA, load=load)
    assert run.verdict == ("aborted", "bad_input")
    assert "give load.http.rate and load.http.duration" in run.result["message"]


@pytest.mark.parametrize("phases", [("activation", "scale_out"), ("scale_out", "hold", "scale_in"), ("scale_in",)])
def test_phases_that_need_a_prediction_are_refused_without_one(tmp_path, phases):
    run = Run(tmp_path, of(FORMULA, ready_chain()), scaledobject=FORMULA, load=LONG, phases=phases)
    assert run.verdict == ("aborted", "bad_input")
    assert f"phases {', '.join(phases)} need a prediction" in run.result["message"]
    assert run.load.orders == []


def falling_back(replicas):
    found = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": replicas})
    return changed(found, f"status.health.{METRIC}.numberOfFailures", 40)


def test_a_fallback_stands_for_the_metric(tmp_path):
    scaledobject = falling_back(1)
    run = Run(tmp_path, of(scaledobject, ready_chain()), scaledobject=scaledobject)
    assert run.verdict == ("not_scaled", "fallback")
    assert run.result["predicted"]["metric"] == 10.0
    assert "KEDA's fallback stands for its value" in run.result["message"]


def test_a_fallback_of_several_replicas_is_rest(tmp_path):
    """The HPA is told 3 times its target, and keeps 3 replicas whatever is sent."""
    names = list(PODS)[:3]
    chain = of(falling_back(3), without(ready_chain(), "horizontalpodautoscalers", "deployments", "prometheus"))
    three = [
        seen(0, "horizontalpodautoscalers", scaled(3, "10", current=3), "ADDED"),
        seen(0, "deployments", deployed(3, 3, 3), "ADDED"),
        *(seen(0, "pods", pod(name), "ADDED") for name in names),
        metric(0.1, 0.0, targets=[target(name) for name in names]),
    ]
    run = Run(tmp_path, [*chain, *three], scaledobject=falling_back(3))
    assert run.verdict == ("not_scaled", "fallback")
    assert (run.result["predicted"]["metric"], run.result["predicted"]["from_replicas"]) == (30.0, 3)


def test_a_metric_that_others_feed(tmp_path):
    def fed(item):
        if "targets" not in item.data:
            return item
        return seen(
            item.at,
            item.source,
            {**item.data, "targets": [GATEWAY, target()], "feeds": {(GATEWAY.job, GATEWAY.instance)}},
            item.event,
        )

    run = Run(
        tmp_path,
        [fed(item) for item in [*ready_chain(), *scale_out()]],
        counted=lambda run, targets: {one.pod: float(run.load.stats.answered) for one in targets},
    )
    assert run.verdict == ("scaled", "as_predicted")
    predicted = run.result["predicted"]
    # The load is counted as before while pods come: nothing stops on the way, and nothing is shown twice.
    assert "new_pods_counted" not in predicted["latest_parts"]
    assert predicted["latest_parts"]["scrape"] == 30.0
    assert [[one.pod for one in targets] for targets in run.asked] == [["gateway-0"], ["gateway-0"]]
    assert run.result["end_to_end"]["agrees"] is True
    assert [one["pod"] for one in run.result["evidence"]["targets"]] == ["gateway-0"]


def test_targets_that_are_not_told_need_the_interval(tmp_path):
    def untold(item):
        if "targets" not in item.data:
            return item
        data = {**item.data, "targets": None, "targets_error": "404 Not Found"}
        data.pop("feeds", None)
        return seen(item.at, item.source, data, item.event)

    events = [untold(item) for item in [*ready_chain(), *scale_out()]]
    run = Run(tmp_path, events)
    assert run.verdict == ("not_ready", "prometheus_unreachable")
    assert "give the interval in `scrape_interval`" in run.result["message"]
    run = Run(tmp_path, events, given_interval=5.0, counter=None)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["predicted"]["latest_seconds"] == 167.0
    assert (run.result["evidence"]["targets"], run.result["evidence"]["scrape_interval_seconds"]) == ([], 5.0)
    # Without a target nobody knows where the pods' own metrics are.
    assert Run(tmp_path, events, given_interval=5.0, counter=COUNTER).result["end_to_end"] is None


def test_a_value_of_another_metric_alone_is_not_enough(tmp_path):
    """KEDA can't ask the first trigger, while the HPA has a value of the second: nothing is sent."""
    chain = chain_of_both(ready_chain())
    for index, item in enumerate(chain):
        if item.source == "horizontalpodautoscalers":
            others = [{"type": ""}, item.data["status"]["currentMetrics"][1]]
            chain[index] = seen(item.at, item.source, changed(item.data, "status.currentMetrics", others), item.event)
    run = Run(tmp_path, chain, scaledobject=BOTH)
    assert run.verdict == ("not_ready", "hpa_metric_invalid")
    assert f"has no value of {METRIC}" in run.result["message"]
    assert run.load.orders == []


def test_a_load_chosen_for_replicas_is_refused_while_keda_falls_back(tmp_path):
    falling = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 3})
    falling = changed(falling, "status.health", {METRIC: {"numberOfFailures": 9, "status": "Failing"}})
    chain = [seen(0.0, "scaledobjects", falling, "ADDED"), *without(ready_chain(), "scaledobjects")]
    run = Run(tmp_path, chain, scaledobject=falling, load={"replicas": 4})
    assert run.verdict == ("aborted", "bad_input")
    assert "KEDA's fallback stands for its value" in run.result["message"]
