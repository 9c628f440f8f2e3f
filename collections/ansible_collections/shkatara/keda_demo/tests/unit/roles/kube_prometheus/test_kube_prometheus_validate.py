# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with the role's variables is said at once, by name, with what would be right."""

import json

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.cores import ROOT
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE, BUILT

STACK = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo" / "stacks" / "seed.yml"
GRAFANA = "docker.io/grafana/grafana:9.3.2"
NOT_BUILT = [
    GRAFANA,
    "docker.io/jimmidyson/configmap-reload:v0.5.0",
    "quay.io/prometheus/blackbox-exporter:v0.23.0",
    "registry.k8s.io/prometheus-adapter/prometheus-adapter:v0.10.0",
]
FULL = {"kube_prometheus_profile": "full"}
BEFORE = FULL | {"__kube_prometheus_bundle_is_final": False}

BAD = {
    "images": (FULL, f"has no {', '.join(NOT_BUILT)}. Take the components of these images out"),
    # In the bundle, and no more in the stack: this comes before the bundle is made anew.
    "images_of_the_stack": (BEFORE, f"the stack seed has no {GRAFANA},"),
    "images_of_go_modules": (
        BEFORE | {"cluster_bundle_dir": "/nowhere", "bundle_producer": "go_modules"},
        f"the stack seed has no {GRAFANA},",
    ),
    "images_without_archive": (
        BEFORE | {"kube_prometheus_archive": "/nowhere/archive.tar.gz"},
        "the stack seed has no blackbox_exporter, configmap_reload, grafana, prometheus_adapter",
    ),
    "archive": (
        FULL | {"kube_prometheus_archive": "/nowhere/archive.tar.gz"},
        "there is no /nowhere/archive.tar.gz (kube_prometheus_archive). Set bundle_upstream_dir to a folder with "
        "kube-prometheus-0.12.0.tar.gz",
    ),
    "component": (FULL | {"kube_prometheus_components": ["promtheus"]}, "kube_prometheus_components must be one or"),
    "no_prometheus": (
        {"kube_prometheus_components": ["alertmanager"]},
        "kube_prometheus_components has no prometheusOperator and no prometheus: add it",
    ),
    "node_port": ({"kube_prometheus_node_port": 9090}, "kube_prometheus_node_port is 9090: give a port from 30000"),
    "replicas": (
        {"kube_prometheus_prometheus_replicas": 0},
        "kube_prometheus_prometheus_replicas is 0: give 1 or more",
    ),
    "alertmanagers": (
        {"kube_prometheus_alertmanager_replicas": 0},
        "kube_prometheus_alertmanager_replicas is 0: give 1 or more",
    ),
    "patch": ({"kube_prometheus_patches": [{"spec": {}}]}, "kube_prometheus_patches has a patch without kind"),
    "profile": ({"kube_prometheus_profile": "lena"}, "kube_prometheus_profile must be one of: lean, full"),
    "interval": (
        {"kube_prometheus_scrape_interval": "30"},
        "kube_prometheus_scrape_interval is 30: give a duration",
    ),
    "retention": (
        {"kube_prometheus_retention": "a day"},
        "kube_prometheus_retention is a day: give a duration",
    ),
    "probe": (
        {"kube_prometheus_startup_probe_period_seconds": 0},
        "kube_prometheus_startup_probe_period_seconds is 0: give 1 to 60 seconds",
    ),
    "wait": ({"kube_prometheus_wait_timeout": 0}, "kube_prometheus_wait_timeout is 0: give 1 second"),
}
GOOD = {
    "odd": {"kube_prometheus_retention": "1d12h", "kube_prometheus_scrape_interval": "500ms"},
    "lean_without_archive": {"kube_prometheus_archive": "/nowhere/archive.tar.gz"},
    "built": FULL | {"kube_prometheus_components": BUILT},
    "built_before": BEFORE | {"kube_prometheus_components": BUILT},
    "built_without_archive": BEFORE
    | {"kube_prometheus_components": BUILT, "kube_prometheus_archive": "/nowhere/archive.tar.gz"},
    # Official releases have the images that Go modules do not give.
    "released_before": BEFORE | {"bundle_producer": "release"},
    "released_before_without_archive": BEFORE
    | {"bundle_producer": "release", "kube_prometheus_archive": "/nowhere/archive.tar.gz"},
    "no_bundle_yet": BEFORE | {"cluster_bundle_dir": "/nowhere", "bundle_producer": "auto"},
    "port": {"kube_prometheus_node_port": "30090"},
}


@pytest.fixture(scope="module")
def results(run_role, tmp_path_factory):
    bundle = tmp_path_factory.mktemp("made")
    images = dict.fromkeys(yaml.safe_load(STACK.read_text())["images"].values(), "sha256:0")
    (bundle / "bundle.json").write_text(json.dumps({"images": {"node": {}, "workloads": images}}))
    two = {"kube_prometheus_node_port": 1, "kube_prometheus_wait_timeout": 0}
    cases = {case: given for case, (given, _says) in BAD.items()} | GOOD | {"two": two}
    places = {"cluster_bundle_dir": str(bundle), "kube_prometheus_archive": str(ARCHIVE)}
    return run_role(
        {case: places | given for case, given in cases.items()}, "__kube_prometheus_checks | rejectattr('good') | list"
    )


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(results, case):
    assert BAD[case][1] in results[case]["failed"]


@pytest.mark.parametrize("case", GOOD)
def test_what_just_fits_is_taken(results, case):
    assert results[case] == {"value": []}


def test_all_findings_come_at_once(results):
    lines = results["two"]["failed"].splitlines()
    assert [line.split()[1] for line in lines[1:]] == [
        "kube_prometheus_wait_timeout",
        "kube_prometheus_node_port",
    ]
