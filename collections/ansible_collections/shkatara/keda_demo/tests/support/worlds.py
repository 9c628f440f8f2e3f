# SPDX-License-Identifier: MIT
"""Random worlds for the simulation, and the collection's records of them."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import InitialState
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import (
    AVERAGE,
    TOTAL,
    Load,
    Rule,
    World,
)


def policies(*rows, select="Max"):
    """Rules of (type, value, period)."""
    names = ("type", "value", "periodSeconds")
    return {"selectPolicy": select, "policies": [dict(zip(names, policy, strict=True)) for policy in rows]}


BEHAVIORS = (
    None,
    None,
    None,
    {"scaleDown": {"stabilizationWindowSeconds": 300}},
    {"scaleUp": policies(("Pods", 1, 30))},
    {"scaleUp": policies(("Pods", 2, 60), ("Percent", 50, 15))},
    {"scaleUp": policies(("Percent", 100, 15), ("Pods", 2, 30), select="Min")},
    {"scaleUp": {"stabilizationWindowSeconds": 30}},
)


def is_clear(ratio, kind, room):
    """Whether a metric of `ratio` times its target is more than a share `room` away from each change of the answer."""
    counts = range(1, 21)
    edges = [1.1 * count for count in counts]
    if kind == AVERAGE:
        edges.extend(counts)
    else:
        edges = [1.1]
    return all(abs(ratio / edge - 1) > room for edge in edges)


def random_world(chance, kind=None, behaviors=BEHAVIORS, room=0.03, **options):
    """A world of the demo's size or larger, at rest before the load; see is_clear for `room`."""
    scrape = float(chance.choice([1, 2, 5, 10, 15]))
    goal = float(chance.choice([3, 7, 10, 25]))
    kind = kind or chance.choice([AVERAGE, AVERAGE, AVERAGE, TOTAL])
    start = chance.choice([1, 1, 1, 2, 3])
    maximum = max(start, chance.choice([3, 5, 10, 20]))
    ratio = chance.uniform(0.3, 9.0 if kind == AVERAGE else 2.5)
    while not is_clear(ratio, kind, room):
        ratio = chance.uniform(0.3, 9.0 if kind == AVERAGE else 2.5)
    rules = [Rule(goal, kind)]
    if chance.random() < 0.2:
        rules.append(Rule(10.0, AVERAGE, constant=10.0 * start * chance.uniform(0.1, 1.05)))
    settings = {
        "load": Load(((0.0, goal * ratio),)),
        "rules": tuple(rules),
        "maximum": maximum,
        "minimum": start,
        "start": start,
        "scrape": scrape,
        "window": float(round(scrape * chance.uniform(2, 12)) + 1),
        "sync": float(chance.choice([2, 5, 10, 15, 30])),
        "pod_start": float(chance.choice([5, 10, 30])),
        "behavior": chance.choice(behaviors),
        "current": chance.random() < 0.3,
        "downscale": 1000.0,
        "own_pods": chance.random() < 0.85,
    }
    if settings["behavior"] and "scaleDown" not in settings["behavior"]:
        settings["behavior"] = {**settings["behavior"], "scaleDown": {"stabilizationWindowSeconds": 1000}}
    return World(**{**settings, **options})


def hpa_config(world):
    """The world's HPA as the prediction's input."""
    metrics = tuple(
        Metric(f"s{index}", rule.goal, rule.kind, rule.constant or 0.0, by_load=rule.constant is None)
        for index, rule in enumerate(world.rules)
    )
    version = (1, 36) if world.current else (1, 25)
    return HpaConfig(metrics, world.minimum, world.maximum, world.tolerance, world.behavior, world.downscale, version)


def timing(world):
    """The world's times as the prediction's input."""
    return Timing(world.scrape, world.window, world.sync, world.pod_start, own_pods=world.own_pods)


def initial_state(world):
    """The state before the load as the prediction's input."""
    return InitialState(world.start, world.baseline, activation_seconds=world.polling, from_zero=max(1, world.minimum))
