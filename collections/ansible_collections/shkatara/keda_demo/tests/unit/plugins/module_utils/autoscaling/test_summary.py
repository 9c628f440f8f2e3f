# SPDX-License-Identifier: MIT
"""The summary of a ScaledObject with its HPA and its Deployment."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import hpa_name
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.summary import (
    deployment_name,
    scaledobject_info,
)
from ansible_collections.shkatara.keda_demo.tests.support.info_objects import (
    DEPLOYMENT,
    HPA,
    HPA_MESSAGE,
    SCALEDOBJECT,
)
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import (
    KAFKA_METRIC,
    PAUSED,
    annotated,
    hpa_without_kafka,
    idle_hpa_without_kafka,
    with_kafka,
)
from ansible_collections.shkatara.keda_demo.tests.support.objects import METRIC, QUERY, changed


def info(scaledobject=SCALEDOBJECT, hpa=HPA, deployment=DEPLOYMENT):
    return scaledobject_info(scaledobject, hpa, deployment)


def with_triggers(*triggers, names):
    """The ScaledObject with other triggers, which KEDA has named."""
    return changed(changed(SCALEDOBJECT, "spec.triggers", list(triggers)), "status.externalMetricNames", names)


def external(name, target, current=None):
    """An external metric in an HPA's spec and status."""
    spec = {"type": "External", "external": {"metric": {"name": name}, "target": target}}
    status = {"type": "External", "external": {"metric": {"name": name}, "current": current}}
    # A metric that the HPA failed to get is in its status with an empty type.
    return spec, status if current else {"type": ""}


def resource(name, target, current, container=None):
    """A metric of a resource, or of one container's, in an HPA's spec and status."""
    field, extra = ("containerResource", {"container": container}) if container else ("resource", {})
    kind = field[0].upper() + field[1:]
    spec = {"type": kind, field: {"name": name, "target": target, **extra}}
    return spec, {"type": kind, field: {"name": name, "current": current, **extra}}


def with_metrics(*metrics, replicas=1):
    """The HPA with other metrics."""
    hpa = copy.deepcopy(HPA)
    hpa["spec"]["metrics"] = [spec for spec, _status in metrics]
    hpa["status"]["currentMetrics"] = [status for _spec, status in metrics]
    hpa["status"]["currentReplicas"] = replicas
    return hpa


def values(trigger):
    return tuple(trigger[key] for key in ("metric_name", "metric_type", "threshold", "value", "average_value"))


def test_the_lab_at_rest():
    assert info() == {
        "name": "scaledobject-py",
        "namespace": "test",
        "ready": True,
        "active": False,
        "paused": False,
        "pause": {
            "annotation": None,
            "condition": None,
            "scale_in": False,
            "scale_out": False,
            "forced_activation": False,
        },
        "keda_version": "2.10.0",
        "fallback": False,
        "message": "ScaledObjectReady: ScaledObject is defined correctly and is ready for scaling",
        "min_replicas": 1,
        "max_replicas": 10,
        "idle_replicas": None,
        "polling_interval": 5,
        "cooldown_period": 300,
        "initial_cooldown_period": 0,
        "restore_to_original_replica_count": False,
        "fallback_spec": None,
        "target": {"kind": "Deployment", "name": "test", "api_version": "apps/v1"},
        "hpa": {
            "name": "keda-hpa-scaledobject-py",
            "min_replicas": 1,
            "max_replicas": 10,
            "desired_replicas": 1,
            "current_replicas": 1,
            "scaling_active": True,
            "message": f"ValidMetricFound: {HPA_MESSAGE}",
            "behavior": None,
        },
        "deployment": {
            "name": "test",
            "spec_replicas": 1,
            "replicas": 1,
            "updated_replicas": 1,
            "ready_replicas": 1,
            "available_replicas": 1,
        },
        "workload": {
            "kind": "Deployment",
            "name": "test",
            "api_version": "apps/v1",
            "spec_replicas": 1,
            "replicas": 1,
            "ready_replicas": 1,
        },
        "triggers": [
            {
                "index": 0,
                "name": None,
                "type": "prometheus",
                "metric_type": "AverageValue",
                "metric_name": METRIC,
                "threshold": 10.0,
                "value": 0.0,
                "average_value": 0.0,
                "value_missing": None,
                "active": None,
                "health": {"status": "Happy", "number_of_failures": 0},
                "use_cached_metrics": False,
                "authentication_ref": None,
                "query": QUERY,
                "server_address": "http://prometheus-k8s.monitoring.svc:9090",
                "activation_threshold": 0.0,
            }
        ],
        "scaling_modifiers": None,
    }


