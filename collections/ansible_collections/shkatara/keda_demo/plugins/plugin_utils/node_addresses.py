# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of a host, by pure functions of its variables and facts.

Ansible's facts of the subset `network` have a list `interfaces`, an entry for each of them, in whose name a dash or a
colon is an underscore, and `default_ipv4`, the address of the default route, empty if there is none.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleUndefinedVariable
from jinja2 import Undefined, UndefinedError

# The bridges and tunnels of container runtimes, of networks of pods, and of libvirt.
_OF_CONTAINERS = re.compile(
    "cni|docker|podman|veth|virbr|flannel|cali|cilium|lxc|lxdbr|tunl|vxlan|kube-|nodelocaldns|br-[0-9a-f]{12}$"
)


def facts_of(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a host's facts, empty before they are gathered."""
    facts = value(variables, "ansible_facts")
    return facts if isinstance(facts, Mapping) else {}


def value(variables: Mapping[str, Any], name: str) -> Any:
    """Return a variable, or None if it is not set or its template needs something that is not set, such as a fact.

    For such a template ansible-core raises an error, gives an undefined value, or (2.16) gives the template itself.
    """
    if name not in variables:
        return None
    try:
        # Indexing templates this one variable of hostvars, which Mapping.items() would do for all of them.
        found = variables[name]
    except (AnsibleUndefinedVariable, UndefinedError):
        return None
    return None if isinstance(found, Undefined) or (isinstance(found, str) and "{{" in found) else found


def given(host: str, variables: Mapping[str, Any]) -> str | None:
    """Return the address that the inventory gives, an empty text for none, or None before it is known.

    A user may set C(cluster_node_ip) by a template with facts, which are not gathered yet.
    """
    chosen = value(variables, "cluster_node_ip")
    if chosen:
        return str(chosen)
    if chosen is None and _is_template(variables):
        return None
    reached = str(value(variables, "ansible_host") or host)
    return reached if _is_usable(reached) else ""


def _is_template(variables: Mapping[str, Any]) -> bool:
    """Return whether there is a C(cluster_node_ip) other than none, which has no value yet."""
    try:
        return "cluster_node_ip" in variables and variables["cluster_node_ip"] is not None
    except (AnsibleUndefinedVariable, UndefinedError):
        return True


def from_facts(facts: Mapping[str, Any], near: str = "", pod_subnet: str = "") -> str:
    """Return the address that other hosts can be expected to reach, or an empty text.

    :param near: another host's address; an address in its network comes first
    :param pod_subnet: the network of the pods, in which a node's bridge has an address
    """
    pods = ipaddress.ip_network(pod_subnet) if pod_subnet else ()
    firsts = [item for item in _addresses(facts, "ipv4") if item.ip not in pods]
    found = firsts + [item for item in _addresses(facts, "ipv4_secondaries") if item.ip not in pods]
    if _is_usable(near):
        for item in found:
            if ipaddress.IPv4Address(near) in item.network:
                return str(item.ip)
    default = facts.get("default_ipv4") or {}
    if default.get("address") in [str(item.ip) for item in found]:
        return str(default["address"])
    # A second address of an interface is often one that moves between hosts.
    return str(firsts[0].ip) if len(firsts) == 1 else ""


def _addresses(facts: Mapping[str, Any], kind: str) -> Iterator[ipaddress.IPv4Interface]:
    """Yield the addresses of the kind C(ipv4) or C(ipv4_secondaries) that other hosts could reach."""
    for name in facts.get("interfaces") or []:
        if _OF_CONTAINERS.match(name):
            continue
        entry = facts.get(re.sub("[-:]", "_", name)) or {}
        items = entry.get(kind) or []
        for item in [items] if isinstance(items, Mapping) else items:
            with contextlib.suppress(ValueError):  # an interface without an IPv4 address
                interface = ipaddress.IPv4Interface(f"{item.get('address')}/{item.get('netmask')}")
                if _is_usable(str(interface.ip)):
                    yield interface


def _is_usable(text: str) -> bool:
    """Return whether a text is an IPv4 address that another host could reach."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast)
