# SPDX-License-Identifier: MIT
"""What is removed from a cache, and what is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import cleaning
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cleaning import Freed

MIB = 2**20


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def write(path, size=MIB):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def entry(cache, id_, key):
    """Make the entry of a unit, with one file, and return its folder."""
    folder = cache.entry_folder(id_, key)
    write(folder / "data")
    (folder / "unit.json").write_text(json.dumps({"unit": id_}))
    return folder


def bundle(folder, stack, units):
    """Make a finished bundle with these units' keys."""
    folder.mkdir(parents=True)
    record = {"schema_version": 2, "stack": stack, "arch": "amd64", "files": [], "units": units}
    (folder / "bundle.json").write_text(json.dumps(record))
    return folder


def go_caches(cache):
    write(cache.root / "go" / "build" / "00" / "object")
    (cache.root / "go" / "build" / "trim.txt").touch()
    write(cache.root / "go" / "mod" / "cache" / "download" / "module.zip")
    module = cache.root / "go" / "mod" / "example.org@v1"
    write(module / "main.go")
    # As Go leaves them.
    module.chmod(0o555)


def clean(cache, used, planned=(), stacks=("seed",)):
    said = []
    found = cleaning.unneeded(cache, used, planned, stacks)
    return cleaning.remove(found, said.append, lambda: False), said


def test_the_parts_of_the_bundle_stay_and_others_go(cache):
    used = bundle(cache.root / "bundles" / "seed-amd64", "seed", {"component/etcd": "new", "base/bookworm": "b1"})
    kept = [entry(cache, "component/etcd", "new"), entry(cache, "base/bookworm", "b1")]
    gone = [
        entry(cache, "component/etcd", "old"),
        entry(cache, "base/lab-host", "b2"),
        entry(cache, "archive/node", "a"),
    ]
    freed, said = clean(cache, used)
    assert [folder.is_dir() for folder in kept] == [True, True]
    assert [folder.exists() for folder in gone] == [False] * 3
    assert freed >= 3 * MIB
    assert said == ["parts that no bundle has: 3 MiB"]
    assert (used / "bundle.json").is_file()


def test_go_s_caches_go_after_a_build_and_stay_before_its_end(cache):
    go_caches(cache)
    write(cache.root / "parts" / "half")
    used = cache.root / "bundles" / "seed-amd64"
    planned = entry(cache, "component/etcd", "new")
    other = entry(cache, "component/etcd", "old")
    clean(cache, used, planned=[planned])
    assert planned.is_dir()
    assert not other.exists()
    assert (cache.root / "go" / "mod" / "example.org@v1" / "main.go").is_file()
    assert (cache.root / "parts" / "half").is_file()
    bundle(used, "seed", {"component/etcd": "new"})
    clean(cache, used)
    assert [path.exists() for path in (cache.root / "go" / "build", cache.root / "go" / "mod")] == [False, False]
    assert not (cache.root / "parts").exists()
    assert planned.is_dir()


def test_bundles_of_unknown_stacks_go_and_the_one_in_use_never(cache, tmp_path):
    for name, stack in {"seed-amd64": "seed", "next-amd64": "next", "old-amd64": "old"}.items():
        bundle(cache.root / "bundles" / name, stack, {f"component/{stack}": "key"})
        entry(cache, f"component/{stack}", "key")
    elsewhere = bundle(tmp_path / "elsewhere", "mine", {"component/mine": "key"})
    entry(cache, "component/mine", "key")
    (cache.root / "bundles" / "notes").mkdir()
    clean(cache, elsewhere, stacks=["seed", "next"])
    assert {path.name for path in (cache.root / "bundles").iterdir()} == {"seed-amd64", "next-amd64", "notes"}
    assert {path.name for path in (cache.root / "components").iterdir() if list(path.iterdir())} == {
        "seed",
        "next",
        "mine",
    }
    # Neither its name nor its stack is known, but it is in use.
    clean(cache, cache.root / "bundles" / "next-amd64", stacks=["seed"])
    assert (cache.root / "bundles" / "next-amd64" / "bundle.json").is_file()


def test_what_others_keep_in_the_folder_is_left_alone(cache, tmp_path):
    used = bundle(tmp_path / "bundle", "seed", {})
    foreign = [
        cache.root / "go" / "src" / "main.go",
        cache.root / "go" / "build" / "my-program",  # no cache of Go: it has no trim.txt
        cache.root / "logs" / "syslog.log",
        cache.root / "components" / "mine" / "folder" / "data",
        cache.root / "base" / "data" / "file",
        cache.root / "lab" / "python.tar",
    ]
    for path in foreign:
        write(path)
    outside = tmp_path / "outside" / "trim.txt"
    write(outside)
    (cache.root / "go" / "mod").symlink_to(outside.parent)
    (outside.parent / "cache" / "download").mkdir(parents=True)
    assert clean(cache, used) == (0, [])
    assert [path for path in [*foreign, outside] if not path.is_file()] == []


def test_logs_of_builds_go(cache, tmp_path):
    used = bundle(tmp_path / "bundle", "seed", {})
    for name in ("component-etcd.log", "base-bookworm.log", "digest-node.log", "archive-node.log"):
        write(cache.logs / name, 10)
    clean(cache, used)
    assert list(cache.logs.iterdir()) == []


def test_a_damaged_record_is_no_bundle(cache, tmp_path):
    used = bundle(tmp_path / "bundle", "seed", {})
    (used / "bundle.json").write_text("{")
    go_caches(cache)
    clean(cache, used)
    assert (cache.root / "go" / "build").is_dir()


def test_an_interrupt_ends_the_removal(cache, tmp_path):
    used = bundle(tmp_path / "bundle", "seed", {})
    folder = entry(cache, "component/etcd", "old")
    assert cleaning.remove(cleaning.unneeded(cache, used, [], []), lambda _text: None, lambda: True) == 0
    assert folder.is_dir()


def test_a_file_with_another_name_frees_nothing(tmp_path):
    first, second = tmp_path / "a" / "file", tmp_path / "b" / "file"
    write(first)
    second.parent.mkdir()
    os.link(first, second)
    freed = Freed()
    freed.add(first.parent)
    assert freed.size == 0
    freed.add(second.parent)
    assert freed.size >= MIB


def test_sizes_are_what_a_removal_frees(cache, tmp_path):
    used = bundle(tmp_path / "bundle", "seed", {})
    entry(cache, "component/etcd", "old")
    found = cleaning.unneeded(cache, used, [], [])
    sizes = cleaning.sizes(found)
    assert sum(sizes.values()) == cleaning.remove(found, lambda _text: None, lambda: False)
    assert not Path(cache.root / "components" / "etcd" / "old").exists()
