# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Official files: both checksums, and what is taken out of archives."""

import hashlib
import io
import tarfile

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import CacheEntry
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers import official_file
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import parts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.lockfile import Lock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.origins import Origins
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, make_unit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.work import (
    ReleaseSettings,
    Settings,
    Work,
)

URL = "https://origin.example.net/v1/tool"
CONTENT = b"the official file"
SUM = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


class Downloader:
    """Has files by address, and notes what it was asked for."""

    def __init__(self, files):
        self.files = files
        self.asked = []

    def text(self, url):
        return self.files[url].decode()

    def file(self, url, target):
        self.asked.append(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.files[url])
        target.with_name(f"{target.name}.part").unlink(missing_ok=True)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


class World:
    def __init__(self, folder):
        self.cache = folder / "cache"
        self.out = folder / "out"
        self.out.mkdir()
        self.folder = folder
        self.upstream = folder / "upstream"
        self.downloader = Downloader({URL: CONTENT, f"{URL}.sha256": f"{SUM}  tool\n".encode()})
        self.part = parts.path(self.cache, URL)

    def work(self, origins=Origins(), **dependencies):  # noqa: B008 - it is frozen
        release = ReleaseSettings(origins, Lock(), self.downloader, "")
        go, upstream = self.folder / "go", self.upstream
        settings = Settings(self.cache, self.folder, None, "amd64", go, release=release, upstream_dir=upstream)
        return Work(settings, dependencies, self.folder, self.folder / "log", Processes())

    def download(self, sha256=SUM, checksum_url=f"{URL}.sha256", in_stack=True, **options):
        inputs = {"source": URL, "sha256": sha256, "checksum_url": checksum_url, "in_stack": in_stack}
        official_file.download(make_unit("download", "tool", "1", inputs), self.out, self.work(**options))

    def archive(self, members):
        """Return the cache entry of a download, an archive."""
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w:gz") as archive:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return self.entry(target.getvalue())

    def entry(self, content):
        folder = self.folder / "entry"
        folder.mkdir()
        (folder / "file").write_bytes(content)
        return CacheEntry(folder, {}, {})


def test_a_file_with_both_checksums_is_taken(world):
    world.download()
    assert (world.out / "file").read_bytes() == CONTENT
    assert not world.part.exists()


def test_a_mirror_is_asked_for_both(world):
    files = {
        f"https://mirror.example.net/{url.removeprefix('https://')}": data
        for url, data in world.downloader.files.items()
    }
    world.downloader.files = files
    world.download(origins=Origins("https://mirror.example.net"))
    assert world.downloader.asked == ["https://mirror.example.net/origin.example.net/v1/tool"]


def test_a_wrong_publisher_s_checksum_is_found_before_the_file_is_fetched(world):
    world.downloader.files[f"{URL}.sha256"] = OTHER.encode()
    with pytest.raises(
        BundleError, match=rf"\({URL}.sha256\) is {OTHER}, and the stack has {SUM} \(release.tool.sha256\)"
    ):
        world.download()
    assert world.downloader.asked == []


def test_a_wrong_checksum_of_the_lock_is_said_to_be_the_lock_s(world):
    with pytest.raises(
        BundleError, match=f"the file has sha256 {SUM} .17 bytes., and bundle.lock has {OTHER} from the "
    ):
        world.download(sha256=OTHER, checksum_url="", in_stack=False)


def test_a_file_that_differs_is_not_kept(world):
    world.downloader.files[URL] = b"another file"
    with pytest.raises(BundleError, match=r"the file has sha256 [0-9a-f]{64} \(12 bytes\), and the stack has"):
        world.download()
    assert len(world.downloader.asked) == 1
    assert list(world.part.parent.iterdir()) == []


