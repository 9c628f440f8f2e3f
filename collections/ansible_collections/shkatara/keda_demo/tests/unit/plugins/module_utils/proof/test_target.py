# SPDX-License-Identifier: MIT
"""The objects of a proof, and those that a proof can't observe."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.target import find_target
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, QUERY, SCALEDOBJECT, changed


def target_of(scaledobject=SCALEDOBJECT, deployment=DEPLOYMENT, **options):
    cluster = Objects(scaledobjects=[scaledobject], deployments=[deployment])
    return find_target(cluster, "test", "scaledobject-py", **options)


def test_target_of_the_demo():
    target = target_of()
    workload = target.workload
    assert (target.hpa, workload.name, workload.pod_labels) == ("keda-hpa-scaledobject-py", "test", "app=test")
    assert [trigger.query for trigger in target.triggers] == [QUERY]
    assert (target.load_trigger, target.query_window) == (target.triggers[0], 30)
    assert (workload.probe_seconds, workload.grace_seconds, target.counter) == (2, 30, "")


def test_the_counter_is_selected_in_the_namespace():
    assert target_of(counter_metric="python_request_operations_total").counter == (
        'python_request_operations_total{namespace="test"}'
    )


@pytest.mark.parametrize("path", ["spec.minReplicaCount", "spec.triggers.0.metadata.query"])
def test_a_scaledobject_at_zero_or_without_a_query_is_a_target(path):
    assert target_of(changed(SCALEDOBJECT, path, None)).scaledobject == "scaledobject-py"


@pytest.mark.parametrize(
    "scaledobject", [changed(SCALEDOBJECT, "spec.triggers.0.type", "kafka"), changed(SCALEDOBJECT, "spec.triggers", [])]
)
def test_without_a_known_trigger_the_load_raises_no_metric(scaledobject):
    target = target_of(scaledobject)
    assert (target.load_trigger, target.query_window) == (None, 0)


def test_the_window_is_that_of_the_named_trigger():
    triggers = [
        *SCALEDOBJECT["spec"]["triggers"],
        {"type": "prometheus", "name": "queue", "metadata": {"query": "sum(rate(queued_total[2m]))"}},
    ]
    both = changed(SCALEDOBJECT, "spec.triggers", triggers)
    target = target_of(both, trigger="queue")
    assert (target.load_trigger.name, target.query_window) == ("queue", 120)
    with pytest.raises(BadInput, match=r"0 \(prometheus\), queue \(prometheus\).*`trigger`"):
        target_of(both)


def test_a_pod_without_a_grace_period_has_the_default():
    path = "spec.template.spec.terminationGracePeriodSeconds"
    assert target_of(deployment=changed(DEPLOYMENT, path, None)).workload.grace_seconds == 30


@pytest.mark.parametrize(
    ("path", "value", "pattern"),
    [
        (
            "metadata.name",
            "other",
            r"\bscaledobject-py\b.*\btest\b.*`name`.*\bother\b",
        ),
        ("spec.maxReplicaCount", 0, r"\bscaledobject-py\b.*minReplicaCount of 1\b.*maxReplicaCount of 0\b"),
        ("spec.idleReplicaCount", 1, r"\bscaledobject-py\b.*idleReplicaCount of 1\b"),
        ("spec.scaleTargetRef", {"name": "gone"}, r"\bscaledobject-py\b.*\bDeployment gone\b.*\btest\b"),
    ],
)
def test_a_target_that_cannot_be_observed_is_refused(path, value, pattern):
    with pytest.raises(BadInput, match=pattern):
        target_of(changed(SCALEDOBJECT, path, value))


def test_a_namespace_without_scaledobjects_is_named():
    with pytest.raises(BadInput, match=r"\bscaledobject-py\b.*\btest\b.*`name`"):
        find_target(Objects(), "test", "scaledobject-py")
