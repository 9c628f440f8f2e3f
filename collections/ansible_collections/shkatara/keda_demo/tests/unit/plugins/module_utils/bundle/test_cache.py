# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The cache: what is stored is found, what is damaged is not, and one run at a time builds in it."""

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

LOCKS = """
import sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
with Cache(Path(sys.argv[1])).locked(lambda: print("waiting", flush=True), lambda: False):
    print("locked", flush=True)
    sys.stdin.read()
"""
HOLDS = """
import os, sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
with Cache(Path(sys.argv[1])).locked(lambda: None, lambda: False) as lock:
    processes = Processes()
    processes.keep_open(lock)
    script = f"echo $$ > /proc/{os.getpid()}/fd/1; exec sleep 300"
    processes.run(["sh", "-c", script], Path(sys.argv[2]) / "log")
"""
UNMOUNTS = """
import subprocess, sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
cache, target = Cache(Path(sys.argv[1])), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "none", target], check=True)
assert target.is_mount()
with cache.locked(lambda: None, lambda: False):
    print("still mounted" if target.exists() else "gone")
"""


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def stored(cache, tmp_path):
    """The cache's folder of a unit with two files."""
    made = tmp_path / "made"
    (made / "cni").mkdir(parents=True)
    (made / "etcd").write_text("etcd's program")
    (made / "cni" / "bridge").write_text("another")
    return cache.store(UNIT, made, {"seconds": 3}).folder


def _never():
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


def test_what_is_stored_is_found(cache, stored):
    found, damaged = cache.find(UNIT)
    assert damaged == ""
    assert found.folder == stored
    assert found.files == {"etcd": sha256(stored / "etcd"), "cni/bridge": sha256(stored / "cni" / "bridge")}
    assert found.info == {"seconds": 3}


@pytest.mark.usefixtures("stored")
def test_another_key_is_not_found(cache):
    assert cache.find(make_unit("component", "etcd", "3.5.4", {"arch": "arm64"})) == (None, "")


def _change_one_byte(path):
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [_change_one_byte, Path.unlink])
@pytest.mark.parametrize("file", ["etcd", "cni/bridge"])
def test_a_damaged_file_is_named_and_nothing_is_found(cache, stored, damage, file):
    damage(stored / file)
    assert cache.find(UNIT) == (None, file)


@pytest.mark.parametrize("text", ["", "{", '{"files": '])
def test_half_a_record_is_no_unit(cache, stored, text):
    (stored / "unit.json").write_text(text)
    assert cache.find(UNIT) == (None, "")


def test_storing_again_replaces_what_is_damaged(cache, stored, tmp_path):
    _change_one_byte(stored / "etcd")
    (stored / "left-over").write_text("")
    made = tmp_path / "again"
    made.mkdir()
    (made / "etcd").write_text("etcd's program")
    cache.store(UNIT, made, {})
    found, damaged = cache.find(UNIT)
    assert (list(found.files), damaged) == (["etcd"], "")
    assert sorted(path.name for path in stored.iterdir()) == ["etcd", "unit.json"]
    assert not made.exists()


@pytest.mark.parametrize(
    ("kind", "folder"),
    [("component", "components/x"), ("archive", "archives/x"), ("manifest", "manifests/x"), ("base", "base")],
)
def test_where_units_are(cache, kind, folder):
    unit = make_unit(kind, "x", "1", {})
    assert cache.folder(unit) == cache.root / folder / unit.key


def _made(cache, tmp_path, kind, name, number, age):
    """Store the unit of a version that is `age` seconds old."""
    unit = make_unit(kind, name, "1", {"number": number})
    out = tmp_path / "made"
    out.mkdir()
    (out / name).write_text(str(number))
    folder = cache.store(unit, out, {}).folder
    os.utime(folder, (1e9 - age, 1e9 - age))
    return unit


@pytest.mark.parametrize("kind", ["component", "archive", "manifest", "base"])
@pytest.mark.parametrize(("wanted", "kept"), [(0, {0, 1}), (1, {0, 1}), (3, {0, 1, 3})])
def test_what_is_wanted_and_the_two_newest_of_its_name_are_kept(cache, tmp_path, kind, wanted, kept):
    units = [_made(cache, tmp_path, kind, "a", number, number) for number in range(5)]
    others = [_made(cache, tmp_path, kind, "b", number, number) for number in range(3)]
    cache.prune([units[wanted]])
    assert {number for number, unit in enumerate(units) if cache.find(unit)[0]} == kept
    assert all(cache.find(unit)[0] for unit in others)


