# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The module debian_image with a maker that writes a file: the parts that each run builds, in a bundle's cache."""

import json
import os

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import build, machine
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.control import RunControl
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import image
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import Request, make_plan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted
from ansible_collections.shkatara.keda_demo.plugins.modules.debian_image import ensure_image
from ansible_collections.shkatara.keda_demo.tests.support.builds import check_interrupted_wait, run_another_first

STACK = {
    "name": "small",
    "components": {"exporter": {"version": "1.5.0", "debian_package": "prometheus-node-exporter"}},
    "images": {},
}
BOTH = ["base/bookworm", "base/lab-host"]


class Run:
    """The module with a cache in a temporary folder."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.cache = folder / "cache"
        self.builds = []
        self.messages = []
        self.end_requested = False
        self.params = {
            "name": "lab-host",
            "packages": ["sudo", "curl"],
            "suite": "bookworm",
            "cache_dir": str(self.cache),
            "debian_mirror": "",
            "arch": "amd64",
        }
        # Tests may run without root and without the space of an image.
        monkeypatch.setattr(machine, "missing_requirements", lambda _programs: [])
        monkeypatch.setattr(build, "FIXED_GIB", 0.0)
        monkeypatch.setattr(build, "POLL_SECONDS", 0.05)
        monkeypatch.setattr(image, "build_base", self._make)

    def _make(self, unit, out, work):
        self.builds.append(unit.id)
        (out / "image").write_text(f"{unit.name} {sorted(work.dependencies)}")
        return {}

    def __call__(self, check_mode=False, **params):
        self.builds.clear()
        control = RunControl(self.messages.append, lambda: self.end_requested, Processes())
        return ensure_image(self.params | params, check_mode, control)

    def images(self):
        """Return the names of the images in the cache."""
        records = [json.loads(file.read_text()) for file in (self.cache / "base").glob("*/unit.json")]
        return sorted(record["unit"] for record in records)


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path, monkeypatch)


def test_an_image_is_built_on_the_plain_base(run):
    result = run()
    assert (result["changed"], result["built"], run.builds) == (True, BOTH, BOTH)
    assert (run.cache / "base" / result["path"] / "image").read_text() == "lab-host ['base/bookworm']"


def test_a_present_image_needs_no_lock_and_no_program(run, monkeypatch):
    path = run()["path"]
    monkeypatch.setattr(machine, "missing_requirements", lambda _programs: pytest.fail("no part has to be built"))
    with Cache(run.cache).lock(lambda: None, lambda: False):
        assert run() == {"changed": False, "path": path, "built": []}


def test_the_order_of_packages_does_not_affect_the_image(run):
    run()
    assert not run(packages=["curl", "sudo"])["changed"]
    assert run(packages=["curl"])["built"] == ["base/lab-host"]


def test_the_plain_base_is_the_base_of_a_bundle(run):
    plan = make_plan(Request(STACK, {"exporter": {}}, run.folder, None))
    run()
    assert Cache(run.cache).find(plan.units["base/bookworm"])[0] is not None


def test_another_suite_has_a_base_of_its_own(run):
    run()
    assert run(suite="trixie")["built"] == ["base/trixie", "base/lab-host"]


def test_check_mode_returns_missing_parts_and_builds_none(run):
    result = run(check_mode=True)
    assert (result["changed"], result["built"], run.cache.exists()) == (True, BOTH, False)
    assert run()["path"] == result["path"]
    assert not run(check_mode=True)["changed"]
    assert run(check_mode=True, packages=["curl"])["built"] == ["base/lab-host"]
    assert run.builds == []


@pytest.mark.parametrize("damage", ["changed", "removed", "no record"])
def test_a_damaged_image_is_built_again_on_the_present_base(run, damage):
    path = run.cache / "base" / run()["path"]
    if damage == "changed":
        (path / "image").write_text("something else")
    else:
        (path / ("image" if damage == "removed" else "unit.json")).unlink()
    assert run()["built"] == ["base/lab-host"]
    assert not run()["changed"]


def test_a_damaged_base_is_built_again_before_an_image_on_it(run):
    run()
    for file in (run.cache / "base").glob("*/image"):
        file.write_text("something else")
    assert run()["built"] == BOTH


def test_an_interrupted_run_leaves_the_finished_base_and_no_incomplete_image(run, monkeypatch):
    make = run._make

    def fail_after_the_base(unit, out, work):
        make(unit, out, work)
        if unit.name == "lab-host":
            raise Interrupted("interrupted")
        return {}

    with monkeypatch.context() as patch:
        patch.setattr(image, "build_base", fail_after_the_base)
        with pytest.raises(Interrupted):
            run()
    assert run.images() == ["base/bookworm"]
    assert run()["built"] == ["base/lab-host"]


def test_the_wait_for_another_run_can_be_interrupted(run):
    check_interrupted_wait(run)


def test_an_image_built_by_another_run_during_the_wait_is_not_built_again(run, monkeypatch):
    run_another_first(run, monkeypatch)
    result = run()
    assert (result["changed"], result["built"], run.builds) == (False, [], [])


def test_older_images_of_the_name_are_removed_from_the_cache(run):
    run(name="other")
    for packages in (["a"], ["b"], ["c"], ["d"]):
        run(packages=packages)
    assert run.images() == ["base/bookworm", "base/lab-host", "base/lab-host", "base/other"]


@pytest.mark.parametrize("name", ["", "../etc", "Lab", "-lab", "a" * 101, "lab\n"])
def test_an_invalid_name_is_refused(run, name):
    with pytest.raises(BundleError, match="small letters, digits and dashes"):
        run(name=name)
    assert run.builds == []


def test_missing_requirements_are_named_before_the_cache_is_created(run, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(run.folder))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", ())
    with pytest.raises(BundleError) as caught:
        run()
    assert [line.split(" is ")[0] for line in str(caught.value).splitlines()] == [
        "The image can't be built here:",
        "  - buildah",
        "  - debootstrap",
        "  - tar",
        "  - this user",
    ]
    assert not run.cache.exists()


def test_the_error_of_an_unusable_folder_names_the_variable(run):
    (run.folder / "file").write_text("")
    with pytest.raises(BundleError, match=r"/file/sub.* \(cluster_cache_dir, KEDA_DEMO_CACHE\)"):
        run(cache_dir=str(run.folder / "file" / "sub"))
