# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the firewall's script finds missing, from what the firewalls of real hosts printed.

recorded/firewalls.json has, for each state of a host, each command that the script called there, its status and what
it printed, and what the script said. The test answers the same commands with the same words; any other command is an
error.
"""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

RECORDED = json.loads((Path(__file__).parent / "recorded" / "firewalls.json").read_text())
PROGRAMS = ("firewall-cmd", "firewall-offline-cmd", "ip", "iptables", "nft", "systemctl", "ufw")


def _replay(program, calls, unknown):
    """Return a shell script that answers the recorded calls of a program, and writes down any other."""
    cases = [
        f"{shlex.quote(shlex.join(words))}) printf %s {shlex.quote(call['prints'])}; exit {call['status']} ;;"
        for call in calls
        for name, *words in [call["call"]]
        if name == program
    ]
    # One word for all arguments, each as Python quotes it: quotes only where something is not a plain character.
    words = """words=
for word; do
  case $word in *[!a-zA-Z0-9@%+=:,./_-]*|'') word="'$word'" ;; esac
  words="$words${words:+ }$word"
done"""
    other = f'*) echo "{program} $words" >> {shlex.quote(str(unknown))}; exit 97 ;;'
    return "\n".join(["#!/bin/sh", words, 'case "$words" in', *cases, other, "esac", ""])


def _host(own, other, **variables):
    nodes = {"cluster_node_ips": {"one": own, "two": other}, "cluster_node_ip": own}
    settings = {"cluster_endpoint": f"{own}:6443", "node_firewall": "enabled", "cni_plugin": "bridge"}
    return nodes | settings | variables


# The hosts on which the outputs were recorded, and the same with other variables.
HOSTS = {
    "control1": _host("10.89.36.11", "10.89.36.21"),
    "worker1": _host("10.89.36.21", "10.89.36.11"),
    "control2": _host("10.89.36.31", "10.89.36.32"),
    "worker2": _host("10.89.36.32", "10.89.36.31"),
    "vxlan": _host("10.89.36.21", "10.89.36.11", cni_plugin="vxlan"),
    "subnet": _host("10.89.36.11", "10.89.36.21", node_firewall_sources=["10.89.36.0/24"]),
    "unmanaged": _host("10.89.36.11", "10.89.36.21", node_firewall="unmanaged"),
    "disabled": _host("10.89.36.11", "10.89.36.21", node_firewall="disabled"),
}
CONTROL_PLANE = ("control1", "control2", "subnet", "unmanaged", "disabled")
FILES = "dict(__node_files | map(attribute='dest') | zip(__node_files | map(attribute='content')))"
STATES = {
    "firewalld bare": "control1",
    "firewalld converged": "control1",
    "firewalld drifted": "control1",
    "firewalld stopped": "control1",
    "firewalld 0.9 converged": "control2",
    "ufw bare": "worker1",
    "ufw converged": "worker1",
    "ufw drifted": "worker1",
    "ufw 0.36 converged": "worker2",
    "nft outdated": "control2",
    "nft converged": "control2",
    "iptables bare": "worker2",
    "iptables converged": "worker2",
    "none": "worker2",
}


@pytest.fixture(scope="module")
def rendered(core, tmp_path_factory):
    """Return the role's files by host, each as {path: text}."""
    place = tmp_path_factory.mktemp("role")
    results = render(core, "node", HOSTS, FILES, place, groups={"kube_control_plane": CONTROL_PLANE})
    return {host: result["value"] for host, result in results.items()}


@pytest.fixture
def check(rendered, tmp_path):
    """Return what `firewall.sh check` prints on a host in a recorded state, and the commands that were not recorded."""

    def run(host, recorded):
        unknown, programs = tmp_path / "unknown", tmp_path / "bin"
        for name, text in recorded["files"].items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        script = tmp_path / "firewall.sh"
        text = rendered[host]["/usr/local/lib/keda-demo/firewall.sh"]
        text = text.replace("PATH=/usr/local/sbin", f"PATH={programs}:/usr/local/sbin")
        text = text.replace("/run/keda-demo-firewall.lock", str(tmp_path / "lock"))
        script.write_text(re.sub(r" /etc/", f" {tmp_path}/etc/", text))
        calls = recorded["calls"]
        if not recorded["missing"]:
            # The rules' comment has the sum of the script, which here has other paths.
            total = subprocess.run(["cksum"], stdin=script.open(), capture_output=True, text=True, check=True).stdout
            now = "keda-demo " + "-".join(total.split())
            calls = json.loads(re.sub(r"keda-demo \d+-\d+", now, json.dumps(calls)))
        programs.mkdir()
        for name in PROGRAMS:
            (programs / name).write_text(_replay(name, calls, unknown))
            (programs / name).chmod(0o755)
        done = subprocess.run(["/bin/sh", str(script), "check"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines(), unknown.read_text().splitlines() if unknown.exists() else []

    return run


@pytest.mark.parametrize("state", RECORDED)
def test_a_recorded_host_lacks_what_it_lacked(check, state):
    missing, unknown = check(STATES[state], RECORDED[state])
    assert (sorted(missing), unknown) == (sorted(RECORDED[state]["missing"]), [])


def test_a_host_without_a_firewall_gets_no_rule(check):
    assert check("control2", RECORDED["none"])[0] == []


def test_vxlan_needs_its_port_from_other_nodes_only(check):
    missing, _ = check("vxlan", RECORDED["ufw converged"])
    assert missing == ["ufw allow from 10.89.36.11 to any port 4789 proto udp"]


def test_a_subnet_of_nodes_replaces_their_addresses(check):
    missing, unknown = check("subnet", RECORDED["firewalld converged"])
    assert len(missing) == 12  # three rules instead of three, in the permanent and in the running configuration
    assert {line.split("=rule")[0].rsplit("--", 1)[1] for line in missing} == {"add-rich-rule", "remove-rich-rule"}
    assert all(("10.89.36.0/24" in line) == ("--add-rich-rule" in line) for line in missing)
    assert unknown == []


def test_an_unmanaged_firewall_is_not_even_asked(check):
    assert check("unmanaged", {"files": {}, "calls": [], "missing": []}) == ([], [])


def test_disabled_stops_what_is_on(check):
    assert check("disabled", RECORDED["firewalld converged"] | {"files": {}})[0] == ["stop of firewalld"]


def test_no_unit_is_part_of_several_firewalls(rendered):
    # firewalld stops nftables and iptables: a unit that is part of both can't be restarted with it.
    for host, files in rendered.items():
        for path, text in files.items():
            part_of = re.findall("^PartOf=(.*)$", text, flags=re.MULTILINE)
            assert not re.search("firewalld|ufw|nftables|iptables", " ".join(part_of)), (host, path)
