# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One value per host, from the first of several variables that the host has."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_map
short_description: Map hosts to the first of their variables that is set
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns a dictionary with one entry per host. Its value is the first of O(variables) that the host has and that is
    not empty, or the host's inventory name.
  - Only the named variables are templated, so other variables may be undefined or expensive.
positional: _input, hosts, variables
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
  variables:
    description: Names of variables. A dot leads into a dictionary, as in V(ansible_facts.nodename).
    type: list
    elements: str
    required: true
  lowercase:
    description: Whether the values are converted to lower case, as Kubernetes does with the names of Nodes.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the address of each host
  ansible.builtin.debug:
    msg: "{{ hostvars | shkatara.keda_demo.host_map(groups['all'], ['node_ip', 'ansible_host']) }}"
"""

RETURN = r"""
_value:
  description: The value for each host, by the host's inventory name.
  type: dict
  sample: {control1: 192.0.2.11, worker1: worker1}
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Undefined


def host_map(
    hostvars: Mapping[str, Mapping[str, Any]],
    hosts: Sequence[str],
    variables: Sequence[str],
    *,
    lowercase: bool = False,
) -> dict[str, Any]:
    """Return the first variable of each host that is set and not empty, or the host's name."""
    found = {host: _first(hostvars[host], variables) or host for host in hosts}
    return {host: str(value).lower() for host, value in found.items()} if lowercase else found


def _first(values: Mapping[str, Any], variables: Sequence[str]) -> Any:
    return next((value for value in (_lookup(values, name) for name in variables) if value), None)


def _lookup(values: Any, name: str) -> Any:
    """Return the value at a dotted path, or None if any part of it is missing."""
    for part in name.split("."):
        # Indexing templates this one variable of hostvars, which Mapping.items() would do for all of them.
        values = values[part] if isinstance(values, Mapping) and part in values else None
    return None if isinstance(values, Undefined) else values


class FilterModule:
    """hostvars | shkatara.keda_demo.host_map(hosts, variables)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"host_map": host_map}
