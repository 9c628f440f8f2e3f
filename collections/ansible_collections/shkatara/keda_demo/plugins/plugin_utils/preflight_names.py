# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about names: the host's own, the endpoint's, and the servers that resolve them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from .preflight_probe import Finding, Probe, Wants

# A Node's name is a DNS-1123 subdomain, and the value of a label, which has 63 characters at most.
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NODE_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_NODE_NAME_LENGTH = 63
_LOCALHOST = ("localhost", "localhost.localdomain", "localhost4", "localhost6")


def hostname_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield why the host's name can't be that of its Node. kubelet writes it in small letters."""
    name, told = probe.nodename, probe.value("system", "nodename")
    remedy = "set another one with `hostnamectl set-hostname`"
    if name in _LOCALHOST or name.startswith("localhost."):
        yield "hostname", f"it is called {told}, as every host is that has no name: {remedy}"
    elif len(name) > _NODE_NAME_LENGTH:
        words = f"{told} has {len(name)} characters, and a Node's name has {_NODE_NAME_LENGTH} at most"
        yield "hostname", f"{words}: {remedy}"
    elif not _NODE_NAME.fullmatch(name):
        words = f"{told or 'an empty name'} can't be a Node's name, which has letters, digits, `-` and `.`"
        yield "hostname", f"{words}: {remedy}"
    for other, theirs in wants.probes().items():
        if name and theirs.nodename == name:
            is_called = theirs.value("system", "nodename")
            why = "" if is_called == told else f", and {told} differs only in case: both would be the Node {name}"
            yield "hostname", f"{other} is called {is_called}, too{why}: give each host its own name"
    if not _leads("localhost", probe) & {"127.0.0.1"}:
        words = "localhost does not lead to 127.0.0.1, where kubelet's health is checked"
        yield "hostname", f"{words}: add `127.0.0.1 localhost` to /etc/hosts"


def endpoint_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield why cluster_endpoint does not lead to the control plane from this host."""
    host = wants.endpoint_host
    if not host or probe.belongs_to(wants.endpoint) or host in wants.peers or host in wants.control_plane:
        return  # a name of the inventory is written to /etc/hosts
    leads = {host} if _is_address(host) else _leads(host, probe)
    listed = ", ".join(sorted(leads))
    if not leads:
        yield "endpoint", f"cluster_endpoint {host} does not resolve on it: add it to DNS or to /etc/hosts"
        return
    theirs = _control_plane_addresses(probe, wants)
    if not theirs or leads & theirs:
        return
    words = f"cluster_endpoint {host}" + ("" if host == listed else f" leads to {listed}, which")
    owners = ", ".join(wants.control_plane)
    loopback = any(address.startswith("127.") for address in leads)
    own = loopback and wants.group == "control_plane"
    if not own:
        yield (
            "endpoint",
            f"{words} is not an address of {owners} ({', '.join(sorted(theirs))}): set it to one of these, or skip "
            "this check (preflight_ignore) for a load balancer or a virtual address that leads to it",
        )


def _control_plane_addresses(probe: Probe, wants: Wants) -> set[str]:
    """Return the addresses of the control plane's hosts, as far as they are known."""
    probes = wants.probes()
    found: set[str] = set()
    for name in wants.control_plane:
        there = probes.get(name, probe if wants.group == "control_plane" else None)
        known = [wants.peers.get(name, ""), wants.login.get("addresses", {}).get(name, "")]
        found.update(address for address in known if _is_address(address))
        found.update(str(item.ip) for _, item in (there.addresses if there else []) if not item.ip.is_loopback)
    return found


def resolver_findings(probe: Probe) -> Iterator[Finding]:
    """Yield why the pods' DNS would not run with the host's servers, which kubelet gives to CoreDNS."""
    path = probe.value("resolver", "file")
    servers = [line.split()[1] for line in probe.lines("resolver") if line.startswith("nameserver ")]
    other = "add a server to it, or set a file that has one with cluster_kubelet_configuration: {resolvConf: PATH}"
    if not path:
        return
    if "missing" in probe.lines("resolver"):
        yield "resolver", f"{path} does not exist, and no pod starts without it: {other}"
    elif not servers:
        yield "resolver", f"{path} has no nameserver, and CoreDNS does not start without one: {other}"
    looping = [server for server in servers if _is_loopback(server)]
    if looping:
        words = f"{path} has the nameserver {', '.join(looping)}, which in a pod is CoreDNS itself, and it stops"
        yield "resolver", f"{words}: {other}"


def _leads(name: str, probe: Probe) -> set[str]:
    return {line.split()[1] for line in probe.lines("names") if line.split()[0] == name}


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+){3}", text) is not None
