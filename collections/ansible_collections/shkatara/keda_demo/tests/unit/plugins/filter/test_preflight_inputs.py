# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with variables and inventory, before any host is asked."""

from collections import UserDict

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.preflight_inputs import preflight_inputs
from jinja2 import Undefined

OPTIONS = {
    "cluster_http_proxy": {"type": "str"},
    "cluster_name": {"type": "str"},
    "cluster_node_ip": {"type": "str"},
    "cluster_pod_subnet": {"type": "str"},
    "cluster_fail_swap_on": {"type": "bool"},
    "demo_app_max_replicas": {"type": "int"},
    "keda_wait_timeout": {"type": "int"},
    "kube_prometheus_profile": {"type": "str", "choices": ["lean", "full"]},
    "preflight_ignore": {"type": "list", "elements": "str", "choices": ["memory"]},
}
GROUPS = {
    "kube_control_plane": ["control1"],
    "kube_node": ["worker1"],
    "k8s_cluster": ["control1", "worker1"],
}


class Broken(UserDict):
    """Variables of which two can't be rendered, as Ansible's own."""

    def __getitem__(self, name):
        if name in {"demo_app_max_replicas", "cluster_node_ip"}:
            raise ValueError("a template that raises")
        return Undefined() if name == "cluster_name" else super().__getitem__(name)


def find(everywhere=None, groups=None, pod_subnet="10.244.0.0/16", service_subnet="10.96.0.0/12", **by_host):
    """Return the findings; by_host are variables of one host."""
    groups = GROUPS | (groups or {})
    hosts = {host for name in GROUPS for host in groups.get(name, [])}
    hostvars = {"localhost": {}} | {
        host: {"ansible_host": f"10.89.10.{number}"} for number, host in enumerate(sorted(hosts), 11)
    }
    for host in hostvars:
        hostvars[host] |= everywhere or {}
    for host, variables in by_host.items():
        hostvars[host] = {**hostvars[host], **variables} if type(variables) is dict else variables
    return preflight_inputs(
        hostvars, groups=groups, options=OPTIONS, pod_subnet=pod_subnet, service_subnet=service_subnet
    )


def test_nothing_is_wrong():
    assert find({"cluster_name": "demo", "demo_app_max_replicas": "20", "preflight_ignore": ["memory"]}) == []


def test_a_wrong_type_is_said_once():
    (finding,) = find({"demo_app_max_replicas": "many"})
    assert finding.startswith("'demo_app_max_replicas' is of type str and we were unable to convert to int")


def test_a_wrong_value_of_one_host_names_the_host():
    (finding,) = find(worker1={"kube_prometheus_profile": "fat"})
    assert finding == "worker1: value of kube_prometheus_profile must be one of: lean, full, got: fat"


def test_a_text_for_a_number_is_told_without_classes_of_python():
    (finding,) = find({"demo_app_max_replicas": "ten"})
    assert finding.startswith("'demo_app_max_replicas' is of type str and we were unable to convert to int")
    assert "class" not in finding


def test_a_slip_in_a_name_is_found():
    assert find({"demo_app_max_replica": 3}) == [
        "no role has a variable `demo_app_max_replica`: is it meant to be `demo_app_max_replicas`?"
    ]


@pytest.mark.parametrize("name", ["keda_version", "kube_prometheus_version"])
def test_a_version_is_the_stack_s(name):
    assert find({name: "2.11.0"}) == [f"no role has a variable `{name}`: versions come from the stack (cluster_stack)"]


def test_names_of_others_are_theirs():
    others = {"cluster_autoscaler_version": 1, "demo": 2, "node_exporter_port": 3, "node_exporter_version": 4}
    assert find(others) == []


def test_what_can_not_be_rendered_yet_is_left_to_the_role():
    broken = Broken(ansible_host="10.89.10.11", cluster_name="x", demo_app_max_replicas="y", cluster_node_ip="z")
    assert find(control1=broken) == []


def test_hosts_must_agree_about_the_cluster():
    assert find(worker1={"cluster_pod_subnet": "10.1.0.0/16"}) == [
        "cluster_pod_subnet must be the same for all, and is set to '10.1.0.0/16' on worker1: set it in group_vars/all"
    ]


