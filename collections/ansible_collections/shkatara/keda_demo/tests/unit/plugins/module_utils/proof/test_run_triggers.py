# SPDX-License-Identifier: MIT
"""Proofs of ScaledObjects with several triggers, of unknown types, in fallback, or with a metric that others feed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    PredictionReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    Reading,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    ChainNotReady,
    Mismatch,
    RestBroken,
    Rested,
    Unpredicted,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    HPA,
    METRIC,
    SCALEDOBJECT,
    changed,
    deployed,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    GATEWAY,
    map_objects,
    metric,
    pod_targets,
    ready_replicas,
    seen,
    target,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
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
    current = {"metric": {"name": "s1-prometheus"}, "current": {"averageValue": average}}
    return changed(
        hpa, "status.currentMetrics", [*hpa["status"]["currentMetrics"], {"type": "External", "external": current}]
    )


def chain_of_both(observations, average="2"):
    """Return observations with the HPA and the ScaledObject of two triggers."""
    observations = with_object(observations, "scaledobjects", BOTH)
    observations = map_objects(observations, "horizontalpodautoscalers", lambda hpa: hpa_of_both(hpa, average))
    return [
        replace(item, values={**item.values, "queue": 2.0}) if isinstance(item, Reading) else item
        for item in observations
    ]


def test_a_second_trigger_is_assumed_to_keep_its_value(tmp_path):
    run = Run(tmp_path, chain_of_both([*ready_chain(), *scale_out()]), scaledobject=BOTH)
    assert run.verdict == ("scaled", "as_predicted")
    (other,) = run.result["predicted"]["not_predicted"]
    assert other["trigger"] == "queue (prometheus)"
    assert re.search(r"\b2\b", other["why"])
    evidence = run.result["evidence"]
    assert (evidence["trigger"], [trigger["value"] for trigger in evidence["triggers"]]) == (
        "0",
        [30.779899999999998, 2.0],
    )


def test_a_second_trigger_that_asks_for_more_is_blamed(tmp_path):
    more = [
        seen(40, "deployments", deployed(6, 6, 6)),
        seen(40, "horizontalpodautoscalers", scaled(6, "9", current=6)),
    ]
    events = chain_of_both([*ready_chain(), *(item for item in scale_out() if item.at < 33), *more])
    run = Run(tmp_path, events, scaledobject=BOTH)
    assert run.verdict == ("wrong_count", "other_trigger")
    assert isinstance(run.facts, Mismatch)
    assert [entry.trigger for entry in run.facts.others] == ["queue (prometheus)"]


def test_an_activation_beside_a_trigger_that_asks_for_more(tmp_path):
    """The load has to leave the replicas alone, whatever was predicted of the other trigger."""
    chain = chain_of_both(ready_chain(), average="12")
    run = Run(tmp_path, chain, scaledobject=BOTH, trigger="0", phases=("activation",))
    assert run.result["predicted"]["activation"]["possible_replicas"] == [3]
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("activation", True)]
    grown = [*ready_replicas(20, 3), seen(20, "horizontalpodautoscalers", scaled(3, "4", current=3))]
    events = [*chain, *chain_of_both(grown, average="4")]
    run = Run(tmp_path / "grown", events, scaledobject=BOTH, trigger="0", phases=("activation", "scale_out"))
    assert run.verdict == ("wrong_count", "more_than_predicted")
    assert run.passed == [("activation", False)]
    assert isinstance(run.facts, RestBroken)
    assert run.facts.highest == 3


def test_the_trigger_of_the_load_can_be_named(tmp_path):
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
    """Return observations with another ScaledObject, and the HPA's metrics of another HPA."""
    observations = with_object(observations, "scaledobjects", scaledobject)
    metrics = hpa["spec"]["metrics"]
    return map_objects(observations, "horizontalpodautoscalers", lambda obj: changed(obj, "spec.metrics", metrics))


LONG = {"rate": 34.5, "duration": 60.0}


def test_a_formula_is_watched_and_not_predicted(tmp_path):
    run = Run(tmp_path, of(FORMULA, [*ready_chain(), *scale_out()]), scaledobject=FORMULA, load=LONG)
    assert run.verdict == ("aborted", "not_predictable")
    assert isinstance(run.facts, Unpredicted)
    (entry,) = run.facts.not_predicted
    assert entry.trigger == "0 (prometheus)"
    assert re.search(r"scalingModifiers\.formula\b.*'s0 \* 2'", entry.why)
    assert run.result["predicted"]["replicas"] is None
    assert run.result["observed"]["replicas"] == 4
    assert [step["spec"] for step in run.result["observed"]["path"]][-1] == 4
    assert run.load.orders == ["start"], "it is watched to the end of the load"
    assert run.seconds == pytest.approx(60, abs=1)


