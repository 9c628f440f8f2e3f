# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images of archives that `docker save` writes, in the forms of its versions."""

import hashlib
import io
import json
import tarfile

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import docker_archive
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError

LAYERS = (b"base" * 500, b"application" * 500)


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


CONFIG = json.dumps(
    {"architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(one)}" for one in LAYERS]}}
).encode()


def _archive(path, members, links=()):
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in dict(links).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return path


def _listed(config, layers):
    return json.dumps([{"Config": config, "RepoTags": ["localhost/app:1"], "Layers": layers}]).encode()


def _old(layers=LAYERS):
    """Return the members of an archive with a folder for each layer."""
    names = [f"{index}/layer.tar" for index, _layer in enumerate(layers)]
    listed = {"manifest.json": _listed("config.json", names), "config.json": CONFIG}
    return dict(zip(names, layers, strict=True)) | listed


def _new():
    """Return the members of an archive that is an OCI layout, too, since docker 25."""
    blobs = {f"blobs/sha256/{_sha256(content)}": content for content in (*LAYERS, CONFIG)}
    *layers, config = blobs
    return {**blobs, "manifest.json": _listed(config, layers), "oci-layout": b"{}", "index.json": b"{}"}


@pytest.mark.parametrize("members", [_old(), _new()])
def test_an_image_is_unpacked(tmp_path, members):
    folder = tmp_path / "image"
    folder.mkdir()
    docker_archive.unpack(_archive(tmp_path / "image.tar", members), folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    described = [manifest["config"], *manifest["layers"]]
    assert [one["digest"] for one in described] == [f"sha256:{_sha256(content)}" for content in (CONFIG, *LAYERS)]
    for one, content in zip(described, (CONFIG, *LAYERS), strict=True):
        assert (folder / one["digest"].removeprefix("sha256:")).read_bytes() == content
        assert one["size"] == len(content)
    assert len(list(folder.iterdir())) == 4


def test_a_layer_that_is_a_link_to_another(tmp_path):
    """Docker writes a layer that two images have once."""
    members = _old()
    content = members.pop("1/layer.tar")
    path = _archive(
        tmp_path / "image.tar", {**members, "other/layer.tar": content}, {"1/layer.tar": "../other/layer.tar"}
    )
    folder = tmp_path / "image"
    folder.mkdir()
    docker_archive.unpack(path, folder)
    assert (folder / _sha256(LAYERS[1])).read_bytes() == LAYERS[1]


@pytest.mark.parametrize(
    ("members", "finding"),
    [
        ({}, "manifest.json"),
        ({"manifest.json": b"[]"}, "not enough values"),
        ({"manifest.json": b"<"}, "Expecting value"),
        ({**_old(), "config.json": b"{}"}, "rootfs"),
        (_old((LAYERS[0], b"another")), f"a layer has sha256:{_sha256(b'another')}, and the configuration sha256:"),
        (_old(LAYERS[:1]), "it has 1 layers, and its configuration 2"),
    ],
)
def test_an_archive_of_something_else(tmp_path, members, finding):
    path = _archive(tmp_path / "image.tar", members)
    with pytest.raises(BundleError, match=r"is no archive of one image, as `docker save` writes it") as caught:
        docker_archive.unpack(path, tmp_path)
    assert finding in str(caught.value)


def test_a_file_that_is_no_archive(tmp_path):
    (tmp_path / "image.tar").write_bytes(b"x" * 2000)
    with pytest.raises(BundleError, match="is no archive of one image"):
        docker_archive.unpack(tmp_path / "image.tar", tmp_path)
