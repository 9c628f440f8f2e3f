# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A bundle as one archive: packed on a machine, unpacked on another that never builds."""

import gzip
import hashlib
import io
import json
import tarfile

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import list_files
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.modules.test_bundle import FILES, Run


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path, monkeypatch)


@pytest.fixture
def packed(run, tmp_path):
    """The path of a packed bundle."""
    path = tmp_path / "stick" / "small.tar.gz"
    run(pack=str(path))
    return path


@pytest.fixture
def other(run, packed, tmp_path):
    """The module on the other side: its options, for a folder of its own, and nothing to build with."""
    folder = tmp_path / "other"
    params = {"archive": str(packed), "path": str(folder), "cache_dir": str(tmp_path / "other-cache")}

    def ensure(check_mode=False, **more):
        return run(check_mode=check_mode, **{**params, **more})

    ensure.folder = folder
    return ensure


def _rewrite(archive, change):
    """Write an archive again with other members, and without a checksum."""
    with tarfile.open(archive) as opened:
        members = {member.name: opened.extractfile(member).read() for member in opened}
    change(members)
    with tarfile.open(archive, "w:gz") as opened:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    archive.with_name(f"{archive.name}.sha256").unlink()


def test_a_bundle_is_packed_with_its_checksum(packed):
    checksum = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert (packed.parent / "small.tar.gz.sha256").read_text() == f"{checksum}  small.tar.gz\n"
    with tarfile.open(packed) as archive:
        assert archive.getnames()[0] == "bundle.json"
        assert sorted(archive.getnames()) == FILES


def test_the_same_bundle_is_not_packed_again(run, packed):
    before = packed.stat().st_mtime_ns
    assert run(pack=str(packed))["changed"] is False
    assert packed.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["the archive", "its checksum", "the application"])
def test_another_bundle_is_packed_again(run, packed, damage):
    if damage == "the archive":
        packed.write_bytes(packed.read_bytes()[:-9])
    elif damage == "its checksum":
        packed.with_name("small.tar.gz.sha256").unlink()
    else:
        (run.app / "app" / "demo_app" / "web.py").write_text("x = 1\n")
    assert run(pack=str(packed))["changed"] is True
    assert run(pack=str(packed))["changed"] is False


def test_check_mode_packs_nothing(run, packed):
    packed.unlink()
    assert run(check_mode=True, pack=str(packed))["changed"] is True
    assert not packed.exists()


def test_an_archive_that_cannot_be_written_is_named(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match=r"can't be packed to .*/file/x.tar.gz \(bundle_pack\): "):
        run(pack=str(tmp_path / "file" / "x.tar.gz"))


def test_the_other_side_has_the_same_bundle_and_builds_nothing(run, other):
    result = other()
    assert (result["changed"], result["built"], result["producer"]) == (True, [], "go_modules")
    assert run.builds == []
    assert list_files(other.folder) == FILES
    assert [(other.folder / name).read_bytes() for name in FILES] == [
        (run.folder / name).read_bytes() for name in FILES
    ]
    assert (other.folder / "bin/tool").stat().st_mode == (run.folder / "bin/tool").stat().st_mode


def test_a_second_run_reads_no_more_than_the_record(other):
    other()
    before = {path: path.stat().st_mtime_ns for path in other.folder.rglob("*")}
    assert other()["changed"] is False
    assert {path: path.stat().st_mtime_ns for path in other.folder.rglob("*")} == before


def test_check_mode_unpacks_nothing(other):
    assert other(check_mode=True)["changed"] is True
    assert not other.folder.exists()


def test_a_newer_archive_replaces_what_differs_and_only_that(run, packed, other):
    other()
    before = (other.folder / "bin/tool").stat().st_mtime_ns
    (run.app / "app" / "demo_app" / "web.py").write_text("x = 1\n")
    run(pack=str(packed))
    assert other()["changed"] is True
    assert (other.folder / "bin/tool").stat().st_mtime_ns == before
    assert (other.folder / "images/workloads.tar").read_bytes() == (run.folder / "images/workloads.tar").read_bytes()


@pytest.mark.parametrize("lost", ["bundle.json", "bin/tool"])
def test_an_interrupted_run_is_finished_by_the_next_one(other, lost):
    other()
    (other.folder / lost).unlink()
    if lost == "bundle.json":
        (other.folder / "bundle.json.changing").write_text('["bin/tool", "images/workloads.tar"]')
    assert other()["changed"] is True
    assert list_files(other.folder) == FILES