def test_what_somebody_else_has_beside_units_is_kept(cache, tmp_path):
    units = [_made(cache, tmp_path, "component", "a", number, number) for number in range(3)]
    theirs = [cache.folder(units[0]).parent / name for name in ("project", "list", "text", "file")]
    for folder, text in zip(theirs[:3], ("{}", "[]", "no record"), strict=True):
        folder.mkdir()
        (folder / "unit.json").write_text(text)
    theirs[3].write_text("")
    for path in theirs:
        os.utime(path, (1, 1))
    cache.prune(units)
    assert all(path.exists() for path in theirs)


def test_the_lock_removes_what_a_killed_run_left(cache):
    left = cache.tmp / "component-etcd" / "out"
    left.mkdir(parents=True)
    with cache.locked(lambda: pytest.fail("nobody else has the lock"), _never):
        assert list(cache.tmp.iterdir()) == []
        assert cache.tmp.stat().st_mode & 0o777 == 0o700
        assert cache.logs.is_dir()
        (cache.tmp / "mine").write_text("")
    assert not cache.tmp.exists()


def test_the_lock_touches_nothing_else_of_a_folder_that_others_use(cache):
    for name in ("tmp/theirs", "logs/theirs", "lock"):
        (cache.root / name).parent.mkdir(parents=True, exist_ok=True)
        (cache.root / name).write_text("theirs")
    with cache.locked(lambda: None, _never):
        pass
    assert [(cache.root / name).read_text() for name in ("tmp/theirs", "logs/theirs", "lock")] == ["theirs"] * 3


def test_tmp_goes_when_the_build_fails_and_the_lock_too(cache):
    with pytest.raises(ValueError, match="broken"), cache.locked(lambda: None, _never):
        raise ValueError("broken")
    assert not cache.tmp.exists()
    with cache.locked(lambda: pytest.fail("the lock was kept"), _never):
        pass


def test_a_second_process_waits_for_the_lock_and_says_so_once(cache):
    with cache.locked(lambda: None, _never):
        (cache.tmp / "mine").write_text("")
        second = _python(LOCKS, cache.root)
        assert second.stdout.readline() == "waiting\n"
        # It asks every half second: nothing of ours is removed while it does.
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1.2)
        assert (cache.tmp / "mine").exists()
    output, errors = second.communicate(timeout=10)
    assert (output, second.returncode) == ("locked\n", 0), errors


def test_a_killed_process_keeps_no_lock(cache):
    with _python(LOCKS, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        waited = []
        first.kill()
        first.wait(10)
        with cache.locked(lambda: waited.append(1), _never):
            assert not waited


def test_this_run_waits_for_another_process(cache):
    with _python(LOCKS, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        said, slept = [], []

        def sleep(seconds):
            slept.append(seconds)
            if len(slept) == 3:
                first.communicate(timeout=10)

        with cache.locked(lambda: said.append(1), _never, sleep):
            assert (said, slept) == ([1], [0.5] * 3)


def test_who_waits_for_the_lock_can_be_interrupted(cache):
    with _python(LOCKS, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        slept = []
        with pytest.raises(Interrupted), cache.locked(lambda: None, lambda: len(slept) == 2, slept.append):
            pytest.fail("the other process has the lock")
        assert slept == [0.5] * 2
        first.communicate(timeout=10)


def test_the_lock_lasts_until_the_last_program_of_a_killed_run_has_ended(cache, tmp_path):
    with _python(HOLDS, cache.root, tmp_path) as killed:
        pid = int(killed.stdout.readline())
        killed.kill()
    said, slept = [], []

    def sleep(seconds):
        slept.append(seconds)
        time.sleep(0.1)
        if len(slept) == 2:
            os.kill(pid, signal.SIGKILL)

    with cache.locked(lambda: said.append(1), lambda: len(slept) > 50, sleep):
        assert said == [1]
        assert len(slept) >= 2


@pytest.mark.parametrize(
    "name",
    [
        "cache",
        "a cache",
    ],
)
def test_what_a_killed_run_left_mounted_is_unmounted(tmp_path, name):
    target = tmp_path / name / ".keda-demo-tmp" / "base-bookworm" / "proc"
    target.mkdir(parents=True)
    # In name spaces of its own: nothing can be left mounted here.
    process = _python(UNMOUNTS, tmp_path / name, target, before=["unshare", "--map-root-user", "--mount"])
    output, errors = process.communicate(timeout=20)
    assert (output, process.returncode) == ("gone\n", 0), errors
