# SPDX-License-Identifier: MIT
"""Which trigger the load drives, and the model of its HPA."""

from __future__ import annotations

import copy
import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.controller_flags import (
    ControllerFlags,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import (
    AVERAGE_VALUE,
    VALUE,
    desired_replicas,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_model import hpa_model
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_object import hpa_view
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.triggers import (
    find_load_trigger,
    triggers_of,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.tests.support import objects

OTHER = 'sum(rate(orders_total{namespace="test"}[1m]))'
CRON = {"type": "cron", "metadata": {"start": "0 6 * * *", "desiredReplicas": "3"}}


def prometheus(query, name=None, **metadata):
    named = {"name": name} if name else {}
    return {
        "type": "prometheus",
        **named,
        "metadata": {"query": query, "serverAddress": "http://prom:9090", **metadata},
    }


def scaledobject(*triggers, **spec):
    made = copy.deepcopy(objects.SCALEDOBJECT)
    made["spec"]["triggers"] = list(triggers)
    made["spec"].update(spec)
    return made


def external(name, kind, goal):
    field = "averageValue" if kind == AVERAGE_VALUE else "value"
    return {"type": "External", "external": {"metric": {"name": name}, "target": {"type": kind, field: goal}}}


def current_metric(name, **current):
    return {"type": "External", "external": {"metric": {"name": name}, "current": current}}


def hpa(metrics, values=(), replicas=1, **spec):
    made = copy.deepcopy(objects.HPA)
    made["spec"].update(metrics=list(metrics), **spec)
    made["status"].update(currentMetrics=list(values), currentReplicas=replicas)
    return hpa_view(made)


def triggers(*specs):
    return triggers_of(scaledobject_view(scaledobject(*specs)))


def model(view_of_hpa, scaledobject_object, by_load=0, flags=None, version=(1, 25), **options):
    view = scaledobject_view(scaledobject_object)
    known = triggers_of(view)
    load_trigger = None if by_load is None else known[by_load]
    flags = flags or ControllerFlags()
    return hpa_model(view_of_hpa, view, known, load_trigger=load_trigger, flags=flags, version=version, **options)


def test_triggers_of_a_scaledobject():
    first, second, third = triggers(
        prometheus("up", "web", activationThreshold="2.5") | {"useCachedMetrics": True}, prometheus(OTHER), CRON
    )
    assert (first.key, str(first), first.query, first.activation, first.cached) == (
        "web",
        "web (prometheus)",
        "up",
        2.5,
        True,
    )
    assert (second.key, str(second), second.activation, second.cached) == ("1", "1 (prometheus)", 0.0, False)
    assert (third.key, third.type, third.query, third.server_address, third.activation) == ("2", "cron", "", "", 0.0)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        ([], []),
        (["web", "", ""], ["web", "1", "2"]),
        (["", "0"], ["#0", "0"]),
        (["1", ""], ["1", "#1"]),
        (["1", "0"], ["1", "0"]),
        (["same", "same", "other"], ["#0", "#1", "other"]),
        (["", "0", "#0"], ["##0", "0", "#0"]),
        (["0", "0", ""], ["#0", "#1", "2"]),
    ],
)
def test_no_two_triggers_share_a_key(names, keys):
    assert [trigger.key for trigger in triggers(*(prometheus("up", name) for name in names))] == keys
    assert len(set(keys)) == len(names)


def test_an_activation_that_is_no_number_counts_as_zero():
    assert triggers(prometheus("up", activationThreshold="many"))[0].activation == 0.0


@pytest.mark.parametrize(
    ("specs", "wanted", "counter", "index"),
    [
        ((prometheus("up"),), None, None, 0),
        ((CRON, prometheus("up")), None, None, 1),  # the only type that is understood
        ((prometheus("up"), prometheus(OTHER, "orders")), "orders", None, 1),
        ((prometheus("up"), prometheus(OTHER, "orders")), "1", None, 1),
        ((prometheus("up"), prometheus(OTHER)), None, "orders_total", 1),
        ((prometheus("up"), prometheus(OTHER)), None, 'orders_total{namespace="test"}', 1),
        ((prometheus("up"),), None, "orders_total", 0),  # the only trigger
        ((CRON,), None, None, None),
        ((CRON, prometheus("up")), "0", None, None),  # of a type that is not understood
        ((), None, None, None),
        # A name wins over an index, and a key names the trigger whose index is taken.
        ((prometheus("up"), prometheus(OTHER, "0")), "0", None, 1),
        ((prometheus("up"), prometheus(OTHER, "0")), "#0", None, 0),
        ((prometheus("up", "1"), prometheus(OTHER, "0")), "1", None, 0),
        ((prometheus("up", "same"), prometheus(OTHER, "same")), "#1", None, 1),
        ((prometheus("up", "same"), prometheus(OTHER, "same")), "1", None, 1),
    ],
)
def test_the_trigger_that_the_load_drives(specs, wanted, counter, index):
    known = triggers(*specs)
    result = find_load_trigger(known, wanted, counter, "test")
    assert result == (None if index is None else known[index])


@pytest.mark.parametrize(
    ("specs", "wanted", "counter", "message"),
    [
        ((prometheus("up", "web"),), "shop", None, r"`trigger` is 'shop', and the ScaledObject has web \(prometheus\)"),
        ((), "shop", None, r"\(none\)"),
        ((prometheus("up"), prometheus(OTHER)), None, None, "it is not clear which the load moves"),
        ((prometheus("up"), prometheus(OTHER)), None, "absent_total", "it is not clear which the load moves"),
        ((prometheus(OTHER), prometheus(OTHER)), None, "orders_total", "give the name or the index"),
        (
            (prometheus("up", "same"), prometheus(OTHER, "same")),
            "same",
            None,
            "several triggers of the ScaledObject have this name: give #0 or #1",
        ),
    ],
)
def test_a_trigger_that_is_missing_or_ambiguous_is_refused(specs, wanted, counter, message):
    with pytest.raises(BadInput, match=message):
        find_load_trigger(triggers(*specs), wanted, counter, "test")


def test_the_hpas_own_fields_count():
    """The HPA's own fields and the API server's, not the ScaledObject's."""
    behavior = {"scaleUp": {"stabilizationWindowSeconds": 30}}
    flags = ControllerFlags(tolerance=0.2, downscale_stabilization=60.0)
    result = model(
        hpa([external("s0-prometheus", AVERAGE_VALUE, "2500m")], behavior=behavior, minReplicas=2, maxReplicas=7),
        scaledobject(prometheus("up", threshold="99")),
        flags=flags,
        version=(1, 36),
    )
    config = result.config
    assert (result.not_predicted, result.fallback) == ((), None)
    assert (config.load_metric.name, config.load_metric.target, config.load_metric.kind) == (
        "s0-prometheus",
        2.5,
        AVERAGE_VALUE,
    )
    assert (config.min_replicas, config.max_replicas, config.tolerance) == (2, 7, 0.2)
    assert (config.behavior, config.downscale_stabilization, config.version) == (behavior, 60.0, (1, 36))


def test_other_metrics_keep_the_value_that_the_hpa_read():
    """The HPA's status has the average a replica for an AverageValue, and the total for a Value."""
    result = model(
        hpa(
            [
                external("s0-prometheus", AVERAGE_VALUE, "10"),
                external("s1-prometheus", AVERAGE_VALUE, "5"),
                external("s2-prometheus", VALUE, "100"),
            ],
            [
                current_metric("s0-prometheus", averageValue="3"),
                current_metric("s1-prometheus", averageValue="4500m"),
                current_metric("s2-prometheus", value="50"),
            ],
            replicas=3,
        ),
        scaledobject(prometheus("up"), prometheus(OTHER, "orders"), prometheus("down")),
    )
    assert [(metric.value, metric.by_load) for metric in result.config.metrics] == [
        (0.0, True),
        (13.5, False),
        (50.0, False),
    ]
    assert [entry.trigger for entry in result.not_predicted] == ["orders (prometheus)", "2 (prometheus)"]
    assert "its value of 13.5 is assumed to stay" in result.not_predicted[0].why
    assert desired_replicas(result.config, 0.0, 3) == 3
    assert desired_replicas(result.config, 57.0, 3) == 6


def test_an_index_of_two_digits_is_another_trigger():
    specs = [prometheus("up")] * 10 + [prometheus(OTHER)]
    metrics = [external("s1-prometheus", AVERAGE_VALUE, "10"), external("s10-prometheus", AVERAGE_VALUE, "7")]
    result = model(hpa(metrics), scaledobject(*specs), by_load=10)
    assert result.config.load_metric.target == 7


def test_a_cpu_trigger_is_watched_and_not_computed():
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
    result = model(
        hpa(
            [external("s0-prometheus", AVERAGE_VALUE, "10"), cpu],
            [current_metric("s0-prometheus", averageValue="0"), {"type": "Resource", "resource": {"name": "cpu"}}],
        ),
        scaledobject(prometheus("up"), {"type": "cpu", "metadata": {"value": "60"}}),
    )
    assert [metric.name for metric in result.config.metrics] == ["s0-prometheus"]
    assert [(entry.trigger, entry.why) for entry in result.not_predicted] == [
        ("1 (cpu)", "a metric of type Resource is not computed from a load")
    ]


def test_nothing_is_computed_of_a_formula():
    advanced = {"scalingModifiers": {"formula": "web + orders", "target": "2"}}
    result = model(
        hpa([external("s0-composite-metric", AVERAGE_VALUE, "2")]),
        scaledobject(prometheus("up", "web"), prometheus(OTHER, "orders"), advanced=advanced),
    )
    assert result.config is None
    assert [entry.trigger for entry in result.not_predicted] == ["web (prometheus)", "orders (prometheus)"]
    assert "'web + orders'" in result.not_predicted[0].why


def test_nothing_is_computed_without_a_trigger_that_is_understood():
    result = model(hpa([external("s0-cron", AVERAGE_VALUE, "1")]), scaledobject(CRON), by_load=None)
    assert result.config is None
    assert [entry.trigger for entry in result.not_predicted] == ["0 (cron)"]
    empty = model(hpa([]), scaledobject(CRON), by_load=None)
    assert (empty.config, [entry.why for entry in empty.not_predicted]) == (None, ["its type is not known here"])


@pytest.mark.parametrize(
    ("failures", "kind", "fallback"),
    [(4, AVERAGE_VALUE, 7.5 * 6), (3, AVERAGE_VALUE, None), (4, VALUE, None)],
)
def test_a_fallback_puts_its_replicas_in_place_of_the_metric(failures, kind, fallback):
    """KEDA 2.10, pkg/fallback: more failures than the threshold, and only for an AverageValue."""
    made = scaledobject(prometheus("up"), fallback={"failureThreshold": 3, "replicas": 6})
    made["status"]["health"] = {"s0-prometheus": {"numberOfFailures": failures, "status": "Failing"}}
    result = model(hpa([external("s0-prometheus", kind, "7500m")]), made)
    assert result.fallback == fallback
    if fallback:
        assert desired_replicas(result.config, fallback, 1) == 6


@pytest.mark.parametrize(("polled", "value", "says"), [({"orders": 13.5}, 13.5, "13.5"), ({}, 0.0, "at 0 replicas")])
def test_an_hpa_at_zero_reads_no_value_and_the_query_has_one(polled, value, says):
    metrics = [external("s0-prometheus", AVERAGE_VALUE, "10"), external("s1-prometheus", AVERAGE_VALUE, "5")]
    at_zero = objects.changed(objects.HPA_AT_ZERO, "spec.metrics", metrics)
    result = model(hpa_view(at_zero), scaledobject(prometheus("up"), prometheus(OTHER, "orders")), polled=polled)
    assert [metric.value for metric in result.config.metrics] == [0.0, value]
    assert says in result.not_predicted[0].why


def test_values_of_an_earlier_sync_give_way_to_the_query():
    """The sync of an idle HPA ends at the metric that it can't read."""
    metrics = [external(f"s{index}-prometheus", AVERAGE_VALUE, "5") for index in range(3)]
    blamed = "the HPA was unable to compute the replica count: unable to get external metric test/s2-prometheus/&x"
    stuck = objects.changed(objects.HPA, "spec.metrics", metrics)
    stuck["status"]["currentMetrics"] = [current_metric("s1-prometheus", averageValue="40")]
    stuck["status"]["conditions"][1].update(status="False", reason="FailedGetExternalMetric", message=blamed)
    obj = scaledobject(prometheus("up"), prometheus(OTHER, "orders"), prometheus("down"))
    result = model(hpa_view(stuck), obj, polled={"orders": 2.0})
    assert [(metric.name, metric.value) for metric in result.config.metrics] == [
        ("s0-prometheus", 0.0),
        ("s1-prometheus", 2.0),
    ]
    assert (result.config.unread, result.config.shrinks) == (("s2-prometheus",), False)
    assert [entry.trigger for entry in result.not_predicted] == ["orders (prometheus)", "2 (prometheus)"]


def test_a_schedule_is_named():
    cron = {**CRON, "metadata": {**CRON["metadata"], "end": "0 20 * * *", "timezone": "Europe/Berlin"}}
    metrics = [external("s0-prometheus", AVERAGE_VALUE, "10"), external("s1-cron-Europe", AVERAGE_VALUE, "1")]
    values = [current_metric("s0-prometheus", averageValue="0"), current_metric("s1-cron-Europe", averageValue="3")]
    (entry,) = model(hpa(metrics, values), scaledobject(prometheus("up"), cron)).not_predicted
    assert entry.trigger == "1 (cron)"
    assert "0 6 * * * to 0 20 * * * (Europe/Berlin)" in entry.why


@pytest.mark.parametrize(
    ("behavior", "keda", "replicas"),
    [("static", (2, 17), 6), ("currentReplicas", (2, 17), 3), ("currentReplicas", (2, 16), 6)],
)
def test_the_fallback_of_the_loads_metric(behavior, keda, replicas):
    fallback = {"failureThreshold": 3, "replicas": 6, "behavior": behavior}
    obj = scaledobject(prometheus("up"), fallback=fallback)
    obj["status"]["health"] = {"s0-prometheus": {"numberOfFailures": 9, "status": "Failing"}}
    metrics = [external("s0-prometheus", AVERAGE_VALUE, "10")]
    result = model(hpa(metrics, replicas=3), obj, keda_version=keda)
    assert result.fallback == 10.0 * replicas
    assert [obstacle.behavior for obstacle in result.obstacles] == [behavior]


def test_the_fallback_of_another_metric_is_named():
    obj = scaledobject(prometheus("up"), prometheus(OTHER), fallback={"failureThreshold": 3, "replicas": 2})
    obj["status"]["health"] = {"s1-prometheus": {"numberOfFailures": 9, "status": "Failing"}}
    metrics = [external("s0-prometheus", AVERAGE_VALUE, "10"), external("s1-prometheus", AVERAGE_VALUE, "5")]
    values = [current_metric("s0-prometheus", averageValue="0"), current_metric("s1-prometheus", averageValue="5")]
    result = model(hpa(metrics, values, replicas=2), obj)
    assert re.search(r"fallback\b.*\b10\b", result.not_predicted[0].why)
    assert (result.fallback, desired_replicas(result.config, 0.0, 2)) == (None, 2)


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, False), ({"unsafeSsl": "true"}, True), ({"unsafeSsl": "T"}, True), ({"unsafeSsl": "false"}, False)],
)
def test_whether_keda_takes_any_certificate(given, expected):
    """KEDA reads it by Go's strconv.ParseBool."""
    (trigger,) = triggers(prometheus(OTHER, **given))
    assert trigger.request.unsafe_ssl is expected
