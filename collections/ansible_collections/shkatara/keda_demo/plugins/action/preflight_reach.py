# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries the controller's way to ports of hosts; see the module of the same name for the documentation."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils import preflight_reach

ARGUMENTS = {
    "ways": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "login_port": {"type": "int", "required": True},
        },
    },
    "timeout": {"type": "float", "default": 3.0},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    """Connect from the controller, without a connection of Ansible's."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return `ways` with their outcomes."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp  # has no effect any more
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        ways = [preflight_reach.try_way(way, arguments["timeout"]) for way in arguments["ways"]]
        result.update(changed=False, ways=ways)
        return result
