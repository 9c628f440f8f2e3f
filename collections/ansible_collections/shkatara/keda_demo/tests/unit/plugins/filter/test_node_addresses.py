# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The addresses of hosts, from inventories with addresses, names or both.

The facts have the shape that `ansible -m setup -a gather_subset=!all,!min,network` prints; MACHINE and NODE have the
interfaces of the development machine, with networks of podman, and of a lab host in a cluster.
"""

import ipaddress

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.shkatara.keda_demo.plugins.filter.node_addresses import node_addresses
from jinja2 import StrictUndefined

POD_SUBNET = "10.244.0.0/16"


class Lazy(dict):
    """Variables of a host, as `hostvars` has them: each is templated when it is read, and some can't be."""

    def __getitem__(self, key):
        value = super().__getitem__(key)
        if isinstance(value, Exception):
            raise value
        return value


def facts(default=None, **interfaces):
    """Return facts of the subset network: {interface: "address/length" or a list of them}."""
    found = {"interfaces": list(interfaces), "default_ipv4": {"address": default} if default else {}}
    for name, given in interfaces.items():
        entries = []
        for text in [given] if isinstance(given, str) else given:
            item = ipaddress.IPv4Interface(text)
            entries.append(
                {"address": str(item.ip), "netmask": str(item.netmask), "prefix": str(item.network.prefixlen)}
            )
        entry = {"device": name, "ipv4": entries[0]} if entries else {"device": name}
        found[name.replace("-", "_")] = entry | ({"ipv4_secondaries": entries[1:]} if entries[1:] else {})
    return found


LO = {"lo": "127.0.0.1/8"}
# The machine that runs the labs: each network of podman is a bridge. CNI's plugins call them cni-podman0 and so on.
MACHINE = facts(
    "192.0.2.2",
    **LO,
    **{"cni-podman0": "10.88.0.1/16", "cni-podman1": "10.89.50.1/24", "veth6bf57fb8": [], "eth0": "192.0.2.2/24"},
)
# A node of the lab's network without a default route, with pods.
NODE = facts(None, **LO, eth0="10.89.30.21/24", cni0="10.244.1.1/24", veth01=[])
VAGRANT = facts("10.0.2.15", **LO, eth0="10.0.2.15/24", eth1="192.168.56.21/24")
AIR_GAPPED = facts(None, **LO, eth0="10.1.0.5/24", eth1="10.2.0.5/24")


def address(variables, **options):
    """Return the address of worker1 beside a control plane at 192.168.56.11; None for none."""
    hostvars = {"control1": {"ansible_host": "192.168.56.11"}, "worker1": variables}
    found = node_addresses(
        hostvars, ["control1", "worker1"], control_plane="control1", pod_subnet=POD_SUBNET, **options
    )
    assert found.pop("control1") == "192.168.56.11"
    return found.get("worker1")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"cluster_node_ip": "192.0.2.1", "ansible_host": "192.0.2.2"}, "192.0.2.1"),
        ({"ansible_host": "192.0.2.2"}, "192.0.2.2"),
        ({"cluster_node_ip": "", "ansible_host": "192.0.2.2"}, "192.0.2.2"),
        ({"cluster_node_ip": None, "ansible_host": "192.0.2.2"}, "192.0.2.2"),
        # What a user chose is not second-guessed here; the role preflight refuses a wrong one.
        ({"cluster_node_ip": "127.0.0.1", "ansible_host": "192.0.2.2"}, "127.0.0.1"),
        # A name or a loopback address is none that other hosts can use, and no facts are gathered.
        ({"ansible_host": "worker1.example.com"}, None),
        ({"ansible_host": "127.0.0.1"}, None),
        ({"ansible_host": "2001:db8::21"}, None),
        ({}, None),
    ],
)
def test_the_inventory_comes_first(variables, expected):
    assert address(variables) == expected
    assert address({**variables, "ansible_facts": VAGRANT}, facts=False) == expected


def test_the_name_of_a_host_may_be_its_address():
    assert node_addresses({"192.0.2.9": {}}, ["192.0.2.9"]) == {"192.0.2.9": "192.0.2.9"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(MACHINE, "192.0.2.2", id="bridges of podman beside the default route"),
        pytest.param(NODE, "10.89.30.21", id="a node without a default route"),
        pytest.param(VAGRANT, "192.168.56.21", id="the control plane's network before the default route"),
        pytest.param(AIR_GAPPED, None, id="two networks and no default route"),
        pytest.param(facts("10.0.0.5", **LO, ens4="10.0.0.5/32"), "10.0.0.5", id="an address with length 32"),
        pytest.param(facts("10.0.0.5", **LO, **{"br-ex": "10.0.0.5/24"}), "10.0.0.5", id="a bridge of one's own"),
        pytest.param(
            facts(None, **LO, eth0=["10.1.0.5/24", "192.168.56.30/24"]), "192.168.56.30", id="a second address"
        ),
        pytest.param(facts(None, **LO, eth0=["10.1.0.5/24", "10.1.0.100/24"]), "10.1.0.5", id="a floating address"),
        pytest.param(facts(None, **LO, eth0="169.254.7.7/16"), None, id="link-local"),
        pytest.param(facts(None, **LO), None, id="loopback alone"),
        pytest.param({}, None, id="no facts of the network"),
    ],
)
@pytest.mark.parametrize("host", ["worker1.example.com", "127.0.0.1", None])
def test_facts_have_the_address_of_a_host_with_a_name_only(found, expected, host):
    assert address({"ansible_host": host, "ansible_facts": found}) == expected


def test_a_control_plane_with_a_name_only_leads_nobody():
    hostvars = {
        "control1": {"ansible_facts": facts("10.0.2.15", **LO, eth0="10.0.2.15/24", eth1="192.168.56.11/24")},
        "worker1": {"ansible_facts": VAGRANT},
    }
    found = node_addresses(hostvars, list(hostvars), control_plane="control1")
    assert found == {"control1": "10.0.2.15", "worker1": "10.0.2.15"}


@pytest.mark.parametrize(
    "template",
    [
        AnsibleUndefinedVariable("'dict object' has no attribute 'default_ipv4'"),
        StrictUndefined(),
        "{{ ansible_facts['default_ipv4']['address'] }}",
    ],
)
def test_a_template_that_needs_facts_is_unknown_before_they_are_gathered(template):
    variables = Lazy(cluster_node_ip=template, ansible_host="203.0.113.21")
    assert address(variables) is None
    assert address(Lazy(**variables, ansible_facts=VAGRANT)) is None


def test_the_error_of_another_template_is_not_hidden():
    with pytest.raises(ValueError, match="no such stack"):
        address(Lazy(cluster_node_ip=ValueError("no such stack")))


def test_other_variables_are_not_templated():
    assert address(Lazy(ansible_host="192.0.2.2", broken=ValueError("templated"))) == "192.0.2.2"


def test_only_the_given_hosts_are_in_the_result_in_their_order():
    hostvars = {name: {"ansible_host": f"192.0.2.{number}"} for number, name in enumerate("abc")}
    assert list(node_addresses(hostvars, ["c", "a"]).items()) == [("c", "192.0.2.2"), ("a", "192.0.2.0")]
    assert node_addresses(hostvars, []) == {}
