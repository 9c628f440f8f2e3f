# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with variables and inventory, found before any host is asked."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_inputs
short_description: Find what is wrong with the inventory and the roles' variables
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns every reason why a run with these variables and this inventory would fail, a sentence each.
  - It compares the variables of all hosts with the roles' argument specs, and checks what no single role can
    see, which is groups, addresses and whether the hosts agree.
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
    description: The options of all roles, as C(meta/argument_specs.yml) has them.
    type: dict
    required: true
  pod_subnet:
    description: The CIDR of the pods.
    type: str
    required: true
  service_subnet:
    description: The CIDR of the Services.
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
  description: The findings; empty where nothing is wrong.
  type: list
  elements: str
  sample: ["inventory: the group `kube_control_plane` has no host: put one into it"]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Undefined

from ..plugin_utils.preflight import inventory_findings, subnet_findings, variable_findings

# What may differ from host to host, of the variables that are the cluster's.
PER_HOST = ("cluster_node_ip",)


def preflight_inputs(
    hostvars: Mapping[str, Mapping[str, Any]],
    *,
    groups: Mapping[str, Sequence[str]],
    options: Mapping[str, Mapping[str, Any]],
    pod_subnet: str,
    service_subnet: str,
) -> list[str]:
    """Return what is wrong, a sentence each."""
    hosts = list(groups.get("k8s_cluster") or [])
    roles = {name.split("_")[0] for name in options}
    given = {name: _given(hostvars[name], roles) for name in ["localhost", *hosts]}
    addresses = {name: _address(hostvars[name], name) for name in hosts}
    return [
        *variable_findings(given, options, PER_HOST),
        *inventory_findings(groups, addresses),
        *subnet_findings(pod_subnet, service_subnet, addresses),
    ]


def _given(variables: Mapping[str, Any], prefixes: set[str]) -> dict[str, Any]:
    """Return the variables that may be meant for a role and have a value already.

    One that is made from what only the role knows, such as its other defaults, can't be checked here.
    """
    names = [name for name in variables if name.split("_")[0] in prefixes]
    given = {}
    for name in names:
        try:
            value = variables[name]
        except Exception:  # whatever a template raises
            continue
        if not isinstance(value, Undefined):
            given[name] = value
    return given


def _address(variables: Mapping[str, Any], name: str) -> str:
    return str(variables.get("cluster_node_ip") or variables.get("ansible_host") or name)


class FilterModule:
    """hostvars | shkatara.keda_demo.preflight_inputs(groups=groups, ...)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"preflight_inputs": preflight_inputs}
