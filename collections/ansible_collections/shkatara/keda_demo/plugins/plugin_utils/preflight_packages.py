# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about programs: those that Kubernetes calls, and whether a package can bring what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .preflight_probe import Finding, Probe, Wants


def program_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield the programs that are missing and that the role node can't install."""
    missing = probe.lines("programs")
    if not missing:
        return
    packages: Mapping[str, str] = wants.system["packages"].get(probe.family, {})
    listed = ", ".join(missing)
    names = ", ".join(dict.fromkeys(packages.get(name, name) for name in missing))
    bring = f"install {names} by hand"
    base = [name for name in missing if name not in wants.system["installed"]]
    if base:
        yield "program", f"it has no {', '.join(base)}: install {', '.join(packages.get(name, name) for name in base)}"
    if len(base) == len(missing):
        return
    sources = [line.split() for line in probe.lines("repositories")]
    words = {line[0] for line in sources}
    candidates = {line[1] for line in sources if line[0] == "candidate"}
    lacking = [packages.get(name, name) for name in missing if packages.get(name, name) not in candidates]
    unresolved = [line[1] for line in sources if line[0] == "unresolved"]
    if "interrupted" in words:
        yield "program", f"it has no {listed}, and dpkg was interrupted: run `dpkg --configure -a`"
    elif not words & {"resolved", "unresolved", "local"}:
        yield "program", f"it has no {listed}, and no repository is set up: {bring}, or add a repository"
    elif unresolved and not words & {"resolved", "local", "proxy"} and not wants.system["proxy"]:
        yield "program", f"it has no {listed}, and {unresolved[0]} does not resolve: {_server(unresolved[0], bring)}"
    elif "lists" in words and candidates and lacking:
        yield "program", f"it has no {listed}, and no repository has {', '.join(lacking)}: {bring}, or add a repository"


def _server(host: str, bring: str) -> str:
    if host == "mirrorlist.centos.org":
        return (
            "CentOS 7 is only in the archive, so set baseurl in /etc/yum.repos.d to https://vault.centos.org/7.9.2009"
        )
    return f"fix DNS, set cluster_http_proxy, or {bring}"
