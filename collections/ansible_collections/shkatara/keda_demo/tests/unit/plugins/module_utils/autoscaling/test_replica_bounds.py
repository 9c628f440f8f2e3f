# SPDX-License-Identifier: MIT
"""Replica counts of a ScaledObject that KEDA can't work with."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.replica_bounds import (
    check_bounds,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.tests.support.objects import SCALEDOBJECT, changed


def of(**counts):
    keep = {key: value for key, value in SCALEDOBJECT["spec"].items() if not key.endswith("ReplicaCount")}
    return changed(SCALEDOBJECT, "spec", {**keep, **counts})


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"minReplicaCount": 0, "maxReplicaCount": 1},
        {"minReplicaCount": 3, "maxReplicaCount": 3},
        {"maxReplicaCount": 500, "minReplicaCount": 200},
        {"idleReplicaCount": 0, "minReplicaCount": 1},
        {"idleReplicaCount": 0, "minReplicaCount": 0},  # KEDA compares with the HPA's minimum, which is 1
    ],
)
def test_counts_that_keda_takes(counts):
    check_bounds(of(**counts))


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        ({"minReplicaCount": 5, "maxReplicaCount": 3}, r"minReplicaCount of 5\b.*maxReplicaCount of 3\b"),
        ({"minReplicaCount": 0, "maxReplicaCount": 0}, r"minReplicaCount of 1\b.*maxReplicaCount of 0\b"),
        ({"minReplicaCount": 101}, r"minReplicaCount of 101\b.*maxReplicaCount of 100\b"),
        ({"idleReplicaCount": 2, "minReplicaCount": 2}, r"idleReplicaCount of 2\b.*minReplicaCount \(it is 2\)"),
        ({"idleReplicaCount": 0}, r"idleReplicaCount of 0\b.*minReplicaCount \(it is 0\)"),
        ({"idleReplicaCount": 1, "minReplicaCount": 3}, r"idleReplicaCount of 1\b.*only 0\b.*\b3\b"),
    ],
)
def test_counts_that_are_refused(counts, named):
    with pytest.raises(BadInput, match=rf"ScaledObject scaledobject-py\b.*{named}"):
        check_bounds(of(**counts))
