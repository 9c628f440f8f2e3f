# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""bundle.lock: what is written is read again, and what is wrong with a file is named."""

import json

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import lockfile
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.lockfile import Lock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError

SUM = "a" * 64
LOCK = Lock({"https://b.example.net/x": SUM, "https://a.example.net/x": SUM}, {"a.example.net/i:1": f"sha256:{SUM}"})


def test_no_file_is_an_empty_lock(tmp_path):
    assert lockfile.read(tmp_path / "bundle.lock") == Lock()


def test_what_is_written_is_read_again_in_a_fixed_order(tmp_path):
    file = tmp_path / "bundle.lock"
    lockfile.write(file, LOCK)
    assert lockfile.read(file) == LOCK
    assert list(json.loads(file.read_text())["files"]) == ["https://a.example.net/x", "https://b.example.net/x"]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.lock"]


def test_additions_leave_the_lock_as_it_is():
    more = LOCK.with_added({"https://c.example.net/x": SUM}, {})
    assert len(more.files) == 3
    assert len(LOCK.files) == 2


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        ([], "it must be an object with `files` and `images`, and nothing else"),
        ({"files": {}}, "it must be an object with `files` and `images`, and nothing else"),
        ({"files": [], "images": {}}, "files must be an object"),
        (
            {"files": {"https://a.example.net/x": "1"}, "images": {}},
            "files: https://a.example.net/x has '1', and a checksum is 64 digits in lower-case hexadecimal",
        ),
        (
            {"files": {}, "images": {"a:1": SUM}},
            f"images: a:1 has '{SUM}', and a checksum is sha256: and 64 digits in lower-case hexadecimal",
        ),
    ],
)
def test_what_is_no_lock_is_said(tmp_path, data, finding):
    file = tmp_path / "bundle.lock"
    file.write_text(json.dumps(data))
    with pytest.raises(BundleError) as caught:
        lockfile.read(file)
    assert str(caught.value).splitlines()[:2] == [f"{file} (bundle_lock) is not valid:", f"  - {finding}"]


def test_what_is_not_json_is_said(tmp_path):
    (tmp_path / "bundle.lock").write_text("<<<<<<< HEAD")
    with pytest.raises(BundleError, match=r"bundle.lock \(bundle_lock\) can't be read: Expecting value"):
        lockfile.read(tmp_path / "bundle.lock")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(
        BundleError, match=r"\(bundle_lock\) can't be written \(No such file or directory\), and it has"
    ):
        lockfile.write(tmp_path / "none" / "bundle.lock", LOCK)
