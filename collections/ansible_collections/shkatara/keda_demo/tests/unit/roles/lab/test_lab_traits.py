# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Hosts with traits: what the role refuses, and the image and the options of podman that a host gets."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

MIRROR = {"ansible_host": "10.89.10.5", "lab_traits": ["mirror"]}


def _case(name, **variables):
    hosts = [f"case_{name}"] if name == "mirror" else [f"case_{name}", "case_mirror"]
    return {"ansible_host": "10.89.10.11", "lab_hosts": hosts, "item": hosts[0], "lab_ssh_dir": "/keys"} | variables


# The variables of each host, and the beginning of each finding.
CASES = {
    "mirror": (_case("mirror", **MIRROR), []),
    "plain": (_case("plain"), []),
    "number": (_case("number", lab_os=13), []),
    "resolved": (_case("resolved", lab_traits=["ufw", "resolved"]), []),
    "el": (_case("el", lab_traits=["no_conntrack", "el", "firewalld"]), []),
    "python27": (_case("python27", lab_os="11", lab_traits=["python27"]), []),
    "unknown": (_case("unknown", lab_traits=["selinux"]), ["case_unknown: lab_traits has `selinux`"]),
    "release": (
        _case("release", lab_os="13", lab_traits=["el"]),
        ["case_release: the trait `el` needs lab_os bookworm, and it is trixie"],
    ),
    "two_firewalls": (
        _case("two_firewalls", lab_traits=["firewalld", "ufw"]),
        ["case_two_firewalls: the traits `ufw` and `firewalld` exclude each other"],
    ),
    "no_python36": (
        _case("no_python36", lab_traits=["python36"], lab_python36="/nowhere"),
        ["lab_python36 is `/nowhere`, where no Python 3.6 is"],
    ),
    "machine": (
        _case("machine", lab_traits=["ufw"], lab_backend="qemu", lab_machine_dir="/nowhere"),
        [
            "lab_traits need lab_backend podman: leave the traits mirror, ufw out",
            "case_machine: a machine's name",
            "case_mirror: a machine's name",
        ],
    ),
}


@pytest.fixture(scope="module")
def rendered(core, tmp_path_factory):
    """The findings, the image, and podman's options of each case."""
    cases = {name: {"ansible_connection": "local", **variables} for name, (variables, _) in CASES.items()}
    expression = (
        "{'findings': __lab_findings, 'image': __lab_plan['images'][item] | default({}), "
        "'run': [] if __lab_findings else __lab_run}"
    )
    results = render(core, "lab", cases, expression, tmp_path_factory.mktemp("lab"), entry_points=())
    return {name: result["value"] for name, result in results.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_finding_names_the_host_the_trait_and_the_remedy(rendered, name):
    found = rendered[name]["findings"]
    wanted = CASES[name][1]
    assert len(found) == len(wanted)
    for finding, beginning in zip(found, wanted, strict=True):
        assert finding.startswith(beginning)


@pytest.mark.parametrize(
    ("name", "release", "present", "absent"),
    [
        ("plain", "bookworm", ["python3", "conntrack", "curl"], ["ufw"]),
        ("number", "trixie", ["python3"], []),
        ("resolved", "bookworm", ["ufw", "systemd-resolved"], []),
        ("el", "bookworm", ["dnf", "firewalld"], ["conntrack", "socat"]),
        ("python27", "bullseye", ["python2.7"], ["python3"]),
        ("mirror", "bookworm", ["dnsmasq"], ["conntrack"]),
    ],
)
def test_an_image_has_the_packages_of_its_traits(rendered, name, release, present, absent):
    image = rendered[name]["image"]
    assert image["release"] == release
    assert set(present) <= set(image["packages"])
    assert not set(absent) & set(image["packages"])


@pytest.mark.parametrize("name", ["plain", "number", "resolved", "el", "python27", "mirror"])
def test_a_host_is_made_from_its_image(rendered, name):
    value = rendered[name]
    assert value["run"][-2:] == [f"localhost/keda-demo-lab-host:{value['image']['tag']}", "/sbin/init"]
    tags = {other["image"].get("tag") for key, other in rendered.items() if key != name}
    assert value["image"]["tag"] not in tags


def test_only_systemd_resolved_writes_resolv_conf_itself(rendered):
    with_option = [name for name, value in rendered.items() if "--dns=none" in value["run"]]
    assert with_option == ["resolved"]
