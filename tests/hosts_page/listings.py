# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a host has, as listing.sh prints it, and patterns of names."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# What changes on a host without the collection, by the words of the listing.
FOREIGN = {
    "file": [
        "/etc/machine-id",
        "/etc/resolv.conf",
        "/var/cache/**",
        "/var/lib/systemd/**",
        "/var/log/*",
        "/var/log/journal/**",
        "/root/.bash_history",
        "/home/*/.ansible/**",
        "/root/.ansible/**",
        "/root/.ansible_async/**",
    ],
    "run": ["/run/lock", "/run/log", "/run/sudo", "/run/systemd", "/run/user", "/run/utmp", "/run/sshd*", "/run/udev"],
    "setting": [
        # Counters and what the kernel makes up.
        "fs.*",
        "kernel.random.*",
        "kernel.ns_last_pid",
        "kernel.pty.nr",
        "kernel.*time*",
        "kernel.cad_pid",
        "kernel.perf_event_max_sample_rate",
        "net.netfilter.nf_conntrack_count",
        "net.ipv4.route.*",
        # Those of each interface.
        # A dot in an interface's name is a slash here.
        "net.*.conf.**",
        "net.*.neigh.**",
    ],
}
_ADDRESS = re.compile(r"(?P<address>.*):(?P<port>[0-9]+)")


@dataclass
class Listing:
    """What a host has, by the first word of the lines of listing.sh."""

    files: dict[str, str] = field(default_factory=dict)
    directories: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    ports: list[str] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Listing:
    """Return the lines of a listing by their first word."""
    listing = Listing()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("file", "directory"):
            mode, _, rest = rest.partition(" ")
            if word == "file":
                # Its size and its time come last.
                listing.files[rest.rsplit(" ", 2)[0]] = mode
            else:
                listing.directories.append(rest)
        elif word in ("unit", "setting", "now"):
            name, _, value = rest.partition(" ")
            {"unit": listing.units, "setting": listing.settings, "now": listing.now}[word][name] = value
        elif word == "port":
            listing.ports.append(_port(rest))
        elif word in ("interface", "package", "run"):
            {"interface": listing.interfaces, "package": listing.packages, "run": listing.run}[word].append(rest)
    return listing


def _port(text: str) -> str:
    """Return `tcp 10250 any` of `tcp *:10250`: the address is loopback, any, or the node's own."""
    protocol, _, socket = text.partition(" ")
    match = _ADDRESS.fullmatch(socket)
    address, port = (match["address"].partition("%")[0].strip("[]"), match["port"]) if match else (socket, "")
    if address.startswith(("127.", "::1")):
        # The kernel has chosen a port as high as these.
        chosen = port.isdigit() and int(port) >= 32768
        return f"{protocol} {'32768-60999' if chosen else port} loopback"
    return f"{protocol} {port} {'any' if address in ('*', '0.0.0.0', '::') else 'node'}"


@functools.cache
def pattern(text: str) -> re.Pattern[str]:
    """Return the expression of a pattern: `*` is anything without a slash, and `**` anything."""
    parts = re.split(r"(\*\*|\*)", text)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts))


def matches(patterns: Iterable[str], name: str) -> bool:
    """Return whether one of the patterns is for the name."""
    return any(pattern(one).fullmatch(name) for one in patterns)


def is_folder_of(patterns: Iterable[str], path: str) -> bool:
    """Return whether one of the patterns is for something in the folder, or for the folder with all below it."""
    return any(pattern(folder).fullmatch(path) for one in patterns for folder in _folders(one))


@functools.cache
def _folders(path: str) -> list[str]:
    """Return the folders of a pattern, and what is below the last one if the pattern is for that."""
    above = [path[: match.start()] for match in re.finditer("/", path) if match.start()]
    return [*above, path] if path.endswith("/**") else above
