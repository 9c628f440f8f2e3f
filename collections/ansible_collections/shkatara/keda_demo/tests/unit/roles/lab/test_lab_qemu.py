# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Machines under QEMU: what the role refuses, and the command that starts a machine.

The look at this machine is what look.sh printed on Debian 12 with 24 GB, before and after it had made a lab.
"""

import itertools

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

BARE = ["memory 21560", "space 50"]
RUNNING = ["memory 17310", "space 49", "interface kd98e2a40e", "made {host}", "running {host}"]
MACHINE = {
    "lab_backend": "qemu",
    "lab_name": "keda-demo-vm",
    "lab_network": "10.89.40",
    "ansible_host": "10.89.40.11",
    "lab_machine_dir": "/build/machines",
    "lab_ssh_dir": "/build/ssh",
    "cluster_cache_dir": "/cache",
}
URL = "https://cloud.example.com/images/CentOS-7-x86_64-GenericCloud.qcow2?download=1"

# Variables, what the look at the machine printed, and the beginnings of the findings.
CASES = {
    "bare": ({}, BARE, []),
    "running": ({"lab_memory_mb": 30000}, RUNNING, []),
    "kvm": ({"lab_accel": "kvm", "lab_cpus": 4, "lab_nice": 10, "lab_memory_mb": 4096, "lab_os": "trixie"}, BARE, []),
    "probed": ({"__lab_qemu_probe": {"stdout": "kvm"}}, BARE, []),
    "cloud": ({"lab_image": URL, "lab_extra_packages": ["firewalld"]}, BARE, []),
    "file": ({"lab_image": "/srv/Rocky-9.qcow2", "lab_image_sha256": "ab" * 32}, BARE, []),
    "packages": ({"lab_extra_packages": ["firewalld"], "lab_os": "11"}, BARE, []),
    "programs": ({}, [*BARE, "program qemu-system-x86_64"], ["the program `qemu-system-x86_64` is missing"]),
    "user": ({}, [*BARE, "user jane"], ["the user is `jane`"]),
    "tun": ({}, [*BARE, "tun -"], ["/dev/net/tun is missing"]),
    "taken": (
        {},
        [*BARE, "interface eth0"],
        ["lab_network: 10.89.40.0/24 is already the network of"],
    ),
    "memory": ({"lab_memory_mb": 21000}, BARE, ["memory: 21560 MB are available, and the machines"]),
    "space": ({}, ["memory 21560", "space 5"], ["space: 5 GB are free"]),
    "networks": ({"lab_networks": ["10.89.40", "10.89.41"]}, BARE, ["lab_networks, lab_more_addresses"]),
    "suite": ({"lab_os": "jammy"}, BARE, ["case_suite: lab_os is `jammy`"]),
    "traits": ({"lab_traits": ["ufw"]}, BARE, ["lab_traits need lab_backend podman"]),
    "all": ({"lab_memory_mb": 21000}, ["memory 21560", "space 5", "user jane"], ["the user", "memory", "space"]),
}
EXPRESSION = (
    "{'findings': __lab_findings + __lab_machine_findings, 'programs': __lab_qemu_programs | list,"
    " 'command': [] if __lab_findings else __lab_qemu_command | map('string') | list,"
    " 'packages': [] if __lab_findings else __lab_qemu_packages, 'image': __lab_qemu_image_file}"
)


@pytest.fixture(scope="module")
def rendered(core, tmp_path_factory):
    """What the role makes of each case."""
    cases = {}
    for name, (variables, look, _) in CASES.items():
        host = f"case_{name}"
        cases[name] = {
            "ansible_connection": "local",
            "__lab_qemu_probe": {"stdout": ""},
            **MACHINE,
            **variables,
            "lab_hosts": [host],
            "__lab_host": host,
            "__lab_machine": {"stdout_lines": [line.format(host=host) for line in look]},
        }
    results = render(core, "lab", cases, EXPRESSION, tmp_path_factory.mktemp("lab"), entry_points=())
    return {name: result["value"] for name, result in results.items()}


@pytest.mark.parametrize("name", CASES)
def test_each_finding_says_what_is_wrong_and_what_would_be_right(rendered, name):
    findings, beginnings = rendered[name]["findings"], CASES[name][2]
    assert len(findings) == len(beginnings), findings
    for finding, beginning in zip(findings, beginnings, strict=True):
        assert finding.startswith(beginning)
        assert ":" in finding


def _option(command, name):
    """Return the values of an option that may come several times."""
    return [value for option, value in itertools.pairwise(command) if option == name]


def test_an_emulated_machine_boots_its_kernel_from_beside_its_disk(rendered):
    command = rendered["bare"]["command"]
    assert command[:4] == ["nice", "--adjustment=0", "qemu-system-x86_64", "-daemonize"]
    assert _option(command, "-accel") == ["tcg,thread=multi,tb-size=1024"]
    assert _option(command, "-cpu") == ["max"]
    assert _option(command, "-smp") == ["2"]
    assert _option(command, "-m") == ["3072"]
    assert _option(command, "-pidfile") == ["/run/keda-demo-machines/keda-demo-vm/case_bare.pid"]
    assert _option(command, "-kernel") == ["/build/machines/case_bare/vmlinuz"]
    assert _option(command, "-initrd") == ["/build/machines/case_bare/initrd.img"]
    assert _option(command, "-append") == ["root=LABEL=root rw console=ttyS0 quiet highres=off"]
    [drive] = _option(command, "-drive")
    assert drive.startswith("file=/build/machines/case_bare/disk,if=virtio,format=raw")


def test_a_machine_s_address_is_in_its_mac_address_and_its_tap(rendered):
    command = rendered["bare"]["command"]
    assert "virtio-net-pci,netdev=lab,mac=52:54:0a:59:28:0b" in _option(command, "-device")
    [network] = _option(command, "-netdev")
    tap = network.split("ifname=")[1].split(",")[0]
    assert tap.endswith("-11")
    assert len(tap) <= 15


@pytest.mark.parametrize("name", ["kvm", "probed"])
def test_a_machine_under_kvm_has_the_cpu_of_this_machine(rendered, name):
    command = rendered[name]["command"]
    assert _option(command, "-accel") == ["kvm"]
    assert _option(command, "-cpu") == ["host"]
    assert _option(command, "-append") == ["root=LABEL=root rw console=ttyS0 quiet"]


def test_a_host_s_own_sizes_count(rendered):
    command = rendered["kvm"]["command"]
    assert command[1] == "--adjustment=10"
    assert _option(command, "-smp") == ["4"]
    assert _option(command, "-m") == ["4096"]


def test_a_cloud_image_boots_by_its_own_loader_with_the_seed_beside_it(rendered):
    command = rendered["cloud"]["command"]
    assert _option(command, "-kernel") == []
    assert len(_option(command, "-drive")) == 2
    assert _option(command, "-drive")[1] == "file=/build/machines/case_cloud/seed.iso,if=virtio,format=raw,readonly=on"
    assert {"qemu-img", "genisoimage"} <= set(rendered["cloud"]["programs"])
    assert "buildah" not in rendered["cloud"]["programs"]


def test_a_download_is_kept_by_its_url_and_its_name(rendered):
    image = rendered["cloud"]["image"]
    assert image.startswith("/cache/lab/")
    assert image.endswith("-CentOS-7-x86_64-GenericCloud.qcow2")
    assert rendered["file"]["image"] == "/srv/Rocky-9.qcow2"


def test_a_machine_has_a_kernel_and_the_packages_of_its_own(rendered):
    assert {"linux-image-cloud-amd64", "openssh-server", "firewalld"} <= set(rendered["packages"]["packages"])
    assert "firewalld" not in rendered["bare"]["packages"]
    assert {"buildah", "mke2fs"} <= set(rendered["packages"]["programs"])
