# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The cache: stored units are found, damaged entries are not, and one run at a time builds in it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import sha256
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import Interrupted, make_unit

COLLECTIONS = Path(__file__).parents[8]
UNIT = make_unit("component", "etcd", "3.5.4", {"arch": "amd64"})

LOCK_HOLDER = """
import sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
with Cache(Path(sys.argv[1])).lock(lambda: print("waiting", flush=True), lambda: False):
    print("locked", flush=True)
    sys.stdin.read()
"""
RUN_WITH_PROGRAM = """
import os, sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
with Cache(Path(sys.argv[1])).lock(lambda: None, lambda: False) as lock:
    processes = Processes()
    processes.keep_open(lock)
    script = f"echo $$ > /proc/{os.getpid()}/fd/1; exec sleep 300"
    processes.run(["sh", "-c", script], Path(sys.argv[2]) / "log")
"""
RUN_AFTER_MOUNT = """
import subprocess, sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
cache, target = Cache(Path(sys.argv[1])), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "none", target], check=True)
assert target.is_mount()
with cache.lock(lambda: None, lambda: False):
    print("still mounted" if target.exists() else "gone")
"""


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def stored(cache, tmp_path):
    """The cache entry's folder of a unit with two files."""
    out = tmp_path / "out"
    (out / "cni").mkdir(parents=True)
    (out / "etcd").write_text("etcd's program")
    (out / "cni" / "bridge").write_text("another")
    return cache.store(UNIT, out, {"seconds": 3}).folder


def _no_end_request():
    return False


def _python(code, *arguments, before=()):
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    return subprocess.Popen(
        [*before, sys.executable, "-c", code, *map(str, arguments)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stored_unit_is_found(cache, stored):
    entry, damaged = cache.find(UNIT)
    assert damaged == ""
    assert entry.folder == stored
    assert entry.files == {"etcd": sha256(stored / "etcd"), "cni/bridge": sha256(stored / "cni" / "bridge")}
    assert entry.info == {"seconds": 3}


@pytest.mark.usefixtures("stored")
def test_a_unit_with_another_key_is_not_found(cache):
    assert cache.find(make_unit("component", "etcd", "3.5.4", {"arch": "arm64"})) == (None, "")


def _change_one_byte(path):
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [_change_one_byte, Path.unlink])
@pytest.mark.parametrize("file", ["etcd", "cni/bridge"])
def test_a_damaged_file_is_named_and_its_unit_is_not_found(cache, stored, damage, file):
    damage(stored / file)
    assert cache.find(UNIT) == (None, file)


@pytest.mark.parametrize("text", ["", "{", '{"files": '])
def test_an_incomplete_description_is_no_unit(cache, stored, text):
    (stored / "unit.json").write_text(text)
    assert cache.find(UNIT) == (None, "")


def test_storing_again_replaces_a_damaged_entry(cache, stored, tmp_path):
    _change_one_byte(stored / "etcd")
    (stored / "left-over").write_text("")
    out = tmp_path / "again"
    out.mkdir()
    (out / "etcd").write_text("etcd's program")
    cache.store(UNIT, out, {})
    entry, damaged = cache.find(UNIT)
    assert (list(entry.files), damaged) == (["etcd"], "")
    assert sorted(path.name for path in stored.iterdir()) == ["etcd", "unit.json"]
    assert not out.exists()


@pytest.mark.parametrize(
    ("kind", "folder"),
    [("component", "components/x"), ("archive", "archives/x"), ("manifest", "manifests/x"), ("base", "base")],
)
def test_folders_of_entries(cache, kind, folder):
    unit = make_unit(kind, "x", "1", {})
    assert cache.folder(unit) == cache.root / folder / unit.key


def _store_unit(cache, tmp_path, kind, name, number, age):
    """Store a unit whose entry is `age` seconds old."""
    unit = make_unit(kind, name, "1", {"number": number})
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text(str(number))
    folder = cache.store(unit, out, {}).folder
    os.utime(folder, (1e9 - age, 1e9 - age))
    return unit


@pytest.mark.parametrize("kind", ["component", "archive", "manifest", "base"])
@pytest.mark.parametrize(("wanted", "kept"), [(0, {0, 1}), (1, {0, 1}), (3, {0, 1, 3})])
def test_the_unit_of_the_plan_and_the_two_newest_of_its_name_are_kept(cache, tmp_path, kind, wanted, kept):
    units = [_store_unit(cache, tmp_path, kind, "a", number, number) for number in range(5)]
    others = [_store_unit(cache, tmp_path, kind, "b", number, number) for number in range(3)]
    cache.prune([units[wanted]])
    assert {number for number, unit in enumerate(units) if cache.find(unit)[0]} == kept
    assert all(cache.find(unit)[0] for unit in others)


def test_other_files_beside_entries_are_kept(cache, tmp_path):
    units = [_store_unit(cache, tmp_path, "component", "a", number, number) for number in range(3)]
    theirs = [cache.folder(units[0]).parent / name for name in ("project", "list", "text", "file")]
    for folder, text in zip(theirs[:3], ("{}", "[]", "no record"), strict=True):
        folder.mkdir()
        (folder / "unit.json").write_text(text)
    theirs[3].write_text("")
    for path in theirs:
        os.utime(path, (1, 1))
    cache.prune(units)
    assert all(path.exists() for path in theirs)


def test_the_lock_removes_the_temporary_files_of_a_killed_run(cache):
    left = cache.tmp / "component-etcd" / "out"
    left.mkdir(parents=True)
    with cache.lock(lambda: pytest.fail("no other process has the lock"), _no_end_request):
        assert list(cache.tmp.iterdir()) == []
        assert cache.tmp.stat().st_mode & 0o777 == 0o700
        assert cache.logs.is_dir()
        (cache.tmp / "mine").write_text("")
    assert not cache.tmp.exists()


def test_the_lock_leaves_other_files_of_a_shared_folder_alone(cache):
    for name in ("tmp/theirs", "logs/theirs", "lock"):
        (cache.root / name).parent.mkdir(parents=True, exist_ok=True)
        (cache.root / name).write_text("theirs")
    with cache.lock(lambda: None, _no_end_request):
        pass
    assert [(cache.root / name).read_text() for name in ("tmp/theirs", "logs/theirs", "lock")] == ["theirs"] * 3


def test_a_failed_build_removes_its_temporary_files_and_releases_the_lock(cache):
    with pytest.raises(ValueError, match="broken"), cache.lock(lambda: None, _no_end_request):
        raise ValueError("broken")
    assert not cache.tmp.exists()
    with cache.lock(lambda: pytest.fail("the lock was kept"), _no_end_request):
        pass


def test_a_second_process_waits_for_the_lock_and_says_so_once(cache):
    with cache.lock(lambda: None, _no_end_request):
        (cache.tmp / "mine").write_text("")
        second = _python(LOCK_HOLDER, cache.root)
        assert second.stdout.readline() == "waiting\n"
        # It tries every half second, and removes no files of the first run meanwhile.
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1.2)
        assert (cache.tmp / "mine").exists()
    output, errors = second.communicate(timeout=10)
    assert (output, second.returncode) == ("locked\n", 0), errors


