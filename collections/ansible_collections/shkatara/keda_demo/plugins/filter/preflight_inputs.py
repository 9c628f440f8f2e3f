# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the faults of variables and inventory before any host is contacted."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_inputs
short_description: Find the faults of the inventory and the roles' variables
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns every reason why a run with these variables and this inventory would fail, as one sentence each.
  - It compares the variables of all hosts with the roles' argument specs. It also checks groups, addresses, and whether
    the hosts agree, which no single role can do.
options:
  _input:
    description: The variables by host, C(hostvars).
    type: dict
    required: true
  groups:
    description: The inventory's groups.
    type: dict
    required: true
  options:
    description: The options of all roles, as in C(meta/argument_specs.yml).
    type: dict
    required: true
  pod_subnet:
    description: The pods' CIDR.
    type: str
    required: true
  service_subnet:
    description: The Services' CIDR.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check the inputs
  ansible.builtin.assert:
    that: findings | length == 0
    fail_msg: "{{ findings | join('\n') }}"
  vars:
    findings: >-
      {{ hostvars | shkatara.keda_demo.preflight_inputs(groups=groups, options=options,
                                                        pod_subnet='10.244.0.0/16',
                                                        service_subnet='10.96.0.0/12') }}
    options:
      cluster_name: {type: str}
"""

RETURN = r"""
_value:
  description: The findings; empty if there are none.
  type: list
  elements: str
  sample: ["inventory: the group `kube_control_plane` has no host: put one into it"]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Undefined

from ..plugin_utils.preflight import inventory_findings, subnet_findings, variable_findings

# The `cluster_*` variables that may differ between hosts.
PER_HOST = ("cluster_node_ip",)


def preflight_inputs(
    hostvars: Mapping[str, Mapping[str, Any]],
    *,
    groups: Mapping[str, Sequence[str]],
    options: Mapping[str, Mapping[str, Any]],
    pod_subnet: str,
    service_subnet: str,
) -> list[str]:
    """Return the findings, a sentence each."""
    hosts = list(groups.get("k8s_cluster") or [])
    roles = {name.split("_")[0] for name in options}
    given = {name: _given(hostvars[name], roles) for name in ["localhost", *hosts]}
    addresses = {name: _address(hostvars[name], given[name], name) for name in hosts}
    return [
        *variable_findings(given, options, PER_HOST),
        *inventory_findings(groups, addresses),
        *subnet_findings(pod_subnet, service_subnet, addresses),
    ]


def _given(variables: Mapping[str, Any], prefixes: set[str]) -> dict[str, Any]:
    """Return the variables that may be meant for a role and have a value already.

    A variable whose template needs the role's other defaults has no value outside of the role and is left out.
    """
    names = [name for name in variables if name.split("_")[0] in prefixes]
    given = {}
    for name in names:
        try:
            value = variables[name]
        except Exception:  # a template can raise anything
            continue
        if not isinstance(value, Undefined):
            given[name] = value
    return given


def _address(variables: Mapping[str, Any], given: Mapping[str, Any], name: str) -> str:
    """Return the address that the inventory gives.

    Empty if it is only a way to the host, such as a forwarded port, or a template that needs the host's facts.
    """
    if "cluster_node_ip" in variables and "cluster_node_ip" not in given:
        return ""
    if given.get("cluster_node_ip"):
        return str(given["cluster_node_ip"])
    reached = str(variables.get("ansible_host") or name)
    return "" if reached.startswith("127.") else reached


class FilterModule:
    """hostvars | shkatara.keda_demo.preflight_inputs(groups=groups, ...)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"preflight_inputs": preflight_inputs}
