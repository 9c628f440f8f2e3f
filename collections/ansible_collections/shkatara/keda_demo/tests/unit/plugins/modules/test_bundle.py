# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The module bundle with makers that write a file: the parts that each run builds, and refusals before any build."""

import json
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import build, job, machine
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import list_files
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.control import RunControl
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.machine import EndRequest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import go, image
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted
from ansible_collections.shkatara.keda_demo.plugins.modules.bundle import ensure_bundle
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
FILES = ["README.md", "bin/tool", "bundle.json", "images/workloads.tar", "sbom.cdx.json"]


class Run:
    """The module in a temporary folder."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder / "bundle"
        self.cache = folder / "cache"
        self.app = folder / "app"
        self.builds = []
        self.messages = []
        self.end_requested = False
        (folder / "go" / "tool" / "1.0.0").mkdir(parents=True)
        (folder / "go" / "tool" / "1.0.0" / "go.mod").write_text("module keda_demo.invalid/tool\n")
        (self.app / "app" / "demo_app").mkdir(parents=True)
        (self.app / "app" / "demo_app" / "web.py").write_text("")
        (self.app / "Dockerfile").write_text("FROM scratch\nCOPY app/demo_app /app\n")
        self.params = {
            "path": str(self.folder),
            "stack": STACK,
            "producer": "go_modules",
            "recipes": {"go_modules": RECIPES, "release": {}},
            "components_dir": str(folder / "go"),
            "app_dir": str(self.app),
            "archive": None,
            "pack": None,
            "upstream_dir": None,
            "cache_dir": str(self.cache),
            "go": str(Path(sys.executable).with_name("go")),
            "debian_mirror": "",
            "arch": "amd64",
            "lock": str(folder / "bundle.lock"),
            "app_build": "auto",
            "mirror_url": "",
            "registry_mirrors": {},
            "clean_for": None,
        }
        # Tests may run without root, without a compiler and without the space of a bundle.
        monkeypatch.setattr(job, "check_machine", lambda _go: None)
        monkeypatch.setattr(build, "FIXED_GIB", 0.0)
        monkeypatch.setattr(build, "GO_COMPONENT_GIB", 0.0)
        monkeypatch.setattr(build, "POLL_SECONDS", 0.05)
        monkeypatch.setattr(go, "build_programs", partial(self._make))
        for maker in ("build_application", "build_base", "build_archive"):
            monkeypatch.setattr(image, maker, partial(self._make))

    def _make(self, unit, out, _work):
        self.builds.append(unit.id)
        (out / (f"{unit.name}.tar" if unit.kind == "archive" else unit.name)).write_text(f"{unit.name} {unit.key}")
        return {"images": {image["reference"]: "sha256:12" for image in unit.inputs.get("images", {}).values()}}

    def __call__(self, check_mode=False, **params):
        self.builds.clear()
        control = RunControl(self.messages.append, lambda: self.end_requested, Processes())
        return ensure_bundle(self.params | params, check_mode, control)

    def times(self):
        """Return the modification times of all files in bundle and cache."""
        return {path: path.lstat().st_mtime_ns for root in (self.folder, self.cache) for path in root.rglob("*")}


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path, monkeypatch)


@pytest.fixture
def finished(run):
    """The module after its first run, which built a bundle."""
    run()
    run.messages.clear()
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
        "producer": "go_modules",
        "built": UNITS,
        "files": 2,
        "size": sum((run.folder / path).stat().st_size for path in ("bin/tool", "images/workloads.tar")),
    }
    assert sorted(run.builds) == sorted(UNITS)
    assert list_files(run.folder) == FILES


def test_a_present_bundle_stays_unchanged(finished):
    before = finished.times()
    result = finished()
    assert (result["changed"], result["built"], result["files"]) == (False, [], 2)
    assert (finished.builds, finished.messages) == ([], [])
    assert finished.times() == before


def test_a_present_bundle_needs_neither_cache_nor_programs(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(job, "check_machine", lambda _go: pytest.fail("no part has to be built"))
    assert not finished(cache_dir=str(tmp_path / "none"), go="/nowhere/go")["changed"]
    assert not (tmp_path / "none").exists()


def test_a_change_builds_only_the_parts_that_it_affects(finished):
    (finished.app / "app" / "demo_app" / "web.py").write_text("changed")
    assert finished()["built"] == ["component/app", "archive/workloads"]
    assert list_files(finished.folder) == FILES
    assert not finished()["changed"]


def test_a_part_removed_from_the_stack_is_a_change(finished):
    record = json.loads((finished.folder / "bundle.json").read_text())
    record["units"]["component/other"] = "0" * 20
    (finished.folder / "bundle.json").write_text(json.dumps(record))
    assert finished(check_mode=True)["changed"]
    assert finished()["changed"]
    assert not finished()["changed"]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("app", ["", "changed"])
def test_a_damaged_bundle_is_refused_before_any_build(finished, check_mode, app):
    (finished.app / "app" / "demo_app" / "web.py").write_text(app)
    _change_one_byte(finished.folder / "bin" / "tool")
    before = finished.times()
    with pytest.raises(BundleError, match=r"is damaged:\n  - bin/tool is not the file"):
        finished(check_mode)
    assert finished.builds == []
    assert finished.times() == before


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_folder_with_foreign_files_is_refused_before_any_build(run, check_mode):
    (run.folder / "bin").mkdir(parents=True)
    (run.folder / "bin" / "theirs").write_text("")
    with pytest.raises(BundleError, match="has files that are of no bundle, such as bin/theirs"):
        run(check_mode)
    assert run.builds == []
    assert not run.cache.exists()


def test_check_mode_returns_differing_parts_and_changes_no_file(run):
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


@pytest.mark.parametrize("missing", ["Dockerfile", "app/demo_app", "", "everything"])
def test_a_finished_bundle_keeps_its_image_without_the_application(finished, missing):
    if missing == "everything":
        finished.app.rename(finished.app.with_name("elsewhere"))
    elif missing:
        (finished.app / missing).rename(finished.app / "elsewhere")
    before = finished.times()
    assert not finished(**({} if missing else {"app_dir": None}))["changed"]
    assert finished.times() == before


def test_a_new_bundle_can_t_be_built_without_the_application(run):
    (run.app / "Dockerfile").unlink()
    with pytest.raises(BundleError, match="bundle_app_dir is not a folder with Dockerfile and app/demo_app: set it"):
        run()
    assert run.builds == []


def test_without_the_application_its_kept_image_is_taken_from_the_cache(finished):
    images = {"app": "registry.example.org/app:2"}
    # The image has a new name, so its archive has to be built again.
    assert finished(app_dir=None, stack={**STACK, "images": images})["built"] == ["archive/workloads"]


def test_without_the_application_and_its_image_no_build_begins(finished):
    finished.cache.rename(finished.cache.with_name("elsewhere"))
    with pytest.raises(BundleError, match=r"The image of app has to be built, and bundle_app_dir is not a folder"):
        finished(app_dir=None, stack={**STACK, "images": {"app": "registry.example.org/app:2"}})
    assert finished.builds == []
    assert list_files(finished.folder) == FILES


def test_an_older_release_s_bundle_is_written_again_from_the_cache(finished):
    record = json.loads((finished.folder / "bundle.json").read_text())
    (finished.folder / "bundle.json").write_text(json.dumps(record | {"schema_version": 1, "images": {}}))
    result = finished()
    assert (result["changed"], result["built"]) == (True, [])
    assert json.loads((finished.folder / "bundle.json").read_text()) == record


def test_the_wait_for_another_run_can_be_interrupted(run):
    check_interrupted_wait(run)


def test_a_bundle_built_by_another_run_during_the_wait_stays_unchanged(run, monkeypatch):
    before = {}
    run_another_first(run, monkeypatch, lambda: before.update(run.times()))
    result = run()
    assert (result["changed"], result["built"], run.builds) == (False, [], [])
    bundle = {path: time for path, time in before.items() if path.is_relative_to(run.folder)}
    assert {path: time for path, time in run.times().items() if path.is_relative_to(run.folder)} == bundle


def test_older_parts_are_removed_from_the_cache(finished):
    for number in range(4):
        (finished.app / "app" / "demo_app" / "web.py").write_text(str(number))
        finished()
    assert len(list((finished.cache / "components" / "app").iterdir())) == 2
    assert len(list((finished.cache / "components" / "tool").iterdir())) == 1
    assert not finished()["changed"]


@pytest.mark.parametrize("option", ["path", "cache_dir"])
def test_the_error_of_an_unusable_folder_names_the_variables(run, tmp_path, option):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match=r"/file/sub.* \(cluster_bundle_dir\) and .* \(cluster_cache_dir, KEDA_DEMO_"):
        run(**{option: str(tmp_path / "file" / "sub")})


def test_all_missing_requirements_are_named_at_once(monkeypatch, tmp_path):
    (tmp_path / "tar").write_text("")
    (tmp_path / "tar").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(job, "HEADER", tmp_path / "seccomp.h")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", ())
    with pytest.raises(BundleError) as caught:
        job.check_machine(Path("/nowhere/go"))
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


def test_without_root_system_programs_are_not_called_missing(monkeypatch, tmp_path):
    """They are in folders that only root has in its PATH."""
    (tmp_path / "debootstrap").write_text("")
    (tmp_path / "debootstrap").chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (sentence,) = machine.missing_requirements(["debootstrap"])
    assert sentence == "this user is not root, and debootstrap and buildah need root"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (sentence,) = machine.missing_requirements(["debootstrap"])
    assert sentence.startswith("debootstrap is missing: install it")


def test_a_machine_with_all_requirements_is_accepted(monkeypatch, tmp_path):
    for name in (*job.PROGRAMS, "go", "seccomp.h"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"/nowhere:{tmp_path}")
    monkeypatch.setattr(job, "HEADER", tmp_path / "seccomp.h")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    job.check_machine(tmp_path / "go")


@pytest.fixture
def pipe():
    """Both ends of a pipe. Afterwards the former signal handlers are back in place."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    read, write = os.pipe()
    yield read, write
    os.close(write)
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_request_to_end(pipe, number):
    read, write = pipe
    end_request = EndRequest(write)
    assert not end_request()
    signal.raise_signal(number)
    assert end_request()
    os.close(read)


