# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The shell that gives root a kubeconfig and programs in the PATH, run in a folder in the place of /."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

CONFIG = "root/.kube/config"
ADMIN = (
    "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {}\n    server: https://192.0.2.11:6443\n"
)
OURS, OTHERS = ADMIN.format("QUJD"), ADMIN.format("WFla")
EL_SUDOERS = "Defaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin\n"
DEBIAN_SUDOERS = 'Defaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\n'
LINKS = [f"usr/bin/{name}" for name in ("crictl", "kubeadm", "kubectl")]


@pytest.fixture(scope="module")
def script(core, tmp_path_factory):
    """Return the script."""
    expression = "lookup('ansible.builtin.template', 'root_access.sh.j2')"
    place = tmp_path_factory.mktemp("role")
    return render(core, "control_plane", {"one": {}}, expression, place, entry_points=())["one"]["value"]


class Host:
    """A folder that stands for a host's root, with what kubeadm and the role kubernetes wrote."""

    def __init__(self, root: Path, script: str) -> None:
        self._root, self._script = root, script
        for folder in ("etc/kubernetes", "etc/sudoers.d", "usr/bin", "usr/local/bin", "root", "var/lib"):
            (root / folder).mkdir(parents=True)
        self.write("etc/passwd", f"daemon:x:1:1::/usr/sbin:/bin/sh\nroot:x:0:0:root:{root}/root:/bin/bash\n")
        self.write("etc/kubernetes/admin.conf", OURS)
        self.write("etc/sudoers", EL_SUDOERS)

    def write(self, path: str, text: str, mode: int = 0o600) -> None:
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        (self._root / path).write_text(text)
        (self._root / path).chmod(mode)

    def path(self, path: str) -> Path:
        return self._root / path

    def run(self, check: str = "", path: str = os.environ["PATH"]) -> list[str]:
        """Run the script with each absolute path below the folder, and return the lines that it printed."""
        moved = re.sub(r"(?<=[ =:])/(etc|usr|var)/", rf"{self._root}/\1/", self._script)
        moved = moved.replace(f"*:{self._root}/usr/local/bin:*", "*:/usr/local/bin:*")
        done = subprocess.run(
            ["/bin/sh", "-c", moved], env={"PATH": path, "CHECK": check}, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), moved
        return done.stdout.replace(f"{self._root}/", "/").splitlines()


@pytest.fixture
def host(tmp_path, script):
    return Host(tmp_path, script)


def test_root_gets_a_kubeconfig_and_links_once(host):
    assert host.run() == ["kubeconfig", *(f"link /{link}" for link in LINKS)]
    assert host.path(CONFIG).read_text() == OURS
    assert [host.path(path).stat().st_mode & 0o777 for path in (CONFIG, "root/.kube")] == [0o600, 0o700]
    assert [os.readlink(host.path(link)) for link in LINKS] == [
        str(host.path("usr/local/bin") / Path(link).name) for link in LINKS
    ]
    assert host.run() == []


def test_check_mode_says_the_same_and_changes_nothing(host):
    assert host.run(check="yes") == ["kubeconfig", *(f"link /{link}" for link in LINKS)]
    assert not host.path("root/.kube").exists()
    assert not host.path(LINKS[0]).is_symlink()


def test_a_renewed_kubeconfig_is_brought(host):
    host.run()
    renewed = OURS + "users: renewed\n"
    host.write("etc/kubernetes/admin.conf", renewed)
    assert host.run() == ["kubeconfig"]
    assert host.path(CONFIG).read_text() == renewed


def test_a_cluster_that_was_made_again_replaces_what_this_role_wrote(host):
    host.run()
    host.write("etc/kubernetes/admin.conf", OTHERS)
    assert host.run() == ["kubeconfig"]
    assert host.path(CONFIG).read_text() == OTHERS


def test_a_copy_by_hand_of_an_older_kubeconfig_of_this_cluster_is_renewed(host):
    host.write(CONFIG, OURS + "users: older\n")
    assert host.run()[0] == "kubeconfig"
    assert host.path(CONFIG).read_text() == OURS


@pytest.mark.parametrize("text", [OTHERS, OURS + OTHERS, "", "apiVersion: v1\n"])
def test_what_is_somebody_elses_stays_and_is_said(host, text):
    host.write(CONFIG, text, 0o640)
    assert host.run()[0] == (
        "left: /root/.kube/config is not the kubeconfig of this cluster alone and was not replaced; for this cluster "
        "root needs KUBECONFIG=/etc/kubernetes/admin.conf"
    )
    assert (host.path(CONFIG).read_text(), host.path(CONFIG).stat().st_mode & 0o777) == (text, 0o640)


def test_a_link_to_kubeadms_kubeconfig_is_enough(host):
    host.path("root/.kube").mkdir()
    host.path(CONFIG).symlink_to(host.path("etc/kubernetes/admin.conf"))
    assert host.run() == [f"link /{link}" for link in LINKS]
    assert host.path(CONFIG).is_symlink()


def test_a_kubeconfig_that_others_can_read_gets_its_mode(host):
    host.write(CONFIG, OURS, 0o644)
    assert host.run()[0] == "mode of the kubeconfig"
    assert host.path(CONFIG).stat().st_mode & 0o777 == 0o600


def test_a_program_of_another_package_stays_and_is_said(host):
    host.write("usr/bin/kubectl", "another", 0o755)
    assert host.run()[-1] == "left: /usr/bin/kubectl is not this collection's and was not replaced"
    assert host.path("usr/bin/kubectl").read_text() == "another"


LOCAL = "/usr/local/bin:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("sudoers", "path", "linked"),
    [
        (DEBIAN_SUDOERS, LOCAL, False),
        ("", LOCAL, False),
        ("# Defaults secure_path = /bin\n", LOCAL, False),
        (EL_SUDOERS, LOCAL, True),
        (EL_SUDOERS, "/usr/bin:/bin", True),
        ("", "/usr/bin:/bin", True),
    ],
)
def test_links_are_made_only_where_the_path_lacks_the_folder(host, sudoers, path, linked):
    host.write("etc/sudoers", sudoers)
    host.run(path=path)
    assert [host.path(link).is_symlink() for link in LINKS] == [linked] * 3


def test_a_file_of_sudoers_d_counts_too(host):
    host.write("etc/sudoers", DEBIAN_SUDOERS)
    host.write("etc/sudoers.d/local", "Defaults:admin secure_path=/usr/bin:/bin\n")
    host.run(path=LOCAL)
    assert host.path("usr/bin/kubectl").is_symlink()
