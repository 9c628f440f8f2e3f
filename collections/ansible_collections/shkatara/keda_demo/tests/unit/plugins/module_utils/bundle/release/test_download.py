# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Downloads from a server on loopback that has one fault at a time."""

import errno
import json
import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import download as module
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.download import (
    ATTEMPTS,
    Downloader,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.web import Web
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted
from ansible_collections.shkatara.keda_demo.tests.support.origin_server import Fault, origin
from ansible_collections.shkatara.keda_demo.tests.support.proxy import proxy

CONTENT = bytes(range(256)) * 8192  # 2 MiB
PATH = "127.0.0.1/files/tool"


class Setting:
    def __init__(self, server, folder):
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}/files/tool"
        self.target = folder / "cache" / "tool"
        self.part = folder / "cache" / "tool.part"
        self.slept = []
        self.lines = []
        self.ended = False
        self.web = Web(connect_seconds=2, stall_seconds=0.3)
        self.downloader = Downloader(self.web, lambda: self.ended, self.lines.append, self.slept.append)

    def faults(self, *faults):
        self.server.faults[PATH] = list(faults)

    def run(self, url=None):
        self.downloader.file(url or self.url, self.target)

    def fails(self, url=None):
        with pytest.raises(BundleError) as caught:
            self.run(url)
        assert not self.target.exists()
        return str(caught.value)

    def ranges(self):
        return [headers.get("Range") for _path, headers in self.server.asked]

    def is_complete(self):
        return self.target.read_bytes() == CONTENT and [file.name for file in self.target.parent.iterdir()] == ["tool"]


@pytest.fixture
def setting(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "origins" / PATH).parent.mkdir(parents=True)
    (tmp_path / "origins" / PATH).write_bytes(CONTENT)
    with origin(tmp_path / "origins") as server:
        yield Setting(server, tmp_path)


def test_a_file_arrives(setting):
    setting.run()
    assert setting.is_complete()
    assert setting.ranges() == [None]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_asked_again(setting, status):
    setting.faults(Fault(status), Fault(status))
    setting.run()
    assert setting.is_complete()
    assert sum(setting.slept) == pytest.approx(3)
    phrase = setting.lines[0].removeprefix(f"{setting.url} answers {status} ")
    assert phrase.endswith("; again in 1 s")


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_a_server_asks_for_is_kept(setting, status):
    setting.faults(Fault(status, {"Retry-After": "7"}))
    setting.run()
    assert setting.is_complete()
    assert sum(setting.slept) == pytest.approx(7)


def test_a_server_that_asks_for_a_long_wait_is_not_waited_for(setting):
    setting.faults(Fault(429, {"Retry-After": "3600"}))
    assert setting.fails() == (
        f"{setting.url} can't be downloaded: {setting.url} answers 429 Too Many Requests, and asks to wait 3600 s: run "
        "it again then."
    )
    assert setting.slept == []


def test_a_part_of_unknown_size_without_a_rest_is_fetched_anew(setting):
    setting.part.parent.mkdir()
    setting.part.write_bytes(CONTENT)
    state = {"url": setting.url, "validator": "", "size": None}
    setting.part.with_name("tool.part.json").write_text(json.dumps(state))
    setting.run()
    assert setting.is_complete()
    assert setting.ranges() == [f"bytes={len(CONTENT)}-", None]


def test_the_attempts_are_bounded(setting):
    setting.faults(*[Fault(503)] * 20)
    assert setting.fails().startswith(
        f"{setting.url} can't be downloaded after {ATTEMPTS} attempts: {setting.url} answers 503 Service Unavailable; "
    )
    assert len(setting.server.asked) == ATTEMPTS


@pytest.mark.parametrize(("status", "phrase"), [(403, "403 Forbidden"), (404, "404 Not Found"), (410, "410 Gone")])
def test_a_refusal_is_not_repeated(setting, status, phrase):
    setting.faults(Fault(status))
    assert setting.fails() == f"{setting.url} answers {phrase}."
    assert len(setting.server.asked) == 1


def test_a_connection_that_ends_early_is_gone_on_with(setting):
    setting.faults(Fault(after=1_500_000), Fault(after=300_000))
    setting.run()
    assert setting.is_complete()
    assert setting.ranges() == [None, "bytes=1500000-", "bytes=1800000-"]


def test_progress_begins_the_count_of_attempts_again(setting, monkeypatch):
    monkeypatch.setattr(module, "PROGRESS", 100_000)
    setting.faults(*[Fault(after=150_000)] * 12)
    setting.run()
    assert setting.is_complete()
    assert len(setting.server.asked) == 13


def test_connections_that_end_at_once_are_bounded(setting):
    setting.faults(*[Fault(after=10)] * 20)
    assert "the transfer ended early" in setting.fails()
    assert len(setting.server.asked) == ATTEMPTS


def test_a_stalled_connection_is_given_up(setting):
    setting.faults(Fault(after=1_200_000, stall=True))
    setting.run()
    assert setting.is_complete()
    assert setting.ranges() == [None, "bytes=1200000-"]
    assert "nothing arrived for 0 s" in setting.lines[0]


def test_a_server_without_ranges_sends_it_all_again(setting):
    setting.faults(Fault(after=1_500_000), Fault(ignores_range=True))
    setting.run()
    assert setting.is_complete()
    assert setting.ranges() == [None, "bytes=1500000-"]


def test_the_next_run_goes_on(setting):
    setting.faults(Fault(after=1_500_000), *[Fault(503)] * 4)
    setting.fails()
    assert setting.part.stat().st_size == 1_500_000
    setting.run()
    assert setting.is_complete()
    assert setting.ranges()[-1] == "bytes=1500000-"


