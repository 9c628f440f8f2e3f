# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which hosts run workloads: the control plane's taint and the images of a host must agree."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

# By role: whether a host has the images of workloads, and whether kubeadm leaves its Node without a taint.
EXPRESSIONS = {
    "containerd": "'workloads' in containerd_image_archives",
    "control_plane": """(lookup('ansible.builtin.template', 'kubeadm-config.yaml.j2') | from_yaml_all | first)
                        .nodeRegistration.taints is defined""",
}
# kubeadm's configuration also has the endpoint and the Node's name.
HOST = {"cluster_endpoint": "192.0.2.11:6443"}
# Each case: the host's groups, its variables, and whether it runs workloads.
WITH_WORKERS = {
    "worker": (["kube_node"], {}, True),
    "control_plane": (["kube_control_plane"], {}, False),
    "in_both_groups": (["kube_control_plane", "kube_node"], {}, True),
    "schedulable": (["kube_control_plane"], {"control_plane_schedulable": True}, True),
    "schedulable_as_text": (["kube_control_plane"], {"control_plane_schedulable": "true"}, True),
    "not_schedulable": (["kube_control_plane"], {"control_plane_schedulable": "false"}, False),
}
WITHOUT_WORKERS = {
    "alone": (["kube_control_plane"], {}, True),
    "alone_and_not_schedulable": (["kube_control_plane"], {"control_plane_schedulable": False}, False),
}


@pytest.mark.parametrize("hosts", [WITH_WORKERS, WITHOUT_WORKERS], ids=["with_workers", "without_workers"])
@pytest.mark.parametrize("role", EXPRESSIONS)
def test_hosts_that_run_workloads_have_their_images(core, tmp_path, role, hosts):
    groups = {
        group: [case for case, (member_of, _variables, _runs) in hosts.items() if group in member_of]
        for group in ("kube_control_plane", "kube_node")
    }
    names = {"cluster_node_names": {f"case_{case}": "node1" for case in hosts}}
    cases = {case: HOST | names | variables for case, (_groups, variables, _runs) in hosts.items()}
    results = render(core, role, cases, EXPRESSIONS[role], tmp_path, entry_points=(), groups=groups)
    # Core 2.16 gives text.
    runs = {case: str(result["value"]) == "True" for case, result in results.items()}
    assert runs == {case: runs for case, (_groups, _variables, runs) in hosts.items()}
