# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about addresses, routes, firewalls and proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import preflight_names, preflight_reach
from .preflight_leftovers import is_of_pods
from .preflight_probe import Finding, Probe, Wants

# Firewalls that the role node knows how to open.
MANAGERS = ("firewalld.service", "ufw.service")
# A rule without a condition that ends the way of every packet that no rule before it took.
_REJECTS_ALL = re.compile(r"-A (INPUT|FORWARD) -j (REJECT|DROP)\b.*")
_NFT_REJECTS_ALL = re.compile(r"(counter packets \d+ bytes \d+ )?(reject|drop)\b.*")
_OURS = re.compile("keda[-_]demo", re.IGNORECASE)
# The routes of the role cni, which names them by this number.
OUR_ROUTES = " proto 75 "


def address_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield what is wrong with the host's address and the networks around it."""
    mine = next((item for _, item in probe.addresses if str(item.ip) == wants.address), None)
    own = ", ".join(str(item.ip) for _, item in probe.addresses if not item.ip.is_loopback) or "none"
    if not probe.addresses:
        yield "address", "its addresses and ports can't be read: install iproute2 (EL: iproute)"
    elif not wants.address:
        yield "address", f"its address for the other hosts is not known ({own}): set cluster_node_ip for it"
    elif wants.address.startswith("127."):
        words = f"{wants.address} is a loopback address, which no other host can reach"
        yield "address", f"{words}: set cluster_node_ip to one of {own}"
    elif mine is None:
        yield "address", f"{wants.address} is not one of its addresses ({own}): set cluster_node_ip for it"
    for name, address in wants.peers.items():
        if mine and address == wants.address and not mine.ip.is_loopback:
            words = f"{address} is the address of {name}, too, as with the NAT of a virtual machine"
            yield "address", f"{words}: set cluster_node_ip of each to its address in their common network"
    if mine:
        yield from _peer_findings(probe, wants)
    if not probe.belongs_to(wants.endpoint):  # a node of this cluster has addresses in these subnets
        yield from _subnet_findings(probe, wants)
    if probe.is_active("nm-cloud-setup.timer") or probe.is_active("nm-cloud-setup.service"):
        words = "nm-cloud-setup routes packets of pods with its own tables"
        yield "route", f"{words}: disable nm-cloud-setup.timer and nm-cloud-setup.service, and reboot"