def test_an_archive_that_was_cut_off_is_refused_before_anything_is_changed(packed, other):
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(BundleError, match=r"small.tar.gz \(bundle_archive\) is damaged: its sha256 is .* again"):
        other()
    assert not other.folder.exists()


def test_without_its_checksum_the_archive_s_files_are_compared(packed, other):
    def change(members):
        members["bin/tool"] = b"another"

    _rewrite(packed, change)
    with pytest.raises(BundleError, match="is damaged: bin/tool is another file"):
        other()
    assert not other.folder.exists()


@pytest.mark.parametrize("has_bundle", [True, False])
def test_a_cut_off_archive_without_its_checksum_leaves_what_is_there(run, packed, other, has_bundle):
    if has_bundle:
        other()
        (run.app / "app" / "demo_app" / "web.py").write_text("x = 1\n")
        run(pack=str(packed))
    packed.write_bytes(packed.read_bytes()[:-40])
    packed.with_name("small.tar.gz.sha256").unlink()
    with pytest.raises(BundleError, match=r"\(bundle_archive\) can't be read: .*\. Copy it again"):
        other()
    assert (other.folder / "bundle.json").exists() is has_bundle


def test_the_end_of_a_run_ends_the_packing(run, packed):
    (run.app / "app" / "demo_app" / "web.py").write_text("x = 1\n")
    run()
    run.end_requested = True
    before = packed.read_bytes()
    with pytest.raises(Interrupted):
        run(pack=str(packed))
    assert packed.read_bytes() == before
    assert sorted(path.name for path in packed.parent.iterdir()) == ["small.tar.gz", "small.tar.gz.sha256"]


def test_a_folder_is_no_archive(run, packed):
    with pytest.raises(BundleError, match=rf"{packed.parent} \(bundle_pack\) is a folder: give .*/seed-amd64.tar.gz"):
        run(pack=str(packed.parent))
    with pytest.raises(BundleError, match=rf"There is no archive {packed.parent} "):
        run(archive=str(packed.parent))


def test_an_archive_without_a_file_is_refused(packed, other):
    _rewrite(packed, lambda members: members.pop("bin/tool"))
    with pytest.raises(BundleError, match="is damaged: it has no bin/tool"):
        other()


@pytest.mark.parametrize("path", ["../outside", "bin/../../outside", "/etc/passwd", "bundle.json"])
def test_an_archive_writes_to_the_bundle_alone(packed, other, path):
    def change(members):
        record = json.loads(members["bundle.json"])
        record["files"][0]["path"] = path
        members["bundle.json"] = json.dumps(record).encode()

    _rewrite(packed, change)
    with pytest.raises(BundleError, match=f"has {path}, which is not a path of a bundle"):
        other()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no archive "),
        (b"text", "can't be read: not a gzip file"),
        (gzip.compress(b"text" * 999), "can't be read: "),
    ],
    ids=["none", "text", "gzip"],
)
def test_what_is_no_archive_is_said(packed, other, content, message):
    packed.unlink() if content is None else packed.write_bytes(content)
    with pytest.raises(BundleError, match=message):
        other()


def test_an_archive_of_something_else_is_said(packed, other):
    _rewrite(packed, lambda members: members.pop("bundle.json"))
    with pytest.raises(BundleError, match="is not an archive that bundle_pack has written"):
        other()


def test_an_archive_of_another_stack_is_refused(run, other):
    stack = {**run.params["stack"], "name": "large"}
    with pytest.raises(BundleError, match=r"is for stack small, and large is wanted: .* as bundle_archive"):
        other(stack=stack)


def test_another_application_than_the_archive_s_is_refused(run, other):
    (run.app / "app" / "demo_app" / "web.py").write_text("x = 1\n")
    with pytest.raises(BundleError, match=r"has other parts .*/app .*: archive/workloads, component/app\."):
        other()


def test_files_of_the_user_are_not_overwritten(other):
    (other.folder / "bin").mkdir(parents=True)
    (other.folder / "bin" / "tool").write_text("mine")
    with pytest.raises(BundleError, match="files of no bundle, such as bin/tool"):
        other()
    assert (other.folder / "bin" / "tool").read_text() == "mine"
