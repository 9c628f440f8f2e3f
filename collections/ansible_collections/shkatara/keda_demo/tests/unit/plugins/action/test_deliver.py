# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Bringing files to a host: the commands, run by a real shell, and a play that does it on this machine."""

import hashlib
import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.shkatara.keda_demo.plugins.action.deliver import (
    STAGING,
    look_command,
    place_command,
    signature,
    staged,
    with_checksums,
)
from ansible_collections.shkatara.keda_demo.tests.support.plays import WRITE_RESULT, LocalPlay

# Files become root's. Where the tests are not run by root, a user name space shows this user as root.
AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]

TASKS = """
- name: Deliver
  shkatara.keda_demo.deliver:
    bundle: "{{ bundle }}"
    files: "{{ files }}"
    directories: "{{ directories }}"
  register: done
  ignore_errors: true
"""


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _file(dest, text, mode="0644"):
    return {"src": "unused", "content": None, "dest": str(dest), "mode": mode, "sha256": _sha256(text)}


def _sh(command):
    return subprocess.run([*AS_ROOT, "sh", "-c", command], capture_output=True, text=True, check=False)


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_signature_has_the_mode_as_stat_prints_it():
    file = {"sha256": "abc", "mode": "0755", "dest": "/usr/bin/kubelet"}
    assert signature(file) == "abc 755 0:0 /usr/bin/kubelet"
    assert signature({**file, "mode": "4755"}) == "abc 4755 0:0 /usr/bin/kubelet"


@pytest.mark.parametrize("name", ["plain", "with a space", "it's", "$HOME", "-n", "a\\b"])
def test_look_prints_the_signature_of_a_file_as_it_should_be(tmp_path, name):
    path = tmp_path / name
    path.write_text("text")
    path.chmod(0o750)
    done = _sh(look_command([_file(path, "text", "0750")], []))
    assert (done.stdout, done.stderr, done.returncode) == (signature(_file(path, "text", "0750")) + "\n", "", 0)


def test_look_prints_what_is_there_only(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "a").chmod(0o600)
    (tmp_path / "folder").mkdir()
    (tmp_path / "with a space").mkdir()
    files = [_file(tmp_path / name, name) for name in ("a", "gone", "folder")]
    directories = [str(tmp_path / name) for name in ("folder", "with a space", "a", "gone")]
    done = _sh(look_command(files, directories))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{_sha256('a')} 600 0:0 {tmp_path}/a",
        f"{tmp_path}/folder",
        f"{tmp_path}/with a space",
    ]


def test_look_sees_a_link_as_another_file(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "a").chmod(0o644)
    (tmp_path / "link").symlink_to("a")
    file = _file(tmp_path / "link", "a")
    assert signature(file) not in _sh(look_command([file], [])).stdout.splitlines()


@pytest.fixture
def staging(tmp_path):
    folder = tmp_path / "staging"
    folder.mkdir()

    def stage(file, text):
        Path(staged(str(folder), file)).write_text(text)
        return file

    return folder, stage


def _give_away(path):
    """Have a file belong to somebody else than root, where this is root's to do."""
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)


def test_place_puts_files_with_mode_and_owner_into_place(tmp_path, staging):
    folder, stage = staging
    target = tmp_path / "host"
    target.mkdir(mode=0o700)
    (target / "old").write_text("old")
    files = [
        stage(_file(target / "old", "new", "0600"), "new"),
        stage(_file(target / "new folder" / "sub" / "it's", "program", "0755"), "program"),
    ]
    for file in files:
        _give_away(staged(str(folder), file))
    done = _sh(place_command(str(folder), files))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert (target / "old").read_text() == "new"
    program = target / "new folder" / "sub" / "it's"
    assert program.read_text() == "program"
    assert [_mode(path) for path in (target / "old", program, program.parent, target)] == [0o600, 0o755, 0o755, 0o700]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (target / "old", program)} == {
        (os.geteuid(), os.getegid())
    }
    assert not folder.exists()
    assert sorted(path.name for path in target.iterdir()) == ["new folder", "old"]
    assert _sh(look_command(files, [])).stdout.splitlines() == [signature(file) for file in files]


def test_a_program_that_runs_goes_on_with_its_old_file(tmp_path, staging):
    folder, stage = staging
    dest = tmp_path / "program"
    dest.write_text("old")
    with dest.open() as old:
        assert _sh(place_command(str(folder), [stage(_file(dest, "new"), "new")])).returncode == 0
        assert old.read() == "old"
    assert dest.read_text() == "new"


