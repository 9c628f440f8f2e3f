# SPDX-License-Identifier: MIT
"""Random worlds by the shape of their query, and the collection's record of each shape."""

from __future__ import annotations

import dataclasses
import math

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import InitialState
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import (
    OverTime,
    OverTimeFunction,
    QueryShape,
    RecordingRule,
    Rounding,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import Load
from ansible_collections.shkatara.keda_demo.tests.support.simulated_query import Layer, Query


def subquery(chance, kind):
    """A layer such as max_over_time(...[60s:10s])."""
    step = float(chance.choice([1, 5, 10, 15]))
    return Layer(kind, step, step * chance.choice([1, 2, 6, 12]), chance.uniform(0, step))


def rule(chance):
    """A recording rule."""
    interval = float(chance.choice([5, 15, 30]))
    return Layer("rule", interval, phase=chance.uniform(0, interval))


def _gauge(chance, _scrape, **options):
    return Query("", latency=chance.choice([0.1, 0.6, 3.0]), factor=chance.choice([1.0, 1.0, 20.0]), **options)


QUERIES = {
    "increase": lambda _chance, _scrape: Query("increase"),
    "factor": lambda chance, _scrape: Query(factor=chance.choice([0.5, 60.0, 300.0])),
    "two_samples": lambda _chance, _scrape: Query(),
    "irate": lambda _chance, _scrape: Query("irate"),
    "offset": lambda chance, _scrape: Query(offset=float(chance.choice([5, 30, 120]))),
    "rule": lambda chance, _scrape: Query(layers=(rule(chance),)),
    "rules": lambda chance, _scrape: Query(layers=(rule(chance), rule(chance)), offset=chance.choice([0.0, 20.0])),
    "max": lambda chance, _scrape: Query(layers=(subquery(chance, "max"),)),
    "avg": lambda chance, _scrape: Query(layers=(subquery(chance, "avg"),)),
    "min": lambda chance, _scrape: Query(layers=(subquery(chance, "min"),)),
    "last": lambda chance, _scrape: Query(layers=(subquery(chance, "last"),)),
    "max_of_irate": lambda chance, _scrape: Query("irate", layers=(subquery(chance, "max"),)),
    "two_layers": lambda chance, _scrape: Query(
        layers=(rule(chance), subquery(chance, chance.choice(["max", "avg", "min"])))
    ),
    "avg_of_max": lambda chance, _scrape: Query(layers=(subquery(chance, "max"), subquery(chance, "avg"))),
    "gauge": _gauge,
    "max_of_gauge": lambda chance, scrape: _gauge(chance, scrape, layers=(subquery(chance, "max"),)),
    "max_of_each_gauge": lambda chance, scrape: _gauge(
        chance,
        scrape,
        layers=(Layer(chance.choice(["max", "avg", "last", "min"]), scrape, 4 * scrape),),
        per_pod=True,
    ),
    "mean": lambda chance, _scrape: Query(chance.choice(["rate", "irate", "increase"]), mean=True),
    "mean_gauge": lambda chance, scrape: _gauge(chance, scrape, mean=True),
    "ceil": lambda chance, _scrape: Query(rounding=chance.choice(["ceil", "floor", "round"])),
    "low": lambda chance, _scrape: Query(low=chance.choice([0.0, 5.0, 21.0])),
    "high": lambda chance, _scrape: Query(high=chance.choice([9.0, 25.0, 45.0])),
}


def unit(query, window):
    """What one request a second adds to the value."""
    return query.factor * {"increase": window, "": query.latency}.get(query.function, 1.0)


def random_world(chance, name, **options):
    """A world whose query has the shape `name`, at rest before the load; its goal is in the unit of the query."""
    world = worlds.random_world(chance, **options)
    query = dataclasses.replace(QUERIES[name](chance, world.scrape), left_open=chance.random() < 0.5)
    window = world.window
    if name == "two_samples":
        # In Prometheus 3 a window of exactly two scrapes has one sample at the moment of the second.
        window = world.scrape * (2.01 if query.left_open else chance.choice([2.0, 2.1, 2.5, 3.0]))
    if query.function == "irate":
        window = float(chance.choice([2 * world.scrape + 1, 60, 300]))
        window = max(window, 2 * world.scrape + 1)
    if not query.function:
        window = 0.0
    scale = unit(query, window)
    rules = tuple(
        dataclasses.replace(rule, goal=rule.goal * scale) if rule.constant is None else rule for rule in world.rules
    )
    return dataclasses.replace(world, rules=rules, window=window, query=query)


def shape_of(world):
    """The collection's record of the world's query."""
    query = world.query
    functions = {kind.value.removesuffix("_over_time"): kind for kind in OverTimeFunction}
    return QueryShape(
        "requests_total",
        function=query.function,
        window=world.window,
        factor=query.factor * (world.window if query.function == "increase" else 1.0),
        offset=query.offset,
        mean=query.mean,
        rounding=Rounding(query.rounding) if query.rounding else None,
        low=query.low,
        high=query.high,
        over_time=tuple(
            OverTime(functions[layer.kind], layer.window, 0.0 if query.per_pod else layer.step)
            for layer in query.layers
            if layer.kind != "rule"
        ),
        rules=tuple(RecordingRule("rule", layer.step) for layer in query.layers if layer.kind == "rule"),
    )


def timing(world):
    """The world's times as the prediction's input."""
    plain = worlds.timing(world)
    return Timing(
        world.scrape,
        hpa_sync=plain.hpa_sync,
        pod_start=plain.pod_start,
        own_pods=plain.own_pods,
        shape=shape_of(world),
        event_seconds=world.query.latency,
    )


def baseline(world):
    """The value at rest."""
    query, value = world.query, world.baseline * unit(world.query, world.window)
    if query.mean and world.own_pods:
        value /= world.start
    if query.rounding:
        value = {"ceil": math.ceil, "floor": math.floor, "round": round}[query.rounding](value)
    return min(max(value, query.low), query.high)


def initial_state(world):
    """The state before the load as the prediction's input."""
    return InitialState(
        world.start,
        baseline(world),
        unit(world.query, world.window),
        activation_seconds=world.polling,
        from_zero=max(1, world.minimum),
    )


def constant(rate, duration=1e9):
    """A load of one rate."""
    return Load(((0.0, rate),), duration)
