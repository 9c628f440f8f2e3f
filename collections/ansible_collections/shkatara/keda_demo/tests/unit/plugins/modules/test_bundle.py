# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The module bundle with makers that write a file: what is built when, and what is refused before anything is."""

import json
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import build
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.build import Host
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import list_files
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.machine import EndRequest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import go, image
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError
from ansible_collections.shkatara.keda_demo.plugins.modules import bundle as module
from ansible_collections.shkatara.keda_demo.plugins.modules.bundle import bring_about, check_machine
from ansible_collections.shkatara.keda_demo.tests.support.builds import check_interrupted_wait, run_another_first

STACK = {
    "name": "small",
    "components": {
        "tool": {
            "version": "1.0.0",
            "module": "example.org/tool",
            "module_version": "v1.0.0",
            "toolchain": "go1.19.13",
        },
        "app": {"version": "1.0.0"},
    },
    "images": {"app": "registry.example.org/app:1.0.0"},
}
RECIPES = {
    "tool": {"binaries": {"tool": "example.org/tool"}, "bin": ["tool"]},
    "app": {"images": {"app": {"archive": "workloads", "dockerfile": True, "packages": []}}},
}
UNITS = ["component/tool", "base/bookworm", "component/app", "archive/workloads"]
FILES = ["bin/tool", "bundle.json", "images/workloads.tar"]


