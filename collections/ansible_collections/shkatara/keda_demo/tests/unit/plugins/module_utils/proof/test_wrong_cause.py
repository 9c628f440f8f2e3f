# SPDX-License-Identifier: MIT
"""Proofs whose replicas become as predicted, and not because of the load; and proofs that only look so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import Problem
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.cause_facts import (
    MovedBeforeLoad,
    NeverOver,
    NotCounted,
    OtherHpas,
    OtherMetric,
    OtherWriter,
    RaisedMinimum,
    TooEarly,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    FROM_ZERO,
    HPA,
    SCALEDOBJECT,
    changed,
    deployed,
    scaled,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    later,
    map_objects,
    metric,
    ready_replicas,
    seen,
    source,
    without,
)
from ansible_collections.shkatara.keda_demo.tests.support.recordings import (
    COUNTED,
    ready_chain,
    scale_in,
    scale_out,
    zero_chain,
)
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run, counts_of_all

HPAS, DEPLOYMENTS = "horizontalpodautoscalers", "deployments"
KUBECTL, ARGO = ("kubectl", "scale"), ("argocd-controller", "")
CONTROLLER, KEDA = ("kube-controller-manager", "scale"), ("keda", "scale")
TO_MINIMUM = ("scale_out", "hold", "scale_in")


def written(deployment, writer):
    """The Deployment whose replicas were written by (manager, subresource)."""
    manager, subresource = writer
    entry = {
        "manager": manager,
        "operation": "Update",
        "time": "2026-11-25T03:05:45Z",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }
    older = {"manager": "kubectl-client-side-apply", "time": "2026-11-25T02:00:00Z", "fieldsV1": {"f:spec": {}}}
    entries = [older, {**entry, "subresource": subresource} if subresource else entry]
    return changed(deployment, "metadata.managedFields", entries)


def by(observations, writer):
    """The observations in which one client writes all replicas."""
    return map_objects(observations, DEPLOYMENTS, lambda obj: written(obj, writer))


def grown(at, count, average="0"):
    """The replicas are there, and the HPA reports that it wants them."""
    return [*ready_replicas(at, count), seen(at + 0.1, HPAS, scaled(count, average, current=count))]


def still(until=60):
    return [metric(at, 0.0) for at in range(1, until, 2)]


# The table


def test_a_query_that_stays_0_while_somebody_scales_by_hand(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *still(), *grown(2.2, 4)])
    assert run.verdict == ("wrong_cause", "too_early")
    assert isinstance(run.facts, TooEarly)
    assert (run.facts.replicas, run.facts.earliest_seconds) == (4, 21.7)
    assert run.facts.seconds == pytest.approx(2.1, abs=0.2)
    assert run.passed == [("scale_out", False)]


@pytest.mark.parametrize("at", [22.5, 40.0, 100.0])
def test_a_query_that_stays_0_while_replicas_grow_in_time(tmp_path, at):
    run = Run(tmp_path, [*ready_chain(), *still(150), *grown(at, 4)])
    assert run.verdict == ("wrong_cause", "metric_never_over")
    assert isinstance(run.facts, NeverOver)
    assert (run.facts.limit, run.facts.highest, run.facts.replicas) == (10.0, 0.0, 4)


def test_a_metric_that_is_over_only_after_the_decision(tmp_path):
    events = [*ready_chain(), *still(40), *grown(25.0, 4), *(metric(at, 34.5) for at in range(40, 60, 5))]
    run = Run(tmp_path, [*events, seen(42.0, HPAS, scaled(4, "8625m", current=4))])
    assert run.verdict == ("wrong_cause", "metric_never_over")


def slow_reading(script):
    """Reading the counters takes 5 s, before the load and after it."""

    def counted(run, targets):
        run.time.now += 5.0
        return script(run, targets)

    return counted


@pytest.mark.parametrize(
    "moved",
    [
        grown(2.0, 4),
        [seen(2.0, DEPLOYMENTS, deployed(4, 1, 1))],
        [seen(2.0, HPAS, scaled(4, "40", current=1))],
    ],
)
def test_replicas_that_move_while_the_counters_are_read(tmp_path, moved):
    run = Run(tmp_path, [*ready_chain(), *moved, *still()], counted=slow_reading(counts_of_all))
    assert run.verdict == ("wrong_cause", "moved_before_load")
    assert isinstance(run.facts, MovedBeforeLoad)
    assert run.facts.from_replicas == 1
    assert run.load.orders == [], "nothing is sent"
    assert run.passed == [("scale_out", False)]
    assert run.result["load"]["sent"] == 0


def test_replicas_that_move_right_before_the_first_request(tmp_path):
    def start_slowly(run):
        start = run.load.start

        def start_later(spec):
            start(spec)
            run.load.begun += 3.0

        run.load.start = start_later

    run = Run(tmp_path, [*ready_chain(), *grown(2.0, 4), *still()], at=[(0.0, start_slowly)])
    assert run.verdict == ("wrong_cause", "moved_before_load")
    assert run.facts.sent
    assert run.seconds < 5


def test_a_load_that_another_application_gets(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), *scale_out()],
        counted=lambda _run, targets: {one.pod: COUNTED for one in targets[:1]} | {one.pod: 0.0 for one in targets[1:]},
    )
    assert run.verdict == ("wrong_cause", "requests_not_counted")
    assert isinstance(run.facts, NotCounted)
    assert (run.facts.counted, run.facts.answered) == (0.0, run.load.stats.answered)
    assert run.result["end_to_end"]["agrees"] is False


def test_other_traffic_that_comes_with_the_load(tmp_path):
    """The load goes elsewhere, and the trigger's application gets as many requests from others."""
    run = Run(
        tmp_path,
        [*ready_chain(), *scale_out()],
        counted=lambda run, targets: {one.pod: 1.2 * run.load.stats.sent / len(targets) for one in targets},
    )
    assert run.verdict == ("wrong_cause", "requests_not_counted")


