# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the role concludes from what the API told it: who needs a hint, and what is not ready."""

import pytest

WRITTEN = "2026-11-23T10:00:05Z"


def applied(changed):
    """Return what kubernetes.core.k8s returns for a list of definitions."""
    ours = {"manager": "keda_demo", "time": WRITTEN}
    other = {"manager": "before-first-apply", "time": "2026-11-23T09:00:00Z"}
    monitor = {"kind": "ServiceMonitor", "metadata": {"managedFields": [ours, other]}}
    namespace = {"kind": "Namespace", "metadata": {"managedFields": [ours]}}
    results = [{"changed": True, "result": namespace}, {"changed": changed, "result": monitor}]
    return {"__demo_app_applied": {"changed": True, "result": {"results": results}}}


@pytest.fixture(scope="module")
def written(run_role):
    cases = {
        "changed": applied(True),
        "unchanged": applied(False),
        # Where nothing was applied: the entry point `wait` alone, or a task that was skipped.
        "alone": {},
        "skipped": {"__demo_app_applied": {"changed": False, "skipped": True}},
    }
    return {case: result["value"] for case, result in run_role(cases, "__demo_app_monitor_written_at").items()}


def test_only_a_changed_service_monitor_needs_a_hint(written):
    assert written == {"changed": WRITTEN, "unchanged": "", "alone": "", "skipped": ""}


def test_only_pods_that_were_there_before_get_it(run_role):
    times = {"older": "2026-11-23T10:00:04Z", "same": WRITTEN, "newer": "2026-11-23T10:00:06Z"}
    pods = [{"metadata": {"name": name, "creationTimestamp": time}} for name, time in times.items()]
    given = applied(True) | {"__demo_app_prometheus": {"resources": pods}}
    found = run_role({"pods": given}, "__demo_app_prometheus_older | map(attribute='metadata.name') | list")
    assert found["pods"] == {"value": ["older", "same"]}


def pod(name, **status):
    return {"metadata": {"name": name}, "status": status}


def waiting(**why):
    return {"containerStatuses": [{"ready": False, "state": {"waiting": why}}]}


UNREADY = {
    "pods": (
        [
            pod("fine", containerStatuses=[{"ready": True, "state": {"running": {}}}]),
            pod("pull", **waiting(reason="ImagePullBackOff", message="no such image")),
            pod("create", **waiting(reason="ContainerCreating")),
            pod("slow", containerStatuses=[{"ready": False, "state": {"running": {}}}]),
            pod("homeless", conditions=[{"type": "PodScheduled", "status": "False", "message": "0/2 nodes"}]),
        ],
        [{"metadata": {"name": "so"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}],
        [
            "Pod pull is not ready: ImagePullBackOff, no such image",
            "Pod create is not ready: ContainerCreating",
            "Pod slow is not ready: its readiness probe fails",
            "Pod homeless has no node: 0/2 nodes",
        ],
    ),
    "trigger": (
        [pod("fine", containerStatuses=[{"ready": True, "state": {}}])],
        [
            {
                "metadata": {"name": "so"},
                "status": {
                    "conditions": [
                        {
                            "type": "Ready",
                            "status": "False",
                            "reason": "TriggerError",
                            "message": "no triggers",
                        }
                    ]
                },
            }
        ],
        [
            "ScaledObject so is not Ready: no triggers. KEDA gets no metric from "
            "http://prometheus-k8s.monitoring.svc:9090"
        ],
    ),
    "nothing": (
        [],
        [],
        [
            "there is no pod: does the controller manager run?",
            "there is no ScaledObject: was it deleted meanwhile?",
        ],
    ),
}


@pytest.fixture(scope="module")
def unready(run_role):
    cases = {
        case: {"__demo_app_seen": {"results": [{"resources": pods}, {"resources": scaled}]}}
        for case, (pods, scaled, _says) in UNREADY.items()
    }
    return run_role(cases, "lookup('ansible.builtin.template', 'unready.txt.j2')")


@pytest.mark.parametrize("case", UNREADY)
def test_what_is_not_ready_is_said_line_by_line(unready, case):
    first, *lines = unready[case]["value"].strip().splitlines()
    assert first.startswith("The application in namespace test is not ready after 300 s")
    assert lines == [f"  - {says}" for says in UNREADY[case][2]]
