# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the role concludes from what the API told it: who needs a hint, and whether a former name may be left."""

import pytest

WRITTEN = "2026-11-23T10:00:05Z"


def applied(changed):
    """Return what k8s_apply returns."""
    monitor = {"kind": "ServiceMonitor", "name": "test", "changed": changed, "applied_at": WRITTEN}
    namespace = {"kind": "Namespace", "name": "test", "changed": True, "applied_at": "2026-11-23T10:00:01Z"}
    return {"__demo_app_applied": {"changed": True, "objects": [namespace, monitor]}}


PODS = {"older": "2026-11-23T10:00:04Z", "same": WRITTEN, "newer": "2026-11-23T10:00:06Z"}


@pytest.fixture(scope="module")
def concluded(run_role):
    pods = [{"metadata": {"name": name, "creationTimestamp": time}} for name, time in PODS.items()]
    cases = {
        "changed": applied(True),
        "unchanged": applied(False),
        # Where nothing was applied: the entry point `wait` alone, or a task that was skipped.
        "alone": {},
        "skipped": {"__demo_app_applied": {"changed": False, "skipped": True}},
    }
    given = {case: variables | {"__demo_app_prometheus": {"resources": pods}} for case, variables in cases.items()}
    older = "__demo_app_prometheus_older | map(attribute='metadata.name') | list"
    expression = "{'written_at': __demo_app_monitor_written_at, 'older': " + older + "}"
    return {case: result["value"] for case, result in run_role(given, expression).items()}


def test_only_a_changed_service_monitor_needs_a_hint(concluded):
    written = {case: value["written_at"] for case, value in concluded.items()}
    assert written == {"changed": WRITTEN, "unchanged": "", "alone": "", "skipped": ""}


def test_only_pods_that_were_there_before_get_it(concluded):
    assert concluded["changed"]["older"] == ["older", "same"]


BINDING = {"kind": "RoleBinding", "name": "prometheus-test-namespace-scrape", "namespace": "test"}
OF_KEDA = {"kind": "RoleBinding", "name": "prometheus-k8s", "namespace": "keda"}
NAMESPACE = {"kind": "Namespace", "name": "test", "namespace": ""}
# What a run changed, and whether it then looks for the former name.
FORMER = {
    "the_binding_is_new": ([NAMESPACE, BINDING, OF_KEDA], True),
    "a_rerun": ([], False),
    "another_binding": ([OF_KEDA], False),
}


def test_the_former_name_is_looked_for_only_where_it_may_be(run_role):
    cases = {
        name: {
            "__demo_app_applied": {
                "objects": [{**item, "changed": item in changed} for item in (NAMESPACE, BINDING, OF_KEDA)]
            }
        }
        for name, (changed, _) in FORMER.items()
    }
    found = run_role(cases, "__demo_app_has_former_names")
    assert {name: result["value"] for name, result in found.items()} == {
        name: wanted for name, (_, wanted) in FORMER.items()
    }