def test_the_value_is_the_average_times_the_hpas_current_replicas():
    """Kubernetes 1.25 writes an absent `value` beside an average as 0."""
    metric = external(METRIC, {"type": "AverageValue", "averageValue": "10"}, {"averageValue": "9250m", "value": "0"})
    (trigger,) = info(hpa=with_metrics(metric, replicas=4))["triggers"]
    assert values(trigger) == (METRIC, "AverageValue", 10.0, 37.0, 9.25)


def test_a_value_is_as_the_hpa_says():
    metric = external(METRIC, {"type": "Value", "value": "40"}, {"value": "36500m"})
    (trigger,) = info(hpa=with_metrics(metric, replicas=4))["triggers"]
    assert values(trigger) == (METRIC, "Value", 40.0, 36.5, None)


def test_a_metric_that_the_hpa_does_not_get_has_no_value():
    metric = external(METRIC, {"type": "AverageValue", "averageValue": "10"})
    result = info(hpa=with_metrics(metric))
    assert values(result["triggers"][0]) == (METRIC, "AverageValue", 10.0, None, None)


def test_metrics_find_their_triggers_whatever_the_order():
    """KEDA sorts the HPA's metrics by their type."""
    scaledobject = with_triggers(
        {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}},
        {"type": "kafka", "name": "lag", "metadata": {"lagThreshold": "5"}, "metricType": "Value"},
        {"type": "memory", "metadata": {"type": "AverageValue", "value": "100Mi", "containerName": "app"}},
        *[{"type": "cron", "metadata": {}}] * 8,
        names=["s1-kafka-orders", "s10-cron"],
    )
    hpa = with_metrics(
        resource(
            "memory", {"type": "AverageValue", "averageValue": "100Mi"}, {"averageValue": "50Mi"}, container="app"
        ),
        external("s10-cron", {"type": "AverageValue", "averageValue": "1"}, {"averageValue": "500m"}),
        external("s1-kafka-orders", {"type": "Value", "value": "5"}, {"value": "7"}),
        resource(
            "cpu", {"type": "Utilization", "averageUtilization": 60}, {"averageUtilization": 45, "averageValue": "9m"}
        ),
        replicas=2,
    )
    result = info(scaledobject, hpa)["triggers"]
    assert [trigger["index"] for trigger in result] == list(range(11))
    assert values(result[0]) == ("cpu", "Utilization", 60.0, 45.0, 0.009)
    assert values(result[1]) == ("s1-kafka-orders", "Value", 5.0, 7.0, None)
    # No total: the average is over the Ready pods only.
    assert values(result[2]) == ("memory", "AverageValue", 100.0 * 2**20, None, 50.0 * 2**20)
    assert values(result[3]) == (None, "AverageValue", None, None, None)
    assert values(result[10]) == ("s10-cron", "AverageValue", 1.0, 1.0, 0.5)
    assert result[1]["name"] == "lag"
    assert [result[1][key] for key in ("query", "server_address", "activation_threshold")] == [None] * 3


