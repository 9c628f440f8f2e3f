# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Copies of images with and without skopeo, from a real registry, byte by byte."""

import json

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import docker_archive
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.download import Downloader
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.pull import Pull
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.skopeo import Skopeo
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.web import Web

from tests.release import origins


@pytest.fixture(scope="module")
def port(filled, authority):
    with origins.registry(filled / "registry", authority.certificate("127.0.0.1")) as port:
        yield port


@pytest.fixture
def copiers(tmp_path, authority, monkeypatch):
    """Return skopeo, and what copies images without it."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.path)
    (tmp_path / "work").mkdir()
    log = tmp_path / "log"
    return Skopeo(Processes(), log, tmp_path / "work"), Pull(Downloader(Web()), log, tmp_path / "cache")


def _files(folder):
    """Return the files of a copy but for skopeo's own."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "version"}


@pytest.mark.parametrize("key", [*origins.AS_DOCKER, origins.AS_LIST, "coredns"])
def test_both_give_the_same_bytes(copiers, port, filled, tmp_path, key):
    reference = origins.stack_of(filled)["images"][key]
    repository = f"127.0.0.1:{port}/{reference.partition('/')[2].rpartition(':')[0]}"
    copies = []
    for name, copier in zip(("skopeo", "pull"), copiers, strict=True):
        digest, folder = copier.digest(reference, repository), tmp_path / name
        folder.mkdir()
        copier.copy(f"docker://{repository}@{digest}", f"dir:{folder}", origins.ARCH, reference)
        copies.append((digest, _files(folder)))
    assert copies[0] == copies[1]


def test_an_archive_of_docker_has_the_layers_that_skopeo_reads(copiers, port, filled, tmp_path):
    """The manifest is written here, so its spaces may differ. skopeo calls layers compressed that are not."""
    reference = origins.stack_of(filled)["images"]["pause"]
    archive = tmp_path / "image.tar"
    source = f"docker://127.0.0.1:{port}/{reference.partition('/')[2]}"
    copiers[0].copy(source, f"docker-archive:{archive}:{reference}", origins.ARCH, reference)
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for folder in (theirs, ours):
        folder.mkdir()
    copiers[0].copy(f"docker-archive:{archive}", f"dir:{theirs}", origins.ARCH, reference)
    docker_archive.unpack(archive, ours)
    expected, found = _files(theirs), _files(ours)
    manifest = json.loads(expected.pop("manifest.json"))
    for layer in manifest["layers"]:
        layer["mediaType"] = layer["mediaType"].removesuffix(".gzip")
    assert json.loads(found.pop("manifest.json")) == manifest
    assert found == expected
