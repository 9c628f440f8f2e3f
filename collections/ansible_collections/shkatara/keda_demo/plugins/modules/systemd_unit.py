# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin `systemd_unit`, which does all of the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: systemd_unit
short_description: Run a systemd unit with its current files
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Enables and starts a systemd unit, and restarts it if one of its files was changed after its last start.
  - M(ansible.builtin.systemd_service) restarts a unit when it is told to, usually by a handler. If a run is killed
    between a changed file and its handler, the unit keeps running with the old file, and the next run does not notice.
    This module compares times instead, namely the change time (ctime) of each file with C(ActiveEnterTimestamp) of
    the unit, so that the next run finishes the work.
  - The comparison is exact to the second. A file that was changed in the second of the start does not count as
    newer.
  - A unit that needs no change costs one command on the host, any other two. The host needs systemd 219 or newer,
    a POSIX shell and GNU coreutils, but no Python.
options:
  name:
    description: The unit, which needs an C([Install]) section. The suffix C(.service) may be omitted.
    type: str
    required: true
  files:
    description: Absolute paths of the files that the unit reads when it starts. A file that does not exist is ignored.
    type: list
    elements: path
    default: []
  delivered:
    description:
      - Files that an earlier task replaced, RV(shkatara.keda_demo.deliver#module:sent). Those that are also
        in O(files) count as newer.
      - Check mode needs it to predict a restart, since no file was changed.
    type: list
    elements: path
    default: []
  probe:
    description:
      - A shell command that prints a line for each thing that the unit should have set up and that is missing on the
        host, such as a route. Any output restarts the unit.
      - It runs in check mode, too, and only if the unit is active. It must not change anything.
    type: str
attributes:
  check_mode:
    description: Reports the start or restart. It is not an error if the host does not have the unit yet.
    support: full
  diff_mode:
    description: Shows RV(reasons).
    support: full
"""

EXAMPLES = r"""
- name: Install containerd's configuration
  shkatara.keda_demo.deliver:
    files:
      - {content: "{{ lookup('ansible.builtin.template', 'config.toml.j2') }}", dest: /etc/containerd/config.toml}
  register: configuration

- name: Check that containerd is running, enabled and up to date
  shkatara.keda_demo.systemd_unit:
    name: containerd
    files: [/usr/local/bin/containerd, /etc/containerd/config.toml, /etc/systemd/system/containerd.service]
    delivered: "{{ configuration['sent'] }}"
"""

RETURN = r"""
state:
  description:
    - What was done, or would be done in check mode.
    - V(unchanged) and V(enabled) are also returned for a unit that systemd does not start because a condition of
      the unit is not met; RV(msg) says so.
  type: str
  returned: success
  sample: restarted
reasons:
  description: Why it was done, V(disabled), V(stopped), the files that are newer, and what O(probe) found missing.
  type: list
  elements: str
  returned: success
  sample: [disabled, /etc/containerd/config.toml is newer]
msg:
  description: The same as a sentence.
  type: str
  returned: success
  sample: "containerd was restarted: disabled, /etc/containerd/config.toml is newer"
"""