def test_what_did_not_arrive_whole_is_named_and_nothing_is_changed(tmp_path, staging):
    folder, stage = staging
    dest = tmp_path / "a file"
    dest.write_text("old")
    done = _sh(place_command(str(folder), [stage(_file(dest, "new"), "ne")]))
    assert (done.returncode, done.stderr) == (1, f"{dest} did not arrive whole\n")
    assert dest.read_text() == "old"


def test_a_file_that_can_t_be_moved_into_place_ends_it(tmp_path, staging):
    folder, stage = staging
    # As where the target's file system is full: the first rename fails, and the second has nothing to do.
    (tmp_path / "a.part" / "sub").mkdir(parents=True)
    files = [stage(_file(tmp_path / name, "text"), "text") for name in ("a", "b")]
    done = _sh(place_command(str(folder), files))
    assert done.returncode != 0
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()
    assert not folder.exists()


def test_a_command_that_fails_ends_it(tmp_path, staging):
    folder, stage = staging
    (tmp_path / "file").write_text("")
    file = stage(_file(tmp_path / "file" / "sub" / "a", "text"), "text")
    done = _sh(place_command(str(folder), [file]))
    assert done.returncode != 0
    assert "file" in done.stderr


def test_a_file_can_go_to_two_places(tmp_path, staging):
    folder, stage = staging
    files = [stage(_file(tmp_path / name, "text"), "text") for name in ("a", "b")]
    done = _sh(place_command(str(folder), files))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() == "text"


def test_a_folder_in_the_file_s_place_is_a_failure(tmp_path, staging):
    folder, stage = staging
    (tmp_path / "a").mkdir()
    done = _sh(place_command(str(folder), [stage(_file(tmp_path / "a", "text"), "text")]))
    assert done.returncode != 0
    assert list((tmp_path / "a").iterdir()) == []


@pytest.fixture
def bundle(tmp_path):
    """A bundle of two files."""
    folder = tmp_path / "bundle"
    (folder / "bin").mkdir(parents=True)
    files = []
    for name in ("kubelet", "runc"):
        (folder / "bin" / name).write_text(f"the program {name}")
        files.append({"path": f"bin/{name}", "sha256": _sha256(f"the program {name}")})
    (folder / "bundle.json").write_text(json.dumps({"files": files}))
    return folder


def test_checksums_are_those_of_the_record(bundle):
    file = {"src": "bin/runc", "content": None, "dest": "/usr/bin/runc", "mode": "0755"}
    assert with_checksums(bundle, [file]) == [{**file, "sha256": _sha256("the program runc")}]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"src": "bin/crictl"}, r"^The bundle in \S+/bundle has no bin/crictl: another release built it\.$"),
        ({"mode": "u=rwx"}, r"^The mode of /usr/bin/runc is u=rwx: give an octal number in quotes"),
        ({"mode": "493"}, r"is 493: give an octal number in quotes"),  # 0755 without quotes
        pytest.param(
            {"mode": "420"},
            r"is 420: give an octal number in quotes",  # 0644 without quotes
        ),
        pytest.param(
            {"mode": ""},
            r"give an octal number in quotes",
        ),
    ],
)
def test_what_is_wrong_is_named(bundle, change, says):
    with pytest.raises(AnsibleActionFail, match=says):
        with_checksums(bundle, [{"src": "bin/runc", "content": None, "dest": "/usr/bin/runc", "mode": "0755"} | change])


@pytest.mark.parametrize("text", [None, "{"])
def test_without_a_record_the_variable_is_named(bundle, text):
    (bundle / "bundle.json").unlink()
    if text:
        (bundle / "bundle.json").write_text(text)
    with pytest.raises(AnsibleActionFail, match=r"no complete bundle in \S+/bundle \(cluster_bundle_dir\)"):
        with_checksums(bundle, [_file("/usr/bin/runc", "text", "0755")])


