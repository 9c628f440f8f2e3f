# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The images of objects, as containerd names them."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.container_images import container_images, full_reference
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import read_manifests
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE


def test_the_images_of_the_release_are_found():
    # As listed in the release's own files, and the one that is only in an argument of the operator.
    assert container_images(read_manifests(ARCHIVE)) == [
        "docker.io/grafana/grafana:9.3.2",
        "docker.io/jimmidyson/configmap-reload:v0.5.0",
        "quay.io/brancz/kube-rbac-proxy:v0.14.0",
        "quay.io/prometheus-operator/prometheus-config-reloader:v0.62.0",
        "quay.io/prometheus-operator/prometheus-operator:v0.62.0",
        "quay.io/prometheus/alertmanager:v0.25.0",
        "quay.io/prometheus/blackbox-exporter:v0.23.0",
        "quay.io/prometheus/node-exporter:v1.5.0",
        "quay.io/prometheus/prometheus:v2.41.0",
        "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.7.0",
        "registry.k8s.io/prometheus-adapter/prometheus-adapter:v0.10.0",
    ]


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1", "docker.io/library/busybox:1"),
        ("grafana/grafana:9.3.2", "docker.io/grafana/grafana:9.3.2"),
        ("registry:5000/a:1", "registry:5000/a:1"),
        ("localhost/a", "localhost/a"),
        ("quay.io/a/b@sha256:0", "quay.io/a/b@sha256:0"),
    ],
)
def test_a_short_reference_gets_its_registry(image, full):
    assert full_reference(image) == full


def test_what_is_no_image_of_a_container_is_left_out():
    # A field `image` may be a mapping, and data of a ConfigMap may look like one.
    assert container_images([{"spec": {"image": {"tag": "1"}}}, {"data": {"image": "a/b:1"}}, {"kind": "Role"}]) == []
