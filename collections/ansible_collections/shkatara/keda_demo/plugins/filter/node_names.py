# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the hosts' Nodes, from the hosts' facts alone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: node_names
short_description: Map hosts to the names of their Nodes
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns a dictionary with an entry for each host whose fact C(nodename) is known, in lower case as in Kubernetes.
  - A host without facts is left out. Its name in the inventory may differ, so it can't be used instead.
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
"""

EXAMPLES = r"""
- name: Show the name of each Node
  ansible.builtin.debug:
    msg: "{{ hostvars | shkatara.keda_demo.node_names(groups['k8s_cluster']) }}"
"""

RETURN = r"""
_value:
  description: The name of each host's Node, by the host's inventory name.
  type: dict
  sample: {control1: ip-10-0-0-11.example.internal}
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils.node_addresses import facts_of


def node_names(hostvars: Mapping[str, Mapping[str, Any]], hosts: Sequence[str]) -> dict[str, str]:
    """Return the name of the Node of each host with facts."""
    found = {host: facts_of(hostvars[host]).get("nodename") for host in hosts}
    return {host: str(name).lower() for host, name in found.items() if name}


class FilterModule:
    """hostvars | shkatara.keda_demo.node_names(hosts)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"node_names": node_names}