def test_a_trigger_with_several_metrics_has_an_entry_for_each():
    scaledobject = with_triggers({"type": "external", "metadata": {}}, names=["s0-queue", "s0-age"])
    hpa = with_metrics(
        external("s0-queue", {"type": "AverageValue", "averageValue": "1"}, {"averageValue": "3"}),
        external("s0-age", {"type": "AverageValue", "averageValue": "2"}, {"averageValue": "4"}),
    )
    result = info(scaledobject, hpa)["triggers"]
    assert [(entry["index"], entry["metric_name"], entry["value"]) for entry in result] == [
        (0, "s0-queue", 3),
        (0, "s0-age", 4),
    ]


def test_a_formula_has_the_value_in_place_of_its_triggers():
    modifiers = {"formula": "requests * 2", "target": "10", "activationTarget": "1.5"}
    scaledobject = changed(SCALEDOBJECT, "spec.advanced", {"scalingModifiers": modifiers})
    scaledobject = changed(scaledobject, "status.compositeScalerName", "composite-metric")
    metric = external(
        "composite-metric", {"type": "AverageValue", "averageValue": "10"}, {"averageValue": "18500m", "value": "0"}
    )
    result = info(scaledobject, with_metrics(metric, replicas=4))
    assert result["scaling_modifiers"] == {
        "formula": "requests * 2",
        "activation_target": 1.5,
        "metric_name": "composite-metric",
        "metric_type": "AverageValue",
        "threshold": 10.0,
        "value": 74.0,
        "average_value": 18.5,
        "health": None,
    }
    assert values(result["triggers"][0]) == (METRIC, "AverageValue", None, None, None)
    assert result["triggers"][0]["health"]["status"] == "Happy"


def test_a_new_scaledobject_has_kedas_defaults_and_nothing_else():
    scaledobject = {
        "metadata": {"name": "new", "namespace": "test"},
        "spec": {"scaleTargetRef": {"name": "web"}, "triggers": [{"type": "cpu", "metadata": {"value": "60"}}]},
    }
    result = info(scaledobject, None, None)
    numbers = ("min_replicas", "max_replicas", "idle_replicas", "polling_interval", "cooldown_period")
    assert [result[key] for key in numbers] == [0, 100, None, 30, 300]
    assert [result[key] for key in ("ready", "active", "paused", "fallback")] == [False] * 4
    assert result["message"] == "no condition Ready yet"
    assert (result["hpa"], result["deployment"]) == (None, None)
    assert values(result["triggers"][0]) == ("cpu", None, None, None, None)
    assert hpa_name(scaledobject) == "keda-hpa-new"


def test_the_scaledobjects_own_fields_count():
    spec = {"minReplicaCount": 2, "maxReplicaCount": 7, "idleReplicaCount": 0, "pollingInterval": 9}
    spec |= {"cooldownPeriod": 0, "scaleTargetRef": {"name": "test", "kind": "StatefulSet"}}
    spec["triggers"] = [{"type": "kafka", "metricType": "Value", "metadata": {}}]
    result = info(changed(SCALEDOBJECT, "spec", spec), None, None)
    numbers = ("min_replicas", "max_replicas", "idle_replicas", "polling_interval", "cooldown_period")
    assert [result[key] for key in numbers] == [2, 7, 0, 9, 0]
    assert result["target"] == {"kind": "StatefulSet", "name": "test", "api_version": "apps/v1"}
    # There is no HPA yet: the type is the trigger's, and there is no threshold.
    assert values(result["triggers"][0])[1:] == ("Value", None, None, None)


def test_numbers_that_kubernetes_leaves_out_are_zero():
    deployment = {"metadata": {"name": "test"}, "spec": {"replicas": 0}, "status": {"observedGeneration": 3}}
    result = info(changed(SCALEDOBJECT, "spec.idleReplicaCount", 0), changed(HPA, "status", {}), deployment)
    assert list(result["deployment"].values()) == ["test", 0, 0, 0, 0, 0]
    assert result["idle_replicas"] == 0
    assert (result["hpa"]["desired_replicas"], result["hpa"]["scaling_active"]) == (0, False)
    assert values(result["triggers"][0]) == (METRIC, "AverageValue", 10.0, None, None)


