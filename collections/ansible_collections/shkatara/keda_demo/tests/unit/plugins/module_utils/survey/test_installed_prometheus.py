# SPDX-License-Identifier: MIT
"""Whose Prometheus a cluster has, and how the application gets into it."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey import installed_prometheus
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.installed_prometheus import Monitoring
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.label_selectors import (
    CannotMatch,
    labels_for,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.owners import CLAIMS, KUBE_PROMETHEUS
from ansible_collections.shkatara.keda_demo.tests.support.survey_clusters import (
    MANAGER,
    obj,
    prometheus,
    service,
    snapshot,
)

WEB = {"name": "web", "port": 9090, "targetPort": "web"}
OPERATED = service(
    "prometheus-operated", "observability", {"app.kubernetes.io/name": "prometheus"}, WEB, cluster_ip="None"
)
METRICS = service("metrics", "observability", {"prometheus": "main"}, {**WEB, "port": 9095})
MAIN = prometheus(
    "main",
    "observability",
    serviceAccountName="metrics",
    serviceMonitorSelector={"matchLabels": {"team": "platform"}},
    serviceMonitorNamespaceSelector={
        "matchExpressions": [{"key": "monitored", "operator": "In", "values": ["yes", "true"]}]
    },
)
OURS = {
    **prometheus("k8s", "monitoring"),
    "metadata": {"name": "k8s", "namespace": "monitoring", "labels": {"keda-demo/role": "kube_prometheus"}},
}
SECOND = prometheus("second", "default")


def decide(cluster, asked="detect", wanted="", url=""):
    return installed_prometheus.decide(cluster, asked, wanted, MANAGER, url)


@pytest.mark.parametrize(
    "cluster",
    [snapshot(), snapshot(prometheuses=[]), snapshot(prometheuses=[OURS]), snapshot(prometheuses=[OURS, SECOND])],
)
def test_the_demo_installs_its_own_where_there_is_none_but_its_own(cluster):
    part, monitoring = decide(cluster)
    assert (part.state, part.problems, monitoring) == ("present", (), Monitoring())


def test_the_application_carries_what_the_cluster_s_own_takes():
    part, monitoring = decide(snapshot(prometheuses=[MAIN], services=[OPERATED, METRICS]))
    assert (part.state, part.namespace, part.problems) == ("existing", "observability", ())
    assert monitoring == Monitoring(
        "main",
        "observability",
        "metrics",
        "http://metrics.observability.svc:9095",
        {"team": "platform"},
        {"monitored": "yes"},
    )


@pytest.mark.parametrize(
    ("spec", "services", "url"),
    [
        # The operator's own Service is enough.
        ({}, [OPERATED], "http://prometheus-operated.observability.svc:9090"),
        # kube-prometheus' Service selects by labels that podMetadata sets.
        (
            {"podMetadata": {"labels": {"app.kubernetes.io/part-of": "kube-prometheus"}}},
            [OPERATED, service("own", "observability", {"app.kubernetes.io/part-of": "kube-prometheus"}, WEB)],
            "http://own.observability.svc:9090",
        ),
        # The Helm chart's port has another name.
        (
            {"portName": "http-web"},
            [
                service(
                    "helm", "observability", {"operator.prometheus.io/name": "main"}, {"port": 9090, "targetPort": 9090}
                )
            ],
            "http://helm.observability.svc:9090",
        ),
        (
            {"routePrefix": "/prom/", "web": {"tlsConfig": {"cert": {}}}},
            [METRICS],
            "https://metrics.observability.svc:9095/prom",
        ),
        # Of another namespace, of other pods, without a selector, and of another port.
        (
            {},
            [
                service("metrics", "shop", {"prometheus": "main"}, WEB),
                service("a", "observability", {"prometheus": "other"}, WEB),
                service("b", "observability", {}, WEB),
                service("c", "observability", {"prometheus": "main"}, {"port": 8080, "targetPort": "reloader-web"}),
                METRICS,
            ],
            "http://metrics.observability.svc:9095",
        ),
    ],
)
def test_the_service_before_a_prometheus(spec, services, url):
    _part, monitoring = decide(snapshot(prometheuses=[prometheus("main", "observability", **spec)], services=services))
    assert monitoring.url == url
    assert monitoring.service_account == "default"


def test_one_of_several_is_chosen_by_the_variable():
    cluster = snapshot(prometheuses=[MAIN, SECOND], services=[METRICS])
    (problem,) = decide(cluster)[0].problems
    assert problem.startswith("the cluster has several Prometheuses: default/second, observability/main: give one")
    assert "demo_prometheus" in problem
    assert decide(cluster, wanted="observability/main")[1].name == "main"


CLAIM = CLAIMS[KUBE_PROMETHEUS][0]


@pytest.mark.parametrize(
    ("cluster", "options", "says"),
    [
        (
            snapshot(prometheuses=[MAIN]),
            {"asked": "present"},
            "kube_prometheus_state is present, and the cluster has the Prometheus observability/main",
        ),
        (snapshot(), {"asked": "existing"}, "the cluster has no object of the kind Prometheus"),
        (snapshot(), {"asked": "absent"}, "kube_prometheus_state is absent, and KEDA asks Prometheus"),
        (
            snapshot(prometheuses=[MAIN]),
            {"wanted": "shop/main"},
            "demo_prometheus is shop/main, and the cluster has the Prometheus observability/main",
        ),
        (
            snapshot(),
            {"wanted": "shop/main"},
            "demo_prometheus is shop/main, and the cluster has no Prometheus of its own",
        ),
        (
            snapshot(prometheuses=[], claims={CLAIM: obj(CLAIM.name)}),
            {},
            "parts of a monitoring that is somebody else's: CustomResourceDefinition",
        ),
        (
            snapshot(prometheuses=[MAIN]),
            {},
            "Prometheus observability/main has no Service in its namespace: give the URL",
        ),
    ],
)
def test_what_is_against_it(cluster, options, says):
    (problem,) = decide(cluster, **options)[0].problems
    assert says in problem


def test_a_given_url_needs_no_service():
    part, monitoring = decide(snapshot(prometheuses=[MAIN]), url="http://thanos.observability.svc:9090")
    assert (part.problems, monitoring.url) == ((), "http://thanos.observability.svc:9090")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"serviceMonitorSelector": None}, "has no serviceMonitorSelector, so it takes no ServiceMonitor at all"),
        ({"serviceMonitorNamespaceSelector": None}, "so it takes ServiceMonitors of its own namespace alone"),
        (
            {"serviceMonitorNamespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},
            "serviceMonitorNamespaceSelector of Prometheus observability/main can't take the application, since it "
            "requires: kubernetes.io/metadata.name in (shop), and it is test",
        ),
        ({"serviceMonitorSelector": {"matchLabels": {"app": "shop"}}}, "requires: app in (shop), and it is test"),
    ],
)
def test_selectors_that_can_t_take_the_application(spec, says):
    cluster = snapshot(prometheuses=[prometheus("main", "observability", **spec)], services=[METRICS])
    (problem,) = decide(cluster)[0].problems
    assert says in problem


@pytest.mark.parametrize(
    ("selector", "labels"),
    [
        ({}, {}),
        ({"matchLabels": {"app": "test"}}, {}),
        (
            {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]},
            {"a": "1", "b": "true"},
        ),
        (
            {
                "matchExpressions": [
                    {"key": "c", "operator": "DoesNotExist"},
                    {"key": "app", "operator": "NotIn", "values": ["x"]},
                ]
            },
            {},
        ),
    ],
)
def test_labels_for_a_selector(selector, labels):
    assert labels_for(selector, {"app": "test"}) == labels


@pytest.mark.parametrize(
    "rule",
    [
        {"key": "app", "operator": "DoesNotExist"},
        {"key": "app", "operator": "NotIn", "values": ["test"]},
        {"key": "app", "operator": "In", "values": ["a", "b"]},
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a"]},
    ],
)
def test_no_labels_for_a_selector(rule):
    with pytest.raises(CannotMatch):
        labels_for({"matchExpressions": [rule]}, {"app": "test"})