class Run:
    """The module in a temporary folder."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder / "bundle"
        self.cache = folder / "cache"
        self.app = folder / "app"
        self.made = []
        self.said = []
        self.interrupted = False
        (folder / "go" / "tool" / "1.0.0").mkdir(parents=True)
        (folder / "go" / "tool" / "1.0.0" / "go.mod").write_text("module keda_demo.invalid/tool\n")
        (self.app / "app" / "demo_app").mkdir(parents=True)
        (self.app / "app" / "demo_app" / "web.py").write_text("")
        (self.app / "Dockerfile").write_text("FROM scratch\nCOPY app/demo_app /app\n")
        self.params = {
            "path": str(self.folder),
            "stack": STACK,
            "recipes": RECIPES,
            "components_dir": str(folder / "go"),
            "app_dir": str(self.app),
            "cache_dir": str(self.cache),
            "go": str(folder / "go" / "go"),
            "debian_mirror": "",
            "arch": "amd64",
        }
        # Tests need not run as root, nor beside a compiler, nor where there is space for a bundle.
        monkeypatch.setattr(module, "check_machine", lambda _go: None)
        monkeypatch.setattr(build, "FIXED_GIB", 0.0)
        monkeypatch.setattr(build, "GO_COMPONENT_GIB", 0.0)
        monkeypatch.setattr(build, "POLL_SECONDS", 0.05)
        monkeypatch.setattr(go, "build_go", partial(self._make))
        for maker in ("build_application", "build_base", "build_archive"):
            monkeypatch.setattr(image, maker, partial(self._make))

    def _make(self, unit, out, _work):
        self.made.append(unit.id)
        (out / (f"{unit.name}.tar" if unit.kind == "archive" else unit.name)).write_text(f"{unit.name} {unit.key}")
        return {"images": {"registry.example.org/app:1.0.0": "sha256:12"}}

    def __call__(self, check_mode=False, **params):
        self.made.clear()
        host = Host(self.said.append, lambda: self.interrupted, Processes())
        return bring_about(self.params | params, check_mode, host)

    def times(self):
        """Return when everything in bundle and cache was changed."""
        return {path: path.lstat().st_mtime_ns for root in (self.folder, self.cache) for path in root.rglob("*")}


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path, monkeypatch)


@pytest.fixture
def finished(run):
    """A run after which there is a bundle."""
    run()
    run.said.clear()
    return run


def _change_one_byte(path):
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def test_a_bundle_is_built(run):
    result = run()
    assert result == {
        "changed": True,
        "path": str(run.folder),
        "built": UNITS,
        "files": 2,
        "size": sum((run.folder / path).stat().st_size for path in ("bin/tool", "images/workloads.tar")),
    }
    assert sorted(run.made) == sorted(UNITS)
    assert list_files(run.folder) == FILES


def test_a_bundle_that_is_there_is_left_as_it_is(finished):
    before = finished.times()
    result = finished()
    assert (result["changed"], result["built"], result["files"]) == (False, [], 2)
    assert (finished.made, finished.said) == ([], [])
    assert finished.times() == before


def test_a_bundle_needs_neither_cache_nor_builder(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "check_machine", lambda _go: pytest.fail("nothing has to be built"))
    assert not finished(cache_dir=str(tmp_path / "none"), go="/nowhere/go")["changed"]
    assert not (tmp_path / "none").exists()


def test_a_change_builds_what_it_affects(finished):
    (finished.app / "app" / "demo_app" / "web.py").write_text("changed")
    assert finished()["built"] == ["component/app", "archive/workloads"]
    assert list_files(finished.folder) == FILES
    assert not finished()["changed"]


def test_what_the_stack_does_not_name_any_more_is_a_change(finished):
    record = json.loads((finished.folder / "bundle.json").read_text())
    record["units"]["component/other"] = "0" * 20
    (finished.folder / "bundle.json").write_text(json.dumps(record))
    assert finished(check_mode=True)["changed"]
    assert finished()["changed"]
    assert not finished()["changed"]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("app", ["", "changed"])
def test_a_damaged_bundle_is_refused_before_anything_is_built(finished, check_mode, app):
    (finished.app / "app" / "demo_app" / "web.py").write_text(app)
    _change_one_byte(finished.folder / "bin" / "tool")
    before = finished.times()
    with pytest.raises(BundleError, match=r"is damaged:\n  - bin/tool is not the file"):
        finished(check_mode)
    assert finished.made == []
    assert finished.times() == before


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_folder_with_somebody_else_s_files_is_refused_before_anything_is_built(run, check_mode):
    (run.folder / "bin").mkdir(parents=True)
    (run.folder / "bin" / "theirs").write_text("")
    with pytest.raises(BundleError, match="has files that are of no bundle, such as bin/theirs"):
        run(check_mode)
    assert run.made == []
    assert not run.cache.exists()


def test_check_mode_says_what_differs_and_does_nothing(run):
    result = run(check_mode=True)
    assert (result["changed"], result["built"], result["files"]) == (True, UNITS, 0)
    assert not run.folder.exists()
    assert not run.cache.exists()
    run()
    assert not run(check_mode=True)["changed"]
    (run.app / "app" / "demo_app" / "web.py").write_text("changed")
    before = run.times()
    result = run(check_mode=True)
    assert (result["changed"], result["built"]) == (True, ["component/app", "archive/workloads"])
    assert run.times() == before


@pytest.mark.parametrize("lacks", ["Dockerfile", "app/demo_app", "", "everything"])
def test_a_finished_bundle_keeps_its_image_where_the_application_is_not(finished, lacks):
    if lacks == "everything":
        finished.app.rename(finished.app.with_name("elsewhere"))
    elif lacks:
        (finished.app / lacks).rename(finished.app / "elsewhere")
    before = finished.times()
    assert not finished(**({} if lacks else {"app_dir": None}))["changed"]
    assert finished.times() == before


def test_a_new_bundle_can_t_be_made_without_the_application(run):
    (run.app / "Dockerfile").unlink()
    with pytest.raises(BundleError, match="bundle_app_dir is not a folder with Dockerfile and app/demo_app: set it"):
        run()
    assert run.made == []


def test_without_the_application_its_kept_image_is_taken_from_the_cache(finished):
    images = {"app": "registry.example.org/app:2"}
    # The image's name has changed, so that its archive has to be made again.
    assert finished(app_dir=None, stack={**STACK, "images": images})["built"] == ["archive/workloads"]


def test_without_the_application_and_its_image_nothing_is_begun(finished):
    finished.cache.rename(finished.cache.with_name("elsewhere"))
    with pytest.raises(BundleError, match=r"The image of app has to be built, and bundle_app_dir is not a folder"):
        finished(app_dir=None, stack={**STACK, "images": {"app": "registry.example.org/app:2"}})
    assert finished.made == []
    assert list_files(finished.folder) == FILES


def test_an_older_release_s_bundle_is_made_anew_from_the_cache(finished):
    record = json.loads((finished.folder / "bundle.json").read_text())
    (finished.folder / "bundle.json").write_text(json.dumps(record | {"schema_version": 1, "images": {}}))
    result = finished()
    assert (result["changed"], result["built"]) == (True, [])
    assert json.loads((finished.folder / "bundle.json").read_text()) == record


def test_waiting_for_another_run_can_be_interrupted(run):
    check_interrupted_wait(run)


def test_a_bundle_that_another_run_made_while_this_one_waited_is_left_as_it_is(run, monkeypatch):
    before = {}
    run_another_first(run, monkeypatch, lambda: before.update(run.times()))
    result = run()
    assert (result["changed"], result["built"], run.made) == (False, [], [])
    bundle = {path: time for path, time in before.items() if path.is_relative_to(run.folder)}
    assert {path: time for path, time in run.times().items() if path.is_relative_to(run.folder)} == bundle


def test_older_parts_go_from_the_cache(finished):
    for number in range(4):
        (finished.app / "app" / "demo_app" / "web.py").write_text(str(number))
        finished()
    assert len(list((finished.cache / "components" / "app").iterdir())) == 2
    assert len(list((finished.cache / "components" / "tool").iterdir())) == 1
    assert not finished()["changed"]


@pytest.mark.parametrize("option", ["path", "cache_dir"])
def test_a_folder_that_can_t_be_made_names_the_variables(run, tmp_path, option):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match=r"/file/sub.* \(cluster_bundle_dir\) and .* \(cluster_cache_dir, KEDA_DEMO_"):
        run(**{option: str(tmp_path / "file" / "sub")})


def test_what_a_machine_lacks_is_named_at_once(monkeypatch, tmp_path):
    (tmp_path / "tar").write_text("")
    (tmp_path / "tar").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "HEADER", tmp_path / "seccomp.h")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(BundleError) as caught:
        check_machine(Path("/nowhere/go"))
    lines = str(caught.value).splitlines()
    assert lines[0] == "A bundle can't be built here:"
    assert [line.split(" is ")[0] for line in lines[1:]] == [
        "  - buildah",
        "  - debootstrap",
        "  - gcc",
        "  - go (/nowhere/go, bundle_go)",
        f"  - libseccomp's headers ({tmp_path}/seccomp.h)",
        "  - this user",
    ]


def test_a_machine_that_has_all_is_taken(monkeypatch, tmp_path):
    for name in (*module.PROGRAMS, "go", "seccomp.h"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"/nowhere:{tmp_path}")
    monkeypatch.setattr(module, "HEADER", tmp_path / "seccomp.h")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    check_machine(tmp_path / "go")


@pytest.fixture
def pipe():
    """Both ends of a pipe; and signals as they were afterwards."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    read, write = os.pipe()
    yield read, write
    os.close(write)
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts(pipe, number):
    read, write = pipe
    interrupt = EndRequest(write)
    assert not interrupt()
    signal.raise_signal(number)
    assert interrupt()
    os.close(read)


def test_it_is_interrupted_when_nobody_reads_the_result_any_more(pipe):
    read, write = pipe
    interrupt = EndRequest(write)
    os.write(write, b"something")
    assert not interrupt()
    os.close(read)
    assert interrupt()