def test_a_part_of_an_earlier_run_that_made_a_wrong_file_is_fetched_once_more(world):
    world.part.parent.mkdir(parents=True)
    world.part.with_name(f"{world.part.name}.part").write_bytes(b"x")
    answers = [b"a mixture", CONTENT]
    world.downloader.files = {f"{URL}.sha256": SUM.encode()}
    original = world.downloader.file

    def file(url, target):
        world.downloader.files[url] = answers.pop(0)
        original(url, target)

    world.downloader.file = file
    world.download()
    assert (world.out / "file").read_bytes() == CONTENT


def test_what_the_first_download_has_brought_is_not_fetched_again(world):
    world.part.parent.mkdir(parents=True)
    world.part.write_bytes(CONTENT)
    world.download(checksum_url="", in_stack=False)
    assert world.downloader.asked == []


def test_the_folder_of_official_files_is_asked_first(world):
    world.upstream.mkdir()
    own = world.upstream / "tool"
    own.write_bytes(CONTENT)
    world.downloader.files = {}
    world.download()
    (world.out / "file").write_bytes(b"changed")
    assert own.read_bytes() == CONTENT


def test_a_file_in_that_folder_has_the_checksum_too(world):
    world.upstream.mkdir()
    (world.upstream / "tool").write_bytes(b"another file")
    with pytest.raises(BundleError, match=rf"upstream/tool \(bundle_upstream_dir\) is not .* has {SUM}. Remove"):
        world.download()


def _programs(**programs):
    return make_unit("component", "tool", "1", {"source": URL, "programs": programs})


def test_programs_are_taken_out_of_an_archive(world):
    entry = world.archive({"./bin/tool": b"tool", "bin/more/other": b"other", "LICENSE": b"text"})
    unit = _programs(
        tool={"download": "tool", "member": "bin/tool"}, **{"x/o": {"download": "tool", "member": "bin/more/other"}}
    )
    official_file.extract_programs(unit, world.out, world.work(**{"download/tool": entry}))
    found = {path.relative_to(world.out).as_posix(): path for path in world.out.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == {"tool": b"tool", "x/o": b"other"}
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o755}


def test_a_file_is_a_program_and_its_download_stays_as_it_is(world):
    entry = world.entry(CONTENT)
    official_file.extract_programs(
        _programs(tool={"download": "tool"}), world.out, world.work(**{"download/tool": entry})
    )
    assert (world.out / "tool").stat().st_mode & 0o777 == 0o755
    assert (entry.folder / "file").stat().st_mode & 0o111 == 0


def test_a_program_that_the_archive_lacks_is_named(world):
    unit = _programs(tool={"download": "tool", "member": "bin/tool"})
    with pytest.raises(BundleError, match=f"tool 1: {URL} has no bin/tool"):
        official_file.extract_programs(unit, world.out, world.work(**{"download/tool": world.archive({"tool": b""})}))


def test_what_is_no_archive_is_said(world):
    unit = _programs(tool={"download": "tool", "member": "bin/tool"})
    with pytest.raises(BundleError, match=f"tool 1: {URL} is not a tar archive"):
        official_file.extract_programs(unit, world.out, world.work(**{"download/tool": world.entry(b"<html>")}))


def test_members_are_joined_by_their_names(world):
    entry = world.archive(
        {"p-1/setup/b.yaml": b"---\nkind: B\n", "p-1/setup/a.yaml": b"kind: A\n", "p-1/c.yaml": b"kind: C\n"}
    )
    unit = make_unit(
        "manifest", "crds.yaml", "1", {"source": URL, "how": {"download": "tool", "members": "p-*/setup/*.yaml"}}
    )
    official_file.extract_manifest(unit, world.out, world.work(**{"download/tool": entry}))
    assert (world.out / "crds.yaml").read_text() == "---\nkind: A\n---\nkind: B\n"


def test_members_that_are_not_there_are_said(world):
    unit = make_unit(
        "manifest", "crds.yaml", "1", {"source": URL, "how": {"download": "tool", "members": "p-*/setup/*.yaml"}}
    )
    with pytest.raises(BundleError, match=r"crds.yaml: .* has no p-\*/setup/\*.yaml"):
        official_file.extract_manifest(unit, world.out, world.work(**{"download/tool": world.archive({"a": b""})}))
