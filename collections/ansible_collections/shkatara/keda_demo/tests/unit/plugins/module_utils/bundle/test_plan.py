# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The plan of a small stack: its files, the keys that each change affects, and refused stacks."""

import copy
from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import (
    Request,
    fill_version,
    make_plan,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError

STACK = {
    "name": "small",
    "components": {
        "kubernetes": {
            "version": "1.2.3",
            "module": "k8s.io/kubernetes",
            "module_version": "v1.2.3",
            "toolchain": "go1.19.13",
        },
        "scaler": {
            "version": "2.0.0",
            "module": "example.org/scaler",
            "module_version": "v2.0.0",
            "toolchain": "go1.19.13",
        },
        "exporter": {"version": "1.5.0", "debian_package": "an-exporter"},
        "app": {"version": "1.0.0"},
    },
    "images": {
        "apiserver": "registry.example.org/apiserver:v1.2.3",
        "proxy": "registry.example.org/proxy:v1.2.3",
        "scaler": "registry.example.org/scaler:2.0.0",
        "exporter": "registry.example.org/exporter:v1.5.0",
        "app": "registry.example.org/app:1.0.0",
    },
}
RECIPES = {
    "kubernetes": {
        "binaries": {"kubelet": "k8s.io/kubernetes/cmd/kubelet", "apiserver": "k8s.io/kubernetes/cmd/apiserver"},
        "ldflags": ["-X version=v{version}", "-X major={major}", "-X minor={minor}"],
        "bin": ["kubelet"],
        "images": {
            "apiserver": {"archive": "first", "files": {"apiserver": "/apiserver"}},
            "proxy": {"archive": "second", "packages": ["kmod", "iptables"], "files": {"apiserver": "/proxy"}},
        },
    },
    "scaler": {
        "binaries": {"scaler": "example.org/scaler"},
        "images": {"scaler": {"archive": "third", "files": {"scaler": "/scaler"}}},
        "manifests": {"scaler.yaml": {"kustomize": "config"}, "crds.yaml": {"concat": "*.yaml"}},
    },
    "exporter": {
        "debian_files": {"exporter": "usr/bin/exporter"},
        "images": {"exporter": {"archive": "second", "packages": [], "files": {"exporter": "/exporter"}}},
    },
    "app": {"images": {"app": {"archive": "third", "dockerfile": True, "packages": ["python3"]}}},
}
DOCKERFILE = "FROM scratch\nCOPY source/main.py /main.py\nCOPY --from=build /else /else\n"

KUBERNETES = {"component/kubernetes", "archive/first", "archive/second"}
SCALER = {"component/scaler", "archive/third"}
SCALER_MANIFESTS = {"manifest/scaler.yaml", "manifest/crds.yaml"}
BASES = {"base/bookworm", "base/bookworm-python3", "base/bookworm-iptables-kmod"}
APP = {"component/app", "archive/third"}


@pytest.fixture
def request_(tmp_path):
    """The request for the small stack's bundle, which a test may change."""
    for name, version in (("kubernetes", "1.2.3"), ("scaler", "2.0.0")):
        folder = tmp_path / "go" / name / version
        folder.mkdir(parents=True)
        (folder / "go.mod").write_text(f"module keda_demo.invalid/{name}\n")
        (folder / "go.sum").write_text("")
    app = tmp_path / "app"
    (app / "source").mkdir(parents=True)
    (app / "Dockerfile").write_text(DOCKERFILE)
    (app / "source" / "main.py").write_text("print(1)\n")
    (app / "source" / "test.py").write_text("")
    return Request(copy.deepcopy(STACK), copy.deepcopy(RECIPES), tmp_path / "go", app)


def _write(path, text):
    path.write_text(text)


@pytest.mark.parametrize(
    ("change", "affected"),
    [
        pytest.param(lambda _: None, set(), id="nothing"),
        pytest.param(
            lambda r: _write(r.components_dir / "scaler/2.0.0/go.sum", "x"), SCALER | SCALER_MANIFESTS, id="go.sum"
        ),
        pytest.param(
            lambda r: _write(r.components_dir / "scaler/2.0.0/new.go", "x"), SCALER | SCALER_MANIFESTS, id="a new file"
        ),
        # kubectl renders the kustomization, so this manifest depends on kubernetes, too.
        pytest.param(
            lambda r: _write(r.components_dir / "kubernetes/1.2.3/go.mod", "x"),
            KUBERNETES | {"manifest/scaler.yaml"},
            id="go.mod of a manifest's kubectl",
        ),
        pytest.param(lambda r: r.recipes["scaler"].update(ldflags=["-X a=b"]), SCALER, id="ldflag"),
        pytest.param(lambda r: r.recipes["scaler"].update(tags=["netgo"]), SCALER, id="tag"),
        pytest.param(
            lambda r: r.stack["components"]["scaler"].update(toolchain="go1.20.1"),
            SCALER | SCALER_MANIFESTS,
            id="toolchain",
        ),
        pytest.param(lambda r: _write(r.app_dir / "source/main.py", "print(2)\n"), APP, id="a file that is copied"),
        pytest.param(lambda r: _write(r.app_dir / "source/test.py", "x"), set(), id="a file that is not copied"),
        pytest.param(lambda r: _write(r.app_dir / "Dockerfile", f"{DOCKERFILE}USER 1\n"), APP, id="Dockerfile"),
        pytest.param(
            lambda r: r.stack["images"].update(scaler="registry.example.org/scaler:3"),
            {"archive/third"} | SCALER_MANIFESTS,
            id="image reference",
        ),
        pytest.param(
            lambda r: r.recipes["exporter"]["images"]["exporter"].update(user="1"), {"archive/second"}, id="image user"
        ),
        pytest.param(
            lambda r: r.recipes["kubernetes"]["images"]["proxy"].update(scripts={"/usr/local/sbin/iptables": "exit 1"}),
            {"archive/second"},
            id="an image's script",
        ),
        pytest.param(
            lambda r: r.stack["components"]["exporter"].update(version="1.6.0"),
            {"component/exporter", "archive/second"},
            id="version of a Debian package",
        ),
        pytest.param(
            lambda r: r.recipes["kubernetes"]["images"]["proxy"]["packages"].reverse(),
            {"archive/second"},
            id="packages' order, which makes no other base",
        ),
        pytest.param(
            lambda r: r.recipes["kubernetes"]["images"]["proxy"].update(packages=["kmod"]),
            {"base/bookworm-iptables-kmod", "base/bookworm-kmod", "archive/second"},
            id="an image's packages",
        ),
        pytest.param(
            lambda r: r.stack.update(debian_suite="trixie"),
            BASES
            | {name.replace("bookworm", "trixie") for name in BASES}
            | {"component/exporter", "archive/second"}
            | APP,
            id="Debian suite",
        ),
        pytest.param(lambda r: r.recipes["kubernetes"].update(bin=[]), set(), id="programs for the hosts"),
    ],
)
def test_a_change_affects_only_the_keys_of_dependent_units(request_, change, affected):
    before = make_plan(request_).keys
    change(request_)
    after = make_plan(request_).keys
    assert {id_ for id_ in before | after if before.get(id_) != after.get(id_)} == affected


def test_the_architecture_affects_all_keys_but_those_of_copied_manifests(request_):
    before = make_plan(request_).keys
    after = make_plan(replace(request_, arch="arm64")).keys
    assert {id_ for id_ in before if before[id_] == after[id_]} == {"manifest/crds.yaml"}


def test_units_come_after_their_dependencies(request_):
    keys = {}
    for unit in make_plan(request_).units.values():
        assert dict(unit.dependency_keys) == {id_: keys[id_] for id_ in unit.dependency_keys}
        keys[unit.id] = unit.key
    assert set(keys) == KUBERNETES | SCALER | SCALER_MANIFESTS | BASES | APP | {"component/exporter"}


def test_a_base_with_packages_depends_on_the_plain_base(request_):
    units = make_plan(request_).units
    assert dict(units["base/bookworm-python3"].dependency_keys) == {"base/bookworm": units["base/bookworm"].key}
    assert dict(units["component/app"].dependency_keys) == {"base/bookworm-python3": units["base/bookworm-python3"].key}


def test_files_of_the_bundle(request_):
    files = {file.path: (file.kind, file.unit, file.source) for file in make_plan(request_).files}
    assert files == {
        "bin/kubelet": ("binary", "component/kubernetes", "kubelet"),
        "images/first.tar": ("images", "archive/first", "first.tar"),
        "images/second.tar": ("images", "archive/second", "second.tar"),
        "images/third.tar": ("images", "archive/third", "third.tar"),
        "manifests/scaler.yaml": ("manifest", "manifest/scaler.yaml", "scaler.yaml"),
        "manifests/crds.yaml": ("manifest", "manifest/crds.yaml", "crds.yaml"),
    }


def test_ldflags_get_the_stack_s_version(request_):
    unit = make_plan(request_).units["component/kubernetes"]
    assert unit.inputs["build"]["ldflags"] == ["-X version=v1.2.3", "-X major=1", "-X minor=2"]
    assert fill_version("{major}.{minor} of {version}", "3.8") == "3.8 of 3.8"


def test_a_component_without_recipe_is_named(request_):
    del request_.recipes["exporter"]
    with pytest.raises(BundleError, match=r"component exporter has no recipe"):
        make_plan(request_)


def test_an_image_missing_from_the_stack_is_named(request_):
    del request_.stack["images"]["proxy"]
    with pytest.raises(BundleError, match=r"names no image proxy"):
        make_plan(request_)


def test_the_error_of_a_missing_version_names_the_present_versions(request_):
    (request_.components_dir / "scaler" / "1.9.0").mkdir()
    request_.stack["components"]["scaler"]["version"] = "2.0.1"
    with pytest.raises(BundleError, match=r"wants scaler 2\.0\.1, .*/scaler/2\.0\.1/go\.mod .*: 1\.9\.0, 2\.0\.0\."):
        make_plan(request_)


def test_a_component_without_folder_has_no_versions(request_):
    (request_.components_dir / "scaler").rename(request_.components_dir / "elsewhere")
    with pytest.raises(BundleError, match=r"the existing versions are: none\."):
        make_plan(request_)


def test_without_its_folder_the_application_is_kept(request_):
    with_folder = make_plan(request_).keys
    without = make_plan(replace(request_, app_dir=None), with_folder)
    assert without.keys == with_folder
    # A key that differs from the folder's is kept, too, and changes the archive's key.
    kept = make_plan(replace(request_, app_dir=None), {**with_folder, "component/app": "0" * 20}).keys
    assert kept["component/app"] == "0" * 20
    assert {id_ for id_ in kept if kept[id_] != with_folder[id_]} == APP


def test_the_error_without_folder_and_bundle_names_the_variable(request_):
    with pytest.raises(BundleError, match=r"image of app has to be built, and bundle_app_dir"):
        make_plan(replace(request_, app_dir=None))