# Somebody else writes the replicas

RIVAL = changed(changed(HPA, "metadata.name", "by-hand"), "metadata.uid", "rival")
OF_ANOTHER = changed(RIVAL, "metadata.ownerReferences", [{"kind": "ScaledObject", "name": "other"}])


@pytest.mark.parametrize(("rival", "owner"), [(RIVAL, ""), (OF_ANOTHER, "other")])
@pytest.mark.parametrize(("at", "sent"), [(0.0, False), (20.0, True), (40.0, True)])
def test_another_hpa_of_the_deployment(tmp_path, rival, owner, at, sent):
    run = Run(tmp_path, [seen(at, HPAS, rival, "ADDED"), *ready_chain(), *scale_out()])
    assert run.verdict == ("wrong_cause", "other_writer")
    assert isinstance(run.facts, OtherHpas)
    ((name, target),) = run.facts.hpas
    assert (name, target.workload, target.scaledobject, run.facts.sent) == ("by-hand", "test", owner, sent)
    assert bool(run.load.orders) is sent
    # Before the load it has 10 s to leave.
    assert run.seconds == pytest.approx(at if sent else 10.0, abs=0.5)


def test_hpas_of_other_deployments_and_those_that_are_gone(tmp_path):
    elsewhere = changed(RIVAL, "spec.scaleTargetRef.name", "another")
    gone = [seen(0.0, HPAS, RIVAL, "ADDED"), seen(8.0, HPAS, RIVAL, "DELETED")]
    others = [*gone, seen(0.0, HPAS, elsewhere, "ADDED"), metric(7.0, 0.0)]
    run = Run(tmp_path, [*others, *ready_chain(), *scale_out(begin=8.3)])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["evidence"]["hpa"] == "keda-hpa-scaledobject-py"


CRON = {"type": "cron", "metadata": {"timezone": "Etc/UTC", "start": "0 6 * * *", "end": "0 20 * * *"}}
WITH_CRON = changed(SCALEDOBJECT, "spec.triggers", [*SCALEDOBJECT["spec"]["triggers"], CRON])


def cron_hpa(hpa, average):
    external = {"metric": {"name": "s1-cron-Etc-UTC"}, "target": {"type": "AverageValue", "averageValue": "1"}}
    hpa = changed(hpa, "spec.metrics", [*hpa["spec"]["metrics"], {"type": "External", "external": external}])
    current = {"metric": {"name": "s1-cron-Etc-UTC"}, "current": {"averageValue": average}}
    metrics = [*hpa["status"]["currentMetrics"], {"type": "External", "external": current}]
    return changed(hpa, "status.currentMetrics", metrics)


def with_cron(observations, average="1"):
    observations = map_objects(observations, "scaledobjects", lambda _obj: WITH_CRON)
    return map_objects(observations, HPAS, lambda hpa: cron_hpa(hpa, average))