def test_the_password_of_a_proxy_is_not_shown():
    (finding,) = find(
        {"cluster_http_proxy": "http://u:p@proxy:3128"}, worker1={"cluster_http_proxy": "http://v:q/r@s@proxy"}
    )
    assert "'http://***@proxy:3128' on localhost" in finding
    assert "'http://***@proxy' on worker1" in finding


def test_an_address_is_each_hosts_own():
    assert find(worker1={"cluster_node_ip": "10.89.10.99"}) == []


@pytest.mark.parametrize(
    ("groups", "finding"),
    [
        (
            {"kube_control_plane": []},
            "inventory: control1 is neither in `kube_control_plane` nor in `kube_node`: put it into one",
        ),
        (
            {"kube_control_plane": []},
            "inventory: the group `kube_control_plane` has no host: put one into it",
        ),
        (
            {"kube_control_plane": ["control1", "worker1"]},
            "inventory: the group `kube_control_plane` has control1, worker1: this version supports only one",
        ),
        (
            {"kube_node": ["worker1", "worker2"]},
            "inventory: worker2 is not in the group `k8s_cluster`: make its groups children of that one",
        ),
        (
            {"k8s_cluster": ["control1", "worker1", "x"]},
            "inventory: x is neither in `kube_control_plane` nor in `kube_node`: put it into one",
        ),
    ],
)
def test_groups(groups, finding):
    assert finding in find(groups=groups)


def test_one_host_may_be_both():
    assert find(groups={"kube_node": ["control1"], "k8s_cluster": ["control1"]}) == []


def test_two_hosts_of_one_address():
    assert find(worker1={"ansible_host": "10.89.10.11"}) == [
        "inventory: control1 and worker1 have the same address 10.89.10.11 (cluster_node_ip, else ansible_host): "
        "give each host its own"
    ]


@pytest.mark.parametrize(
    ("subnets", "finding"),
    [
        ({"pod_subnet": "10.244.0.0"}, "cluster_pod_subnet 10.244.0.0/32 is too small"),
        ({"pod_subnet": "pods"}, "cluster_pod_subnet is pods, which is not an IPv4 network"),
        ({"pod_subnet": "10.244.1.0/16"}, "cluster_pod_subnet is 10.244.1.0/16, which is not an IPv4 network"),
        ({"pod_subnet": "10.244.0.0/24"}, "is too small to have a /24 for each of 2 hosts: choose a larger one"),
        ({"pod_subnet": "10.100.0.0/16"}, "cluster_service_subnet 10.96.0.0/12 overlap: choose another one"),
        ({"pod_subnet": "10.89.0.0/16"}, "10.89.0.0/16 contains the address 10.89.10.11 of control1"),
        ({"service_subnet": "10.64.0.0/11"}, "cluster_service_subnet 10.64.0.0/11 must have a length from /12 to /28"),
    ],
)
def test_subnets(subnets, finding):
    assert [found for found in find(**subnets) if finding in found]


@pytest.mark.parametrize("pod_subnet", ["10.244.0.0/23", "172.16.0.0/12"])
def test_subnets_that_just_fit(pod_subnet):
    assert find(pod_subnet=pod_subnet) == []


def test_all_findings_come_at_once():
    assert len(find({"demo_app_max_replicas": "many"}, {"kube_control_plane": []}, pod_subnet="x")) == 4


def test_a_loopback_address_by_which_ansible_reaches_a_host_is_not_that_of_the_node():
    """As with Vagrant, whose hosts are all 127.0.0.1 with ports of their own."""
    vagrant = {"ansible_host": "127.0.0.1"}
    assert find(control1=vagrant, worker1=vagrant) == []


def test_two_hosts_can_not_have_a_loopback_address_for_each_other():
    faults = find({"cluster_node_ip": "127.0.1.1"})
    reason = "the loopback address 127.0.1.1 (cluster_node_ip), which no other host can reach: give the address in"
    assert faults == [
        f"inventory: control1 has {reason} their common network",
        f"inventory: worker1 has {reason} their common network",
        "inventory: control1 and worker1 have the same address 127.0.1.1 (cluster_node_ip, else ansible_host): "
        "give each host its own",
    ]