@pytest.mark.parametrize(
    ("condition", "annotations", "paused"),
    [
        (None, {"autoscaling.keda.sh/paused-replicas": "0"}, True),  # KEDA 2.10
        (None, {"autoscaling.keda.sh/paused": "true"}, False),  # unknown to KEDA 2.10
        ("Unknown", {}, False),
        ("True", {"autoscaling.keda.sh/paused": "true"}, True),
        ("False", {"autoscaling.keda.sh/paused": "false"}, False),
        ("False", {"autoscaling.keda.sh/paused-replicas": "3"}, True),  # a newer KEDA, on the way to 3 replicas
    ],
)
def test_paused_is_what_keda_says(condition, annotations, paused):
    scaledobject = changed(SCALEDOBJECT, "metadata.annotations", annotations)
    if condition:
        scaledobject["status"]["conditions"].append({"type": "Paused", "status": condition})
    assert info(scaledobject)["paused"] is paused


def test_fallback():
    spec = {"failureThreshold": 3, "replicas": 6}
    scaledobject = changed(SCALEDOBJECT, "spec.fallback", spec)
    scaledobject = changed(scaledobject, "status.conditions.2.status", "True")
    scaledobject = changed(scaledobject, f"status.health.{METRIC}", {"numberOfFailures": 4, "status": "Failing"})
    result = info(scaledobject)
    assert result["fallback"] is True
    assert result["fallback_spec"] == {"failure_threshold": 3, "replicas": 6, "behavior": "static"}
    assert result["triggers"][0]["health"] == {"status": "Failing", "number_of_failures": 4}
    newer = info(changed(scaledobject, "spec.fallback", spec | {"behavior": "currentReplicas"}))
    assert newer["fallback_spec"]["behavior"] == "currentReplicas"


def test_no_secret_gets_into_the_result():
    """KEDA takes secrets by reference, and secrets that users put elsewhere are left out."""
    trigger = copy.deepcopy(SCALEDOBJECT["spec"]["triggers"][0])
    trigger["authenticationRef"] = {"name": "prometheus-token"}
    trigger["metadata"] |= {
        "serverAddress": "https://demo:s3cret@prometheus.example.com/a?b=c@d",
        "customHeaders": "Authorization=Bearer s3cret",
    }
    result = info(with_triggers(trigger, names=[METRIC]))
    assert "s3cret" not in str(result)
    assert result["triggers"][0]["server_address"] == "https://***@prometheus.example.com/a?b=c@d"
    assert result["triggers"][0]["authentication_ref"] == {"kind": "TriggerAuthentication", "name": "prometheus-token"}


@pytest.mark.parametrize(("text", "number"), [("2.5", 2.5), ("", 0.0), ("many", None), ("NaN", None)])
def test_activation_threshold(text, number):
    scaledobject = changed(SCALEDOBJECT, "spec.triggers.0.metadata.activationThreshold", text)
    scaledobject = changed(scaledobject, "spec.triggers.0.useCachedMetrics", True)
    (trigger,) = info(scaledobject)["triggers"]
    assert (trigger["activation_threshold"], trigger["use_cached_metrics"]) == (number, True)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"name": "test"}, "test"),
        ({"name": "test", "kind": "Deployment", "apiVersion": "apps/v1"}, "test"),
        ({"name": "test", "kind": "StatefulSet"}, None),
        ({"name": "test", "kind": "Deployment", "apiVersion": "example.com/v1"}, None),
    ],
)
def test_deployment_name(target, name):
    assert deployment_name(changed(SCALEDOBJECT, "spec.scaleTargetRef", target)) == name


def test_hpa_name():
    advanced = {"horizontalPodAutoscalerConfig": {"name": "mine"}}
    assert hpa_name(SCALEDOBJECT) == "keda-hpa-scaledobject-py"
    assert hpa_name(changed(changed(SCALEDOBJECT, "spec.advanced", advanced), "status.hpaName", None)) == "mine"


