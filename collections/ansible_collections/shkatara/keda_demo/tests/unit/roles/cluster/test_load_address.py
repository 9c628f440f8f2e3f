# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The address that gets the load of the proof by default, from the first worker's variables."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render


@pytest.mark.parametrize(
    ("login", "address"),
    [
        # As Vagrant's inventory has it: each host's ssh is another port of the controller's own loopback.
        ({"ansible_host": "127.0.0.1", "ansible_port": 2200}, "192.168.56.21"),
        ({"ansible_host": "198.51.100.21"}, "198.51.100.21"),
        ({}, "case_worker"),
    ],
)
def test_the_load_goes_where_the_login_goes_unless_that_is_loopback(core, tmp_path, login, address):
    cases = {"worker": {**login, "cluster_node_ip": "192.168.56.21"}}
    groups = {"kube_node": ["worker"], "k8s_cluster": ["worker"]}
    found = render(core, "verify", cases, "verify_load_url", tmp_path, entry_points=(), groups=groups)
    assert found["worker"]["value"] == f"http://{address}:30115/"
