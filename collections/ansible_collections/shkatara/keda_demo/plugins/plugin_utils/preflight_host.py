# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All findings about one host, by pure functions of its state and the cluster's requirements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import preflight_disk as disk
from . import preflight_leftovers as leftovers
from . import preflight_login as login
from . import preflight_names as names
from . import preflight_network as network
from . import preflight_packages as packages
from . import preflight_system as system
from .preflight_probe import Finding, Wants, read_probe

# The checks of whether Ansible can work on the host at all.
ACCESS = ("connection", "python", "sudo")


def access_findings(
    result: Mapping[str, Any],
    settings: Mapping[str, Any],
    core: str,
    oldest: login.Version | None,
    order: Sequence[str],
) -> Iterator[Finding]:
    """Yield why Ansible can't work on this host, by the settings of its login in the inventory."""
    yield from login.connection_findings(result, settings)
    if result["reached"]:
        probe = read_probe(result["stdout"])
        yield from login.sudo_findings(result, probe, settings)
        yield from login.python_findings(probe, settings, core, oldest, order)


def host_findings(
    result: Mapping[str, Any], ways: Sequence[Mapping[str, Any]], wants: Wants, oldest: login.Version | None
) -> Iterator[Finding]:
    """Yield the reasons why this host, which was reached, can't become or stay a node."""
    probe = read_probe(result["stdout"])
    is_root = not result["problem"]
    yield from system.system_findings(result, probe, wants)
    yield from disk.disk_findings(probe, wants)
    yield from names.hostname_findings(probe, wants)
    yield from network.address_findings(probe, wants)
    yield from names.endpoint_findings(probe, wants)
    yield from network.reach_findings(ways, probe, wants, is_root)
    yield from names.resolver_findings(probe)
    yield from network.proxy_findings(probe, wants)
    yield from leftovers.cluster_findings(probe, wants)
    yield from leftovers.network_findings(probe, wants)
    yield from leftovers.runtime_findings(probe, wants)
    if is_root:  # others can't read the rules
        yield from network.firewall_findings(probe, wants)
    yield from packages.program_findings(probe, wants, oldest)
