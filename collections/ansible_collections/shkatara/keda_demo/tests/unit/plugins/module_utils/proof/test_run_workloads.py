# SPDX-License-Identifier: MIT
"""Whole proofs of workloads that are no Deployments, rollouts during a proof, and pods of other workloads."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    HPA,
    changed,
    deployed,
    pod,
    replicaset,
)
from ansible_collections.shkatara.keda_demo.tests.support.observations import failed, recovered, seen, with_object
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import (
    STATEFULSET,
    owned,
    scales,
    stateful,
)
from ansible_collections.shkatara.keda_demo.tests.support.workload_runs import (
    as_fleet,
    as_statefulset,
    fleet_cluster,
    stateful_cluster,
)

CHAIN_AND_GROWTH = [*ready_chain(), *scale_out()]


def counted_evenly(run, targets):
    """All answers are counted by the first pod, which had counted before."""
    answered = run.load.stats.answered
    return {target.pod: 991.0 + answered if target.pod == "test-0" else 0.0 for target in targets}


def stateful_run(folder, *more, cluster=None, chain=CHAIN_AND_GROWTH, **options):
    return Run(
        folder,
        [*as_statefulset(chain), *more],
        cluster=cluster or stateful_cluster(),
        counted=counted_evenly,
        **options,
    )


def fleet_run(folder, *more, cluster=None, **options):
    return Run(
        folder,
        [*as_fleet(CHAIN_AND_GROWTH), *more],
        cluster=cluster or fleet_cluster(),
        counted=counted_evenly,
        **options,
    )


@pytest.mark.parametrize("prove", [stateful_run, fleet_run])
def test_a_workload_of_another_kind_scales_out(tmp_path, prove):
    run = prove(tmp_path)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.passed == [("scale_out", True), ("hold", True)]
    assert run.result["observed"]["replicas"] == 4
    assert [step["spec"] for step in run.result["observed"]["path"]][-1] == 4
    assert run.result["deviations"] == []
    hops = run.result["hops"]
    observed = {"workload_scaled", "pod_created", "image_there", "pod_ready", "new_pod_counted", "replicas_ready"}
    assert observed <= set(hops)
    assert not {"deployment_scaled", "replicaset_scaled"} & {*hops, *run.result["predicted"]["hops"]}
    assert hops["workload_scaled"]["seconds"] == pytest.approx(16.241, abs=0.2)
    assert hops["replicas_ready"]["seconds"] == pytest.approx(33.1, abs=0.3)


@pytest.mark.parametrize(
    ("prove", "kind", "api_version", "source"),
    [
        (stateful_run, "StatefulSet", "apps/v1", "statefulsets"),
        (fleet_run, "Fleet", "shop.example/v1", "fleets.shop.example"),
    ],
)
def test_the_result_names_the_workload(tmp_path, prove, kind, api_version, source):
    run = prove(tmp_path)
    evidence = run.result["evidence"]
    assert evidence["deployment"] is None
    assert evidence["workload"] == {
        "kind": kind,
        "name": "test",
        "api_version": api_version,
        "not_observed": ["replicaset_scaled"],
        "other_pods": {},
    }
    assert run.result["hops"]["workload_scaled"]["source"] == f"watch of the {kind}"
    assert [line for line in run.lines if "replicaset_scaled" in line and f"{kind} test" in line]
    assert {(row["source"], row["field"]) for row in run.rows} >= {(source, "spec_replicas"), (source, "ready")}
    assert "deployments" not in {row["source"] for row in run.rows}


def test_a_deployment_is_named_as_before(tmp_path):
    evidence = Run(tmp_path, CHAIN_AND_GROWTH).result["evidence"]
    assert evidence["deployment"] == "test"
    assert (evidence["workload"]["kind"], evidence["workload"]["not_observed"]) == ("Deployment", [])


def test_pods_in_order_have_time_one_after_the_other(tmp_path):
    """A latest time that has one start too few is the same for both kinds."""
    in_order = stateful_run(tmp_path / "ordered").result["predicted"]["latest_parts"]
    parallel = changed(STATEFULSET, "spec.podManagementPolicy", "Parallel")
    cluster = Objects(scaledobjects=[scales("StatefulSet")], statefulsets=[parallel])
    at_once = stateful_run(tmp_path / "parallel", cluster=cluster).result["predicted"]["latest_parts"]
    # Three new pods, each with 30 s and 2 s of its probe.
    assert (in_order["pod_start"], at_once["pod_start"]) == (3 * 32, 32)
    assert {**in_order, "pod_start": 0} == {**at_once, "pod_start": 0}


@pytest.fixture(autouse=True)
def folders(tmp_path):
    for name in ("ordered", "parallel"):
        (tmp_path / name).mkdir()


# Rollouts


def rolled_out(at):
    """What is seen of a StatefulSet from the beginning of a rollout on."""
    new = {"updateRevision": "test-7d9f5b6c4", "currentRevision": "test-6c5b8d8f9d", "updatedReplicas": 0}
    return [
        seen(at, "statefulsets", stateful(4, 4, 4, **new)),
        seen(at + 0.3, "statefulsets", stateful(4, 4, 3, **new)),
    ]


def test_a_rollout_during_the_hold_is_the_reason(tmp_path):
    run = stateful_run(tmp_path, *rolled_out(38.0), hold_seconds=15.0)
    assert run.verdict == ("flapped", "rolled_out")
    rollout = run.facts.rollout
    assert (rollout.before, rollout.after) == ("test-6c5b8d8f9d", "test-7d9f5b6c4")
    assert rollout.seconds == pytest.approx(38.0, abs=0.4)
    assert len([text for text in run.result["deviations"] if "test-7d9f5b6c4" in text]) == 1


def test_a_rollout_of_a_deployment_during_the_hold(tmp_path):
    first = changed(DEPLOYMENT, "metadata.annotations", {"deployment.kubernetes.io/revision": "1"})
    with_revision = {"deployment.kubernetes.io/revision": "2"}
    new = changed(deployed(4, 5, 4), "metadata.annotations", with_revision)
    chain = with_object(ready_chain(), "deployments", first)
    grown = [
        seen(item.at, item.kind, changed(item.object, "metadata.annotations", first["metadata"]["annotations"]))
        if getattr(item, "kind", "") == "deployments"
        else item
        for item in scale_out()
    ]
    run = Run(tmp_path, [*chain, *grown, seen(38.0, "deployments", new)])
    assert run.verdict == ("flapped", "rolled_out")
    assert (run.facts.rollout.before, run.facts.rollout.after) == ("1", "2")


def test_pods_that_leave_without_a_rollout_have_another_reason(tmp_path):
    run = stateful_run(tmp_path, seen(38.0, "statefulsets", stateful(4, 4, 3)))
    assert run.verdict == ("flapped", "left_during_hold")
    assert run.facts.rollout is None


def test_a_rollout_after_the_replicas_left_is_not_the_reason(tmp_path):
    run = stateful_run(tmp_path, seen(36.0, "statefulsets", stateful(4, 4, 3)), *rolled_out(44.0))
    assert run.verdict == ("flapped", "left_during_hold")
    assert [text for text in run.result["deviations"] if "test-7d9f5b6c4" in text], "it is named all the same"


def test_a_rollout_that_replicas_survive_is_a_deviation(tmp_path):
    run = stateful_run(tmp_path, rolled_out(38.0)[0])
    assert run.verdict == ("scaled", "as_predicted")
    assert [text for text in run.result["deviations"] if "test-7d9f5b6c4" in text]


def test_a_rollout_before_the_load_is_no_rest(tmp_path):
    rolling = stateful(1, 1, 1, updateRevision="test-7d9f5b6c4", updatedReplicas=0)
    run = stateful_run(tmp_path, seen(0.2, "statefulsets", rolling), chain=ready_chain())
    assert run.verdict == ("not_ready", "not_at_rest")
    assert run.facts.finding.code == "rolling_out"
    assert run.load.orders == []


# Watches


def test_a_broken_watch_of_the_pods_hides_the_ready_count_of_a_fleet(tmp_path):
    """No count is held that nobody sees; a StatefulSet has its own."""
    broken = [failed(36.0, "pods"), recovered(60.0, "pods")]
    assert fleet_run(tmp_path, *broken).seconds > 60
    assert stateful_run(tmp_path / "ordered", *broken).seconds < 60


def test_a_workload_that_is_gone(tmp_path):
    chain = [item for item in as_statefulset(ready_chain()) if getattr(item, "kind", "") != "statefulsets"]
    run = Run(tmp_path, chain, cluster=stateful_cluster())
    assert run.verdict == ("not_ready", "workload_missing")
    assert run.facts.missing[0].data["object"] == "the StatefulSet"


# Pods of other workloads

CANARY = owned(pod("canary-x7k2p"), "ReplicaSet", "canary-5f8d9c7b6", "canary-5f8d9c7b6")


def named(obj, name):
    """A copy of an object with another name, which is its uid, too."""
    return changed(changed(obj, "metadata.name", name), "metadata.uid", name)


def test_pods_of_another_workload_are_named_before_the_load_and_not_counted(tmp_path):
    cluster = fleet_cluster(CANARY)
    cluster.kinds |= {
        "replicasets": [owned(named(replicaset(1, 1, 1), "canary-5f8d9c7b6"), "Deployment", "canary", "canary")],
        "deployments": [named(DEPLOYMENT, "canary")],
    }
    run = fleet_run(tmp_path, seen(0.0, "pods", CANARY, "ADDED"), cluster=cluster)
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["evidence"]["workload"]["other_pods"] == {"canary-x7k2p": "Deployment canary"}
    positions = [index for index, line in enumerate(run.lines) if "canary-x7k2p (Deployment canary)" in line]
    assert positions
    assert positions[0] < next(index for index, line in enumerate(run.lines) if "predicted:" in line)


def test_a_value_target_is_refused_with_pods_of_another_workload(tmp_path):
    """The HPA counts the Ready pods of the selector, whoever owns them."""
    value = changed(HPA, "spec.metrics.0.external.target", {"type": "Value", "value": "10"})
    other = owned(pod("other-0"), "StatefulSet", "other", "other")
    chain = with_object(ready_chain(), "horizontalpodautoscalers", value)
    run = stateful_run(tmp_path, seen(0.0, "pods", other, "ADDED"), chain=chain, cluster=stateful_cluster(other))
    assert run.verdict == ("aborted", "bad_input")
    assert "StatefulSet other" in run.facts.text
    assert "app=test" in run.facts.text
    assert run.load.orders == []
