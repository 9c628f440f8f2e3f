# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses at which the hosts reach each other, from the inventory or from the hosts' facts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: node_addresses
short_description: Map hosts to the addresses at which other hosts reach them
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns a dictionary with an entry for each host whose address is known.
  - The address is the first that exists of the variable C(cluster_node_ip), the variable C(ansible_host) and the
    host's name. The last two count only if they are an IPv4 address and not a loopback address.
  - Without one of these, the address comes from the facts of the subset C(network), if they are gathered. It is then
    the address in the same network as that of O(control_plane), or else the address of the default route, or else the
    first address of the host's only interface. Loopback and link-local addresses, those in O(pod_subnet), and those of
    bridges that container runtimes create don't count.
  - A host with several such interfaces, no default route and no address in the network of O(control_plane) is left out.
positional: _input, hosts
options:
  _input:
    description: The variables by host, C(hostvars).
    type: dict
    required: true
  hosts:
    description: Inventory names of the hosts, in the order of the result.
    type: list
    elements: str
    required: true
  control_plane:
    description: The inventory name of the control plane host. Empty for none.
    type: str
    default: ""
  pod_subnet:
    description: The subnet of the pods, as a CIDR. Empty for none.
    type: str
    default: ""
  facts:
    description: Whether facts are used. If not, the result has only the addresses that the inventory gives.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Show the address of each host
  ansible.builtin.debug:
    msg: "{{ hostvars | shkatara.keda_demo.node_addresses(groups['k8s_cluster'], control_plane='control1') }}"
"""

RETURN = r"""
_value:
  description: The address of each host, by the host's inventory name.
  type: dict
  sample: {control1: 192.0.2.11, worker1: 192.0.2.21}
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils.node_addresses import facts_of, from_facts, given


def node_addresses(
    hostvars: Mapping[str, Mapping[str, Any]],
    hosts: Sequence[str],
    *,
    control_plane: str = "",
    pod_subnet: str = "",
    facts: bool = True,
) -> dict[str, str]:
    """Return the address of each host that has one in the inventory or in its facts."""
    found = {host: given(host, hostvars[host]) for host in hosts}
    if facts:
        near = found.get(control_plane) or ""
        for host in [host for host in hosts if found[host] == ""]:
            found[host] = from_facts(facts_of(hostvars[host]), near, pod_subnet)
    return {host: address for host, address in found.items() if address}


class FilterModule:
    """hostvars | shkatara.keda_demo.node_addresses(hosts, control_plane=host)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"node_addresses": node_addresses}
