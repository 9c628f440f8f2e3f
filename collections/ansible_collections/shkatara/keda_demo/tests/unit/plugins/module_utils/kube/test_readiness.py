# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The readiness of objects, and the reasons against it."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.readiness import (
    pod_troubles,
    unready_reason,
)

NOT_OBSERVED = "its controller has not seen its last change yet"


def workload(status, replicas=1):
    return {"metadata": {"generation": 1}, "spec": {"replicas": replicas}, "status": status}


def rolled_out(**changes):
    return {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1} | changes


def scheduled(**changes):
    ready = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 2,
        "updatedNumberScheduled": 2,
        "numberAvailable": 2,
    }
    return ready | changes


def stateful(**changes):
    ready = {"observedGeneration": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}
    return ready | changes


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("Deployment", rolled_out(), None),
        ("Deployment", {}, NOT_OBSERVED),
        ("Deployment", rolled_out(observedGeneration=0), NOT_OBSERVED),
        ("Deployment", {"observedGeneration": 1}, "0 of 1 pods have its current template"),
        ("Deployment", rolled_out(replicas=2), "1 old pods still exist"),
        ("Deployment", rolled_out(availableReplicas=0), "0 of 1 pods are available"),
        ("DaemonSet", scheduled(), None),
        ("DaemonSet", {}, NOT_OBSERVED),
        ("DaemonSet", scheduled(desiredNumberScheduled=0), "it has no node to run on"),
        ("DaemonSet", scheduled(updatedNumberScheduled=1), "1 of 2 pods have its current template"),
        ("DaemonSet", scheduled(numberAvailable=1), "1 of 2 pods are available"),
        ("StatefulSet", stateful(), None),
        ("StatefulSet", {}, NOT_OBSERVED),
        ("StatefulSet", stateful(readyReplicas=0), "0 of 1 pods are ready"),
        ("StatefulSet", stateful(updateRevision="b"), "0 of 1 pods have its current template"),
    ],
)
def test_workloads(kind, status, reason):
    assert unready_reason(kind, workload(status)) == reason


def test_a_deployment_without_replicas_is_ready():
    assert unready_reason("Deployment", workload({"observedGeneration": 1}, replicas=0)) is None


def test_a_missing_object_is_not_ready():
    assert unready_reason("Deployment", None) == "it does not exist"


def with_condition(kind, status, **more):
    condition = {"type": kind, "status": status, **more}
    return {
        "metadata": {"generation": 2},
        "status": {"conditions": [{"type": "Other", "status": "True"}, condition]},
    }


@pytest.mark.parametrize(
    ("kind", "obj", "reason"),
    [
        ("APIService", with_condition("Available", "True"), None),
        (
            "APIService",
            with_condition("Available", "False", reason="MissingEndpoints", message="no endpoints"),
            "Available is False: no endpoints",
        ),
        ("ScaledObject", with_condition("Ready", "Unknown"), "Ready is Unknown: without a reason"),
        ("ScaledObject", {"metadata": {}}, "it has no condition Ready yet"),
        ("CustomResourceDefinition", with_condition("Established", "True"), None),
        ("Prometheus", with_condition("Available", "True", observedGeneration=2), None),
        ("Prometheus", with_condition("Available", "True", observedGeneration=1), NOT_OBSERVED),
    ],
)
def test_conditions(kind, obj, reason):
    assert unready_reason(kind, obj) == reason


def pod(*containers, initial=(), **metadata):
    return {
        "metadata": {"name": "a", **metadata},
        "status": {"containerStatuses": list(containers), "initContainerStatuses": list(initial)},
    }


def container(state, ready=False, **more):
    return {"name": "main", "ready": ready, "state": state, **more}


WAITING = {"waiting": {"reason": "ErrImageNeverPull", "message": "not present"}}
CRASHED = {
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 2}},
    "restartCount": 3,
}


@pytest.mark.parametrize(
    ("obj", "troubles"),
    [
        (pod(container({"running": {}}, ready=True)), []),
        (pod(container(WAITING)), ["container main waits (ErrImageNeverPull: not present)"]),
        (
            pod({"name": "main", "ready": False, **CRASHED}),
            ["container main waits (CrashLoopBackOff), ended 3 times, last with exit code 2"],
        ),
        (pod(container({"terminated": {"exitCode": 1}})), ["container main has ended with exit code 1"]),
        (pod(container({"running": {}})), ["container main runs and its probes don't succeed"]),
        (pod(container({})), ["container main runs and its probes don't succeed"]),
        (pod(container(WAITING), deletionTimestamp="now"), []),
        (
            pod(container({"waiting": {"reason": "PodInitializing"}}), initial=[container({"running": {}})]),
            ["container main runs and its probes don't succeed"],
        ),
        (
            pod(container(WAITING), initial=[container({"terminated": {"exitCode": 0}})]),
            ["container main waits (ErrImageNeverPull: not present)"],
        ),
    ],
)
def test_troubles_of_pods(obj, troubles):
    assert pod_troubles(obj) == troubles


def test_a_pod_without_a_node_says_why():
    condition = {"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}
    obj = {"metadata": {"name": "a"}, "status": {"conditions": [condition]}}
    assert pod_troubles(obj) == ["it has no node: 0/2 nodes are available"]
