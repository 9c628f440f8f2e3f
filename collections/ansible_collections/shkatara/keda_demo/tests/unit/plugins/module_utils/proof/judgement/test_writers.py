# SPDX-License-Identifier: MIT
"""Whether somebody but the HPA and KEDA wrote the replicas."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.field_managers import (
    UNKNOWN,
    FieldManager,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import writers
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts

PATIENCE = 35.0
HPA = FieldManager("kube-controller-manager", "scale")


def counts(seconds, desired, spec, current=None, writer=UNKNOWN, earliest=None):
    current = spec if current is None else current
    return ReplicaCounts(float(seconds), desired, spec, current, current, earliest, writer)


START = counts(0, 1, 1)


def other(*history, now=100.0, keda=None):
    verdict = writers.other_writer(history, now, keda=keda, patience=PATIENCE)
    return None if verdict is None else (verdict.facts.before, verdict.facts.after, verdict.facts.seconds)


@pytest.mark.parametrize(
    ("history", "now"),
    [
        ([START], 100),
        ([START, counts(5, 1, 4), counts(5.1, 4, 4)], 100),  # the Deployment first, then the HPA's status
        ([START, counts(5, 4, 1), counts(5.1, 4, 4)], 100),  # the other way round
        ([START, counts(5, 1, 4), counts(38, 4, 4)], 100),  # reported with the next sync but one
        ([START, counts(5, 1, 4)], 39),  # it may be reported yet
        ([START, counts(5, 1, 2), counts(6, 2, 2), counts(20, 2, 4), counts(20.1, 4, 4)], 100),
        ([START, counts(5, 1, 2, writer=HPA), counts(20, 4, 4, writer=HPA)], 100),  # the first status met a conflict
        ([START, counts(5, 1, 2, earliest=1.0), counts(20, 4, 4)], 100),  # statuses were missed
        ([counts(0, 4, 4), counts(5, 4, 0)], 100),  # it was deleted, with all counts at once
    ],
)
def test_writes_of_the_hpa(history, now):
    assert other(*history, now=now) is None


@pytest.mark.parametrize("writer", [UNKNOWN, FieldManager("unknown", "scale")])
@pytest.mark.parametrize(
    ("history", "now", "write"),
    [
        ([(5, 1, 4)], 41, (1, 4, 5)),  # the HPA must have reported it by now
        ([(5, 1, 4), (9, 1, 1)], 9, (1, 4, 5)),  # the HPA undid it
        ([(5, 1, 4), (9, 2, 4), (12, 2, 2)], 12, (1, 4, 5)),
        ([(5, 1, 2), (6, 2, 2), (8, 2, 9), (9, 2, 2)], 12, (2, 9, 8)),  # after one of the HPA's own
    ],
)
def test_counts_that_the_hpa_never_wanted(writer, history, now, write):
    observed = [START, *(counts(*one, writer=writer) for one in history)]
    assert other(*observed, now=now) == write


@pytest.mark.parametrize(
    ("name", "subresource", "is_other"),
    [
        ("kube-controller-manager", "scale", False),
        ("kube-controller-manager", "", False),  # before Kubernetes 1.22
        ("k3s", "scale", False),
        ("keda", "scale", False),
        ("hpa-controller", "scale", False),
        ("kubectl", "scale", True),
        ("kubectl-edit", "", True),
        ("kubectl-client-side-apply", "", True),
        ("argocd-controller", "", True),
        ("kustomize-controller", "", True),
        ("helm", "", True),
        ("OpenAPI-Generator", "scale", True),
        ("hpa-controller", "", True),
    ],
)
def test_clients_by_name(name, subresource, is_other):
    """The HPA wants the count too, so that only the name tells."""
    writer = FieldManager(name, subresource)
    history = [START, counts(5, 1, 4, writer=writer), counts(5.1, 4, 4, writer=writer)]
    assert (other(*history) is not None) is is_other


@pytest.mark.parametrize(
    ("history", "keda", "is_other"),
    [
        ([counts(0, 0, 0), counts(5, 0, 1, 0)], (0, 1), False),
        ([counts(0, 0, 0), counts(5, 0, 2, 0)], (0, 2), False),
        ([counts(0, 0, 0), counts(5, 0, 3, 0)], (0, 1), True),
        ([counts(0, 4, 4), counts(5, 4, 0, 4), counts(60, 4, 0, 2)], (0, 1), False),
        ([counts(0, 4, 4), counts(5, 4, 0, 4), counts(60, 4, 0, 2)], None, True),
        ([counts(0, 1, 1), counts(5, 1, 3)], (1, 3), False),  # idleReplicaCount 1 and minReplicaCount 3
        ([counts(0, 1, 1), counts(5, 1, 3)], None, True),
    ],
)
def test_keda_moves_between_no_load_and_the_first_replicas(history, keda, is_other):
    assert (other(*history, keda=keda) is not None) is is_other


def test_without_another_hpa():
    assert writers.other_hpas({}, sent=True) is None