class Host:
    """This machine as a host, with a folder of its own for what is delivered."""

    def __init__(self, tmp_path, bundle):
        self.home = tmp_path / "home"
        self.home.mkdir()
        environment = os.environ | {"HOME": str(self.home)}
        self._play = LocalPlay(tmp_path, TASKS + WRITE_RESULT, AS_ROOT, environment)
        self.root = tmp_path / "host"
        self.kubelet = self.root / "bin" / "kubelet"
        self.runc = self.root / "sbin" / "runc"
        self.directory = self.root / "etc" / "cni"
        self.files = [
            {"src": "bin/kubelet", "dest": str(self.kubelet), "mode": "0755"},
            {"src": "bin/runc", "dest": str(self.runc)},
        ]
        self._bundle = bundle

    def deliver(self, *options):
        """Run the play, and return the task's result."""
        variables = {"bundle": str(self._bundle), "files": self.files, "directories": [str(self.directory)]}
        delivered = self._play.result(variables, *options)
        assert delivered["failed"] or not (self.home / STAGING).exists(), "the staging folder was left behind"
        return delivered

    def state(self):
        """What a person sees of the host."""
        return {
            path.relative_to(self.root).as_posix(): (_mode(path), path.read_text() if path.is_file() else None)
            for path in self.root.rglob("*")
        }


@pytest.fixture
def host(tmp_path, bundle):
    return Host(tmp_path, bundle)


def test_a_play_delivers_and_mends(host):
    files = [str(host.kubelet), str(host.runc)]
    delivered = {
        "bin": (0o755, None),
        "bin/kubelet": (0o755, "the program kubelet"),
        "etc": (0o755, None),
        "etc/cni": (0o755, None),
        "sbin": (0o755, None),
        "sbin/runc": (0o644, "the program runc"),
    }
    # Check mode on a bare host says what would be sent, and sends nothing.
    result = host.deliver("--check", "--diff")
    assert (result["changed"], result["sent"]) == (True, files)
    assert re.findall(r"(\S+): from the bundle", result["output"]) == files
    assert not host.root.exists()

    result = host.deliver()
    assert (result["changed"], result["sent"]) == (True, files)
    assert host.state() == delivered

    before = host.kubelet.stat()
    result = host.deliver()
    assert (result["changed"], result["sent"]) == (False, [])
    assert (host.kubelet.stat().st_ino, host.kubelet.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)

    host.kubelet.write_text("the program Kubelet")
    result = host.deliver("--check")
    assert (result["changed"], result["sent"]) == (True, files[:1])
    assert host.kubelet.read_text() == "the program Kubelet"
    result = host.deliver()
    assert (result["changed"], result["sent"]) == (True, files[:1])
    assert host.state() == delivered

    host.runc.chmod(0o755)
    result = host.deliver()
    assert (result["changed"], result["sent"]) == (True, files[1:])
    assert host.state() == delivered

    host.directory.rmdir()
    assert host.deliver("--check")["changed"] is True
    assert not host.directory.exists()
    result = host.deliver()
    assert (result["changed"], result["sent"]) == (True, [])
    assert host.state() == delivered


def test_a_play_gives_a_file_a_content(host):
    host.files = [{"content": "one\ntwo\n", "dest": str(host.root / "etc" / "a.conf")}]
    assert host.deliver()["sent"] == [str(host.root / "etc" / "a.conf")]
    assert (host.root / "etc" / "a.conf").read_text() == "one\ntwo\n"
    assert host.deliver()["changed"] is False
    host.files[0]["content"] = "one\nthree\n"
    output = host.deliver("--check", "--diff")["output"]
    assert "-two" in output
    assert "+three" in output
    assert (host.root / "etc" / "a.conf").read_text() == "one\ntwo\n"
    # What a killed run has left there, root's already, is in nobody's way.
    (host.home / STAGING).mkdir()
    (host.home / STAGING / "left").write_text("")
    assert host.deliver()["changed"] is True


def test_a_play_names_a_file_that_the_bundle_has_not(host):
    host.files.append({"src": "bin/crictl", "dest": str(host.root / "crictl")})
    result = host.deliver()
    assert "has no bin/crictl: another release built it" in result["msg"]
    assert not host.root.exists()


def test_a_play_sends_nothing_of_a_damaged_bundle(host, bundle):
    (bundle / "bin" / "runc").write_text("another program")
    assert host.deliver()["msg"] == f"Copying files to the host failed: {host.runc} did not arrive whole"
    assert not host.runc.exists()
    # The next run finishes it, and leaves nothing of this one behind.
    (bundle / "bin" / "runc").write_text("the program runc")
    assert host.deliver()["sent"] == [str(host.runc)]