def test_a_cron_trigger_that_becomes_active(tmp_path):
    """The load's metric asks for 2, and the cron trigger for 4, which is what the load would ask for later."""
    events = [item for item in scale_out() if item.at < 31 and source(item) != HPAS]
    active = [
        *ready_replicas(25.0, 4),
        *map_objects([seen(25.1, HPAS, scaled(4, "18060m"))], HPAS, lambda hpa: cron_hpa(hpa, "4")),
    ]
    run = Run(tmp_path, [*with_cron(ready_chain()), *without(events, DEPLOYMENTS), *active], scaledobject=WITH_CRON)
    assert run.verdict == ("wrong_cause", "other_trigger")
    assert isinstance(run.facts, OtherMetric)
    assert (run.facts.metric, run.facts.asked, run.facts.by_load) == ("s1-cron-Etc-UTC", 4, 2)


def test_a_cron_trigger_that_becomes_active_in_the_hold(tmp_path):
    more = [*ready_replicas(40.0, 4), seen(40.0, DEPLOYMENTS, deployed(6, 6, 6))]
    six = map_objects([seen(40.1, HPAS, scaled(6, "8625m", current=4))], HPAS, lambda hpa: cron_hpa(hpa, "1500m"))
    run = Run(tmp_path, [*with_cron([*ready_chain(), *scale_out()]), *more, *six], scaledobject=WITH_CRON)
    assert run.verdict == ("wrong_cause", "other_trigger")
    assert run.facts.replicas == 6
    assert run.passed == [("scale_out", True), ("hold", False)]


def test_a_cron_trigger_that_becomes_active_under_a_load_below_the_threshold(tmp_path):
    active = map_objects([seen(20.1, HPAS, scaled(3, "5"))], HPAS, lambda hpa: cron_hpa(hpa, "3"))
    events = [*with_cron(ready_chain()), metric(10, 5.0), *ready_replicas(20.0, 3), *active]
    run = Run(tmp_path, events, scaledobject=WITH_CRON, phases=("activation", "scale_out"))
    assert run.verdict == ("wrong_cause", "other_trigger")
    assert run.passed == [("activation", False)]
    run = Run(tmp_path / "rest", events, scaledobject=WITH_CRON, load={"rate": 5.0})
    assert run.verdict == ("wrong_cause", "other_trigger")


def test_a_minimum_above_the_prediction(tmp_path):
    raised = [seen(24.0, DEPLOYMENTS, deployed(6, 6, 6))]
    minimum = seen(24.1, HPAS, changed(scaled(6, "18060m"), "spec.minReplicas", 6))
    events = [item for item in scale_out() if item.at < 24 or source(item) == "prometheus"]
    run = Run(tmp_path, [*ready_chain(), *events, *raised, minimum])
    assert run.verdict == ("wrong_cause", "other_writer")
    assert run.facts.after == 6


def test_a_cron_trigger_that_asks_for_less_changes_nothing(tmp_path):
    run = Run(tmp_path, with_cron([*ready_chain(), *scale_out()]), scaledobject=WITH_CRON)
    assert run.verdict == ("scaled", "as_predicted")


@pytest.mark.parametrize("at", [24.1, 24.1004, 24.1006])
def test_a_minimum_that_is_raised(tmp_path, at):
    """GitOps writes minReplicaCount, and the HPA follows it before the metric asks for as much.

    The times of hops are rounded to milliseconds. The cause is never later than the replicas that it made.
    """
    raised = [
        *ready_replicas(24.0, 4),
        seen(at, HPAS, changed(scaled(4, "18060m"), "spec.minReplicas", 4)),
    ]
    events = [item for item in scale_out() if item.at < 24 or source(item) == "prometheus"]
    run = Run(tmp_path, [*ready_chain(), *events, *raised])
    assert run.verdict == ("wrong_cause", "other_writer")
    assert isinstance(run.facts, RaisedMinimum)
    assert (run.facts.before, run.facts.after, run.facts.by_load) == (1, 4, 2)
    assert run.passed == [("scale_out", False)]


@pytest.mark.parametrize("writer", [KUBECTL, ARGO, ("OpenAPI-Generator", "scale"), ("helm", "")])
def test_a_writer_with_a_name_ends_the_proof_at_once(tmp_path, writer):
    """Even a count that the HPA wants as well: nobody knows whether it would have."""
    run = Run(tmp_path, [*ready_chain(), *by(scale_out(), writer)])
    assert run.verdict == ("wrong_cause", "other_writer")
    assert isinstance(run.facts, OtherWriter)
    assert (run.facts.before, run.facts.after, run.facts.writer.name) == (1, 2, writer[0])
    assert run.seconds == pytest.approx(16.5, abs=0.5)
    assert writer[0] in run.result["message"]