def test_the_end_of_the_result_s_reader_is_a_request_to_end(pipe):
    read, write = pipe
    end_request = EndRequest(write)
    os.write(write, b"something")
    assert not end_request()
    os.close(read)
    assert end_request()


def with_release(version="1.2.0"):
    """Return the options for a bundle with the archive of a release."""
    stack = STACK | {"components": STACK["components"] | {"manifests": {"version": version}}}
    return {
        "stack": stack,
        "recipes": {
            "go_modules": RECIPES | {"manifests": {"upstream": {"release.tar.gz": "release-{version}.tar.gz"}}}
        },
    }


@pytest.fixture
def upstream(tmp_path):
    folder = tmp_path / "upstream"
    folder.mkdir()
    (folder / "release-1.2.0.tar.gz").write_bytes(b"an archive")
    return {"upstream_dir": str(folder)}


def test_the_archive_of_a_release_is_copied_with_its_source(run, upstream):
    result = run(**with_release(), **upstream)
    assert "manifest/release-1.2.0.tar.gz" in result["built"]
    assert (run.folder / "manifests" / "release.tar.gz").read_bytes() == b"an archive"
    files = json.loads((run.folder / "bundle.json").read_text())["files"]
    (entry,) = (file for file in files if file["path"] == "manifests/release.tar.gz")
    assert (entry["source"], entry["version"]) == ("release-1.2.0.tar.gz", "1.2.0")


