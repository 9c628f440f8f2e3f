# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The choice of who copies images, by the programs of this machine."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import copiers
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.download import Downloader
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.pull import Pull
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.skopeo import Skopeo
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.web import Web


@pytest.mark.parametrize(
    ("mode", "kind", "sentence"),
    [
        (0o755, Skopeo, "images are copied by skopeo"),
        # A file that can't be run is no program.
        (0o644, Pull, "images are copied by the collection itself, since skopeo is not installed"),
        (None, Pull, "images are copied by the collection itself, since skopeo is not installed"),
    ],
)
def test_skopeo_copies_if_it_is_installed(tmp_path, monkeypatch, mode, kind, sentence):
    monkeypatch.setenv("PATH", str(tmp_path))
    if mode is not None:
        (tmp_path / "skopeo").touch(mode=mode)
    made = copiers.copier(Processes(), Downloader(Web()), tmp_path / "log", tmp_path, tmp_path)
    assert isinstance(made, kind)
    assert copiers.sentence() == sentence
