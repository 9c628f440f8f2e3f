# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of action plugins that run shell commands on the managed host.

A module is sent to the host with each task and needs a Python that Ansible supports there. A command needs a POSIX
shell and coreutils, and costs one round trip.
"""

from __future__ import annotations

import shlex

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class HostShellActionBase(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    """An action plugin whose work is done by shell commands."""

    _supports_check_mode = True
    _requires_connection = True

    def run_shell(self, command: str, failure: str, become: bool = True) -> str:
        """Run `command` on the host and return its standard output.

        :param failure: the beginning of the error message
        :param become: False to run as the login user
        :raises AnsibleActionFail: the command returned another status than 0
        """
        done = self._low_level_execute_command(f"sh -c {shlex.quote(command)}", sudoable=become)
        if done["rc"] != 0:
            raise AnsibleActionFail(f"{failure}: {done['stderr'].strip() or done['stdout']}")
        return str(done["stdout"])
