# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The folder of the static pods' patches, and patches that are refused."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

FOLDER = "/etc/kubernetes/keda-demo-patches/"
PATCH = {"spec": {"priority": 1}}
SAYS = ": give parts of the pods etcd, kube-apiserver, kube-controller-manager, kube-scheduler, such as"
BAD = {
    "pod": ({"kubelet": PATCH}, 'control_plane_patches is {"kubelet": {"spec": {"priority": 1}}}' + SAYS),
    "text": ({"etcd": "priority: 1"}, 'control_plane_patches is {"etcd": "priority: 1"}' + SAYS),
}
GOOD = {"none": {}, "one": {"etcd": PATCH}, "other": {"etcd": {"spec": {"priority": 2}}}}


@pytest.fixture(scope="module")
def results(core, tmp_path_factory):
    cases = {case: {"control_plane_patches": value} for case, value in GOOD.items()}
    cases |= {case: {"control_plane_patches": value} for case, (value, _says) in BAD.items()}
    return render(core, "control_plane", cases, "__control_plane_patches_dir", tmp_path_factory.mktemp("role"))


def test_other_patches_have_another_folder(results):
    folders = [results[case]["value"] for case in GOOD]
    assert all(folder.startswith(FOLDER) for folder in folders)
    assert len(set(folders)) == len(folders)


@pytest.mark.parametrize("case", BAD)
def test_patches_that_kubeadm_would_ignore_are_refused(results, case):
    assert BAD[case][1] in results[case]["failed"]