def test_another_archive_is_a_change(run, upstream):
    run(**with_release(), **upstream)
    Path(upstream["upstream_dir"], "release-1.2.0.tar.gz").write_bytes(b"another one")
    assert run(**with_release(), **upstream)["built"] == ["manifest/release-1.2.0.tar.gz"]


def test_without_the_folder_a_new_bundle_has_no_archive_and_a_present_one_keeps_its_own(run, upstream):
    assert run(**with_release())["changed"]
    assert not (run.folder / "manifests").exists()
    assert run(**with_release(), **upstream)["changed"]
    assert not run(**with_release())["changed"]
    assert (run.folder / "manifests" / "release.tar.gz").read_bytes() == b"an archive"


def test_the_archive_of_another_version_is_not_kept(run, upstream):
    run(**with_release(), **upstream)
    assert run(**with_release("1.3.0"))["changed"]
    assert not (run.folder / "manifests" / "release.tar.gz").exists()


def test_a_missing_archive_is_named(run, upstream):
    with pytest.raises(BundleError, match=r"upstream \(bundle_upstream_dir\) has no release-1\.3\.0\.tar\.gz: put"):
        run(**with_release("1.3.0"), **upstream)
    assert run.builds == []


def test_an_archive_that_is_nowhere_any_more_is_named(run, upstream):
    run(**with_release(), **upstream)
    shutil.rmtree(run.cache)
    (run.app / "app" / "demo_app" / "web.py").write_text("changed")
    with pytest.raises(BundleError, match=r"release-1\.2\.0\.tar\.gz is not in the cache.*give one as bundle_upstream"):
        run(**with_release())


def test_a_cleaned_cache_still_has_the_bundle_s_parts(finished):
    before = finished.times()
    go_cache = finished.cache / "go" / "build"
    go_cache.mkdir(parents=True)
    (go_cache / "trim.txt").write_text("1")
    planned = finished(check_mode=True, clean_for=["small"])
    assert (planned["changed"], planned["removed"]) == (True, ["go/build"])
    assert go_cache.is_dir()
    result = finished(clean_for=["small"])
    assert result == planned
    assert not go_cache.exists()
    assert finished.messages[-1] == f"0 MiB are freed in {finished.cache}"
    # A change of the application is built with the parts that were kept.
    assert {
        path: time for path, time in finished.times().items() if path.is_file() and path.name != "lock"
    }.items() <= (before.items())
    assert finished(clean_for=["small"])["changed"] is False
    assert finished()["changed"] is False
    (finished.app / "app" / "demo_app" / "web.py").write_text("# changed\n")
    assert finished()["built"] == ["component/app", "archive/workloads"]


def test_the_cache_of_another_run_s_build_is_not_cleaned(finished):
    finished.end_requested = True
    with Cache(finished.cache).lock(lambda: None, lambda: False), pytest.raises(Interrupted):
        finished(clean_for=["small"])


def test_a_cache_that_is_not_there_is_not_made(run):
    assert run(clean_for=["small"])["changed"] is False
    assert not run.cache.exists()
