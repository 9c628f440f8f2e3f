# SPDX-License-Identifier: MIT
"""Proofs of ScaledObjects by their query: predicted by its factor, or not predicted, or refused."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    PollFailed,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import Problem
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.recording_rules import (
    Rule,
    RulesReading,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import FIRST, HPA, SCALEDOBJECT, changed
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    GATEWAY,
    metric,
    target,
    with_object,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

AT_THRESHOLD = "spec.metrics.0.external.target.averageValue"
WATCHED = {"rate": 34.5, "duration": 30.0}


def of_query(query, **metadata):
    """The demo's ScaledObject with another query."""
    obj = changed(SCALEDOBJECT, "spec.triggers.0.metadata.query", query)
    for name, value in metadata.items():
        obj = changed(obj, f"spec.triggers.0.metadata.{name}", value)
    return obj


def chain_of(query, threshold="10", **reading):
    """What is seen of a chain that is ready, with another query and threshold."""
    chain = with_object(ready_chain(), "scaledobjects", of_query(query))
    chain = with_object(chain, "horizontalpodautoscalers", changed(HPA, AT_THRESHOLD, threshold))
    return [replace(item, **reading) if hasattr(item, "values") else item for item in chain]


def predicted(folder, query, threshold="10", load=None, reading=None, **options):
    run = Run(
        folder,
        chain_of(query, threshold, **(reading or {})),
        scaledobject=of_query(query),
        load=load or {"replicas": 4},
        **options,
    )
    return run, run.result["predicted"]


@pytest.mark.parametrize(
    ("query", "threshold", "factor"),
    [
        ("sum(rate(c_total[30s]))", "10", 1.0),
        ("sum(increase(c_total[30s]))", "300", 30.0),
        ("sum(rate(c_total[30s])) * 60", "600", 60.0),
        ("sum(rate(c_total[30s])) / 2", "5", 0.5),
    ],
)
def test_the_rate_for_four_replicas_is_the_same_in_any_unit(tmp_path, query, threshold, factor):
    run, prediction = predicted(tmp_path, query, threshold)
    assert run.load.specs[0].rate == 34.5
    assert (prediction["replicas"], prediction["metric"]) == (4, 34.5 * factor)
    assert prediction["read"]["metric_per_request"] == factor
    assert "metric_per_request" not in prediction["assumed"]


def test_the_option_takes_precedence_over_the_query(tmp_path):
    run, prediction = predicted(tmp_path, "sum(rate(c_total[30s]))", load={"rate": 17.25}, metric_per_request=2.0)
    assert prediction["metric"] == 34.5
    assert prediction["assumed"]["metric_per_request"] == 2.0
    assert run.result["evidence"]["query_shape"]["factor"] == 2.0


def test_a_gauge_is_predicted_with_the_option(tmp_path):
    _run, prediction = predicted(tmp_path, "sum(in_flight)", load={"rate": 50.0}, metric_per_request=0.6)
    assert prediction["metric"] == 30.0


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum(in_flight)", "gauge"),
        ("histogram_quantile(0.9, sum by (le) (rate(c_bucket[1m])))", "quantile"),
        ("sum(rate(a[1m])) / sum(rate(b[1m]))", "ratio"),
        ("sum(ns:requests:rate5m)", "rule_unread"),
        ("sum(rate(c_total[$__rate_interval]))", "does_not_parse"),
    ],
)
def test_what_is_not_understood_is_only_watched(tmp_path, query, reason):
    run, prediction = predicted(tmp_path, query, load=WATCHED)
    assert run.verdict == ("aborted", "not_predictable")
    assert prediction["replicas"] is None
    assert run.result["evidence"]["query_shape"]["reason"] == reason
    (entry,) = prediction["not_predicted"]
    assert entry["trigger"] == "0 (prometheus)"


def test_what_is_not_understood_has_no_rate_for_replicas(tmp_path):
    run, _prediction = predicted(tmp_path, "sum(in_flight)")
    assert run.verdict == ("aborted", "bad_input")
    assert "metric_per_request" in run.result["message"]
    assert run.load.orders == []


