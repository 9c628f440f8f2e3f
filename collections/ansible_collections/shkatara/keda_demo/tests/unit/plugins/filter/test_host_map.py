# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""One value per host, from variables that some hosts lack."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.host_map import host_map
from jinja2 import StrictUndefined

IPS = ["cluster_node_ip", "ansible_host"]
NAMES = ["ansible_facts.nodename"]


class Lazy(dict):
    """Variables of a host, as `hostvars` has them: each is templated when it is read, and some can't be."""

    def __getitem__(self, key):
        value = super().__getitem__(key)
        if isinstance(value, Exception):
            raise value
        return value


@pytest.mark.parametrize(
    ("variables", "value"),
    [
        ({"cluster_node_ip": "192.0.2.1", "ansible_host": "192.0.2.2"}, "192.0.2.1"),
        ({"ansible_host": "192.0.2.2"}, "192.0.2.2"),
        ({"cluster_node_ip": "", "ansible_host": "192.0.2.2"}, "192.0.2.2"),
        ({"cluster_node_ip": None, "ansible_host": "192.0.2.2"}, "192.0.2.2"),
        ({"cluster_node_ip": StrictUndefined(), "ansible_host": "192.0.2.2"}, "192.0.2.2"),
        ({}, "Worker1"),
    ],
)
def test_the_first_variable_that_is_set_counts(variables, value):
    assert host_map({"Worker1": variables}, ["Worker1"], IPS) == {"Worker1": value}


@pytest.mark.parametrize(
    ("variables", "value"),
    [
        ({"ansible_facts": {"nodename": "Node.Example"}}, "node.example"),
        ({"ansible_facts": {}}, "worker1"),
        ({"ansible_facts": StrictUndefined()}, "worker1"),
        ({}, "worker1"),
    ],
)
def test_a_dot_leads_into_facts_that_may_be_missing(variables, value):
    assert host_map({"Worker1": variables}, ["Worker1"], NAMES, lowercase=True) == {"Worker1": value}


def test_only_the_given_hosts_are_in_the_result_in_their_order():
    hostvars = {name: {"ansible_host": name * 2} for name in ("a", "b", "c")}
    assert list(host_map(hostvars, ["c", "a"], IPS).items()) == [("c", "cc"), ("a", "aa")]
    assert host_map(hostvars, [], IPS) == {}


def test_other_variables_are_not_templated():
    variables = Lazy(ansible_host="192.0.2.2", broken=ValueError("templated"))
    assert host_map({"a": variables}, ["a"], IPS) == {"a": "192.0.2.2"}


def test_the_error_of_a_variable_that_is_needed_is_not_hidden():
    with pytest.raises(ValueError, match="no such variable"):
        host_map({"a": Lazy(ansible_host=ValueError("no such variable"))}, ["a"], IPS)
