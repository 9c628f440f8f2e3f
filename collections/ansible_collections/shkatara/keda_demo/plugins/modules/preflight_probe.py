# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin `preflight_probe`, which does all of the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_probe
short_description: Read a host's state with a shell script, without Python, and with or without sudo
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Runs a script with the host's POSIX shell, as the user of C(become). A host that can't be reached, or on which
    C(become) fails, is a result and not a failure, so that the next task can report the reasons of all hosts at once.
  - If C(become) fails, the script runs as the login user instead, and C(sudo) is asked why it refuses.
options:
  script:
    description: The script. It must print a line C([system]).
    type: str
    required: true
  settings:
    description: Variables that are set before the script.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Nothing is changed on the host.
    support: full
  diff_mode:
    description: Nothing is changed on the host.
    support: none
"""

EXAMPLES = r"""
- name: Read the host
  shkatara.keda_demo.preflight_probe:
    script: "{{ lookup('ansible.builtin.file', 'probe.sh') }}"
    settings: {PYTHONS: python3 python2.7}
  register: probe
"""

RETURN = r"""
reached:
  description: Whether the host could be reached.
  type: bool
  returned: always
problem:
  description: Why the host was not reached, or why the script did not run as root.
  type: str
  returned: always
  sample: Missing sudo password
sudo:
  description: What C(sudo -n) said, if the script did not run as root.
  type: str
  returned: always
  sample: "sudo: a password is required"
stdout:
  description: What the script printed.
  type: str
  returned: always
before:
  description: The controller's clock when the script was sent, in seconds since 1970.
  type: float
  returned: when the host was reached
after:
  description: The controller's clock when the script had ended.
  type: float
  returned: when the host was reached
"""
