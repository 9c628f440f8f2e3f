# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the probe's script finds of the repositories of EL hosts, from files such as their users have."""

import socket
import subprocess
from pathlib import Path

import pytest

PROBE = Path(__file__).parents[4] / "roles" / "preflight" / "files" / "probe.sh"


@pytest.fixture
def servers(tmp_path):
    """Run the script's last section on the text of a file in yum.repos.d; return its lines."""
    section = PROBE.read_text().partition("section repositories\n")[2]
    places = {"/etc/yum.repos.d": str(tmp_path), "/etc/environment": str(tmp_path / "environment")}
    for place, other in places.items():
        section = section.replace(place, other)
    script = "missing=conntrack\n" + section.replace("command -v apt-get", "false")

    def run(text):
        (tmp_path / "x.repo").write_text(text)
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        return [line.strip() for line in done.stdout.splitlines() if line != "proxy"]

    return run


def test_a_server_with_a_listening_port_answers_and_others_do_not(servers):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = servers(f"[a]\nbaseurl=http://127.0.0.1:{port}/x/$releasever/\n[b]\nbaseurl = http://127.0.0.2:{port}/")
    assert found == ["resolved 127.0.0.1", "silent 127.0.0.2"]


def test_a_name_that_does_not_resolve_is_told_with_its_option(servers):
    repository = "[a]\nmetalink = https://user:password@mirror.invalid/metalink?repo=epel-$releasever\n"
    assert servers(repository) == ["unresolved mirror.invalid"]
    assert servers(f"{repository}skip_if_unavailable = True\n") == ["unresolved mirror.invalid skipped"]


@pytest.mark.parametrize("value", ["0", "False", "no"])
def test_a_repository_that_is_off_is_left_out(servers, value):
    assert servers(f"[a]\nbaseurl=https://mirror.invalid/\nenabled={value}\n[b]\nbaseurl=file:///mnt\n") == ["local"]


@pytest.mark.parametrize(
    "url",
    [
        "https://yum$ociregion.$ocidomain/repo/OracleLinux/OL8/baseos/latest/$basearch/",
        "https://rhui.REGION.aws.ce.redhat.com/pulp/mirror/content/dist/rhel9/rhui/$releasever/os",
    ],
)
def test_a_name_that_a_plugin_completes_is_not_judged(servers, url):
    assert servers(f"[a]\nmirrorlist={url}\n") == ["local"]
