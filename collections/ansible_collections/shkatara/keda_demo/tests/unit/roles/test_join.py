# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the role worker finds out about a host that is to join, from the cluster's Nodes and the inventory.

The lines are those that the role's kubectl of Kubernetes 1.25 printed for a cluster of the lab.
"""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

NODES = ["control1   192.0.2.11   True", "web        192.0.2.21   True", "old        192.0.2.99   False"]
# Each case is the host that joins: its files, address and name, and what is found.
CASES = {
    "joined": (["kubelet.conf"], "192.0.2.21", "web", {"joined": True}),
    "new": ([], "192.0.2.23", "new", {}),
    "reset": ([], "192.0.2.21", "web", {"node": "web"}),
    "killed": (["ca.crt", "kubelet.conf"], "192.0.2.23", "new", {}),
    "another_hosts": ([], "192.0.2.23", "web", {"node": "web", "foreign": True}),
    "outside_the_inventory": ([], "192.0.2.23", "control1", {"node": "control1", "foreign": True}),
    "moved": ([], "192.0.2.23", "old", {"node": "old"}),
    "namesake": ([], "192.0.2.24", "twin", {"namesakes": ["case_other"]}),
}
EXPRESSION = """{'joined': __worker_joined | bool, 'node': __worker_node | first | default(''),
                 'foreign': __worker_node_is_foreign | bool, 'namesakes': __worker_namesakes}"""


def _host(case, files, address, name):
    names = {f"case_{case}": name} | ({"case_other": name} if case == "namesake" else {"case_other": "other"})
    return {
        "cluster_endpoint": "192.0.2.11:6443",
        "cluster_node_ips": {"worker1": "192.0.2.21", f"case_{case}": address},
        "cluster_node_names": names,
        "__worker_files": {"files": [{"path": f"/etc/kubernetes/{file}"} for file in files]},
        "__worker_nodes": {"stdout_lines": NODES},
    }


@pytest.fixture(scope="module")
def found(core, tmp_path_factory):
    cases = {case: _host(case, files, address, name) for case, (files, address, name, _expected) in CASES.items()}
    cases["nameless"] = cases["new"] | {"cluster_node_names": {}}
    cases["no_cluster"] = _host("no_cluster", [], "192.0.2.23", "new") | {"__worker_nodes": {}}
    return render(core, "worker", cases, EXPRESSION, tmp_path_factory.mktemp("role"), entry_points=())


@pytest.mark.parametrize("case", CASES)
def test_a_host_takes_only_its_own_node(found, case):
    expected = {"joined": False, "node": "", "foreign": False, "namesakes": []} | CASES[case][3]
    if expected["joined"]:
        expected["node"] = "web"
    assert found[case]["value"] == expected


def test_before_there_is_a_cluster_no_host_has_joined(found):
    assert found["no_cluster"]["value"] == {"joined": False, "node": "", "foreign": False, "namesakes": []}


def test_a_name_is_not_guessed_without_facts(found):
    assert "the name of the Node of case_nameless is not known: gather its facts" in found["nameless"]["failed"]
