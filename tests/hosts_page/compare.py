# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The page compared with a real run: what the hosts have since before the run, and the cluster's permissions.

A row's column `where` says on which hosts it must be: `every host`, `control plane` or `workers`. Any other text is a
condition, such as `if the host has NetworkManager`: the row may be on a host, and need not.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.hosts_page import permissions
from tests.hosts_page.tables import Table, plain

EVERY, CONTROL_PLANE, WORKERS = "every host", "control plane", "workers"
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
        "net.*.conf.*",
        "net.*.neigh.*",
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


def compare(
    tables: Mapping[str, Table],
    listings: Mapping[str, str],
    control_plane: Sequence[str],
    cluster: Iterable[Mapping[str, Any]],
) -> list[str]:
    """Return a sentence for each difference between the page and a run.

    :param tables: those of the page
    :param listings: the listing of each host
    :param control_plane: the names of the control plane hosts
    :param cluster: the accounts, roles and bindings of the cluster
    """
    hosts = {name: parse(text) for name, text in listings.items()}
    workers = [name for name in hosts if name not in control_plane]
    places = {EVERY: list(hosts), CONTROL_PLANE: list(control_plane), WORKERS: workers}
    found = [f"{host}: {line}" for host, listing in hosts.items() for line in _not_in_the_page(tables, listing)]
    for name, is_there in _CHECKS.items():
        table = tables[name]
        for key, where in table.column("where").items():
            lacking = [host for host in places.get(where, []) if not is_there(table, hosts[host], key)]
            if lacking:
                found.append(f"the page has {key} ({name}) for {where}, but not so {', '.join(lacking)}")
    return [*found, *_permissions(tables, cluster)]


def _not_in_the_page(tables: Mapping[str, Table], listing: Listing) -> Iterator[str]:
    """Yield what a host has and the page does not."""
    paths = [*tables["files"].keys, *tables["written"].keys]
    for path in listing.files:
        if not matches([*paths, *FOREIGN["file"]], path):
            yield f"file {path}"
    folders = [*paths, *FOREIGN["file"]]
    for path in listing.directories:
        if not _is_folder_of(folders, path):
            yield f"folder {path}"
    for path in listing.run:
        if not _is_folder_of(paths, path) and not matches([*paths, *FOREIGN["run"]], path):
            yield f"folder or file {path}"
    rest: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("unit", listing.units, tables["units"].keys),
        ("port", listing.ports, tables["ports"].keys),
        ("interface", listing.interfaces, tables["interfaces"].keys),
        ("package", listing.packages, [cell for row in tables["packages"].rows for cell in row]),
        ("kernel setting", listing.settings, [*_settings(tables), *FOREIGN["setting"]]),
    ]
    for word, names, known in rest:
        yield from (f"{word} {name}" for name in names if not matches(known, name))
    records = [path.removeprefix(_RECORDS) for path in listing.files if path.startswith(_RECORDS)]
    yield from (f"record {name}" for name in records if not matches(tables["records"].keys, name))


_RECORDS = "/var/lib/keda-demo/before/"


def _is_folder_of(patterns: Iterable[str], path: str) -> bool:
    """Return whether one of the patterns is for something in the folder, or for the folder with all below it."""
    return any(pattern(folder).fullmatch(path) for one in patterns for folder in _folders(one))


@functools.cache
def _folders(path: str) -> list[str]:
    """Return the folders of a pattern, and what is below the last one if the pattern is for that."""
    above = [path[: match.start()] for match in re.finditer("/", path) if match.start()]
    return [*above, path] if path.endswith("/**") else above


def _settings(tables: Mapping[str, Table]) -> list[str]:
    return [*tables["sysctls"].keys, *tables["sysctls-kubernetes"].keys]


def _has_file(table: Table, listing: Listing, key: str) -> bool:
    """Return whether a host has a file of the row, with the row's mode if that is one."""
    mode = plain(table.column("mode")[key])
    modes = {found for path, found in listing.files.items() if pattern(key).fullmatch(path)}
    if not modes:
        # A row may be for a folder without files, or for what is below /run, of which the listing has no mode.
        folder = key.removesuffix("/**")
        return folder in listing.run or (key.endswith("/**") and folder in listing.directories)
    return not mode.isdigit() or modes == {mode}


def _has_unit(table: Table, listing: Listing, key: str) -> bool:
    return listing.units.get(key, "").split(" ")[0] == table.column("state")[key]


def _has_setting(table: Table, listing: Listing, key: str) -> bool:
    return listing.now.get(key) == plain(table.column("value")[key])


def _has_port(_table: Table, listing: Listing, key: str) -> bool:
    return any(pattern(key).fullmatch(port) for port in listing.ports)


def _has_interface(_table: Table, listing: Listing, key: str) -> bool:
    return any(pattern(key).fullmatch(name) for name in listing.interfaces)


_CHECKS: dict[str, Callable[[Table, Listing, str], bool]] = {
    "files": _has_file,
    "written": _has_file,
    "units": _has_unit,
    "sysctls": _has_setting,
    "sysctls-kubernetes": _has_setting,
    "ports": _has_port,
    "interfaces": _has_interface,
}


def _permissions(tables: Mapping[str, Table], cluster: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each row of the cluster's roles and accounts that the page does not have, and the other way round."""
    ours = permissions.of_nobody_else(cluster)
    roles = {row[0]: row for row in permissions.role_rows(ours)}
    page = {row[0]: row[:3] for row in tables["permissions"].rows}
    for key in sorted(roles.keys() | page.keys()):
        if roles.get(key) != page.get(key):
            yield f"role {plain(key)}: the cluster has {roles.get(key)}, and the page {page.get(key)}"
    node_ports = {
        f"tcp {port['nodePort']}"
        for item in ours
        if item["kind"] == "Service"
        for port in item["spec"].get("ports", [])
        if "nodePort" in port
    }
    where = tables["node-ports"].column("where")
    for key in sorted(node_ports ^ {key for key, place in where.items() if place == EVERY}):
        if key not in where or key not in node_ports:
            yield f"NodePort {key}: only {'the cluster' if key in node_ports else 'the page'} has it"
    accounts = {row[0] for row in permissions.account_rows(ours)}
    known = {row[0] for row in tables["accounts"].rows}
    for key in sorted(accounts ^ known):
        yield f"account {plain(key)}: only {'the cluster' if key in accounts else 'the page'} has it"
