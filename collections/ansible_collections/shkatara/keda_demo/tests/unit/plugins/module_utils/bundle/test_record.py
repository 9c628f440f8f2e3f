# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""bundle.json: written after all files, read before them, and the source of their checksums."""

import json
import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import list_files, sha256
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import BundleFile, BundlePlan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.record import (
    check_files,
    check_folder,
    read_record,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, make_unit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.writer import write_bundle

ETCD = make_unit(
    "component", "etcd", "3.5.4", {"entry": {"module": "go.etcd.io/etcd/server/v3", "module_version": "v3.5.4"}}
)
PAUSE = make_unit("component", "pause", "3.8", {"entry": {"debian_package": "catatonit"}})
NODE = make_unit("archive", "node", "", {"images": {}}, (ETCD, PAUSE))
PLAN = BundlePlan(
    {unit.id: unit for unit in (ETCD, PAUSE, NODE)},
    (
        BundleFile("bin/etcd", "binary", ETCD.id, "etcd"),
        BundleFile("bin/pause", "binary", PAUSE.id, "pause"),
        BundleFile("images/node.tar", "images", NODE.id, "node.tar"),
    ),
)
SMALLER = BundlePlan({ETCD.id: ETCD}, PLAN.files[:1])
FILES = {ETCD.id: "etcd", PAUSE.id: "pause", NODE.id: "node.tar"}


@pytest.fixture
def cache_entries(tmp_path):
    """The cache entries of all units, by id."""
    cache = Cache(tmp_path / "cache")
    result = {}
    for unit in PLAN.units.values():
        out = tmp_path / "out"
        out.mkdir()
        (out / FILES[unit.id]).write_text(f"content of {unit.id}")
        images = {"b:1": "sha256:bb", "a:1": "sha256:aa"}
        result[unit.id] = cache.store(unit, out, {"images": images} if unit is NODE else {})
    return result


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "bundle"


@pytest.fixture
def bundle(folder, cache_entries):
    """The record of a complete bundle."""
    return write_bundle(folder, PLAN, cache_entries, "seed", "amd64")


def test_a_written_record_can_be_read(folder, bundle):
    assert read_record(folder, "seed", "amd64") == bundle
    check_files(folder, bundle)


def test_the_record_describes_all_files(folder, bundle, cache_entries):
    node = folder / "images" / "node.tar"
    assert {key: value for key, value in bundle.items() if key != "files"} == {
        "schema_version": 2,
        "stack": "seed",
        "arch": "amd64",
        "producer": "go_modules",
        "images": {"node": {"a:1": "sha256:aa", "b:1": "sha256:bb"}},
        "units": {ETCD.id: ETCD.key, PAUSE.id: PAUSE.key, NODE.id: NODE.key},
    }
    assert [(file["path"], file["source"]) for file in bundle["files"]] == [
        ("bin/etcd", "go.etcd.io/etcd/server/v3@v3.5.4"),
        ("bin/pause", "catatonit"),
        ("images/node.tar", "built here"),
    ]
    assert bundle["files"][2] == {
        "path": "images/node.tar",
        "kind": "images",
        "component": "node",
        "version": "",
        "sha256": sha256(node),
        "size": len("content of archive/node"),
        "source": "built here",
    }
    assert node.samefile(cache_entries[NODE.id].folder / "node.tar")
    assert sorted(path.name for path in folder.iterdir()) == ["bin", "bundle.json", "images"]


@pytest.mark.usefixtures("bundle")
def test_writing_removes_files_of_an_earlier_plan_and_no_others(folder, cache_entries):
    (folder / "bin" / "theirs").write_text("")
    (folder / "theirs").write_text("")
    record = write_bundle(folder, SMALLER, cache_entries, "seed", "amd64")
    assert list_files(folder) == ["bin/etcd", "bin/theirs", "bundle.json", "theirs"]
    assert read_record(folder, "seed", "amd64") == record


@pytest.mark.usefixtures("bundle")
def test_files_of_killed_runs_are_removed(folder, cache_entries):
    """Two runs that changed the bundle were killed. The third run has a smaller plan."""
    tar = cache_entries[NODE.id].folder / "node.tar"
    text = tar.read_text()
    tar.unlink()
    for _ in range(2):
        with pytest.raises(OSError, match="node"):
            write_bundle(folder, PLAN, cache_entries, "seed", "amd64")
        assert read_record(folder, "seed", "amd64") is None
        check_folder(folder, PLAN.paths)
    tar.write_text(text)
    write_bundle(folder, SMALLER, cache_entries, "seed", "amd64")
    assert list_files(folder) == ["bin/etcd", "bundle.json"]


def test_files_of_a_killed_first_run_are_removed(folder, cache_entries):
    (cache_entries[NODE.id].folder / "node.tar").unlink()
    with pytest.raises(OSError, match="node"):
        write_bundle(folder, PLAN, cache_entries, "seed", "amd64")
    assert list_files(folder) == ["bin/etcd", "bin/pause", "bundle.json.changing"]
    check_folder(folder, SMALLER.paths)
    write_bundle(folder, SMALLER, cache_entries, "seed", "amd64")
    assert list_files(folder) == ["bin/etcd", "bundle.json"]


@pytest.mark.parametrize("path", ["../theirs", "bin/../../theirs", "theirs", "/etc/hostname"])
def test_a_record_owns_no_files_outside_its_folders(folder, bundle, cache_entries, path):
    for theirs in (folder / "theirs", folder.parent / "theirs"):
        theirs.write_text("")
    files = [*bundle["files"], {**bundle["files"][0], "path": path}]
    (folder / "bundle.json").write_text(json.dumps(bundle | {"files": files}))
    write_bundle(folder, SMALLER, cache_entries, "seed", "amd64")
    assert (folder / path).exists()


@pytest.mark.parametrize("path", ["bin/etcd", "bin/python", "images/logo.png", "manifests/sub/a.yaml"])
def test_files_in_a_folder_that_never_had_a_bundle_are_refused(folder, path):
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_text("theirs")
    with pytest.raises(BundleError, match=rf"\(cluster_bundle_dir\) has files of no bundle, such as {path}: "):
        check_folder(folder, PLAN.paths)


def test_a_missing_or_empty_folder_or_one_with_unrelated_files_is_accepted(folder):
    check_folder(folder, PLAN.paths)
    (folder / "bin").mkdir(parents=True)
    (folder / "README").write_text("")
    check_folder(folder, PLAN.paths)


def test_a_readme_of_the_user_is_not_overwritten(folder):
    folder.mkdir()
    (folder / "README.md").write_text("theirs")
    with pytest.raises(BundleError, match=r"files of no bundle, such as README\.md: "):
        check_folder(folder, PLAN.paths)


@pytest.mark.usefixtures("bundle")
def test_a_foreign_file_is_refused_only_at_a_path_of_the_plan(folder, cache_entries):
    write_bundle(folder, SMALLER, cache_entries, "seed", "amd64")
    (folder / "bin" / "other").write_text("theirs")
    check_folder(folder, PLAN.paths)
    (folder / "bin" / "pause").write_text("theirs")
    with pytest.raises(BundleError, match="such as bin/pause: "):
        check_folder(folder, PLAN.paths)


@pytest.mark.usefixtures("bundle")
def test_writing_leaves_the_older_cache_entry_unchanged(folder, cache_entries, tmp_path):
    old = cache_entries[ETCD.id].folder / "etcd"
    newer = make_unit("component", "etcd", "3.5.5", ETCD.inputs)
    out = tmp_path / "out"
    out.mkdir()
    (out / "etcd").write_text("newer")
    stored = Cache(tmp_path / "cache").store(newer, out, {})
    write_bundle(folder, BundlePlan({newer.id: newer}, PLAN.files[:1]), {newer.id: stored}, "seed", "amd64")
    assert (folder / "bin" / "etcd").read_text() == "newer"
    assert old.read_text() == "content of component/etcd"


@pytest.mark.usefixtures("bundle")
def test_an_unfinished_bundle_is_no_bundle(folder, cache_entries):
    (cache_entries[NODE.id].folder / "node.tar").unlink()
    with pytest.raises((OSError, BundleError)):
        write_bundle(folder, PLAN, cache_entries, "seed", "amd64")
    assert (folder / "bin" / "etcd").exists()
    assert read_record(folder, "seed", "amd64") is None


@pytest.mark.parametrize("has_files", [False, True])
def test_a_folder_without_bundle_json_is_no_bundle(folder, has_files):
    if has_files:
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "etcd").write_text("")
    assert read_record(folder, "seed", "amd64") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stack": "current"}, r"The bundle in \S+ is for stack current, and seed is wanted: "),
        ({"arch": "arm64"}, r"The bundle in \S+ is for arch arm64, and amd64 is wanted: "),
        # Also if it is an older release's, since it would be built again.
        ({"schema_version": 1, "stack": "current"}, r"The bundle in \S+ is for stack current, and seed is wanted: "),
    ],
)
def test_another_bundle_is_refused(folder, bundle, change, message):
    (folder / "bundle.json").write_text(json.dumps(bundle | change))
    with pytest.raises(BundleError, match=message) as caught:
        read_record(folder, "seed", "amd64")
    assert str(caught.value).endswith("cluster_bundle_dir.")


