# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The official manifests of kube-prometheus, as their project publishes them.

The archive has the manifests and the licence (Apache-2.0) alone, in the folders of the release. It is the same that a
bundle takes from `bundle_upstream_dir`.
"""

from .cores import ROOT

ARCHIVE = ROOT / "tests" / "recorded" / "upstream" / "kube-prometheus-0.12.0.tar.gz"
# The components whose images a bundle can be built with.
BUILT = [
    "alertmanager",
    "kubePrometheus",
    "kubeStateMetrics",
    "kubernetesControlPlane",
    "nodeExporter",
    "prometheus",
    "prometheusOperator",
]