def test_a_metric_added_by_hand_is_ignored():
    pods = ({"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue"}}}, {"type": "Pods"})
    hpa = with_metrics(pods, external(METRIC, {"type": "Value", "value": "1"}, {"value": "2"}))
    assert values(info(hpa=hpa)["triggers"][0]) == (METRIC, "Value", 1.0, 2.0, None)


def of(condition=None, **annotations):
    """The lab's ScaledObject with annotations and a condition Paused."""
    return annotated(condition, SCALEDOBJECT, **annotations)


def of_version(keda):
    """The lab's HPA, as another version of KEDA makes it."""
    return changed(HPA, "metadata.labels", {**HPA["metadata"]["labels"], "app.kubernetes.io/version": keda})


@pytest.mark.parametrize(
    ("obj", "hpa", "paused", "directions"),
    [
        (of(condition=PAUSED, paused_scale_in="true"), of_version("2.18.1"), False, (True, False)),
        (of(condition=PAUSED, paused_scale_out="true"), of_version("2.18.1"), False, (False, True)),
        (of(paused_scale_in="true"), of_version("2.17.0"), False, (False, False)),
        (of(condition=PAUSED, paused="true"), None, True, (True, True)),
        (of(condition=PAUSED), of_version("2.17.0"), True, (True, True)),
    ],
)
def test_a_pause_of_one_direction(obj, hpa, paused, directions):
    result = info(obj, hpa)
    assert (result["paused"], result["pause"]["scale_in"], result["pause"]["scale_out"]) == (paused, *directions)


def test_a_pause_says_what_pauses():
    pause = info(of(condition=PAUSED, paused_replicas="2"), None)["pause"]
    assert pause["annotation"] == "autoscaling.keda.sh/paused-replicas"
    assert pause["condition"] == "ScaledObjectPaused: ScaledObject is paused"
    assert info(of(force_activation="true"), None)["pause"]["forced_activation"] is True


@pytest.mark.parametrize(
    ("labels", "hpa", "version"),
    [
        (None, HPA, "2.10.0"),
        (None, None, None),
        # KEDA copies the ScaledObject's labels over its own.
        ({"app.kubernetes.io/version": "4.1.7"}, of_version("4.1.7"), None),
        (None, changed(HPA, "metadata.labels", None), None),
        (None, changed(HPA, "metadata.labels", {"app.kubernetes.io/version": "4.1.7"}), None),
    ],
)
def test_kedas_version_is_that_of_the_hpas_label(labels, hpa, version):
    assert info(changed(SCALEDOBJECT, "metadata.labels", labels), hpa)["keda_version"] == version


def test_fields_of_later_versions():
    obj = changed(SCALEDOBJECT, "spec.initialCooldownPeriod", 120)
    obj = changed(obj, "spec.advanced", {"restoreToOriginalReplicaCount": True})
    obj = changed(obj, "status.triggersActivity", {METRIC: {"isActive": True}})
    result = info(obj)
    assert (result["initial_cooldown_period"], result["restore_to_original_replica_count"]) == (120, True)
    assert result["triggers"][0]["active"] is True
    assert (
        info(changed(obj, "status.triggersActivity", {METRIC: {"isActive": False}}))["triggers"][0]["active"] is False
    )


@pytest.mark.parametrize(
    ("obj", "hpa", "missing"),
    [
        (with_kafka(health=False), hpa_without_kafka(HPA), [None, "not_read"]),
        (with_kafka(health=False), idle_hpa_without_kafka(HPA), [None, "cannot_read"]),
        (with_kafka(health=True), hpa_without_kafka(HPA), [None, "keda_fails"]),
    ],
)
def test_a_metric_without_a_value_says_how_that_is_known(obj, hpa, missing):
    entries = info(obj, hpa)["triggers"]
    assert [entry["metric_name"] for entry in entries] == [METRIC, KAFKA_METRIC]
    assert [entry["value_missing"] for entry in entries] == missing
