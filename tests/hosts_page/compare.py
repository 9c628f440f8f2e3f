# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The page compared with a real run: what the hosts have since before the run, and the cluster's permissions.

A row's column `where` says on which hosts it must be: `every host`, `control plane` or `workers`. Any other text is a
condition, such as `if the host has NetworkManager`: the row may be on a host, and need not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.hosts_page import permissions
from tests.hosts_page.listings import FOREIGN, Listing, is_folder_of, matches, parse, pattern
from tests.hosts_page.tables import Table, plain

EVERY, CONTROL_PLANE, WORKERS = "every host", "control plane", "workers"


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


def left(listings: Mapping[str, str]) -> list[str]:
    """Return what hosts have that they did not have before a run, but for kernel settings and packages, which stay.

    kubelet and kube-proxy do not put back the settings that they have changed; a reboot does.
    """
    found = []
    for host, text in listings.items():
        listing = parse(text)
        kinds = {
            "file": [path for path in listing.files if not matches([*FOREIGN["file"], *_STAYS], path)],
            "folder": [path for path in listing.directories if not is_folder_of([*FOREIGN["file"], *_STAYS], path)],
            "run": [path for path in listing.run if not matches([*FOREIGN["run"], *_STAYS], path)],
            "unit": list(listing.units),
            "port": listing.ports,
            "interface": listing.interfaces,
        }
        found += [f"{host}: {kind} {name}" for kind, names in kinds.items() for name in names]
    return found


# Written again, as it was; or gone with the reboot.
_STAYS = ["/etc/hosts", "/run/containerd", "/run/netns", "/run/xtables.lock"]


def _not_in_the_page(tables: Mapping[str, Table], listing: Listing) -> Iterator[str]:
    """Yield what a host has and the page does not."""
    paths = [*tables["files"].keys, *tables["written"].keys]
    for path in listing.files:
        if not matches([*paths, *FOREIGN["file"]], path):
            yield f"file {path}"
    folders = [*paths, *FOREIGN["file"]]
    for path in listing.directories:
        if not is_folder_of(folders, path):
            yield f"folder {path}"
    for path in listing.run:
        if not is_folder_of(paths, path) and not matches([*paths, *FOREIGN["run"]], path):
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
