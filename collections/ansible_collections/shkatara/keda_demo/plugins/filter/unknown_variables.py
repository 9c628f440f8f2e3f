# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find variables that have a role's prefix, and that the role does not have."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_variables
short_description: Find variables that a role does not have
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns each name that is not known, with the nearest known name. Ansible itself ignores a variable that no role
    reads, so a misspelled one has no effect.
positional: _input, known
options:
  _input:
    description: The names of variables that begin with the role's prefix, such as those of the lookup C(varnames).
    type: list
    elements: str
    required: true
  known:
    description: The names of the role's variables.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse variables that the role does not have
  ansible.builtin.assert:
    that: unknown | length == 0
    fail_msg: "{{ unknown | join(', ') }}"
  vars:
    unknown: >-
      {{ query('ansible.builtin.varnames', '^verify_')
         | shkatara.keda_demo.unknown_variables(['verify_name', 'verify_namespace']) }}
"""

RETURN = r"""
_value:
  description: The unknown names in their order, each with the nearest known name if there is one.
  type: list
  elements: str
  sample: ["verify_load_replica (is it meant to be verify_load_replicas?)"]
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def unknown_variables(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the unknown names, each with the nearest known one."""
    # The prefix that all names share would make any two of them similar.
    by_end = {name.partition("_")[2]: name for name in sorted(known)}
    return [_with_nearest(name, by_end) for name in sorted(set(names) - set(by_end.values()))]


def _with_nearest(name: str, known: Mapping[str, str]) -> str:
    nearest = difflib.get_close_matches(name.partition("_")[2], known, n=1, cutoff=0.7)
    return f"{name} (is it meant to be {known[nearest[0]]}?)" if nearest else name


class FilterModule:
    """names | shkatara.keda_demo.unknown_variables(known)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"unknown_variables": unknown_variables}