# Rules


def test_a_recording_rule_is_predicted_once_it_is_read(tmp_path):
    rules = RulesReading((Rule("ns:requests:rate30s", "sum(rate(c_total[30s]))", 15.0),), 15.0)
    run, prediction = predicted(tmp_path, "max(ns:requests:rate30s) * 60", "600", reading={"rules": rules})
    assert (prediction["replicas"], run.load.specs[0].rate) == (4, 34.5)
    assert run.result["evidence"]["query_shape"]["rules"] == [{"name": "ns:requests:rate30s", "interval": 15.0}]


def test_a_rule_that_cannot_be_read_is_predicted_with_the_window(tmp_path):
    reading = {"rules": RulesReading(error="HTTP 403")}
    _run, prediction = predicted(tmp_path, "sum(ns:requests:rate30s)", reading=reading, query_window=30.0)
    assert prediction["replicas"] == 4


def test_a_rule_that_does_not_exist_is_named(tmp_path):
    run, _prediction = predicted(tmp_path, "sum(no:such:rule)", reading={"rules": RulesReading(())})
    assert run.verdict == ("aborted", "bad_input")
    assert "no:such:rule" in run.result["message"]


# Elements


def test_an_element_for_each_pod_is_not_predicted(tmp_path):
    run, prediction = predicted(tmp_path, "sum by (pod) (rate(c_total[30s]))", load=WATCHED)
    assert run.verdict == ("aborted", "not_predictable")
    assert "`sum`" in prediction["not_predicted"][0]["why"]


def test_an_element_of_a_gateway_stays_one(tmp_path):
    query = 'rate(c_total{ingress="web"}[60s])'
    chain = without(chain_of(query), "prometheus")
    feeds = {(GATEWAY.job, GATEWAY.instance)}
    chain.append(metric(0.1, 0.0, targets=[GATEWAY], feeds=feeds))
    run = Run(tmp_path, chain, scaledobject=of_query(query), load={"replicas": 4}, counter=None)
    assert run.result["predicted"]["replicas"] == 4


def twice(chain):
    second = replace(target(), job="canary")
    feeds = {(one.job, one.instance) for one in (target(), second)}
    return [*without(chain, "prometheus"), metric(0.1, 0.0, targets=[target(), second], feeds=feeds)]


def test_a_pod_that_is_scraped_by_two_jobs_counts_twice(tmp_path):
    query = "sum(rate(c_total[30s]))"
    run = Run(tmp_path, twice(chain_of(query)), scaledobject=of_query(query), load={"rate": 34.5})
    prediction = run.result["predicted"]
    # 7, or 8 by the overshoot right after a step.
    assert (prediction["metric"], prediction["possible_replicas"]) == (69.0, [7, 8])
    (warning,) = prediction["warnings"]
    assert "canary" in warning
    first_request = next(index for index, line in enumerate(run.lines) if "predicted:" in line)
    assert any("canary" in line for line in run.lines[:first_request]), "it is said before the load"


def test_a_mean_and_a_given_factor_are_not_doubled(tmp_path):
    query = "sum(rate(c_total[30s]))"
    run = Run(
        tmp_path, twice(chain_of(query)), scaledobject=of_query(query), load={"rate": 34.5}, metric_per_request=1.0
    )
    assert run.result["predicted"]["metric"] == 34.5


@pytest.mark.parametrize("matcher", [f'pod="{FIRST}"', f'pod=~"{FIRST}"', 'instance="10.244.1.17:5000"'])
def test_the_share_of_one_pod_is_not_predicted(tmp_path, matcher):
    run, prediction = predicted(tmp_path, f"sum(rate(c_total{{{matcher}}}[30s]))", load=WATCHED)
    assert run.verdict == ("aborted", "not_predictable")
    assert "one pod" in prediction["not_predicted"][0]["why"]


