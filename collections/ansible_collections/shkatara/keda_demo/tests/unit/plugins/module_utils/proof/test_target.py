# SPDX-License-Identifier: MIT
"""What a proof is about, and what can't be proven."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.target import find_target
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.objects import (
    DEPLOYMENT,
    QUERY,
    SCALEDOBJECT,
    changed,
)


def found(scaledobject=SCALEDOBJECT, deployment=DEPLOYMENT, **options):
    cluster = Objects(scaledobjects=[scaledobject], deployments=[deployment])
    return find_target(cluster, "test", "scaledobject-py", **options)


def test_target_of_the_demo():
    target = found()
    assert (target.hpa, target.deployment, target.pod_labels) == ("keda-hpa-scaledobject-py", "test", "app=test")
    assert [trigger.query for trigger in target.triggers] == [QUERY]
    assert (target.load_trigger, target.query_window) == (target.triggers[0], 30)
    assert (target.probe_seconds, target.grace_seconds, target.counter) == (2, 30, "")


def test_the_counter_is_one_of_the_namespace():
    assert found(counter_metric="python_request_operations_total").counter == (
        'python_request_operations_total{namespace="test"}'
    )


@pytest.mark.parametrize("path", ["spec.minReplicaCount", "spec.triggers.0.metadata.query"])
def test_what_scales_to_zero_or_has_no_query_is_a_target(path):
    assert found(changed(SCALEDOBJECT, path, None)).scaledobject == "scaledobject-py"


@pytest.mark.parametrize(
    "scaledobject", [changed(SCALEDOBJECT, "spec.triggers.0.type", "kafka"), changed(SCALEDOBJECT, "spec.triggers", [])]
)
def test_without_a_trigger_that_is_known_nothing_is_moved(scaledobject):
    target = found(scaledobject)
    assert (target.load_trigger, target.query_window) == (None, 0)


def test_the_window_is_that_of_the_trigger_which_was_named():
    triggers = [
        *SCALEDOBJECT["spec"]["triggers"],
        {"type": "prometheus", "name": "queue", "metadata": {"query": "sum(rate(queued_total[2m]))"}},
    ]
    both = changed(SCALEDOBJECT, "spec.triggers", triggers)
    target = found(both, trigger="queue")
    assert (target.load_trigger.name, target.query_window) == ("queue", 120)
    with pytest.raises(BadInput, match="it is not clear which the load moves"):
        found(both)


def test_a_pod_without_a_grace_period_has_the_default():
    path = "spec.template.spec.terminationGracePeriodSeconds"
    assert found(deployment=changed(DEPLOYMENT, path, None)).grace_seconds == 30


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "metadata.name",
            "other",
            r"no ScaledObject scaledobject-py in namespace test \(`name`; it has: other\)",
        ),
        ("spec.scaleTargetRef", {"name": "test", "kind": "StatefulSet"}, "scales a StatefulSet"),
        ("spec.scaleTargetRef", {"name": "gone"}, "Deployment gone, which does not exist in test"),
    ],
)
def test_a_target_that_cannot_be_observed_is_refused(path, value, words):
    with pytest.raises(BadInput, match=words):
        found(changed(SCALEDOBJECT, path, value))


def test_a_namespace_without_any_is_named():
    with pytest.raises(BadInput, match="it has: none"):
        find_target(Objects(), "test", "scaledobject-py")
