# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The images of a lab's hosts, and the faults of the variables that they come from."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.lab_hosts import lab_hosts
from jinja2 import StrictUndefined

RULES = {
    "mirror": {"packages": ["dnsmasq"]},
    "python27": {"packages": ["python2.7"], "without": ["python3"], "releases": ["bullseye"], "excludes": ["ufw"]},
    "resolved": {"packages": ["systemd-resolved"], "mirror": True},
    "ufw": {"packages": ["ufw"]},
    "sudo_password": {},
}
SETTINGS = {
    "os": "bookworm",
    "traits": [],
    "packages": ["sudo", "python3"],
    "releases": {"11": "bullseye", "12": "bookworm", "13": "trixie"},
    "rules": RULES,
    "scripts": {trait: f"script of {trait}" for trait in RULES},
    "common": "Containerfile",
}


def _plan(variables, **settings):
    return lab_hosts(variables, hosts=list(variables), **(SETTINGS | settings))


def _image(variables, **settings):
    plan = _plan({"mirror": {"lab_traits": ["mirror"], "ansible_host": "192.0.2.5"}, "a": variables}, **settings)
    assert plan["findings"] == []
    return plan["images"]["a"]


def test_a_host_without_variables_has_the_default_image():
    image = _image({})
    assert image.pop("tag")
    assert image == {"name": "lab-host", "release": "bookworm", "traits": [], "packages": ["python3", "sudo"]}


@pytest.mark.parametrize("value", [11, "11", "bullseye", "Bullseye", " 11 "])
def test_a_release_is_given_by_name_or_number(value):
    assert (_image({"lab_os": value})["release"], _image({"lab_os": value})["name"]) == (
        "bullseye",
        "lab-host-bullseye",
    )


def test_defaults_are_for_hosts_without_their_own():
    plan = _plan({"a": {}, "b": {"lab_os": "12", "lab_traits": []}}, os=13, traits=["ufw"])
    assert [(image["release"], image["traits"]) for image in plan["images"].values()] == [
        ("trixie", ["ufw"]),
        ("bookworm", []),
    ]


@pytest.mark.parametrize("value", [StrictUndefined(), [], "", None])
def test_a_variable_without_a_value_gives_no_trait(value):
    assert _image({"lab_traits": value})["traits"] == []


@pytest.mark.parametrize("value", [["ufw", "resolved"], ["resolved", "ufw", "ufw"], "ufw,resolved", "ufw, resolved"])
def test_traits_are_applied_in_the_order_of_their_rules(value):
    image = _image({"lab_traits": value})
    assert image["traits"] == ["resolved", "ufw"]
    assert image["name"] == "lab-host-resolved-ufw"
    assert image["packages"] == ["python3", "sudo", "systemd-resolved", "ufw"]


def test_a_trait_can_leave_packages_out():
    image = _image({"lab_os": "bullseye", "lab_traits": ["python27", "sudo_password"]})
    assert image["packages"] == ["python2.7", "sudo"]
    # A trait that changes no package shares the cached packages of hosts without it.
    assert image["name"] == "lab-host-bullseye-python27"


def test_the_mirror_is_the_address_of_the_host_with_this_trait():
    hosts = {"a": {}, "b": {"lab_traits": ["mirror"], "ansible_host": "192.0.2.5"}}
    assert _plan(hosts)["mirror"] == "192.0.2.5"
    assert _plan({"a": {}})["mirror"] == ""


def test_hosts_with_the_same_inputs_share_a_tag():
    plan = _plan({"a": {"lab_traits": ["ufw"]}, "b": {"lab_traits": "ufw", "lab_os": "12"}, "c": {}})
    tags = [image["tag"] for image in plan["images"].values()]
    assert tags[0] == tags[1] != tags[2]


@pytest.mark.parametrize(
    ("variables", "settings", "changes"),
    [
        ({"lab_traits": ["ufw"]}, {"scripts": {"ufw": "another"}}, True),
        ({"lab_traits": ["ufw"]}, {"scripts": SETTINGS["scripts"] | {"resolved": "another"}}, False),
        ({}, {"scripts": {}}, False),
        ({}, {"common": "another"}, True),
        ({}, {"packages": ["sudo"]}, True),
        ({}, {"packages": ["python3", "sudo"]}, False),
    ],
)
def test_a_tag_depends_on_what_the_image_is_made_from(variables, settings, changes):
    assert (_image(variables)["tag"] != _image(variables, **settings)["tag"]) == changes


def test_only_traits_know_the_mirror():
    plans = [
        _plan({"m": {"lab_traits": ["mirror"], "ansible_host": address}, "a": {}, "b": {"lab_traits": ["ufw"]}})
        for address in ("192.0.2.5", "192.0.2.6")
    ]
    tags = [[plan["images"][name]["tag"] for name in ("a", "b")] for plan in plans]
    assert tags[0][0] == tags[1][0]
    assert tags[0][1] != tags[1][1]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"lab_os": "focal"}, ["a: lab_os is `focal`: use one of bullseye (11), bookworm (12), trixie (13)"]),
        (
            {"lab_traits": ["ufv"]},
            ["a: lab_traits has `ufv`: the traits are mirror, python27, resolved, ufw, sudo_password"],
        ),
        (
            {"lab_traits": ["python27"]},
            ["a: the trait `python27` needs lab_os bullseye, and it is bookworm"],
        ),
        (
            {"lab_os": 11, "lab_traits": ["python27", "ufw"]},
            ["a: the traits `python27` and `ufw` exclude each other: remove one"],
        ),
        (
            {"lab_traits": ["resolved"]},
            ["a: the trait `resolved` needs a host with the trait `mirror` in lab_hosts"],
        ),
        (
            {"lab_os": 9, "lab_traits": ["none", "python27"]},
            [
                "a: lab_os is `9`: use one of bullseye (11), bookworm (12), trixie (13)",
                "a: lab_traits has `none`: the traits are mirror, python27, resolved, ufw, sudo_password",
            ],
        ),
    ],
)
def test_all_faults_are_found_at_once(variables, words):
    plan = _plan({"a": variables})
    assert plan == {"findings": words, "mirror": "", "images": {}}


def test_one_host_is_the_mirror():
    plan = _plan({name: {"lab_traits": ["mirror"]} for name in ("a", "b")})
    assert plan["findings"] == ["a and b have the trait `mirror`: leave it to one host"]
