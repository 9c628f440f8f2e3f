# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The names of Nodes come from facts, and from nowhere else."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.node_names import node_names
from jinja2 import StrictUndefined


@pytest.mark.parametrize("facts", [{}, {"nodename": ""}, None, StrictUndefined()])
def test_a_host_without_facts_has_no_name(facts):
    assert node_names({"worker1": {"ansible_host": "192.0.2.21", "ansible_facts": facts}}, ["worker1"]) == {}


def test_a_host_whose_facts_were_never_gathered_has_no_name():
    assert node_names({"worker1": {}}, ["worker1"]) == {}


def test_names_are_in_lower_case_in_the_order_of_the_hosts():
    hostvars = {name: {"ansible_facts": {"nodename": f"{name}.Example.com"}} for name in ("A", "b", "c")}
    assert list(node_names(hostvars, ["c", "A"]).items()) == [("c", "c.example.com"), ("A", "a.example.com")]
