# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the role makes of the API's Nodes and of what a host tells."""

import json

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

# The first two lines are what kubectl 1.25.0 printed for the role's columns. The others have what they did not: a long
# name, addresses of both families, and a Node that has no pod subnet yet.
NODES = [
    "control1   10.244.0.0/24   10.89.32.11   True",
    "worker1    10.244.1.0/24   10.89.32.21   True",
    "worker2.example.com      10.244.2.0/24   10.89.33.22,fd00::22       False",
    "worker3                  <none>          10.89.33.23                False",
]
LOOK = ["name Worker2.example.com", "mtu 127.0.0.1 65536", "mtu 10.89.33.22 9000", "mtu 10.244.2.1 1450"]
HOST = {
    "__cni_nodes": {"stdout_lines": NODES},
    "__cni_look": {"stdout_lines": LOOK},
    "groups": {},
}
CASES = {
    "vxlan": {},
    "bridge": {"cni_plugin": "bridge"},
    "given_mtu": {"cni_mtu": 1400},
    "other_address": {"__cni_look": {"stdout_lines": ["name worker2.example.com", "mtu 127.0.0.1 65536"]}},
    "managers": {"__cni_look": {"stdout_lines": [*LOOK, "manager NetworkManager", "manager systemd-networkd"]}},
    "not_joined": {"__cni_look": {"stdout_lines": ["name worker4", "mtu 10.89.33.24 1500"]}},
    "no_subnet": {"__cni_look": {"stdout_lines": ["name worker3", "mtu 10.89.33.23 1500"]}},
    "no_cluster": {"__cni_nodes": {"skipped": True}},
}


@pytest.fixture(scope="module")
def rendered(core, tmp_path_factory):
    """Each case's own Node, the others, and the files by their paths."""
    cases = {name: HOST | variables for name, variables in CASES.items()}
    expression = (
        "{'node': __cni_node, 'peers': __cni_peers, 'ready': __cni_ready, 'files': __cni_files if __cni_node else []}"
    )
    results = render(core, "cni", cases, expression, tmp_path_factory.mktemp("cni"), entry_points=())
    assert not [result for result in results.values() if "failed" in result]
    return {name: result["value"] for name, result in results.items()}


def files(value):
    return {file["dest"]: file["content"] for file in value["files"]}


def conflist(value):
    return json.loads(files(value)["/etc/cni/net.d/10-keda-demo.conflist"])["plugins"][0]


def test_a_host_finds_its_node_by_the_name_that_it_told(rendered):
    value = rendered["vxlan"]
    assert value["node"] == {"name": "worker2.example.com", "subnet": "10.244.2.0/24", "address": "10.89.33.22"}
    assert value["ready"] == ["control1", "worker1"]


def test_the_others_are_all_nodes_with_a_pod_subnet_whether_the_inventory_has_them_or_not(rendered):
    assert rendered["vxlan"]["peers"] == [
        {"name": "control1", "subnet": "10.244.0.0/24", "address": "10.89.32.11"},
        {"name": "worker1", "subnet": "10.244.1.0/24", "address": "10.89.32.21"},
    ]
    script = files(rendered["vxlan"])["/usr/local/sbin/keda-demo-pod-routes"]
    assert "peers='\n10.244.0.0/24 10.89.32.11\n10.244.1.0/24 10.89.32.21\n'" in script
    assert "\nsubnet=10.244.2.0/24\naddress=10.89.33.22\n" in script


@pytest.mark.parametrize(
    ("case", "mtu"), [("vxlan", 8950), ("bridge", 9000), ("given_mtu", 1400), ("other_address", None)]
)
def test_pods_have_the_mtu_of_the_nodes_interface_less_what_vxlan_adds(rendered, case, mtu):
    bridge = conflist(rendered[case])
    assert bridge.get("mtu") == mtu
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.244.2.0/24"}]]


def test_only_managers_of_networks_that_a_host_has_get_a_configuration(rendered):
    always = set(files(rendered["vxlan"]))
    assert not [path for path in always if "etwork" in path]
    assert set(files(rendered["managers"])) - always == {
        "/etc/NetworkManager/conf.d/keda-demo.conf",
        "/etc/systemd/network/05-keda-demo.network",
        "/etc/systemd/networkd.conf.d/keda-demo.conf",
    }


@pytest.mark.parametrize("case", ["not_joined", "no_subnet", "no_cluster"])
def test_a_host_without_a_pod_subnet_gets_nothing(rendered, case):
    assert rendered[case]["node"] == {}
    assert rendered[case]["files"] == []