@pytest.mark.parametrize("matcher", ['pod=~"test-.*"', 'pod!=""', 'namespace="test"'])
def test_a_selection_of_all_pods_is_predicted(tmp_path, matcher):
    _run, prediction = predicted(tmp_path, f"sum(rate(c_total{{{matcher}}}[30s]))")
    assert prediction["metric"] == 34.5


def test_one_instance_that_is_no_pod_of_the_workload_is_predicted(tmp_path):
    gateway = TargetsReading([target(), GATEWAY], feeds=Counter({(GATEWAY.job, GATEWAY.instance): 1}))
    query = f'sum(rate(c_total{{instance="{GATEWAY.instance}"}}[1m]))'
    _run, prediction = predicted(tmp_path, query, load={"rate": 34.5}, reading={"targets": gateway})
    assert prediction["metric"] == 34.5


def test_a_mean_over_several_series_of_a_pod_is_not_predicted(tmp_path):
    several = TargetsReading([target()], feeds=Counter({("test", target().instance): 3}))
    reading = {"targets": several}
    run, prediction = predicted(tmp_path, "avg(rate(c_total[30s]))", load=WATCHED, reading=reading)
    assert run.verdict == ("aborted", "not_predictable")
    assert re.search(r"\b3\b", prediction["not_predicted"][0]["why"])


# Windows


def test_a_window_of_one_scrape_is_refused_before_the_load(tmp_path):
    slow = replace(target(), interval=30.0)
    query = "sum(rate(c_total[30s]))"
    chain = without(chain_of(query), "prometheus")
    chain.append(metric(0.1, 0.0, targets=[slow], feeds={(slow.job, slow.instance)}))
    run = Run(tmp_path, chain, scaledobject=of_query(query), load={"replicas": 4})
    assert run.verdict == ("aborted", "bad_input")
    assert "30 / 30" in run.result["message"]
    assert run.load.orders == []


def test_a_window_of_two_scrapes_is_a_warning(tmp_path):
    _run, prediction = predicted(tmp_path, "sum(rate(c_total[10s]))", load={"rate": 34.5})
    assert len(prediction["warnings"]) >= 1
    assert "10 s" in prediction["warnings"][0]


# Refusals


@pytest.mark.parametrize(
    ("observation", "reason", "named"),
    [
        (PollFailed(0.1, "HTTP 401", Problem.REFUSED), "prometheus_refused", "prometheus_headers"),
        (PollFailed(0.1, "HTTP 400 (no org id)", Problem.REFUSED), "prometheus_refused", "customHeaders X-Scope-OrgID"),
        (
            metric(0.1, None, errors={"0": "1:5: parse error"}, problems={"0": Problem.INVALID_QUERY}),
            "query_invalid",
            "1:5: parse error",
        ),
    ],
)
def test_what_prometheus_refuses_ends_the_proof_at_once(tmp_path, observation, reason, named):
    obj = of_query("sum(rate(c_total[30s]))", customHeaders="X-Scope-OrgID=secret-7")
    chain = [*without(with_object(ready_chain(), "scaledobjects", obj), "prometheus"), observation]
    run = Run(tmp_path, chain, scaledobject=obj)
    assert run.verdict == ("not_ready", reason)
    assert named in run.result["message"]
    assert run.seconds < 5
    assert "secret-7" not in (run.files.folder / "verdict.json").read_text()
    assert "secret-7" not in "".join(map(str, run.rows))


def test_a_prometheus_that_does_not_answer_is_waited_for(tmp_path):
    chain = [*without(ready_chain(), "prometheus"), PollFailed(0.1, "connection refused")]
    assert Run(tmp_path, chain).verdict == ("not_ready", "prometheus_unreachable")


def test_an_error_under_the_load_is_no_refusal(tmp_path):
    run = Run(tmp_path, [*ready_chain(), PollFailed(30.0, "HTTP 401", Problem.REFUSED)], load={"rate": 5.0})
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert FIRST in str(run.result["evidence"]["targets"])
