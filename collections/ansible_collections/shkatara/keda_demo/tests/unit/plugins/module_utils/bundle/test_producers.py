# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The producer that `auto` takes, and what it asks for that."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import producers
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import BundlePlan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, make_unit

ANSWERS = {"release": {"dl.k8s.io": "", "quay.io": ""}, "go_modules": {"proxy.example.net": ""}}
SILENT = {
    "release": {"dl.k8s.io": "dl.k8s.io does not answer (refused)", "quay.io": "quay.io answers 403"},
    "go_modules": {"proxy.example.net": "no answer in 6 s"},
}


class World:
    def __init__(self):
        self.asked = []
        self.lines = []
        self.answers = dict(ANSWERS)
        self.cached = set()
        self.lacks = {}
        self.impossible = {}
        self.record = None

    def plan(self, producer):
        if producer in self.impossible:
            raise BundleError(self.impossible[producer])
        unit = make_unit("component", "tool", "1", {"producer": producer})
        return BundlePlan({unit.id: unit}, (), producer)

    def check_machine(self, producer):
        if producer in self.lacks:
            raise BundleError(self.lacks[producer])

    def problems(self, producer):
        self.asked.append(producer)
        return self.answers[producer]

    def choose(self):
        return producers.choose(
            self.record, self.plan, lambda plan: plan.producer in self.cached, self, self.lines.append
        )


@pytest.fixture
def world():
    return World()


def test_releases_come_first(world):
    assert world.choose() == "release"
    assert world.asked == ["release"]
    assert world.lines == ["bundle_producer auto uses release (official releases): dl.k8s.io, quay.io answered"]


def test_builds_are_taken_where_an_origin_is_silent(world):
    world.answers["release"] = {"dl.k8s.io": "", "quay.io": "quay.io answers 403"}
    assert world.choose() == "go_modules"
    assert world.lines == [
        "bundle_producer auto uses go_modules (builds from Go modules): proxy.example.net answered (release: 1 of 2 "
        "hosts did not answer as they should: quay.io answers 403)"
    ]


def test_a_producer_that_lacks_a_program_is_not_taken(world):
    world.lacks = {"release": "Official releases can't be downloaded here:\n  - urllib3 is missing: run `pip`"}
    assert world.choose() == "go_modules"
    assert world.asked == ["go_modules"]
    assert world.lines == [
        "bundle_producer auto uses go_modules (builds from Go modules): proxy.example.net answered (release: Official "
        "releases can't be downloaded here: - urllib3 is missing: run `pip`)"
    ]


def test_what_both_lack_is_said(world):
    world.lacks = {"release": "urllib3 is missing", "go_modules": "go is missing"}
    with pytest.raises(BundleError, match=r"- release: urllib3 is missing\n  - go_modules: go is missing"):
        world.choose()
    assert world.asked == []


def test_where_neither_answers_all_that_was_asked_is_said(world):
    world.answers = SILENT
    with pytest.raises(BundleError) as caught:
        world.choose()
    lines = str(caught.value).splitlines()
    assert lines[:3] == [
        "A bundle must be built, and no producer can get what it needs (bundle_producer auto):",
        "  - release: 2 of 2 hosts did not answer as they should: dl.k8s.io does not answer (refused), and 1 more",
        "  - go_modules: 1 of 1 hosts did not answer as they should: no answer in 6 s",
    ]
    assert "bundle_mirror_url, bundle_registry_mirrors" in lines[3]


@pytest.mark.parametrize("producer", ["release", "go_modules"])
def test_a_bundle_stays_with_its_producer_and_nobody_is_asked(world, producer):
    world.record = {"producer": producer, "units": world.plan(producer).keys}
    assert world.choose() == producer
    assert (world.asked, world.lines) == ([], [])


def test_a_bundle_without_the_name_of_a_producer_was_built(world):
    world.record = {"units": world.plan("go_modules").keys}
    assert world.choose() == "go_modules"
    assert world.asked == []


def test_a_bundle_that_shares_no_part_with_its_plan_is_made_anew_by_the_first_that_can(world):
    world.record = {"producer": "go_modules", "units": {"component/tool": "0" * 20}}
    assert world.choose() == "release"


@pytest.mark.parametrize("producer", ["release", "go_modules"])
def test_what_the_cache_has_needs_no_question(world, producer):
    world.cached = {producer}
    assert world.choose() == producer
    assert world.asked == []
    assert world.lines == [f"bundle_producer auto uses {producer}: all of its parts are in the cache"]


def test_a_producer_that_can_t_make_the_stack_is_not_asked(world):
    world.impossible = {"release": "The stack has no address of runc."}
    assert world.choose() == "go_modules"
    assert world.asked == ["go_modules"]


def test_where_no_producer_can_make_the_stack_the_reason_is_said(world):
    world.impossible = {"release": "no address", "go_modules": "The image of app has to be built."}
    with pytest.raises(BundleError, match=r"^The image of app has to be built\.$"):
        world.choose()
    assert world.asked == []
