# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the faults of a host before anything is changed on it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_host
short_description: Find the reasons why a host can't become a node
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns every reason why a run on this host would fail, a sentence each, from the output of the role
    C(preflight)'s command.
  - Each sentence begins with the name of its check, for O(ignore).
options:
  _input:
    description: The output of the role's command on the host.
    type: str
    required: true
  facts:
    description: C(ansible_facts) of the host.
    type: dict
    required: true
  wants:
    description: The cluster's requirements of the host; see the role's C(vars/main.yml).
    type: dict
    required: true
  ignore:
    description: The names of the checks to skip.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the faults of this host
  ansible.builtin.debug:
    msg: "{{ probe.stdout | shkatara.keda_demo.preflight_host(facts=ansible_facts, wants=wants) }}"
"""

RETURN = r"""
_value:
  description: The findings; empty if there are none.
  type: list
  elements: str
  sample: ["memory: 900 MB, and it needs 1700 MB (preflight_min_control_plane_memory_mb)"]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils.preflight_host import Wants, host_findings, read_probe

# ansible-core 2.16 renders a number in a template as text.
NUMBERS = ("memory_mb", "cpus", "disk_mb", "epoch", "clock_seconds")


def preflight_host(
    printed: str, *, facts: Mapping[str, Any], wants: Mapping[str, Any], ignore: Sequence[str] = ()
) -> list[str]:
    """Return the findings that are not ignored, a sentence each."""
    numbers = {name: int(wants[name]) for name in NUMBERS}
    findings = host_findings(read_probe(printed), facts, Wants(**{**wants, **numbers}))
    return [f"{check}: {words}" for check, words in findings if check not in ignore]


class FilterModule:
    """stdout | shkatara.keda_demo.preflight_host(facts=ansible_facts, wants=wants)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"preflight_host": preflight_host}
