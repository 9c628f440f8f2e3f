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
  - Returns every reason why a run on this host would fail, as one sentence each, from what
    M(shkatara.keda_demo.preflight_probe) read with the script of the role C(preflight).
  - Each sentence begins with the name of its check, for O(ignore). The checks C(connection), C(python) and C(sudo)
    can't be skipped.
options:
  _input:
    description: The result of M(shkatara.keda_demo.preflight_probe).
    type: dict
    required: true
  wants:
    description: What the cluster requires of the host; see the role's C(vars/main.yml).
    type: dict
    required: true
  ways:
    description: The result's C(ways) of M(shkatara.keda_demo.preflight_reach).
    type: list
    elements: dict
    default: []
  facts:
    description: The result of M(ansible.builtin.setup), which must not have failed. Empty before it ran.
    type: dict
    default: {}
  ignore:
    description: The names of the checks to skip.
    type: list
    elements: str
    default: []
  access_only:
    description:
      - Whether to check only for what keeps Ansible from working on the host. Then O(wants) needs only C(login).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the faults of this host
  ansible.builtin.debug:
    msg: "{{ probe | shkatara.keda_demo.preflight_host(wants=wants, ways=reach.ways) }}"
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

from ansible import constants
from ansible.release import __version__

from ..plugin_utils import preflight_login as login
from ..plugin_utils.preflight_host import access_findings, host_findings
from ..plugin_utils.preflight_probe import Wants


def preflight_host(
    result: Mapping[str, Any],
    *,
    wants: Mapping[str, Any],
    ways: Sequence[Mapping[str, Any]] = (),
    facts: Mapping[str, Any] | None = None,
    ignore: Sequence[str] = (),
    access_only: bool = False,
    core: str = __version__,
    oldest: login.Version | None = login.OLDEST,
    order: Sequence[str] | None = None,
) -> list[str]:
    """Return the findings that are not ignored, a sentence each.

    :param core: the version of ansible-core
    :param oldest: the oldest Python that it takes on a host, None for that of ansible-core 2.16
    :param order: the names by which it looks for a Python
    """
    names = constants.config.get_config_value("INTERPRETER_PYTHON_FALLBACK") if order is None else order
    findings = list(access_findings(result, wants["login"], core, oldest, names))
    findings = findings or list(login.facts_findings(facts or {}, wants["login"]))
    if result["reached"] and not access_only:
        # ansible-core 2.16 renders a number in a template as text.
        numbers: dict[str, Any] = {
            "ports": [int(port) for port in wants["ports"]],
            "vxlan_port": int(wants["vxlan_port"]),
            "sizes": {name: int(size) for name, size in wants["sizes"].items()},
            "disks": {path: int(size) for path, size in wants["disks"].items()},
        }
        others = host_findings(result, ways, Wants(**{**wants, **numbers}), oldest)
        findings += [item for item in others if item[0] not in ignore]
    return [f"{check}: {words}" for check, words in findings]


class FilterModule:
    """probe | shkatara.keda_demo.preflight_host(wants=wants)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"preflight_host": preflight_host}
