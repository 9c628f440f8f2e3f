# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The cache: what is stored is found, what is damaged is not, and one run at a time builds in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_files import sha256
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_unit import make_unit

COLLECTIONS = Path(__file__).parents[7]
UNIT = make_unit("component", "etcd", "3.5.4", {"arch": "amd64"})

LOCKS = """
import sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_cache import Cache
with Cache(Path(sys.argv[1])).locked(lambda: print("waiting", flush=True)):
    print("locked", flush=True)
    sys.stdin.read()
"""
UNMOUNTS = """
import subprocess, sys
from pathlib import Path
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bundle_cache import Cache
cache, target = Cache(Path(sys.argv[1])), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "none", target], check=True)
assert target.is_mount()
with cache.locked(lambda: None):
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


def test_another_key_is_not_found(cache, stored):
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


def test_the_lock_removes_what_a_killed_run_left(cache):
    left = cache.tmp / "component-etcd" / "out"
    left.mkdir(parents=True)
    with cache.locked(lambda: pytest.fail("nobody else has the lock")):
        assert list(cache.tmp.iterdir()) == []
        assert cache.tmp.stat().st_mode & 0o777 == 0o700
        assert cache.logs.is_dir()
        (cache.tmp / "mine").write_text("")
    assert not cache.tmp.exists()


def test_tmp_goes_when_the_build_fails_and_the_lock_too(cache):
    with pytest.raises(ValueError, match="broken"), cache.locked(lambda: None):
        raise ValueError("broken")
    assert not cache.tmp.exists()
    with cache.locked(lambda: pytest.fail("the lock was kept")):
        pass


def test_a_second_process_waits_for_the_lock_and_says_so_once(cache):
    with cache.locked(lambda: None):
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
        with cache.locked(lambda: waited.append(1)):
            assert not waited


def test_this_run_waits_for_another_process(cache):
    with _python(LOCKS, cache.root) as first:
        assert first.stdout.readline() == "locked\n"
        said, slept = [], []

        def sleep(seconds):
            slept.append(seconds)
            if len(slept) == 3:
                first.communicate(timeout=10)

        with cache.locked(lambda: said.append(1), sleep):
            assert (said, slept) == ([1], [0.5] * 3)


@pytest.mark.parametrize(
    "name",
    [
        "cache",
        "a cache",
    ],
)
def test_what_a_killed_run_left_mounted_is_unmounted(tmp_path, name):
    target = tmp_path / name / "tmp" / "base-bookworm" / "proc"
    target.mkdir(parents=True)
    # In name spaces of its own: nothing can be left mounted here.
    process = _python(UNMOUNTS, tmp_path / name, target, before=["unshare", "--map-root-user", "--mount"])
    output, errors = process.communicate(timeout=20)
    assert (output, process.returncode) == ("gone\n", 0), errors
