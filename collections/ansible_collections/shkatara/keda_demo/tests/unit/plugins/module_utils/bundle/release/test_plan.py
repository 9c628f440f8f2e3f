# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Plans of official releases: what changes a unit's key, and what is missing in the lock."""

import copy
import dataclasses
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import Request
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import (
    make_plan as plan_of_modules,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import origins
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import plan as release_plan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.lockfile import Lock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.origins import Origins
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.plan import (
    ReleaseRequest,
    make_plan,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError

COLLECTION = Path(__file__).parents[6]
STACK = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text())
ROLE = COLLECTION / "roles" / "bundle"
RECIPES = yaml.safe_load((ROLE / "vars" / "release.yml").read_text())["__bundle_release_recipes"]
MODULES = yaml.safe_load((ROLE / "vars" / "go_modules.yml").read_text())["__bundle_go_modules_recipes"]
KEDA = "https://github.com/kedacore/keda/releases/download/v2.10.0/keda-2.10.0.yaml"
PAUSE = STACK["images"]["pause"]
APP = STACK["images"]["app"]
FULL = Lock(
    {file.url: "0" * 64 for file in origins.downloads(STACK, "amd64").values() if not file.sha256},
    dict.fromkeys(STACK["images"].values(), f"sha256:{'0' * 64}"),
)
REQUEST = ReleaseRequest(STACK, RECIPES, FULL, None)


def _changed(before, after):
    return {id_ for id_, key in after.keys.items() if before.keys.get(id_) != key}


def _with(request, **changes):
    return make_plan(dataclasses.replace(request, **changes))


def test_a_bundle_of_releases_has_the_files_of_a_bundle_of_builds():
    ours = {(file.path, file.kind) for file in make_plan(REQUEST).files}
    present = dict.fromkeys(("component/app", "manifest/kube-prometheus-0.12.0.tar.gz"), "0" * 20)
    builds = plan_of_modules(Request(STACK, MODULES, ROLE / "files" / "go_modules", None), present)
    assert ours == {(file.path, file.kind) for file in builds.files}


def test_the_addresses_change_no_build():
    """A bundle of builds stays valid when the addresses of the official files change."""
    folder, keys = ROLE / "files" / "go_modules", {"component/app": "0" * 20}
    without = {name: value for name, value in STACK.items() if name != "release"}
    assert (
        plan_of_modules(Request(STACK, MODULES, folder, None), keys).keys
        == plan_of_modules(Request(without, MODULES, folder, None), keys).keys
    )


def test_each_download_of_the_stack_is_used():
    used = {unit.name for unit in make_plan(REQUEST).units.values() if unit.kind == "download"}
    assert used == set(STACK["release"])


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_files_have_two_checksums_or_a_place_in_the_lock(arch):
    files = origins.downloads(STACK, arch)
    assert {name for name, file in files.items() if not file.sha256} == {"keda", "kube_prometheus"}
    assert all(file.checksum_url for file in files.values() if file.sha256)
    assert all(arch in file.url for file in files.values() if file.sha256)
    assert "{" not in "".join(file.url + file.checksum_url for file in files.values())


def test_a_first_download_records_what_has_no_checksum():
    files, images = release_plan.unpinned(dataclasses.replace(REQUEST, lock=Lock()))
    assert {file.name for file in files} == {"keda", "kube_prometheus"}
    # The application's image may be built.
    assert set(images) == set(STACK["images"].values()) - {APP}
    assert release_plan.unpinned_application(dataclasses.replace(REQUEST, lock=Lock())) == APP


def test_a_full_lock_needs_no_first_download():
    assert release_plan.unpinned(REQUEST) == ([], [])
    assert release_plan.unpinned_application(REQUEST) == ""


def test_another_digest_changes_the_image_and_its_archive():
    lock = FULL.with_added({}, {PAUSE: f"sha256:{'1' * 64}"})
    assert _changed(make_plan(REQUEST), _with(REQUEST, lock=lock)) == {"image/pause", "archive/node"}


def test_another_checksum_of_the_lock_changes_what_is_made_of_the_file():
    lock = FULL.with_added({KEDA: "1" * 64}, {})
    assert _changed(make_plan(REQUEST), _with(REQUEST, lock=lock)) == {"download/keda", "manifest/keda.yaml"}


def test_another_checksum_of_the_stack_changes_what_is_made_of_the_file():
    stack = copy.deepcopy(STACK)
    stack["release"]["containerd"]["sha256"]["amd64"] = "1" * 64
    changed = _changed(make_plan(REQUEST), _with(REQUEST, stack=stack))
    assert changed == {"download/containerd", "component/containerd"}


def test_another_architecture_changes_all_but_manifests():
    changed = _changed(make_plan(REQUEST), _with(REQUEST, arch="arm64"))
    same = set(make_plan(REQUEST).units) - changed
    assert same == {
        "download/keda",
        "download/kube_prometheus",
        "manifest/keda.yaml",
        "manifest/kube-prometheus.tar.gz",
        "manifest/prometheus-operator-crds.yaml",
    }


def test_a_built_application_does_not_depend_on_the_lock(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    before = _with(REQUEST, app_dir=tmp_path)
    other = FULL.with_added({}, {APP: f"sha256:{'1' * 64}"})
    assert _changed(before, _with(REQUEST, app_dir=tmp_path, lock=other)) == set()
    (tmp_path / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    assert _changed(before, _with(REQUEST, app_dir=tmp_path)) == {"image/app", "archive/workloads"}


def test_an_application_of_the_registry_depends_on_its_digest_alone(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    before = _with(REQUEST, application="registry")
    assert _changed(before, _with(REQUEST, application="registry", app_dir=tmp_path)) == set()
    other = FULL.with_added({}, {APP: f"sha256:{'1' * 64}"})
    assert _changed(before, _with(REQUEST, application="registry", lock=other)) == {"image/app", "archive/workloads"}


def test_without_the_application_s_folder_a_bundle_keeps_its_image(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    before = _with(REQUEST, app_dir=tmp_path)
    assert make_plan(REQUEST, before.keys).keys == before.keys


def test_a_component_without_a_recipe_is_refused():
    with pytest.raises(BundleError, match="The stack's component other has no recipe in the producer release"):
        _with(REQUEST, stack={**STACK, "components": {**STACK["components"], "other": {"version": "1.0.0"}}})


def test_a_stack_without_an_address_is_refused():
    stack = {**STACK, "release": {name: value for name, value in STACK["release"].items() if name != "runc"}}
    with pytest.raises(BundleError, match=r"The stack has no address of runc \(release\)"):
        _with(REQUEST, stack=stack)


def test_the_record_keeps_what_the_lock_has_of_the_bundle():
    lock = FULL.with_added({"https://other.example.net/x": "0" * 64}, {"other.example.net/i:1": f"sha256:{'0' * 64}"})
    assert _with(REQUEST, lock=lock).pins == {"files": dict(FULL.files), "images": dict(FULL.images)}


def test_mirrors_stand_for_hosts():
    mirrors = Origins("https://mirror.example.net/files/", {"docker.io": "registry.example.net:5000/docker"})
    assert mirrors.url(KEDA) == f"https://mirror.example.net/files/{KEDA.removeprefix('https://')}"
    assert mirrors.repository(APP) == "registry.example.net:5000/docker/shkatara/python-custom-metrics-prometheus"
    assert mirrors.registry(APP) == "registry.example.net:5000"
    assert mirrors.repository(PAUSE) == "registry.k8s.io/pause"
    assert Origins().url(KEDA) == KEDA
