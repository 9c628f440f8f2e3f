# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin `preflight_reach`, which does all of the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_reach
short_description: Check whether the controller can reach TCP ports on which nothing listens yet
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Connects from the controller to each port and closes the connection. A refused connection is as good as an open one,
    since packets reach the host and come back.
  - If a port does not answer, the module tries the ssh port of the same address. So it distinguishes a port that is
    blocked from an address that can't be reached.
options:
  ways:
    description: The ports.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the port is for.
        type: str
        required: true
      address:
        description: The name or address to connect to.
        type: str
        required: true
      port:
        description: The port.
        type: int
        required: true
      login_port:
        description: The port of ssh at the same address.
        type: int
        required: true
  timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 3.0
attributes:
  check_mode:
    description: Nothing is changed.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
"""

EXAMPLES = r"""
- name: Check that the controller can reach the API server
  shkatara.keda_demo.preflight_reach:
    ways:
      - {name: the API, address: 192.0.2.11, port: 6443, login_port: 22}
  register: reach
"""

RETURN = r"""
ways:
  description: O(ways) with the C(outcome) of each, V(reached), V(blocked), V(unreachable) or V(unknown_name).
  type: list
  elements: dict
  returned: always
  sample: [{name: the API, address: 192.0.2.11, port: 6443, login_port: 22, outcome: reached}]
"""
