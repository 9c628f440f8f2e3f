# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about programs: those that Kubernetes calls, and whether a package can bring what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .preflight_login import OTHER_CORE, Version
from .preflight_probe import Finding, Probe, Wants

# The last major version of EL whose package manager has a Python that is too old for an ansible-core after 2.16.
_OLD_MANAGER = 8
# The last releases of CentOS in its archive, by major version.
_VAULT = {7: "7.9.2009", 8: "8-stream"}


def program_findings(probe: Probe, wants: Wants, oldest: Version | None) -> Iterator[Finding]:
    """Yield the programs that are missing and that the role node can't install.

    :param oldest: the oldest Python that ansible-core takes, None for that of 2.16
    """
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
    dead = [] if "proxy" in words or wants.system["proxy"] else _dead(probe, sources)
    if oldest and probe.family == "RedHat" and probe.major <= _OLD_MANAGER:
        words_of_core = f"this ansible-core can't call EL {probe.major}'s package manager, which has an older Python"
        yield "program", f"it has no {listed}, and {words_of_core}: {bring}, or {OTHER_CORE}"
    elif "interrupted" in words:
        yield "program", f"it has no {listed}, and dpkg was interrupted: run `dpkg --configure -a`"
    elif not words & {"resolved", "unresolved", "silent", "local"}:
        yield "program", f"it has no {listed}, and no repository is set up: {bring}, or add a repository"
    elif dead:
        state, host = dead[0][:2]
        fault = "does not resolve" if state == "unresolved" else "does not answer"
        yield "program", f"it has no {listed}, and {host} {fault}: {_remedy(probe, dead[0], bring)}"
    elif "lists" in words and candidates and lacking:
        yield "program", f"it has no {listed}, and no repository has {', '.join(lacking)}: {bring}, or add a repository"


def _dead(probe: Probe, sources: list[list[str]]) -> list[list[str]]:
    """Return the servers without which no package comes: yum and dnf need all that are not `skip_if_unavailable`."""
    dead = [line for line in sources if line[0] in ("unresolved", "silent")]
    if probe.family == "RedHat":
        return [line for line in dead if "skipped" not in line]
    return [] if {line[0] for line in sources} & {"resolved", "local"} else dead


def _remedy(probe: Probe, source: list[str], bring: str) -> str:
    state, host = source[:2]
    if host == "mirrorlist.centos.org" and probe.major in _VAULT:
        place = f"https://vault.centos.org/{_VAULT[probe.major]}"
        return f"CentOS {probe.major} is only in the archive, so set baseurl in /etc/yum.repos.d to {place}"
    way = "fix DNS" if state == "unresolved" else "open the way to it"
    return f"{way}, set cluster_http_proxy, or {bring}"
