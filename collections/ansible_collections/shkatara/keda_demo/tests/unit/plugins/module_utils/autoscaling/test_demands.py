# SPDX-License-Identifier: MIT
"""What each metric of an HPA asks for, from its status."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import demands


def external(name, goal, current, field="averageValue"):
    metric = {"metric": {"name": name}}
    kind = "AverageValue" if field == "averageValue" else "Value"
    return (
        {"type": "External", "external": {**metric, "target": {"type": kind, field: goal}}},
        {"type": "External", "external": {**metric, "current": {"averageValue": current, field: current}}},
    )


def resource(goal, current, container=""):
    source = {"name": "cpu", **({"container": container} if container else {})}
    kind = "ContainerResource" if container else "Resource"
    key = kind[0].lower() + kind[1:]
    return (
        {"type": kind, key: {**source, "target": {"type": "Utilization", "averageUtilization": goal}}},
        {"type": kind, key: {**source, "current": {"averageValue": "43m", "averageUtilization": current}}},
    )


def hpa(current, *metrics):
    return {
        "spec": {"metrics": [spec for spec, _status in metrics]},
        "status": {"currentReplicas": current, "currentMetrics": [status for _spec, status in metrics]},
    }


@pytest.mark.parametrize(
    ("current", "metric", "asked"),
    [
        (1, external("s0", "10", "18060m"), {"s0": 2}),
        (2, external("s0", "10", "15478m"), {"s0": 4}),
        (4, external("s0", "10", "7528m"), {"s0": 4}),  # 30.1 in all
        (2, external("s0", "10", "10900m"), {"s0": 2}),  # within the tolerance
        (2, external("s0", "10", "11100m"), {"s0": 3}),
        (3, external("s0", "10", "0"), {"s0": 0}),
        (2, external("s0", "100", "250", "value"), {"s0": 5}),
        (0, external("s0", "10", "0"), {"s0": 0}),
        (4, resource(50, 80), {"cpu": 7}),
        (4, resource(50, 80, "app"), {"app/cpu": 7}),
    ],
)
def test_demand(current, metric, asked):
    assert demands.demands(hpa(current, metric)) == asked


def test_several_metrics_and_those_without_a_value():
    several = hpa(2, external("s0", "10", "18"), external("s1-cron", "1", "2500m"))
    assert demands.demands(several) == {"s0": 4, "s1-cron": 5}
    several["status"]["currentMetrics"][0] = {"type": ""}
    assert demands.demands(several) == {"s1-cron": 5}


@pytest.mark.parametrize("status", [{}, None, {"currentReplicas": 2, "currentMetrics": None}])
def test_without_a_status(status):
    assert demands.demands({"spec": {"metrics": [external("s0", "10", "1")[0]]}, "status": status}) == {}


def test_a_metric_without_a_target():
    unknown = hpa(2, external("s0", "10", "18"))
    unknown["spec"]["metrics"] = []
    assert demands.demands(unknown) == {}
