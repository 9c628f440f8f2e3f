# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The commands iptables of kube-proxy's image take the mode of the host, in network namespaces with real rules.

A namespace has no rules at all at first. Its rules in the two modes are independent of each other.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[4] / "roles" / "bundle" / "files" / "iptables.sh"
NAMES = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("iptables-legacy", path="/usr/sbin"),
    reason="network namespaces need root, and Debian's package iptables has both modes",
)


@pytest.fixture
def run(tmp_path):
    """Run a shell script in a namespace of its own, with the commands ahead in PATH as in the image."""
    for name in NAMES:
        (tmp_path / name).write_text(SCRIPT.read_text().replace("/usr/local/sbin", str(tmp_path)))
        (tmp_path / name).chmod(0o755)

    def run(script):
        environ = {"PATH": f"{tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin"}
        command = ["unshare", "--net", "sh", "-ec", script]
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.splitlines()

    return run


@pytest.mark.parametrize("mode", ["nft", "legacy"])
@pytest.mark.parametrize("hint", ["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"])
@pytest.mark.parametrize("family", ["iptables", "ip6tables"])
def test_rules_are_written_in_the_mode_of_the_kubelets_chain(run, tmp_path, mode, hint, family):
    other = {"nft": "legacy", "legacy": "nft"}[mode]
    # Docker's rules in the other mode are more, and don't count.
    printed = run(
        f"""
        {family}-{mode} -t mangle -N {hint}
        for port in 1 2 3; do iptables-{other} -A INPUT -p tcp --dport $port -j ACCEPT; done
        iptables -t nat -N KUBE-SERVICES
        printf '*nat\\n:KUBE-NODEPORTS - [0:0]\\nCOMMIT\\n' | iptables-restore --noflush
        ip6tables -t nat -N KUBE-SERVICES
        for one in {mode} {other}; do
          echo $one; iptables-$one-save -t nat | grep KUBE || true; ip6tables-$one-save -t nat | grep KUBE || true
        done
        """
    )
    chains = [":KUBE-SERVICES - [0:0]", ":KUBE-NODEPORTS - [0:0]"]
    assert sorted(printed[1 : printed.index(other)]) == sorted([*chains, chains[0]])
    assert printed[printed.index(other) + 1 :] == []
    # From then on each name leads to the program itself.
    assert {name: os.readlink(tmp_path / name) for name in NAMES} == {
        name: f"/usr/sbin/{name.replace('tables', f'tables-{mode}')}" for name in NAMES
    }


@pytest.mark.parametrize(("nft", "legacy", "expected"), [(0, 0, "nft"), (2, 1, "nft"), (1, 2, "legacy")])
def test_without_a_hint_the_mode_with_more_rules_is_taken_for_this_call_only(run, tmp_path, nft, legacy, expected):
    lines = [f"iptables-nft -A INPUT -p tcp --dport {port} -j ACCEPT" for port in range(nft)]
    lines += [f"iptables-legacy -A INPUT -p tcp --dport {port} -j ACCEPT" for port in range(legacy)]
    printed = run("\n".join([*lines, "iptables -t nat -N MINE", f"iptables-{expected}-save -t nat"]))
    assert ":MINE - [0:0]" in printed
    assert not any((tmp_path / name).is_symlink() for name in NAMES)


def test_a_hint_that_comes_later_is_followed(run):
    printed = run(
        """
        iptables -t nat -N EARLY
        iptables-legacy -t mangle -N KUBE-IPTABLES-HINT
        iptables -t nat -N LATE
        iptables-legacy-save -t nat
        """
    )
    assert ":LATE - [0:0]" in printed
    assert ":EARLY - [0:0]" not in printed