@pytest.mark.parametrize("writer", [KUBECTL, ARGO, ("unknown", "scale"), ("", "")])
@pytest.mark.parametrize("count", [1, 7])
def test_a_write_in_the_hold_that_the_hpa_undoes(tmp_path, writer, count):
    before = by(ready_chain() + scale_out(), CONTROLLER)
    write = by([seen(40.0, DEPLOYMENTS, deployed(count, 4, 4))], writer)
    undone = by([seen(44.0, DEPLOYMENTS, deployed(4, 4, 4))], CONTROLLER)
    run = Run(tmp_path, [*before, *write, *undone])
    assert run.verdict == ("wrong_cause", "other_writer")
    assert (run.facts.before, run.facts.after, run.facts.desired) == (4, count, 4)
    assert run.passed == [("scale_out", True), ("hold", False)]


def test_a_write_that_the_hpa_never_wanted_and_leaves(tmp_path):
    """Without a name it needs two syncs of 15 s, and 5 s, until the HPA must have reported it."""
    run = Run(tmp_path, [*ready_chain(), seen(5.0, DEPLOYMENTS, deployed(4, 1, 1)), *ready_replicas(7.0, 4)])
    assert run.verdict == ("wrong_cause", "other_writer")
    assert run.seconds == pytest.approx(5 + 35, abs=0.5)


def test_a_write_during_the_load_under_the_threshold(tmp_path):
    write = by([seen(20.0, DEPLOYMENTS, deployed(3, 1, 1))], KUBECTL)
    run = Run(tmp_path, [*ready_chain(), metric(10, 5.0), *write], phases=("activation", "scale_out"))
    assert run.verdict == ("wrong_cause", "other_writer")
    assert run.passed == [("activation", False)]


def test_an_activation_whose_requests_another_application_gets(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), metric(20, 0.0)],
        phases=("activation",),
        counted=lambda _run, targets: {one.pod: COUNTED for one in targets},
    )
    assert run.verdict == ("wrong_cause", "requests_not_counted")
    assert run.passed == [("activation", False)]


def test_a_scale_in_by_hand(tmp_path):
    """The load ends at 48.5 s, and the HPA would shrink after its stabilization."""
    run = Run(
        tmp_path,
        [*by([*ready_chain(), *scale_out()], CONTROLLER), *by(scale_in(100.0), KUBECTL)],
        phases=TO_MINIMUM,
    )
    assert run.verdict == ("wrong_cause", "other_writer")
    assert run.facts.after_load
    assert run.passed == [("scale_out", True), ("hold", True), ("scale_in", False)]


def test_a_first_replica_that_the_load_did_not_bring(tmp_path):
    """From 0, with a metric that is never over the activation's threshold."""
    hpa = changed(HPA, "status.desiredReplicas", 1)
    first = [seen(4.0, DEPLOYMENTS, deployed(1, 0, 0)), *ready_replicas(6.0, 1), seen(15.0, HPAS, hpa)]
    events = [*zero_chain(), *first, *still(100)]
    run = Run(
        tmp_path,
        events,
        scaledobject=FROM_ZERO,
        load={"rate": 5.0},
        counted=lambda run, targets: {one.pod: float(run.load.stats.answered) for one in targets},
    )
    assert run.result["predicted"]["possible_replicas"] == [1]
    assert run.verdict == ("wrong_cause", "metric_never_over")
    assert (run.facts.limit, run.facts.replicas) == (0.0, 1)


# What is no other cause


def test_writes_of_the_hpa_by_name(tmp_path):
    run = Run(tmp_path, by([*ready_chain(), *scale_out(), *scale_in(390.0)], CONTROLLER), phases=TO_MINIMUM)
    assert run.verdict == ("scaled", "as_predicted")


@pytest.mark.parametrize("writer", [CONTROLLER, ("k3s", "scale"), ("unknown", "scale"), ("", "")])
def test_a_status_of_the_hpa_that_comes_a_sync_later(tmp_path, writer):
    """The first status met a conflict, so that the HPA reports 2 replicas only with its next sync."""
    events = [later(item, 12.0) if source(item) == HPAS and item.at < 20 else item for item in scale_out()]
    run = Run(tmp_path, [*by(ready_chain(), writer), *by(events, writer)])
    assert run.verdict == ("scaled", "as_predicted")