@pytest.mark.parametrize("more", [{}, {"files": None}])
def test_a_newer_release_s_bundle_is_refused(folder, bundle, more):
    (folder / "bundle.json").write_text(json.dumps(bundle | {"schema_version": 3} | more))
    with pytest.raises(BundleError, match=r"/bundle\.json has schema_version 3, and this release reads 2: "):
        read_record(folder, "seed", "amd64")


def test_an_older_release_s_bundle_is_written_again(folder, bundle, cache_entries):
    (folder / "bundle.json").write_text(json.dumps(bundle | {"schema_version": 1, "images": {"node": ["a:1"]}}))
    assert read_record(folder, "seed", "amd64") is None
    check_folder(folder, PLAN.paths)
    write_bundle(folder, SMALLER, cache_entries, "seed", "amd64")
    assert list_files(folder) == ["bin/etcd", "bundle.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": None},
        {"schema_version": "2"},
        {"files": None},
        {"files": {}},
        {"files": ["bin/etcd"]},
        {"files": [{"path": "bin/etcd", "size": 1}]},
        {"units": None},
    ],
)
def test_an_invalid_record_is_named_with_a_remedy(folder, bundle, change):
    (folder / "bundle.json").write_text(json.dumps(bundle | change))
    with pytest.raises(
        BundleError, match=rf"/bundle\.json is not the record of a bundle\. Remove {re.escape(str(folder))} to"
    ):
        read_record(folder, "seed", "amd64")


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("text", ["[]", "1", "{}", '"bundle"'])
def test_other_json_is_no_record(folder, text):
    (folder / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=r"/bundle\.json is not the record of a bundle"):
        read_record(folder, "seed", "amd64")


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("text", ["", '{"schema_version": 1, '])
def test_an_unreadable_record_is_named_with_a_remedy(folder, text):
    (folder / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=rf"bundle\.json can't be read .*\. Remove {re.escape(str(folder))} to have"):
        read_record(folder, "seed", "amd64")


@pytest.mark.parametrize("path", ["bin/etcd", "bin/pause", "images/node.tar"])
def test_a_file_with_one_changed_byte_is_named(folder, bundle, path):
    data = bytearray((folder / path).read_bytes())
    data[-1] ^= 1
    (folder / path).write_bytes(data)
    with pytest.raises(BundleError) as caught:
        check_files(folder, bundle)
    checksum = sha256(folder / path)[:12]
    lines = str(caught.value).splitlines()
    assert lines[0] == f"The bundle in {folder} is damaged:"
    assert lines[1:-1] == [f"  - {path} is not the file that bundle.json names (its sha256 is {checksum}...)"]


def test_all_damaged_files_are_named_at_once(folder, bundle):
    (folder / "bin" / "etcd").unlink()
    (folder / "images" / "node.tar").unlink()
    (folder / "bin" / "pause").write_text("")
    with pytest.raises(BundleError) as caught:
        check_files(folder, bundle)
    lines = str(caught.value).splitlines()
    assert lines[1:3] == ["  - bin/etcd is missing", "  - images/node.tar is missing"]
    assert lines[3].startswith("  - bin/pause is not the file")
    assert "remove the folder to have it built again" in " ".join(lines[4:])
