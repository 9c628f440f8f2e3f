# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A lab with several networks: what the role refuses, and how podman connects a host."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

ONE = {"ansible_host": "10.89.10.11", "lab_hosts": ["case_one"], "item": "case_one", "lab_ssh_dir": "/keys"}
TWO = {
    "ansible_host": "10.89.10.2",
    "lab_networks": ["10.89.10", "10.89.11"],
    "lab_hosts": ["case_router"],
    "lab_more_addresses": {"case_router": ["10.89.11.2"]},
    "lab_boot_scripts": {"case_router": "sysctl -qw net.ipv4.ip_forward=1"},
    "item": "case_router",
    "lab_ssh_dir": "/keys",
}
CASES = {
    "one": (ONE, []),
    "router": (TWO, []),
    "not_a_network": (
        TWO | {"lab_networks": ["10.89.10", "10.89.11.0/24"], "lab_hosts": ["case_not_a_network"]},
        ["lab_networks has `10.89.11.0/24`", "lab_more_addresses has `10.89.11.2`"],
    ),
    "elsewhere": (
        ONE | {"ansible_host": "10.89.1.11", "lab_hosts": ["case_elsewhere"]},
        ["case_elsewhere: ansible_host is not in lab_network 10.89.10.0/24"],
    ),
    "elsewhere_of_two": (
        TWO | {"ansible_host": "10.89.12.2", "lab_hosts": ["case_elsewhere_of_two"]},
        ["case_elsewhere_of_two: ansible_host is not in lab_network 10.89.10.0/24 or 10.89.11.0/24"],
    ),
}


@pytest.fixture(scope="module")
def rendered(core, tmp_path_factory):
    """The findings, and podman's options, of each case."""
    cases = {name: {"ansible_connection": "local", **variables} for name, (variables, _) in CASES.items()}
    expression = "{'findings': __lab_findings, 'run': [] if __lab_findings else __lab_run}"
    return render(core, "lab", cases, expression, tmp_path_factory.mktemp("lab"), entry_points=())


@pytest.mark.parametrize("name", CASES)
def test_a_finding_names_the_networks(rendered, name):
    findings = rendered[name]["value"]["findings"]
    wanted = CASES[name][1]
    assert [finding.split(": give")[0] for finding in findings] == wanted


def test_a_host_of_the_only_network_has_one_address_and_no_script(rendered):
    options = rendered["one"]["value"]["run"]
    assert [option for option in options if option.startswith("--network")] == [
        "--network=keda-demo:ip=10.89.10.11,interface_name=eth0"
    ]
    assert not [option for option in options if "/etc/ssh/lab/boot" in option]


def test_a_router_has_an_address_in_each_network_and_runs_its_script(rendered):
    options = rendered["router"]["value"]["run"]
    assert [option for option in options if option.startswith("--network")] == [
        "--network=keda-demo:ip=10.89.10.2,interface_name=eth0",
        "--network=keda-demo-10.89.11:ip=10.89.11.2,interface_name=eth1",
    ]
    assert "--volume=/keys/boot_case_router:/etc/ssh/lab/boot:ro" in options