@pytest.mark.parametrize(
    ("scaledobject", "hpa", "trigger", "detail"),
    [
        (KAFKA, HPA, "0 (kafka)", "type"),
        (CPU, HPA_OF_CPU, "cpu", "Resource"),
    ],
)
def test_an_unknown_type_is_watched_and_not_predicted(tmp_path, scaledobject, hpa, trigger, detail):
    events = of(scaledobject, without([*ready_chain(), *scale_out()], "prometheus"), hpa)
    run = Run(tmp_path, events, scaledobject=scaledobject, load=LONG, counter=None)
    assert run.verdict == ("aborted", "not_predictable")
    assert isinstance(run.facts, Unpredicted)
    assert trigger in {entry.trigger for entry in run.facts.not_predicted}
    assert any(detail in entry.why for entry in run.facts.not_predicted)
    assert run.result["observed"]["replicas"] == 4


@pytest.mark.parametrize("load", [{"rate": 34.5}, {"replicas": 4}])
def test_a_load_that_needs_a_prediction_is_refused_without_one(tmp_path, load):
    run = Run(tmp_path, of(FORMULA, ready_chain()), scaledobject=FORMULA, load=load)
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"load\.http\.rate\b.*load\.http\.duration\b", run.facts.text)
    assert run.load.orders == []


@pytest.mark.parametrize("phases", [("activation", "scale_out"), ("scale_out", "hold", "scale_in"), ("scale_in",)])
def test_phases_that_need_a_prediction_are_refused_without_one(tmp_path, phases):
    run = Run(tmp_path, of(FORMULA, ready_chain()), scaledobject=FORMULA, load=LONG, phases=phases)
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(rf"phases {', '.join(phases)} .*'s0 \* 2'", run.facts.text)
    assert run.load.orders == []


def falling_back(replicas):
    scaledobject = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": replicas})
    return changed(scaledobject, f"status.health.{METRIC}.numberOfFailures", 40)


def test_a_fallback_stands_for_the_metric(tmp_path):
    scaledobject = falling_back(1)
    run = Run(tmp_path, of(scaledobject, ready_chain()), scaledobject=scaledobject)
    assert run.verdict == ("not_scaled", "fallback")
    assert run.result["predicted"]["metric"] == 10.0
    assert isinstance(run.facts, Rested)
    assert run.facts.prediction.reason is PredictionReason.FALLBACK


def test_a_fallback_of_several_replicas_is_rest(tmp_path):
    """The HPA gets 3 times its target, and keeps 3 replicas under any load."""
    chain = of(falling_back(3), without(ready_chain(), "horizontalpodautoscalers", "deployments", "prometheus"))
    three = [
        seen(0, "horizontalpodautoscalers", scaled(3, "10", current=3), "ADDED"),
        *ready_replicas(0, 3),
        metric(0.1, 0.0, targets=pod_targets(3)),
    ]
    run = Run(tmp_path, [*chain, *three], scaledobject=falling_back(3))
    assert run.verdict == ("not_scaled", "fallback")
    assert (run.result["predicted"]["metric"], run.result["predicted"]["from_replicas"]) == (30.0, 3)


def test_a_metric_that_others_feed(tmp_path):
    def fed(item):
        if not isinstance(item, Reading) or item.targets is None:
            return item
        return replace(item, targets=TargetsReading([GATEWAY, target()], feeds={(GATEWAY.job, GATEWAY.instance)}))

    run = Run(
        tmp_path,
        [fed(item) for item in [*ready_chain(), *scale_out()]],
        counted=lambda run, targets: {target.pod: float(run.load.stats.answered) for target in targets},
    )
    assert run.verdict == ("scaled", "as_predicted")
    predicted = run.result["predicted"]
    # New pods take no share of what is counted, so the metric neither dips nor exceeds the load.
    assert "new_pods_counted" not in predicted["latest_parts"]
    assert predicted["latest_parts"]["scrape"] == 30.0
    assert [[target.pod for target in targets] for targets in run.asked] == [["gateway-0"], ["gateway-0"]]
    assert run.result["end_to_end"]["agrees"] is True
    assert [target["pod"] for target in run.result["evidence"]["targets"]] == ["gateway-0"]


