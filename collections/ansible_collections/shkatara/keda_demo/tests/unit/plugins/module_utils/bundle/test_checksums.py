# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Checksums, listings and links of real files."""

import errno
import hashlib

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import checksums
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import (
    differing_files,
    link_or_copy,
    list_files,
    sha256,
    sha256_of_all,
)

# sha256sum of the three bytes abc: FIPS 180-2, appendix B.1.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def folder(tmp_path):
    """A folder with two files, one of them in a subfolder."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "abc").write_bytes(b"abc")
    (tmp_path / "sub" / "large").write_bytes(b"x" * 3_000_000)
    return tmp_path


def test_sha256_of_a_file(folder):
    assert sha256(folder / "abc") == ABC


def test_sha256_of_all_has_none_for_missing_files_and_folders(folder):
    assert sha256_of_all(folder, ["sub/large", "abc", "gone", "sub"]) == {
        "abc": ABC,
        "sub/large": hashlib.sha256(b"x" * 3_000_000).hexdigest(),
        "gone": None,
        "sub": None,
    }


def test_list_files_is_sorted_and_leaves_out_python_s_caches(folder):
    (folder / "sub" / "__pycache__").mkdir()
    (folder / "sub" / "__pycache__" / "a.pyc").write_bytes(b"")
    (folder / "empty").mkdir()
    (folder / ".hidden").write_bytes(b"")
    assert list_files(folder) == [".hidden", "abc", "sub/large"]


def test_differing_files_are_missing_files_and_changed_files(folder):
    large = sha256(folder / "sub" / "large")
    assert differing_files(folder, {"abc": ABC, "sub/large": large}) == ([], {})
    assert differing_files(folder, {"z": ABC, "b": ABC, "sub/large": ABC, "abc": ABC}) == (
        ["b", "z"],
        {"sub/large": large},
    )


def test_a_link_is_the_same_file(folder):
    link_or_copy(folder / "abc", folder / "new" / "abc")
    assert (folder / "new" / "abc").samefile(folder / "abc")


def test_across_file_systems_the_target_is_a_copy_with_the_mode_of_its_source(folder, monkeypatch):
    def no_link(_source, _target):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(checksums.os, "link", no_link)
    (folder / "abc").chmod(0o755)
    copy = folder / "new" / "abc"
    link_or_copy(folder / "abc", copy)
    assert not copy.samefile(folder / "abc")
    assert copy.read_bytes() == b"abc"
    assert copy.stat().st_mode & 0o777 == 0o755
