# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about one host, by pure functions of its state and the cluster's requirements.

A finding is the name of its check and a sentence with the state, the requirement, and the remedy.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Finding = tuple[str, str]

# The listening processes of a node. ss shortens names to 15 characters.
OWN_PROCESSES = frozenset(
    [
        "etcd",
        "kube-apiserver",
        "kube-controller",
        "kube-proxy",
        "kube-rbac-proxy",
        "kube-scheduler",
        "kubelet",
        "node_exporter",
    ]
)
_PROCESS = re.compile(r'\(\("(?P<name>[^"]+)",pid=(?P<pid>\d+)')
_KIB_A_MIB = 1024


@dataclass(frozen=True)
class Wants:
    """The cluster's requirements of a host. Sizes are in MiB, clock differences in seconds."""

    group: str  # control_plane or worker, as in the variables' names
    memory_mb: int
    cpus: int
    disk_mb: int
    disk_path: str
    ports: list[int]
    os_families: list[str]
    architecture: str
    epoch: int  # the controller's clock
    clock_seconds: int
    endpoint: str  # of the API server, as address:port
    address: str  # this host's
    peers: dict[str, str]  # the other hosts' addresses by name
    hostnames: dict[str, str]  # the other hosts' hostnames by name
    subnets: dict[str, str]  # of pods and Services, by variable


@dataclass(frozen=True)
class Probe:
    """The output of the role's command, by section. Sizes are in MiB."""

    epoch: int
    cpus: int
    memory: int
    disk: int
    addresses: list[ipaddress.IPv4Interface] = field(default_factory=list)
    listeners: dict[int, tuple[str, str]] = field(default_factory=dict)  # (process, pid) by port
    servers: list[str] = field(default_factory=list)

    def belongs_to(self, endpoint: str) -> bool:
        """True for a host whose kubelet is in this cluster: its ports are in use and its images imported."""
        return f"https://{endpoint}" in self.servers


def read_probe(printed: str) -> Probe:
    """Return the parsed output.

    :param printed: sections, each begun by a line `[name]`: `time` (date +%s), `cpus` (nproc), `memory`
        (MemTotal in kB), `disk` (df -Pk), `addresses` (ip -o -4 address), `ports` (ss -ltnp), and `cluster`
        (the servers of kubelet's kubeconfigs)
    """
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in printed.splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line.strip():
            lines.append(line.strip())
    return Probe(
        epoch=_number(sections, "time", 0),
        cpus=_number(sections, "cpus", 0),
        memory=_number(sections, "memory", 1) // _KIB_A_MIB,
        disk=_number(sections, "disk", 3) // _KIB_A_MIB,
        addresses=[ipaddress.IPv4Interface(line.split()[3]) for line in sections.get("addresses", [])],
        listeners=dict(_listeners(sections.get("ports", []))),
        servers=sections.get("cluster", []),
    )


def _number(sections: Mapping[str, list[str]], name: str, column: int) -> int:
    """Return the number in a column of a section's last line, or 0 if there is none."""
    words = sections.get(name, [""])[-1].split()
    return int(words[column]) if len(words) > column and words[column].isdigit() else 0


def _listeners(lines: list[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    for line in lines:
        words = line.split()
        if words[0] == "LISTEN":
            process = _PROCESS.search(line)
            who = (process["name"], process["pid"]) if process else ("unknown", "unknown")
            yield int(words[3].rpartition(":")[2]), who


def host_findings(probe: Probe, facts: Mapping[str, Any], wants: Wants) -> Iterator[Finding]:
    """Yield the reasons why this host can't become or stay a node."""
    yield from _system_findings(facts, wants)
    yield from _size_findings(probe, wants)
    yield from _cluster_findings(probe, wants)
    yield from _address_findings(probe, wants)
    for name, hostname in wants.hostnames.items():
        if hostname == facts.get("hostname"):
            yield "hostname", f"{name} is called {hostname}, too: give each host a name of its own"


def _system_findings(facts: Mapping[str, Any], wants: Wants) -> Iterator[Finding]:
    if facts.get("os_family") not in wants.os_families:
        name = f"{facts.get('distribution', 'its system')} {facts.get('distribution_version', '')}".strip()
        yield "os", f"{name} is not known: use one of the families {', '.join(wants.os_families)}"
    if facts.get("architecture") != wants.architecture:
        yield "architecture", f"it is {facts.get('architecture')}, and the bundle is for {wants.architecture}"
    if facts.get("service_mgr") != "systemd":
        yield "systemd", f"its services are {facts.get('service_mgr')}'s, and kubelet's unit needs systemd"


def _size_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    prefix = f"preflight_min_{wants.group}"
    if probe.memory < wants.memory_mb:
        yield "memory", f"{probe.memory} MB, and it needs {wants.memory_mb} MB ({prefix}_memory_mb)"
    if probe.cpus < wants.cpus:
        yield "cpus", f"{probe.cpus}, and it needs {wants.cpus} ({prefix}_cpus)"
    if probe.disk < wants.disk_mb and not probe.belongs_to(wants.endpoint):
        free = f"{probe.disk} MB are free in {wants.disk_path}"
        yield "disk", f"{free}, and the images need {wants.disk_mb} MB (preflight_min_disk_mb)"
    apart = abs(probe.epoch - wants.epoch)
    if apart > wants.clock_seconds:
        words = f"it is {apart} s apart from the controller's, and new certificates would not be valid yet"
        most = f"{wants.clock_seconds} s (preflight_max_clock_difference_seconds)"
        yield "clock", f"{words}: set it, so that it is at most {most} apart"


def _cluster_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    ours = probe.belongs_to(wants.endpoint)
    if probe.servers and not ours:
        words = f"kubelet belongs to {probe.servers[0]}, and this cluster is https://{wants.endpoint}"
        yield "cluster", f"{words}: reset the host, or take it out of the inventory"
    for port in wants.ports:
        process, pid = probe.listeners.get(port, ("", ""))
        if process and not (ours and process in OWN_PROCESSES):
            words = f"{port} is taken by process `{process}` (pid {pid})"
            yield "port", f"{words}: stop it, or take the host out of the inventory"


def _address_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    mine = next((item for item in probe.addresses if str(item.ip) == wants.address), None)
    others = [item for item in probe.addresses if item is not mine]
    if not probe.addresses:
        yield "address", "its addresses and ports can't be read: install iproute2 (EL: iproute)"
    elif mine is None:
        own = ", ".join(str(item.ip) for item in others if not item.ip.is_loopback) or "none"
        yield "address", f"{wants.address} is none of its addresses ({own}): set cluster_node_ip for it"
    for name, address in wants.peers.items():
        if mine and _is_address(address) and ipaddress.IPv4Address(address) not in mine.network:
            words = f"{name} ({address}) is not on its network {mine.network}"
            yield "subnet", f"{words}: the routes between the nodes' pods need all nodes on one"
    if probe.belongs_to(wants.endpoint):  # a node of this cluster has addresses in these subnets
        return
    for item in others:
        for variable, subnet in wants.subnets.items():
            if ipaddress.IPv4Network(subnet).overlaps(item.network):
                yield "subnet", f"{variable} {subnet} overlaps its network {item.network}: choose another one"


def _is_address(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+){3}", text) is not None
