# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Archives of copied images, and the way in which the application's image is made."""

import hashlib
import json
import tarfile

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import CacheEntry
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import official_image
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import application
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.lockfile import Lock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.origins import Origins
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.skopeo import Stall
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, make_unit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.work import (
    ReleaseSettings,
    Settings,
    Work,
)

KIND = "application/vnd.docker.distribution.manifest.v2+json"


def _blob(folder, content):
    digest = hashlib.sha256(content).hexdigest()
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def _image(folder, *layers):
    """Return the cache entry of an image."""
    manifest = {"mediaType": KIND, "layers": [_blob(folder, layer) for layer in layers]}
    return CacheEntry(folder, {}, {"descriptor": {"mediaType": KIND, **_blob(folder, json.dumps(manifest).encode())}})


@pytest.fixture
def pack(tmp_path):
    """Pack two images that share a layer, and return the archive's path and what the maker returned."""
    images = {"image/a": _image(tmp_path / "a", b"shared", b"a"), "image/b": _image(tmp_path / "b", b"shared", b"b")}
    unit = make_unit(
        "archive", "node", "", {"images": {"image/b": "b.example.net/b:1", "image/a": "a.example.net/a:1"}}
    )

    def run(name):
        out, folder = tmp_path / name / "out", tmp_path / name / "work"
        out.mkdir(parents=True)
        folder.mkdir()
        settings = Settings(tmp_path, tmp_path, None, "amd64", tmp_path)
        info = official_image.pack_images(unit, out, Work(settings, images, folder, folder / "log", Processes()))
        return out / "node.tar", info

    return run


def test_an_archive_has_each_blob_once_and_the_registry_s_digests(pack, tmp_path):
    path, info = pack("one")
    with tarfile.open(path) as archive:
        blobs = [name for name in archive.getnames() if name.startswith("./blobs/sha256/")]
        index = json.load(archive.extractfile("./index.json"))
        layout = json.load(archive.extractfile("./oci-layout"))
    assert len(blobs) == len(set(blobs)) == 5  # two manifests, a shared layer, and a layer each
    assert layout == {"imageLayoutVersion": "1.0.0"}
    names = [one["annotations"]["org.opencontainers.image.ref.name"] for one in index["manifests"]]
    assert names == ["a.example.net/a:1", "b.example.net/b:1"]
    assert {one["mediaType"] for one in index["manifests"]} == {KIND}
    assert info == {"images": {name: one["digest"] for name, one in zip(names, index["manifests"], strict=True)}}
    assert all(f"./blobs/sha256/{one['digest'][7:]}" in blobs for one in index["manifests"])
    # The cache's own files are still there.
    assert len(list((tmp_path / "a" / "blobs" / "sha256").iterdir())) == 3


def test_the_same_images_make_the_same_archive(pack):
    assert pack("one")[0].read_bytes() == pack("two")[0].read_bytes()


def _which(*names):
    return lambda name: name in names


@pytest.mark.parametrize(
    ("option", "programs", "machine", "has_folder", "expected"),
    [
        ("auto", ("podman", "docker"), "x86_64", True, "podman"),
        ("auto", ("docker",), "x86_64", True, "docker"),
        ("auto", (), "x86_64", True, ""),
        ("auto", ("podman",), "aarch64", True, ""),
        ("auto", ("podman",), "x86_64", False, ""),
        ("build", ("buildah",), "x86_64", True, "buildah"),
        # A present bundle keeps its image.
        ("build", ("buildah",), "x86_64", False, ""),
        ("registry", ("podman",), "x86_64", True, ""),
    ],
)
def test_the_application_is_built_where_it_can_be(tmp_path, option, programs, machine, has_folder, expected):
    folder = tmp_path if has_folder else None
    assert application.builder(option, folder, "amd64", _which(*programs), machine) == expected


@pytest.mark.parametrize(
    ("programs", "machine", "reason"),
    [
        ((), "x86_64", "this user can use none of podman, buildah, docker here"),
        (("podman",), "aarch64", "this machine is aarch64, not amd64"),
    ],
)
def test_a_build_that_is_wanted_and_impossible_is_refused(tmp_path, programs, machine, reason):
    with pytest.raises(BundleError, match=reason):
        application.builder("build", tmp_path, "amd64", _which(*programs), machine)


@pytest.mark.parametrize("inputs", [{"application": "build"}, {"application": "auto", "kept": True}])
def test_an_image_of_the_user_is_not_replaced_by_the_published_one(tmp_path, inputs):
    unit = make_unit("image", "app", "1.0.0", {"source": "docker.io/a/app:1.0.0", "arch": "amd64", **inputs})
    release = ReleaseSettings(Origins(), Lock({}, {"docker.io/a/app:1.0.0": "sha256:12"}), None, "")
    settings = Settings(tmp_path, tmp_path, None, "amd64", tmp_path / "go", release=release)
    with pytest.raises(BundleError, match="The image of app has to be built, and bundle_app_dir is not a folder"):
        official_image.copy_image(unit, tmp_path, Work(settings, {}, tmp_path, tmp_path / "log", Processes()))


def test_a_copy_has_stalled_when_its_files_do_not_grow(tmp_path):
    now = [0.0]
    stall = Stall(tmp_path, lambda: now[0])
    for seconds in (0, 59, 60):
        now[0] = seconds
        assert not stall()
    (tmp_path / "blob").write_text("x")
    now[0] = 61
    assert not stall()
    now[0] = 122
    assert stall()
