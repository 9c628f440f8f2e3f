# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The building, with makers that write a file: order, two at a time, failures, interruption, space."""

import threading
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import build
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.build import (
    Builder,
    Host,
    _maker,
    check_space,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers.go import (
    build_go,
    go_environment,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers.image import (
    build_application,
    build_archive,
    build_base,
    extract_debian,
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


def _unit(name, *needs, inputs=None):
    return make_unit("component", name, "1", {"entry": {}} if inputs is None else inputs, needs)


class Run:
    """A builder in a temporary cache, whose units are made by the functions in `makers`, or by `_write`."""

    def __init__(self, root, monkeypatch):
        self.cache = Cache(root)
        self.said = []
        self.makers = {}
        self.asked = threading.Event()
        # The machine that tests run on need not have the space that a bundle needs.
        monkeypatch.setattr(build, "FIXED_GIB", 0.0)
        monkeypatch.setattr(build, "GO_COMPONENT_GIB", 0.0)
        monkeypatch.setattr(build, "POLL_SECONDS", 0.05)
        monkeypatch.setattr(build, "_maker", lambda unit: self.makers.get(unit.name, _write))

    def __call__(self, *units):
        plan = BundlePlan({unit.id: unit for unit in units}, ())
        host = Host(self.said.append, self.asked.is_set, Processes())
        settings = Settings(self.cache.root, Path(), None, "amd64", Path("go"))
        with self.cache.locked(lambda: pytest.fail("nobody else has the lock"), self.asked.is_set):
            try:
                return Builder(plan, self.cache, settings, host).run()
            finally:
                assert not list(self.cache.tmp.iterdir())


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path / "cache", monkeypatch)


def test_units_are_made_after_those_they_need_and_get_them(run):
    base = _unit("base")
    left, right = _unit("left", base), _unit("right", base)
    top = _unit("top", left, right)
    order = []

    def make(unit, out, work):
        assert {id_: (made.folder / id_.rpartition("/")[2]).read_text() for id_, made in work.needs.items()} == {
            id_: id_.rpartition("/")[2] for id_ in unit.needs
        }
        order.append(unit.name)
        return _write(unit, out, work)

    run.makers = dict.fromkeys(("base", "left", "right", "top"), make)
    # In the plan's order they could not be made.
    made, built = run(top, right, left, base)
    assert order[0] == "base"
    assert sorted(order[1:3]) == ["left", "right"]
    assert order[3:] == ["top"]
    assert sorted(built) == ["component/base", "component/left", "component/right", "component/top"]
    assert made["component/top"].info["by"] == "top"
    assert sorted(made) == sorted(built)


def test_two_are_made_at_a_time_and_never_three(run):
    # Each waits until another one is made with it, so that one at a time would never end.
    together, lock, running, most = threading.Barrier(2), threading.Lock(), [], []

    def make(unit, out, work):
        with lock:
            running.append(unit)
            most.append(len(running))
        together.wait(10)
        time.sleep(0.05)
        with lock:
            running.remove(unit)
        return _write(unit, out, work)

    units = [_unit(f"unit{number}") for number in range(6)]
    run.makers = {unit.name: make for unit in units}
    run(*units)
    assert max(most) == 2


def test_what_is_in_the_cache_is_not_made(run):
    first, second = _unit("first"), _unit("second")
    run(first)
    run.said.clear()
    made, built = run(first, second)
    assert built == ["component/second"]
    assert sorted(made) == ["component/first", "component/second"]
    assert run.said[0] == f"1 of 2 parts are not in the cache {run.cache.root}"
    run.said.clear()
    assert run(first, second)[1] == []
    assert run.said == []


def test_what_is_damaged_in_the_cache_is_named_and_made_anew(run):
    unit = _unit("first")
    made, _built = run(unit)
    (made[unit.id].folder / "first").write_text("First")
    run.said.clear()
    made, built = run(unit)
    assert built == [unit.id]
    assert (made[unit.id].folder / "first").read_text() == "first"
    assert run.said[0] == "first 1: first in the cache is damaged, made anew"


def test_progress_says_what_is_made_and_how_many_are_there(run):
    program = _unit("program", inputs=GO)
    package = _unit("package", program, inputs={"entry": {"debian_package": "a-package"}})
    run(program, package)
    assert run.said == [
        f"2 of 2 parts are not in the cache {run.cache.root}",
        "program 1: building example.org/a@v1.0.0 with go1.19.13",
        "(1/2) program 1 is there",
        "package 1: taking it from the Debian package a-package",
        "(2/2) package 1 is there",
    ]


def test_a_failure_lets_the_other_finish_and_is_raised(run):
    begun, failed = threading.Event(), threading.Event()

    def fail(*_):
        assert begun.wait(10)
        failed.set()
        raise BundleError("the first is broken")

    def finish(unit, out, work):
        begun.set()
        assert failed.wait(10)
        time.sleep(0.3)
        return _write(unit, out, work)

    run.makers = {"first": fail, "second": finish}
    first, second = _unit("first"), _unit("second")
    needs_first, third = _unit("needs_first", first), _unit("third")
    with pytest.raises(BundleError, match="the first is broken"):
        run(first, second, needs_first, third)
    there = [unit.name for unit in (first, second, needs_first, third) if run.cache.find(unit)[0]]
    assert there == ["second"]


def test_the_next_run_makes_only_what_is_missing(run):
    def fail(*_):
        raise BundleError("broken")

    first, second = _unit("first"), _unit("second")
    run.makers = {"second": fail}
    with pytest.raises(BundleError, match="broken"):
        run(first, _unit("between", first), _unit("second", first))
    run.makers = {"first": fail}
    assert run(first, second)[1] == [second.id]


def test_a_file_that_can_t_be_written_is_said_with_the_unit(run):
    def fail(_unit, out, _work):
        (out / "none" / "file").write_text("")

    run.makers = {"first": fail}
    with pytest.raises(BundleError, match=r"^first 1: .*No such file or directory: .*/none/file'"):
        run(_unit("first"))


def test_what_a_killed_run_left_in_the_unit_s_log_is_not_shown(run):
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


def test_an_interruption_ends_what_runs_and_is_raised(run):
    together = threading.Barrier(2, run.asked.set)

    def sleep(unit, out, work):
        together.wait(10)
        work.run(["sleep", "300"])
        return _write(unit, out, work)

    units = [_unit(f"unit{number}") for number in range(4)]
    run.makers = dict.fromkeys(("unit0", "unit1"), sleep)
    begun = time.monotonic()
    with pytest.raises(Interrupted):
        run(*units)
    assert time.monotonic() - begun < 20
    assert [unit.name for unit in units if run.cache.find(unit)[0]] == []
    # The next run finishes it.
    run.makers = {}
    run.asked.clear()
    assert len(run(*units)[1]) == 4


def test_a_failure_says_more_than_the_interruption_that_came_with_it(run):
    together = threading.Barrier(2)

    def sleep(_unit, _out, work):
        together.wait(10)
        run.asked.set()
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
        ("component", GO["entry"], build_go),
        ("component", {"debian_package": "a"}, extract_debian),
        ("component", {"version": "1.0.0"}, build_application),
        ("base", None, build_base),
        ("archive", None, build_archive),
        ("manifest", GO["entry"], build_manifest),
    ],
)
def test_which_function_makes_which_unit(kind, entry, maker):
    assert _maker(make_unit(kind, "a", "1", {} if entry is None else {"entry": entry})) is maker


