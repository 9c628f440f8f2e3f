# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The build of a plan with makers that write a file: order, two units at a time, failures, interruption, space."""

import threading
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import build
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.build import (
    Builder,
    _maker,
    check_space,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.control import RunControl
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers.go import (
    build_programs,
    go_environment,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers.image import (
    build_application,
    build_archive,
    build_base,
    extract_package,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers.manifest import build_manifest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import BundlePlan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import (
    BundleError,
    Interrupted,
    make_unit,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.work import Settings, Work

GO = {"entry": {"module": "example.org/a", "module_version": "v1.0.0", "toolchain": "go1.19.13"}}


def _write(unit, out, _work):
    (out / unit.name).write_text(unit.name)
    return {"by": unit.name}


def _unit(name, *dependencies, inputs=None):
    return make_unit("component", name, "1", {"entry": {}} if inputs is None else inputs, dependencies)


class Run:
    """A builder in a temporary cache, whose units are made by the functions in `makers`, or by `_write`."""

    def __init__(self, root, monkeypatch):
        self.cache = Cache(root)
        self.messages = []
        self.makers = {}
        self.end = threading.Event()
        # The machine of the tests may lack the space of a bundle.
        monkeypatch.setattr(build, "FIXED_GIB", 0.0)
        monkeypatch.setattr(build, "GO_COMPONENT_GIB", 0.0)
        monkeypatch.setattr(build, "POLL_SECONDS", 0.05)
        monkeypatch.setattr(build, "_maker", lambda unit: self.makers.get(unit.name, _write))

    def __call__(self, *units):
        plan = BundlePlan({unit.id: unit for unit in units}, ())
        control = RunControl(self.messages.append, self.end.is_set, Processes())
        settings = Settings(self.cache.root, Path(), None, "amd64", Path("go"))
        with self.cache.lock(lambda: pytest.fail("no other process has the lock"), self.end.is_set):
            try:
                return Builder(plan, self.cache, settings, control).run()
            finally:
                assert not list(self.cache.tmp.iterdir())


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path / "cache", monkeypatch)


def test_units_are_built_after_their_dependencies_and_get_them(run):
    base = _unit("base")
    left, right = _unit("left", base), _unit("right", base)
    top = _unit("top", left, right)
    order = []

    def make(unit, out, work):
        assert {
            id_: (entry.folder / id_.rpartition("/")[2]).read_text() for id_, entry in work.dependencies.items()
        } == {id_: id_.rpartition("/")[2] for id_ in unit.dependency_keys}
        order.append(unit.name)
        return _write(unit, out, work)

    run.makers = dict.fromkeys(("base", "left", "right", "top"), make)
    # The plan's order is not a possible order of the builds.
    cache_entries, built = run(top, right, left, base)
    assert order[0] == "base"
    assert sorted(order[1:3]) == ["left", "right"]
    assert order[3:] == ["top"]
    assert sorted(built) == ["component/base", "component/left", "component/right", "component/top"]
    assert cache_entries["component/top"].info["by"] == "top"
    assert sorted(cache_entries) == sorted(built)


def test_two_units_are_built_at_a_time_and_never_three(run):
    # Each build waits for a second one, so builds one at a time would never end.
    together, lock, running, counts = threading.Barrier(2), threading.Lock(), [], []

    def make(unit, out, work):
        with lock:
            running.append(unit)
            counts.append(len(running))
        together.wait(10)
        time.sleep(0.05)
        with lock:
            running.remove(unit)
        return _write(unit, out, work)

    units = [_unit(f"unit{number}") for number in range(6)]
    run.makers = {unit.name: make for unit in units}
    run(*units)
    assert max(counts) == 2


def test_units_in_the_cache_are_not_built(run):
    first, second = _unit("first"), _unit("second")
    run(first)
    run.messages.clear()
    cache_entries, built = run(first, second)
    assert built == ["component/second"]
    assert sorted(cache_entries) == ["component/first", "component/second"]
    assert run.messages[0] == f"1 of 2 parts are not in the cache {run.cache.root}"
    run.messages.clear()
    assert run(first, second)[1] == []
    assert run.messages == []


def test_damaged_cache_entries_are_named_and_built_again(run):
    unit = _unit("first")
    cache_entries, _built = run(unit)
    (cache_entries[unit.id].folder / "first").write_text("First")
    run.messages.clear()
    cache_entries, built = run(unit)
    assert built == [unit.id]
    assert (cache_entries[unit.id].folder / "first").read_text() == "first"
    assert run.messages[0] == "first 1: first in the cache is damaged and is built again"


def test_progress_names_each_unit_and_counts_the_finished_units(run):
    program = _unit("program", inputs=GO)
    package = _unit("package", program, inputs={"entry": {"debian_package": "a-package"}})
    run(program, package)
    assert run.messages == [
        f"2 of 2 parts are not in the cache {run.cache.root}",
        "program 1: building example.org/a@v1.0.0 with go1.19.13",
        "(1/2) program 1 is ready",
        "package 1: taking it from the Debian package a-package",
        "(2/2) package 1 is ready",
    ]


def test_a_failure_lets_the_other_build_finish_and_is_raised(run):
    second_begins, first_fails = threading.Event(), threading.Event()

    def fail(*_):
        assert second_begins.wait(10)
        first_fails.set()
        raise BundleError("the first is broken")

    def finish(unit, out, work):
        second_begins.set()
        assert first_fails.wait(10)
        time.sleep(0.3)
        return _write(unit, out, work)

    run.makers = {"first": fail, "second": finish}
    first, second = _unit("first"), _unit("second")
    dependent, third = _unit("dependent", first), _unit("third")
    with pytest.raises(BundleError, match="the first is broken"):
        run(first, second, dependent, third)
    cached = [unit.name for unit in (first, second, dependent, third) if run.cache.find(unit)[0]]
    assert cached == ["second"]


def test_the_next_run_builds_only_missing_units(run):
    def fail(*_):
        raise BundleError("broken")

    first, second = _unit("first"), _unit("second")
    run.makers = {"second": fail}
    with pytest.raises(BundleError, match="broken"):
        run(first, _unit("between", first), _unit("second", first))
    run.makers = {"first": fail}
    assert run(first, second)[1] == [second.id]


def test_the_error_of_an_unwritable_file_names_the_unit(run):
    def fail(_unit, out, _work):
        (out / "none" / "file").write_text("")

    run.makers = {"first": fail}
    with pytest.raises(BundleError, match=r"^first 1: .*No such file or directory: .*/none/file'"):
        run(_unit("first"))


def test_each_build_starts_an_empty_log(run):
    logs = []

    def make(unit, out, work):
        work.run(["true"])
        logs.append(work.log.read_text())
        return _write(unit, out, work)

    run.makers = {"first": make}
    run.cache.logs.mkdir(parents=True)
    (run.cache.logs / "component-first.log").write_text("old\n")
    run(_unit("first"))
    assert logs == ["$ true\n"]


def test_an_interruption_ends_running_builds_and_is_raised(run):
    together = threading.Barrier(2, run.end.set)

    def sleep(unit, out, work):
        together.wait(10)
        work.run(["sleep", "300"])
        return _write(unit, out, work)

    units = [_unit(f"unit{number}") for number in range(4)]
    run.makers = dict.fromkeys(("unit0", "unit1"), sleep)
    start = time.monotonic()
    with pytest.raises(Interrupted):
        run(*units)
    assert time.monotonic() - start < 20
    assert [unit.name for unit in units if run.cache.find(unit)[0]] == []
    # The next run builds the rest.
    run.makers = {}
    run.end.clear()
    assert len(run(*units)[1]) == 4


def test_a_failure_is_raised_rather_than_a_simultaneous_interruption(run):
    together = threading.Barrier(2)

    def sleep(_unit, _out, work):
        together.wait(10)
        run.end.set()
        work.run(["sleep", "300"])

    def fail(_unit, _out, work):
        together.wait(10)
        with pytest.raises(Interrupted):
            work.run(["sleep", "300"])
        raise BundleError("the disk is full")

    run.makers = {"first": sleep, "second": fail}
    with pytest.raises(BundleError, match="the disk is full"):
        run(_unit("first"), _unit("second"))


@pytest.mark.parametrize(
    ("kind", "entry", "maker"),
    [
        ("component", GO["entry"], build_programs),
        ("component", {"debian_package": "a"}, extract_package),
        ("component", {"version": "1.0.0"}, build_application),
        ("base", None, build_base),
        ("archive", None, build_archive),
        ("manifest", GO["entry"], build_manifest),
    ],
)
def test_each_unit_has_its_maker(kind, entry, maker):
    assert _maker(make_unit(kind, "a", "1", {} if entry is None else {"entry": entry})) is maker


def test_the_error_of_too_little_space_names_the_folder_and_the_variable(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FIXED_GIB", 1e6)
    message = r"has [0-9]+\.[0-9] GiB free, and building 2 parts of the bundle needs 1000000\.0: .* cluster_cache_dir"
    with pytest.raises(BundleError, match=f"^{tmp_path} {message}"):
        check_space(tmp_path, [_unit("a"), _unit("b")])


def test_go_programs_need_more_space(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FIXED_GIB", 0.0)
    monkeypatch.setattr(build, "GO_COMPONENT_GIB", 1e6)
    check_space(tmp_path, [_unit("a"), make_unit("base", "b", "", {})])
    with pytest.raises(BundleError, match=r"needs 2000000\.0"):
        check_space(tmp_path, [_unit("a", inputs=GO), _unit("b", inputs=GO), _unit("c")])


def test_the_environment_of_the_caller_has_no_effect_on_a_program(tmp_path, monkeypatch):
    for name, value in (("GOAMD64", "v3"), ("GOEXPERIMENT", "nounified"), ("GO111MODULE", "off"), ("GOFLAGS", "-race")):
        monkeypatch.setenv(name, value)
    settings = Settings(tmp_path, tmp_path, None, "amd64", Path("go"))
    work = Work(settings, {}, tmp_path, tmp_path / "log", Processes())
    environment = go_environment(_unit("program", inputs=GO), work)
    output = work.run(["sh", "-c", 'echo "$GOAMD64,$GOEXPERIMENT,$GO111MODULE,$GOFLAGS"'], env=environment)
    assert output == "v1,,on,-mod=readonly -trimpath -buildvcs=false\n"


def test_a_kept_application_missing_from_the_cache_is_refused_before_any_build(run):
    app, other = _unit("app"), _unit("other")
    run.makers = {"app": build_application}
    with pytest.raises(
        BundleError, match=r"^The image of app has to be built, and bundle_app_dir is not a folder with"
    ):
        run(other, app)
    assert run.cache.find(other)[0] is None


def test_a_kept_application_is_taken_from_the_cache(run):
    app, other = _unit("app"), _unit("other")
    run(app)
    run.makers = {"app": build_application}
    assert run(other, app)[1] == [other.id]


def test_without_space_no_build_begins(run, monkeypatch):
    monkeypatch.setattr(build, "FIXED_GIB", 1e6)
    with pytest.raises(BundleError, match="GiB free"):
        run(_unit("first"))
    assert run.messages == []