def test_a_killed_process_releases_the_lock(cache):
    with _python(LOCK_HOLDER, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        waits = []
        first.kill()
        first.wait(10)
        with cache.lock(lambda: waits.append(1), _no_end_request):
            assert not waits


def test_this_run_waits_for_another_process(cache):
    with _python(LOCK_HOLDER, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        waits, sleeps = [], []

        def sleep(seconds):
            sleeps.append(seconds)
            if len(sleeps) == 3:
                first.communicate(timeout=10)

        with cache.lock(lambda: waits.append(1), _no_end_request, sleep):
            assert (waits, sleeps) == ([1], [0.5] * 3)


def test_the_wait_for_the_lock_can_be_interrupted(cache):
    with _python(LOCK_HOLDER, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        sleeps = []
        with pytest.raises(Interrupted), cache.lock(lambda: None, lambda: len(sleeps) == 2, sleeps.append):
            pytest.fail("the other process has the lock")
        assert sleeps == [0.5] * 2
        first.communicate(timeout=10)


def test_the_lock_lasts_until_the_last_program_of_a_killed_run_has_ended(cache, tmp_path):
    with _python(RUN_WITH_PROGRAM, cache.root, tmp_path) as killed:
        pid = int(killed.stdout.readline())
        killed.kill()
    waits, sleeps = [], []

    def sleep(seconds):
        sleeps.append(seconds)
        time.sleep(0.1)
        if len(sleeps) == 2:
            os.kill(pid, signal.SIGKILL)

    with cache.lock(lambda: waits.append(1), lambda: len(sleeps) > 50, sleep):
        assert waits == [1]
        assert len(sleeps) >= 2


@pytest.mark.parametrize(
    "name",
    [
        "cache",
        "a cache",
    ],
)
def test_mounts_of_a_killed_run_are_unmounted(tmp_path, name):
    target = tmp_path / name / ".keda-demo-tmp" / "base-bookworm" / "proc"
    target.mkdir(parents=True)
    # In name spaces of its own, so that no mount can be left on this machine.
    process = _python(RUN_AFTER_MOUNT, tmp_path / name, target, before=["unshare", "--map-root-user", "--mount"])
    output, errors = process.communicate(timeout=20)
    assert (output, process.returncode) == ("gone\n", 0), errors