def test_too_little_space_names_the_folder_and_the_variable(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FIXED_GIB", 1e6)
    says = r"has [0-9]+\.[0-9] GiB free, and building 2 parts of the bundle needs 1000000\.0: .* cluster_cache_dir"
    with pytest.raises(BundleError, match=f"^{tmp_path} {says}"):
        check_space(tmp_path, [_unit("a"), _unit("b")])


def test_go_programs_need_more_space(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FIXED_GIB", 0.0)
    monkeypatch.setattr(build, "GO_COMPONENT_GIB", 1e6)
    check_space(tmp_path, [_unit("a"), make_unit("base", "b", "", {})])
    with pytest.raises(BundleError, match=r"needs 2000000\.0"):
        check_space(tmp_path, [_unit("a", inputs=GO), _unit("b", inputs=GO), _unit("c")])


def test_the_environment_has_no_effect_on_a_program(tmp_path, monkeypatch):
    for name, value in (("GOAMD64", "v3"), ("GOEXPERIMENT", "nounified"), ("GO111MODULE", "off"), ("GOFLAGS", "-race")):
        monkeypatch.setenv(name, value)
    settings = Settings(tmp_path, tmp_path, None, "amd64", Path("go"))
    work = Work(settings, {}, tmp_path, tmp_path / "log", Processes())
    environment = go_environment(_unit("program", inputs=GO), work)
    said = work.run(["sh", "-c", 'echo "$GOAMD64,$GOEXPERIMENT,$GO111MODULE,$GOFLAGS"'], env=environment)
    assert said == "v1,,on,-mod=readonly -trimpath -buildvcs=false\n"


def test_an_application_that_is_kept_and_not_in_the_cache_is_refused_before_anything_is_made(run):
    app, other = _unit("app"), _unit("other")
    run.makers = {"app": build_application}
    with pytest.raises(
        BundleError, match=r"^The image of app has to be built, and bundle_app_dir is not a folder with"
    ):
        run(other, app)
    assert run.cache.find(other)[0] is None


def test_an_application_that_is_kept_and_in_the_cache_is_taken_from_there(run):
    app, other = _unit("app"), _unit("other")
    run(app)
    run.makers = {"app": build_application}
    assert run(other, app)[1] == [other.id]


def test_without_space_nothing_is_begun(run, monkeypatch):
    monkeypatch.setattr(build, "FIXED_GIB", 1e6)
    with pytest.raises(BundleError, match="GiB free"):
        run(_unit("first"))
    assert run.said == []
