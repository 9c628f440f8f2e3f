# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a host, as the role's script printed it, and what the cluster requires of a host."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

# The name of a check, and a sentence with the state, the requirement, and the remedy.
Finding = tuple[str, str]

OUR_UNITS = "/etc/systemd/system/"
_PROCESS = re.compile(r'\(\("(?P<name>[^"]+)",pid=(?P<pid>\d+)')


@dataclass(frozen=True)
class Probe:
    """The lines of each section of the output."""

    sections: Mapping[str, list[str]]

    def lines(self, section: str) -> list[str]:
        """Return the lines of a section, without empty ones."""
        return self.sections.get(section, [])

    def value(self, section: str, key: str) -> str:
        """Return what follows a key in a section of lines `key value`, or an empty text."""
        return next((line.partition(" ")[2] for line in self.lines(section) if line.split(" ")[0] == key), "")

    def number(self, section: str, key: str) -> int:
        """Return the number after a key, or 0."""
        text = self.value(section, key)
        return int(text) if text.isdigit() else 0

    @property
    def nodename(self) -> str:
        """The name of the host's Node: kubelet makes it from `uname -n` in small letters."""
        return self.value("system", "nodename").lower()

    @property
    def family(self) -> str:
        """The operating system's family, as Ansible names it, from os-release."""
        names = {self.value("system", "ID"), *self.value("system", "ID_LIKE").split()}
        if "debian" in names or "ubuntu" in names:
            return "Debian"
        return "RedHat" if names & {"rhel", "fedora", "centos"} else self.value("system", "ID")

    @property
    def major(self) -> int:
        """The major version of the operating system, or 0."""
        found = re.match(r"\d+", self.value("system", "VERSION_ID"))
        return int(found.group()) if found else 0

    @property
    def addresses(self) -> list[tuple[str, ipaddress.IPv4Interface]]:
        """The host's IPv4 addresses with their networks, each after its device."""
        words = [line.split() for line in self.lines("addresses")]
        return [(word[1], ipaddress.IPv4Interface(word[3])) for word in words if len(word) > 3]

    def listeners(self, section: str) -> Iterator[tuple[int, str, str]]:
        """Yield port, process and pid of each line of `ss`; a process of the kernel has no name."""
        for line in self.lines(section):
            words = line.split()
            if words[0] in ("LISTEN", "UNCONN"):
                process = _PROCESS.search(line)
                who = (process["name"], process["pid"]) if process else ("unknown", "unknown")
                yield int(words[3].rpartition(":")[2]), *who

    @property
    def units(self) -> dict[str, dict[str, str]]:
        """The properties of systemd's units by their names, of those that exist."""
        units: dict[str, dict[str, str]] = {}
        unit: dict[str, str] = {}
        for line in self.lines("units"):
            name, _, value = line.partition("=")
            if name in unit:  # the next unit begins
                unit = {}
            unit[name] = value
            if name == "Id":
                units[value] = unit
        return {name: unit for name, unit in units.items() if unit.get("FragmentPath")}

    def is_active(self, unit: str) -> bool:
        """True for a unit that runs or is started at every boot."""
        found = self.units.get(unit, {})
        return found.get("ActiveState") == "active" or found.get("UnitFileState") == "enabled"

    def files(self, owner: str) -> list[str]:
        """Return the paths of files that are `ours` or of any `other`."""
        return [line.partition(" ")[2] for line in self.lines("files") if line.startswith(f"{owner} ")]

    def belongs_to(self, endpoint: str) -> bool:
        """True for a host whose kubelet is in this cluster: its ports are in use and its images imported."""
        return f"https://{endpoint}" in self.lines("cluster")


@lru_cache(maxsize=512)  # each host's output is read again for the others
def read_probe(printed: str) -> Probe:
    """Return the output of the role's `files/probe.sh` by section, each begun by a line `[name]`."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in printed.splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line.strip():
            lines.append(line.strip())
    return Probe(sections)


@dataclass(frozen=True)
class Wants:
    """The cluster's requirements of a host. The role's `vars/main.yml` explains each."""

    group: str  # control_plane or worker, as in the variables' names
    endpoint: str  # of the API server, as address:port
    address: str  # this host's
    ports: list[int]
    peers: Mapping[str, str]  # the other hosts' addresses by name
    printed: Mapping[str, str]  # the output of the other hosts' scripts by name
    control_plane: list[str]  # the names of the control plane's hosts
    subnets: Mapping[str, str]  # of pods and Services, by variable
    pod_network: str
    vxlan_port: int
    sizes: Mapping[str, int]  # MB, CPUs and seconds, by name
    disks: Mapping[str, int]  # the free MB by path, besides those of the images
    system: Mapping[str, Any] = field(default_factory=dict)
    login: Mapping[str, Any] = field(default_factory=dict)

    @property
    def endpoint_host(self) -> str:
        """The name or address of the endpoint."""
        return self.endpoint.rpartition(":")[0]

    def probes(self) -> dict[str, Probe]:
        """Return what the other hosts of this run printed."""
        return {name: read_probe(printed) for name, printed in self.printed.items() if printed}