def test_a_status_that_is_overtaken_by_the_next_decision(tmp_path):
    """The HPA never reported its first step; the API server names it as the writer."""
    events = [item for item in scale_out() if not (source(item) == HPAS and item.at < 20)]
    run = Run(tmp_path, by([*ready_chain(), *events], CONTROLLER))
    assert run.verdict == ("scaled", "as_predicted")


def test_a_query_that_is_read_right_after_the_decision(tmp_path):
    """One reading a scrape: the last one before the decision is under the threshold."""
    events = [item for item in scale_out() if not (source(item) == "prometheus" and 11 < item.at < 17)]
    over = metric(20.0, 18.4)
    run = Run(tmp_path, [*ready_chain(), *events, over])
    assert run.verdict == ("scaled", "as_predicted")


def test_a_query_that_is_not_read_during_the_load(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *without(scale_out(), "prometheus")])
    assert run.verdict == ("scaled", "as_predicted")


@pytest.mark.parametrize("until", [0.5, 7.5, 12.5, 17.5])
@pytest.mark.parametrize("refused", [[], range(20, 60, 5)])
def test_a_prometheus_that_is_lost_during_the_load(tmp_path, until, refused):
    """Its last reading is under the threshold, or over it; the HPA's own value is over it at the decision."""
    events = [item for item in scale_out() if source(item) != "prometheus" or item.at < until]
    failures = [PollFailed(at, "no route to host", Problem.NO_ANSWER) for at in refused]
    run = Run(tmp_path, [*ready_chain(), *events, *failures])
    assert run.verdict == ("scaled", "as_predicted")


def test_a_prometheus_that_is_lost_while_somebody_scales_by_hand(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *still(20), *grown(25.0, 4), seen(42.0, HPAS, scaled(4, "8625m", current=4))])
    assert run.verdict == ("wrong_cause", "metric_never_over")
    assert run.facts.by_hpa


def restarted(item):
    """The first pod's counter begins anew with the load: what it had counted before is lost."""
    if source(item) != "prometheus":
        return item
    first = [replace(one, samples=[(at, value - COUNTED) for at, value in one.samples]) for one in item.counter[:1]]
    return replace(item, counter=first)


def test_a_counter_that_restarts_during_the_load_has_counted(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), *map(restarted, scale_out())],
        counted=lambda _run, targets: {one.pod: "its counter fell" for one in targets},
    )
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["hops"]["load_scraped"]["seconds"] == pytest.approx(4.97, abs=0.05)


def test_counters_that_cannot_be_read_are_no_disagreement(tmp_path):
    run = Run(
        tmp_path,
        [*ready_chain(), *scale_out()],
        counted=lambda _run, targets: {one.pod: "403 Forbidden" for one in targets},
    )
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["end_to_end"]["agrees"] is None


def counts_more(by_others):
    """The pods count a number of other requests, too."""

    def counted(run, targets):
        counts = counts_of_all(run, targets)
        first = next(iter(counts))
        more = by_others if run.load.stats.sent else 0.0
        return {**counts, first: counts[first] + more}

    return counted


@pytest.mark.parametrize(("others", "outcome"), [(9.0, "scaled"), (60.0, "wrong_cause")])
def test_a_few_requests_of_others_do_not_disturb(tmp_path, others, outcome):
    """At rest 2 % of the threshold are nothing, which are 0.2/s here, for 48 s."""
    run = Run(tmp_path, [*ready_chain(), *scale_out()], counted=counts_more(others))
    assert run.verdict[0] == outcome
    assert run.result["end_to_end"]["agrees"] is False
    assert run.result["deviations"] == [run.result["end_to_end"]["message"]]


def test_traffic_of_others_that_the_prediction_knows_is_counted_too(tmp_path):
    *chain, prometheus = ready_chain()
    begun = replace(prometheus, values={"0": 9.0})
    others = [metric(at, 9.0) for at in range(1, 58, 2)]
    run = Run(
        tmp_path,
        [*chain, begun, *others, *scale_out(begin=58)],
        load={"rate": 25.5},
        counted=counts_more(9.0 * 48),
    )
    assert run.verdict == ("scaled", "as_predicted")