@pytest.mark.parametrize("size", [len(CONTENT), len(CONTENT) + 1000])
def test_a_file_that_changed_meanwhile_is_fetched_anew(setting, size):
    setting.faults(Fault(after=1_500_000), *[Fault(503)] * 4)
    setting.fails()
    changed = bytes(size)
    (setting.server.folder / PATH).write_bytes(changed)
    setting.run()
    assert setting.target.read_bytes() == changed


def test_without_etags_a_file_of_another_size_is_fetched_anew(tmp_path):
    (tmp_path / "origins" / PATH).parent.mkdir(parents=True)
    (tmp_path / "origins" / PATH).write_bytes(CONTENT)
    with origin(tmp_path / "origins", etags=False) as server:
        setting = Setting(server, tmp_path)
        setting.faults(Fault(after=1_500_000), *[Fault(503)] * 4)
        setting.fails()
        changed = bytes(len(CONTENT) + 1)
        (server.folder / PATH).write_bytes(changed)
        setting.run()
        assert setting.target.read_bytes() == changed


def test_a_part_of_another_address_is_not_used(setting):
    setting.faults(Fault(after=1_500_000), *[Fault(503)] * 4)
    setting.fails()
    other = setting.server.folder / "127.0.0.1/files/other"
    other.write_bytes(b"another file")
    setting.run(setting.url.replace("tool", "other"))
    assert setting.target.read_bytes() == b"another file"


def test_a_redirect_to_another_host_is_followed(setting):
    second = f"http://localhost:{setting.server.port}/storage/tool?signature=secret"
    (setting.server.folder / "localhost/storage").mkdir(parents=True)
    (setting.server.folder / "localhost/storage/tool").write_bytes(CONTENT)
    setting.faults(Fault(302, {"Location": second}))
    setting.run()
    assert setting.is_complete()
    assert setting.server.paths() == [PATH, "localhost/storage/tool"]


def test_a_refusal_behind_a_redirect_names_both_hosts_and_no_signature(setting):
    second = f"http://localhost:{setting.server.port}/storage/tool?signature=secret"
    setting.faults(Fault(302, {"Location": second}))
    message = setting.fails()
    assert message == f"{setting.url} (redirected to localhost:{setting.server.port}) answers 404 Not Found."


def test_a_circle_of_redirects_ends(setting):
    setting.faults(*[Fault(302, {"Location": "/files/tool"})] * 30)
    assert setting.fails() == f"{setting.url} redirects more than 10 times."


def test_nobody_who_listens_is_a_clear_word(setting):
    setting.server.close()
    message = setting.fails()
    assert f"127.0.0.1:{setting.server.port} does not answer ([Errno 111] Connection refused)" in message
    assert sum(setting.slept) == pytest.approx(1 + 2 + 4 + 8)


def test_a_proxy_with_a_password_is_used(setting, monkeypatch):
    with proxy(names={"origin.example.net": setting.server.address}, user="me:pass:word") as running:
        monkeypatch.setenv("http_proxy", f"http://me:pass%3Aword@127.0.0.1:{running.port}")
        path = setting.server.folder / "origin.example.net/tool"
        path.parent.mkdir()
        path.write_bytes(CONTENT)
        setting.run("http://origin.example.net/tool")
    assert setting.is_complete()
    assert running.asked == [("GET", "http://origin.example.net/tool")]


def test_a_proxy_that_refuses_the_password_is_named_without_it(setting, monkeypatch):
    with proxy(user="me:right") as running:
        monkeypatch.setenv("http_proxy", f"http://me:wrong-password@127.0.0.1:{running.port}")
        message = setting.fails("http://origin.example.net/tool")
    assert "wrong-password" not in message
    assert "The proxy requires a user and a password for http://origin.example.net/tool (407)." in message


def test_a_full_disk_is_said_before_the_bytes_arrive(setting, monkeypatch):
    usage = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _folder: usage)
    message = setting.fails()
    assert message.startswith(
        f"The disk of {setting.target.parent} is full (1 MiB free): {setting.url} needs 2 MiB more."
    )


def test_a_disk_that_gets_full_is_said(setting, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_exc):
            pass

        def write(self, _data):
            raise OSError(errno.ENOSPC, "No space left on device")

    original = module.Path.open
    monkeypatch.setattr(
        module.Path,
        "open",
        lambda path, mode="r", *rest, **more: Full() if mode in ("ab", "wb") else original(path, mode, *rest, **more),
    )
    assert setting.fails().startswith(f"The disk of {setting.target.parent} is full (")


def test_an_end_leaves_the_part_for_the_next_run(setting):
    setting.faults(Fault(per_second=2_000_000))

    def end_soon():
        while not setting.part.exists() or setting.part.stat().st_size < 500_000:
            pass
        setting.ended = True

    threading.Thread(target=end_soon, daemon=True).start()
    with pytest.raises(Interrupted):
        setting.run()
    kept = setting.part.stat().st_size
    assert 500_000 <= kept < len(CONTENT)
    setting.ended = False
    setting.run()
    assert setting.is_complete()
    assert setting.ranges() == [None, f"bytes={kept}-"]


def test_a_stop_ends_a_read_that_waits(setting):
    setting.web.stall_seconds = 30
    web = Web(stall_seconds=30)
    ended = threading.Event()
    downloader = Downloader(web, ended.is_set)
    setting.faults(Fault(after=1_200_000, stall=True))
    threading.Timer(0.3, lambda: (ended.set(), web.stop())).start()
    with pytest.raises(Interrupted):
        downloader.file(setting.url, setting.target)
    assert setting.part.stat().st_size > 0


def test_a_checksum_s_text_is_read(setting):
    (setting.server.folder / PATH).write_text("abc  tool\n")
    assert setting.downloader.text(setting.url) == "abc  tool\n"
