# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""kubelet's configuration, rendered by the roles that write it: the collection's fields, and a user's over them."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

OWN = {"evictionHard": {"nodefs.available": "2Gi"}, "clusterDNS": ["192.0.2.53"], "maxPods": 200}
CASES = {
    "default": {},
    "own": {"cluster_kubelet_configuration": OWN},
    # As --extra-vars gives it.
    "text": {"cluster_fail_swap_on": "false"},
    "shared": {"cluster_cgroup_driver": "cgroupfs", "cluster_service_subnet": "172.20.0.0/16"},
}
# kubeadm's configuration has kubelet's as its third document.
TEMPLATES = {
    "kubernetes": "lookup('ansible.builtin.template', 'kubelet-config.yaml.j2') | from_yaml",
    "control_plane": "(lookup('ansible.builtin.template', 'kubeadm-config.yaml.j2') | from_yaml_all | list)[2]",
}
# kubeadm's configuration also has the endpoint, which this inventory without groups does not give.
HOST = {"cluster_endpoint": "192.0.2.11:6443", "cluster_node_names": {f"case_{case}": "node1" for case in CASES}}


@pytest.fixture(scope="module", params=TEMPLATES)
def rendered(request, core, tmp_path_factory):
    """Return the configuration of each case."""
    cases = {case: HOST | given for case, given in CASES.items()}
    place = tmp_path_factory.mktemp("role")
    results = render(core, request.param, cases, TEMPLATES[request.param], place, entry_points=())
    return {case: result["value"] for case, result in results.items()}


def test_the_default_has_what_a_host_without_internet_needs(rendered):
    default = rendered["default"]
    assert (default["kind"], default["apiVersion"]) == ("KubeletConfiguration", "kubelet.config.k8s.io/v1beta1")
    assert (default["imageGCHighThresholdPercent"], default["failSwapOn"]) == (100, True)
    assert default["clusterDNS"] == ["10.96.0.10"]


def test_one_key_is_set_and_the_others_stay(rendered):
    eviction = {**rendered["default"]["evictionHard"], "nodefs.available": "2Gi"}
    assert len(eviction) == 4
    assert rendered["own"] == {**rendered["default"], **OWN, "evictionHard": eviction}


def test_kubelet_gets_a_boolean_for_a_text(rendered):
    assert rendered["text"] == {**rendered["default"], "failSwapOn": False}


def test_shared_settings_are_in_it(rendered):
    changes = {"cgroupDriver": "cgroupfs", "clusterDNS": ["172.20.0.10"]}
    assert rendered["shared"] == {**rendered["default"], **changes}
