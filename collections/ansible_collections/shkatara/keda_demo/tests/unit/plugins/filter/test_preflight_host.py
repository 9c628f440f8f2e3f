# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with one host."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.preflight_host import preflight_host

FACTS = {
    "os_family": "Debian",
    "distribution": "Debian",
    "distribution_version": "12.14",
    "architecture": "x86_64",
    "service_mgr": "systemd",
    "hostname": "worker1",
}
WANTS = {
    "group": "worker",
    "memory_mb": 700,
    "cpus": 1,
    "disk_mb": 3000,
    "disk_path": "/var/lib",
    "ports": [9100, 10250],
    "os_families": ["Debian", "RedHat"],
    "architecture": "x86_64",
    "epoch": 1795517000,
    "clock_seconds": 60,
    "endpoint": "10.89.10.11:6443",
    "address": "10.89.10.21",
    "peers": {"control1": "10.89.10.11"},
    "hostnames": {"control1": "control1"},
    "subnets": {"cluster_pod_subnet": "10.244.0.0/16", "cluster_service_subnet": "10.96.0.0/12"},
}
# The shape is that of Debian 12: coreutils 9.1, iproute2 6.1.
PRINTED = """[time]
{time}
[cpus]
{cpus}
[memory]
MemTotal:       {memory} kB
[disk]
Filesystem     1024-blocks     Used Available Capacity Mounted on
overlay          263174212 20971520  {disk}      52% /
[addresses]
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet {address} brd 10.89.10.255 scope global eth0\\       valid_lft forever preferred_lft forever
[ports]
State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=95,fd=3))
{ports}
[cluster]
{cluster}
"""
KUBELET = 'LISTEN 0      4096               *:10250            *:*    users:(("kubelet",pid=812,fd=20))'
NOBODY = "LISTEN 0      4096         0.0.0.0:9100       0.0.0.0:*"


def find(facts=None, wants=None, ignore=(), **printed):
    values = {
        "time": 1795517005,
        "cpus": 2,
        "memory": 24683748,
        "disk": 9000000,
        "address": "10.89.10.21/24",
        "ports": "",
        "cluster": "",
    } | printed
    return preflight_host(
        PRINTED.format(**values), facts=FACTS | (facts or {}), wants=WANTS | (wants or {}), ignore=ignore
    )


OURS = {"cluster": "https://10.89.10.11:6443"}


def test_nothing_is_wrong():
    assert find() == []


@pytest.mark.parametrize(
    ("printed", "finding"),
    [
        ({"memory": 512 * 1024}, "memory: 512 MB, and it needs 700 MB (preflight_min_worker_memory_mb)"),
        ({"cpus": 0}, "cpus: 0, and it needs 1 (preflight_min_worker_cpus)"),
        (
            {"disk": 1024 * 2999},
            "disk: 2999 MB are free in /var/lib, and the images need 3000 MB (preflight_min_disk_mb)",
        ),
        (
            {"time": 1795516000},
            "clock: it is 1000 s apart from the controller's, and new certificates would not be valid yet: "
            "set it, so that it is at most 60 s (preflight_max_clock_difference_seconds) apart",
        ),
        (
            {"ports": KUBELET},
            "port: 10250 is taken by process `kubelet` (pid 812): stop it, or take the host out of the inventory",
        ),
        (
            {"ports": NOBODY},
            "port: 9100 is taken by process `unknown` (pid unknown): stop it, or take the host out of the inventory",
        ),
        (
            {"cluster": "https://192.0.2.1:6443"},
            "cluster: kubelet belongs to https://192.0.2.1:6443, and this cluster is "
            "https://10.89.10.11:6443: reset the host, or take it out of the inventory",
        ),
        (
            {"address": "10.89.10.22/24"},
            "address: 10.89.10.21 is none of its addresses (10.89.10.22): set cluster_node_ip for it",
        ),
        (
            {"address": "10.89.10.21/29"},
            "subnet: control1 (10.89.10.11) is not on its network 10.89.10.16/29: the routes between the "
            "nodes' pods need all nodes on one",
        ),
    ],
)
def test_what_was_read(printed, finding):
    assert find(**printed) == [finding]


@pytest.mark.parametrize(
    ("facts", "finding"),
    [
        (
            {"os_family": "Suse", "distribution": "SLES", "distribution_version": "15.5"},
            "os: SLES 15.5 is not known: use one of the families Debian, RedHat",
        ),
        ({"architecture": "aarch64"}, "architecture: it is aarch64, and the bundle is for x86_64"),
        ({"service_mgr": "openrc"}, "systemd: its services are openrc's, and kubelet's unit needs systemd"),
        (
            {"hostname": "control1"},
            "hostname: control1 is called control1, too: give each host a name of its own",
        ),
    ],
)
def test_facts(facts, finding):
    assert find(facts) == [finding]


def test_a_network_of_its_own_must_not_be_the_pods():
    bridge = "10.89.10.21/24\n3: docker0    inet 10.244.7.1/24 scope global docker0"
    assert find(address=bridge) == [
        "subnet: cluster_pod_subnet 10.244.0.0/16 overlaps its network 10.244.7.0/24: choose another one"
    ]


def test_a_node_of_this_cluster_has_its_ports_images_and_pods():
    bridge = "10.89.10.21/24\n3: cni0    inet 10.244.1.1/24 scope global cni0"
    assert find(**OURS, ports=KUBELET, disk=1, address=bridge) == []


def test_on_a_node_another_process_is_still_in_the_way():
    (finding,) = find(**OURS, ports=KUBELET.replace("kubelet", "nginx"))
    assert finding.startswith("port: 10250 is taken by process `nginx`")


def test_a_peer_without_an_address_is_not_judged():
    assert find(wants={"peers": {"control1": "control1.example.net", "worker2": ""}}) == []


def test_a_check_can_be_left_out():
    assert find(memory=1, cpus=0, ignore=["memory"]) == ["cpus: 0, and it needs 1 (preflight_min_worker_cpus)"]


def test_a_host_that_says_nothing_has_too_little_of_all():
    findings = preflight_host("", facts=FACTS, wants=WANTS)
    assert [finding.split(":")[0] for finding in findings] == ["memory", "cpus", "disk", "clock", "address"]
