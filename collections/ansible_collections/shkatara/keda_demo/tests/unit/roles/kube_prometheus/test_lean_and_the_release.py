# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The profile lean against the release, field by field: nothing differs but what is listed here with its reason."""

import re

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.object_diff import by_key, differences

RESOURCES = "small requests and no CPU limits: a limit makes every start many times slower"
DEFAULT = "the API server's own default, set so that what is applied has the form that is stored"
ONE = "two pods of Prometheus differ between their scrapes, and an HPA would get either answer"
# Objects and fields as patterns, each with the reason for the difference.
MEANT = [
    (r".*", r"metadata\.labels\.keda-demo/role", "the label by which the role knows its own objects"),
    (r"(Deployment|DaemonSet) .*", r".*\.resources\.(requests|limits)\.(cpu|memory)", RESOURCES),
    (r"Prometheus .*", r"spec\.resources\.requests\.(cpu|memory)", RESOURCES),
    (r"(Deployment|DaemonSet) .*", r".*\.imagePullPolicy", DEFAULT),
    (r"(Deployment|DaemonSet|Service) .*", r".*\.ports\[.*\]\.protocol", DEFAULT),
    (r"DaemonSet .*", r".*\.fieldRef\.apiVersion", DEFAULT),
    (r"ServiceMonitor .*/kubelet", r".*\.relabelings\[0\]\.action", DEFAULT),
    (r"Deployment .*/prometheus-operator", r".*\.args\[[23]\]", "no CPU limit for the config-reloader, see resources"),
    (r"Prometheus .*", r"spec\.alerting\..*", "lean has no Alertmanager"),
    (r"Prometheus .*", r"spec\.replicas", ONE),
    (r"Prometheus .*", r"spec\.(retention|scrapeInterval|evaluationInterval)", "variables; as the operator's defaults"),
    (r"Prometheus .*", r"spec\.containers\[prometheus\]\..*", "the Service has a pod after 2 s, and not after 15 s"),
]
# Objects of lean's own components, and of the release's rules, that lean leaves out.
COMPONENTS = r"alertmanager|blackbox-exporter|adapter-config|grafana|prometheus-adapter|resource-metrics"
LEFT_OUT = [
    (r"PrometheusRule .*", "lean has no Alertmanager, and the proof uses no recorded series"),
    (r"PodDisruptionBudget .*/prometheus-k8s", "it would keep the node of the only Prometheus from being drained"),
    (rf"\w+ (\w+/|kube-system/)?({COMPONENTS}).*", "a component that is not part of lean"),
    (r"Alertmanager .*", "a component that is not part of lean"),
    (r"APIService v1beta1\.metrics\.k8s\.io", "prometheus-adapter's"),
    (r"ClusterRole system:aggregated-metrics-reader", "prometheus-adapter's"),
    (r"CustomResourceDefinition .*", "the bundle's, from the operator's module; this test has one of them"),
]
ADDED = {"NetworkPolicy monitoring/prometheus-k8s-clients"}


@pytest.fixture(scope="module")
def lean(run_role):
    return run_role({"default": {}})["default"]["value"]


@pytest.fixture(scope="module")
def found(lean, release):
    """Return what differs in the objects that both have, without the definitions."""
    return [item for item in differences(lean, release) if not item[0].startswith("CustomResourceDefinition")]


def test_nothing_differs_but_what_is_meant(found):
    unmeant = [
        item for item in found if not any(re.fullmatch(o, item[0]) and re.fullmatch(f, item[1]) for o, f, _ in MEANT)
    ]
    assert unmeant == []


@pytest.mark.parametrize(("name", "field", "reason"), MEANT)
def test_what_is_meant_is_there(found, name, field, reason):
    assert reason
    assert [item for item in found if re.fullmatch(name, item[0]) and re.fullmatch(field, item[1])]


def test_lean_has_every_object_of_the_release_that_it_does_not_leave_out(lean, release):
    missing = by_key(release).keys() - by_key(lean).keys()
    assert [name for name in missing if not any(re.fullmatch(pattern, name) for pattern, _reason in LEFT_OUT)] == []


@pytest.mark.parametrize(("pattern", "reason"), LEFT_OUT)
def test_what_is_left_out_is_not_there(lean, release, pattern, reason):
    assert reason
    missing = by_key(release).keys() - by_key(lean).keys()
    assert [name for name in missing if re.fullmatch(pattern, name)]


def test_lean_adds_one_policy(lean, release):
    assert by_key(lean).keys() - by_key(release).keys() == ADDED


# What lean once had otherwise: each is one field that the comparison above sees.
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ServiceMonitor monitoring/kube-state-metrics", "spec.endpoints[0].relabelings[0].action"),
        ("ServiceMonitor monitoring/kube-state-metrics", "spec.endpoints[0].metricRelabelings[0].regex"),
        ("ServiceMonitor monitoring/node-exporter", "spec.endpoints[0].interval"),
        ("ServiceMonitor monitoring/kubelet", "spec.endpoints[1].metricRelabelings[1].regex"),
        ("DaemonSet monitoring/node-exporter", "spec.template.spec.containers[kube-rbac-proxy].args[2]"),
        ("NetworkPolicy monitoring/node-exporter", "spec.ingress[0].ports[0].port"),
        ("ServiceMonitor monitoring/kube-apiserver", "spec.endpoints[0].port"),
    ],
)
def test_a_changed_field_would_be_seen(lean, release, name, field):
    ours = by_key(lean)[name]
    assert field in ours
    assert ours[field] == by_key(release)[name][field]
    changed = [item | {"spec": {}} if name.startswith(f"{item['kind']} ") else item for item in lean]
    assert (name, field) in {item[:2] for item in differences(changed, release)}