def _peer_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield the peers to which there is no way. The route decides: a /32 address can have a peer on its link."""
    routes = list(_routes(probe))
    for name, address in wants.peers.items():
        if address == wants.address or not routes or not _is_address(address):
            continue
        matching = [item for item in routes if ipaddress.IPv4Address(address) in item[0]]
        line = max(matching, key=lambda item: item[0].prefixlen)[1] if matching else "unreachable"
        via = re.search(r" via (\S+)", line)
        if line.split()[0] in ("unreachable", "blackhole", "prohibit"):
            yield "route", f"it has no route to {name} ({address}): add one, or set cluster_node_ip of {name}"
        elif via and wants.pod_network == "bridge":
            words = f"{name} ({address}) is reached by the router {via[1]}, which does not know the pods' subnets"
            yield "subnet", f"{words}: set cni_plugin: vxlan, or use hosts on one network"


def _subnet_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    own = {item.network for device, item in probe.addresses if not is_of_pods(device)}
    attached = {item.network for _, item in probe.addresses}
    found = {(network, f"its network {network}") for network in own}
    # A wider route, such as that of a VPN, does no harm: the pods' routes are more specific.
    bird = set()
    for network, line in _routes(probe):
        if OUR_ROUTES in f"{line} ":  # of a node that was reset
            continue
        device = re.search(r" dev (\S+)", line)
        words = f"its route {line.split(' proto ')[0].strip()}"
        if network not in attached and not (device and is_of_pods(device[1])):
            found.add((network, words))
        if " proto bird" in line:
            bird.add(words)
    for network, words in sorted(found):
        for variable, text in wants.subnets.items():
            subnet = ipaddress.IPv4Network(text)
            is_wider = words.startswith("its route") and network.prefixlen <= subnet.prefixlen
            if not network.overlaps(subnet) or is_wider:
                continue
            overlap = f"{variable} {subnet} overlaps {words}"
            if words in bird:  # they outlast Calico and its devices
                remedy = "if Calico left it, remove it with `ip route flush proto bird`; if not, choose another subnet"
                yield "cni", f"{overlap}, made by BIRD: {remedy}"
            else:
                yield "subnet", f"{overlap}: choose another one"


def _routes(probe: Probe) -> Iterator[tuple[ipaddress.IPv4Network, str]]:
    """Yield the target and the line of each route of the main table."""
    for line in probe.lines("routes"):
        words = line.split()
        target = words[1] if words[0] in ("unreachable", "blackhole", "prohibit") and len(words) > 1 else words[0]
        text = "0.0.0.0/0" if target == "default" else target
        if re.fullmatch(r"\d+(\.\d+){3}(/\d+)?", text):
            yield ipaddress.IPv4Network(text), line


def _is_address(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+){3}", text) is not None


def reach_findings(
    ways: Sequence[Mapping[str, Any]], probe: Probe, wants: Wants, is_root: bool = True
) -> Iterator[Finding]:
    """Yield why the controller, or this host, has no way to a port.

    :param ways: what the action plugin preflight_reach found, of this host's ports
    :param is_root: whether the host's own firewall could be read
    """
    remedies = {
        "the API": "set cluster_api_host to an address of the control plane that it reaches, or open a tunnel by ssh "
        "(cluster_api_tunnel)",
        "the load's URL": "set verify_load_url to an address that it reaches",
    }
    filtered = _has_firewall(probe) or not is_root
    for way in ways:
        place = f"{way['address']}:{way['port']} ({way['name']})"
        remedy = remedies.get(way["name"], "open it")
        if way["outcome"] == preflight_reach.UNKNOWN_NAME:
            yield "reach", f"the controller can't resolve {way['address']} ({way['name']}): {remedy}"
        elif way["outcome"] == preflight_reach.UNREACHABLE:
            yield "reach", f"the controller can't reach {place}: {remedy}"
        # On a node the answer comes from a pod, perhaps of another node: that is not the way to the host.
        elif way["outcome"] == preflight_reach.BLOCKED and not filtered and not _is_answered(way, probe, wants):
            words = f"the controller reaches {way['address']} by ssh, and port {way['port']} ({way['name']}) is blocked"
            yield "reach", f"{words}: open it in the network's firewall or security group, or {remedy}"
    yield from _endpoint_findings(probe, wants)


def _is_answered(way: Mapping[str, Any], probe: Probe, wants: Wants) -> bool:
    return way["name"] != "the API" and probe.belongs_to(wants.endpoint)


def _endpoint_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    printed = " ".join(probe.lines("reach"))
    there = [other for name, other in wants.probes().items() if name in wants.control_plane]
    if any(preflight_names.endpoint_findings(probe, wants)):
        return  # another fault, which has this one as its result
    if wants.group != "worker" or not printed or not there or any(map(_has_firewall, there)):
        return  # the role node opens the control plane's own firewall, which is not known outside of the run's limit
    # Anything else, such as a name that does not resolve, is another check's.
    if not re.search("status 124|timed out|No route to host", printed):
        return
    words = f"it can't reach the API server's port {wants.endpoint}, while the control plane has no firewall itself"
    yield "reach", f"{words}: open it in the network's firewall or security group"


def _has_firewall(probe: Probe) -> bool:
    return any(_is_on(probe, name) for name in (*MANAGERS, "nftables.service")) or bool(list(_rejecting(probe)))


def _is_on(probe: Probe, unit: str) -> bool:
    """Return whether a firewall is on. The unit of ufw is active on every Ubuntu, whose ufw is off."""
    return probe.is_active(unit) and not (unit == "ufw.service" and probe.value("firewall", "ufw") == "no")


def firewall_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield rules that reject what no rule accepts, unless the role node is to open what the cluster needs in them."""
    kind = wants.system["firewall"]
    rules = list(_rejecting(probe))
    if kind == "enabled" or not rules or probe.belongs_to(wants.endpoint):
        return
    # `disabled` stops these two, and leaves rules that were written by hand.
    if kind == "disabled" and any(_is_on(probe, name) for name in MANAGERS):
        return
    printed = "\n".join(probe.lines("filter") + probe.lines("nft"))
    if kind == "unmanaged" and re.search(r"\b10250\b", printed):
        return  # whoever opened kubelet's port knows what the cluster needs
    ports = ", ".join(map(str, wants.ports))
    extra = f", UDP port {wants.vxlan_port}" if wants.pod_network == "vxlan" else ""
    words = f"`{rules[0]}` rejects what no rule before it accepts, and node_firewall is {kind}"
    opened = f"TCP ports {ports}{extra} and the subnets of pods and Services"
    yield "firewall", f"{words}: accept {opened}, or set node_firewall: enabled, which does"


