# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The role's objects, made by the role itself."""

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import read_manifests
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE
from ansible_collections.shkatara.keda_demo.tests.support.render import render

SCHEMA = {"openAPIV3Schema": {"description": "long", "type": "object"}}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "prometheuses.monitoring.coreos.com", "creationTimestamp": None},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"kind": "Prometheus"},
        "versions": [{"name": "v1", "schema": SCHEMA}],
    },
}


@pytest.fixture(scope="session")
def release():
    """Return the 121 objects of the release."""
    return read_manifests(ARCHIVE, ["manifests/setup/*", "manifests/*"])


@pytest.fixture(scope="session")
def run_role(core, tmp_path_factory):
    """Return a function: from {case: variables} to {case: {"value": ...} or {"failed": message}}."""
    place = tmp_path_factory.mktemp("bundle")
    (place / "manifests").mkdir()
    (place / "manifests" / "prometheus-operator-crds.yaml").write_text(yaml.safe_dump(CRD))

    def run(cases, expression="__kube_prometheus_objects", **options):
        given = {case: {"cluster_bundle_dir": str(place)} | variables for case, variables in cases.items()}
        return render(core, "kube_prometheus", given, expression, tmp_path_factory.mktemp("role"), **options)

    return run