def test_a_server_without_a_list_of_targets_needs_the_interval(tmp_path):
    def unlisted(item):
        if not isinstance(item, Reading) or item.targets is None:
            return item
        return replace(item, targets=TargetsReading(None, "404 Not Found"))

    events = [unlisted(item) for item in [*ready_chain(), *scale_out()]]
    run = Run(tmp_path, events)
    assert run.verdict == ("not_ready", "prometheus_unreachable")
    assert isinstance(run.facts, ChainNotReady)
    (finding,) = run.facts.missing
    assert (finding.code, finding.data["error"]) == (Code.NO_TARGETS, "404 Not Found")
    run = Run(tmp_path, events, given_interval=5.0, counter=None)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["predicted"]["latest_seconds"] == 180.0
    assert (run.result["evidence"]["targets"], run.result["evidence"]["scrape_interval_seconds"]) == ([], 5.0)
    # The address of the pods' own metrics is known only from a target.
    assert Run(tmp_path, events, given_interval=5.0, counter=COUNTER).result["end_to_end"] is None


def test_a_value_of_another_metric_alone_is_not_enough(tmp_path):
    """KEDA can't read the first trigger, while the HPA has a value of the second: nothing is sent."""
    chain = map_objects(
        chain_of_both(ready_chain()),
        "horizontalpodautoscalers",
        lambda hpa: changed(hpa, "status.currentMetrics.0", {"type": ""}),
    )
    run = Run(tmp_path, chain, scaledobject=BOTH)
    assert run.verdict == ("not_ready", "hpa_metric_invalid")
    assert isinstance(run.facts, ChainNotReady)
    assert [(finding.code, finding.data["metric"]) for finding in run.facts.missing] == [(Code.NO_VALUE, METRIC)]
    assert run.load.orders == []


def test_a_load_chosen_for_replicas_is_refused_while_keda_falls_back(tmp_path):
    falling = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 3})
    falling = changed(falling, "status.health", {METRIC: {"numberOfFailures": 9, "status": "Failing"}})
    chain = [seen(0.0, "scaledobjects", falling, "ADDED"), *without(ready_chain(), "scaledobjects")]
    run = Run(tmp_path, chain, scaledobject=falling, load={"replicas": 4})
    assert run.verdict == ("aborted", "bad_input")
    assert re.search(r"fallback\b.*load\.http\.rate\b", run.facts.text)
    assert run.load.orders == []


@pytest.mark.parametrize("load", [{"rate": 34.5}, {"rate": 34.5, "activation_rate": 5.0}])
def test_a_fallback_that_begins_before_the_activation(tmp_path, load):
    fallback = changed(SCALEDOBJECT, "spec.fallback", {"failureThreshold": 3, "replicas": 3})
    failing = changed(fallback, "status.health", {METRIC: {"numberOfFailures": 9, "status": "Failing"}})
    *objects, reading = ready_chain()
    busy = [*objects, replace(reading, values={"0": 3.0}), seen(2.0, "scaledobjects", failing), metric(10, 0.0)]
    run = Run(tmp_path, busy, load=load, phases=("activation",))
    assert run.verdict == ("aborted", "bad_input")
    assert "fallback" in run.facts.text
    assert run.load.specs == []


def with_query(query):
    """The ScaledObject with another query of the same counter."""
    return changed(SCALEDOBJECT, "spec.triggers.0.metadata.query", query)


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("sum(irate(python_request_operations_total[5m]))", {"scrape": 10.0}),
        ("sum(rate(python_request_operations_total[30s] offset 1m))", {"query_window": 30.0, "offset": 60.0}),
        ("max_over_time(sum(rate(python_request_operations_total[30s]))[2m:10s])", {"over_time": 10.0}),
    ],
)
def test_the_shape_of_the_query_is_in_the_prediction(tmp_path, query, parts):
    scaledobject = with_query(query)
    run = Run(tmp_path, of(scaledobject, ready_chain()), scaledobject=scaledobject, load={"rate": 34.5})
    latest = run.result["predicted"]["latest_parts"]
    assert {name: latest[name] for name in parts} == parts
    assert ("query_window" in latest) is ("irate" not in query)


def test_a_mean_is_refused_before_the_load(tmp_path):
    scaledobject = with_query("avg(rate(python_request_operations_total[30s]))")
    run = Run(tmp_path, of(scaledobject, ready_chain()), scaledobject=scaledobject, load={"rate": 34.5})
    assert run.verdict == ("aborted", "bad_input")
    assert "metricType: Value" in run.facts.text
    assert run.load.orders == []