def _rejecting(probe: Probe) -> Iterator[str]:
    """Yield the rules and policies of INPUT that end the way of a new packet. The role node opens FORWARD for pods."""
    ours = {line.split()[1] for line in probe.lines("filter") if line.startswith("-A ") and _OURS.search(line)}
    for line in probe.lines("filter"):
        found = _REJECTS_ALL.fullmatch(line)
        if (found and found[1] == "INPUT" and "INPUT" not in ours) or (line == "-P INPUT DROP" and "INPUT" not in ours):
            yield f"iptables {line}"
    chains = [line for line in probe.lines("nft") if line.startswith("chain ") and "hook input" in line]
    mine = [line for line in probe.lines("nft") if line.startswith("rule ") and _OURS.search(line)]
    for chain in chains:
        _, family, table, name, rest = chain.split(" ", 4)
        start = f"rule {family} {table} {name} "
        rules = [line.removeprefix(start).strip() for line in probe.lines("nft") if line.startswith(start)]
        # iptables-nft shows its chains above; a chain with rules of ours is open already.
        if (family, table) in (("ip", "filter"), ("ip6", "filter")) or any(line.startswith(start) for line in mine):
            continue
        if family == "ip6":
            continue
        if "policy drop" in rest or any(_NFT_REJECTS_ALL.fullmatch(rule) for rule in rules):
            yield f"nft table {family} {table}, chain {name}"


def proxy_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield a proxy of systemd's services by which kubelet would call the API server.

    The roles run kubeadm and kubectl without the proxies of a login's environment, so those are no finding.
    """
    environ = dict(line.split("=", 1) for line in probe.lines("proxy") if "=" in line)
    values = {name.lower(): value for name, value in environ.items()}
    proxy = values.get("https_proxy") or values.get("all_proxy")
    if not proxy or _is_bypassed(wants.endpoint_host, values.get("no_proxy", "")):
        return
    name = next(name for name in environ if name.lower() in ("https_proxy", "all_proxy"))
    words = f"systemd gives {name}={proxy} to every service, and kubelet would call the API server through it"
    place = "DefaultEnvironment in /etc/systemd/system.conf"
    yield "proxy", f"{words}: add {wants.endpoint_host} to its NO_PROXY ({place})"


def _is_bypassed(host: str, no_proxy: str) -> bool:
    """Return whether Go's programs call a host directly: by its name, a domain, or a subnet."""
    entries = [entry.strip() for entry in no_proxy.split(",") if entry.strip()]
    for entry in entries:
        try:
            if ipaddress.IPv4Address(host) in ipaddress.IPv4Network(entry, strict=False):
                return True
        except ValueError:
            continue
    names = [entry.lstrip("*").lstrip(".") for entry in entries]
    return "*" in entries or any(host == name or host.endswith(f".{name}") for name in names if name)
