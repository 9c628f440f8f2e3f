# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a host by a shell script; see the module of the same name for the documentation."""

from __future__ import annotations

import shlex
import time
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.host_shell import HostShellActionBase

ARGUMENTS = {
    "script": {"type": "str", "required": True},
    "settings": {"type": "dict", "default": {}},
}
# The script comes by standard input, which the programs that it calls must not read.
COMMAND = "sh -c 'script=$(cat); exec sh -c \"$script\" < /dev/null'"
# Why sudo refuses, in its own words and in English.
ASK_SUDO = "LC_ALL=C sudo -n true 2>&1"


class ActionModule(HostShellActionBase):
    """Run the script as root, or, where that fails, as the login user, and ask sudo why."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what was read. A host that can't be reached or refuses sudo is a result, not a failure."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp  # has no effect any more
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        settings = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in arguments["settings"].items())
        result.update(changed=False, problem="", sudo="", stdout="")
        result.update(self._probe(settings + arguments["script"]))
        return result

    def _probe(self, script: str) -> dict[str, Any]:
        """Return `reached`, `stdout`, the controller's clock before and after, and what went wrong."""
        try:
            return self._run_script(script, become=True)
        except AnsibleError as error:
            problem = str(error)
        try:
            found = self._run_script(script, become=False)
            sudo = self._low_level_execute_command(ASK_SUDO, sudoable=False)
        except AnsibleError as error:
            return {"reached": False, "problem": str(error)}
        return {**found, "problem": problem, "sudo": sudo["stdout"].strip()}

    def _run_script(self, script: str, become: bool) -> dict[str, Any]:
        before = time.time()
        done = self._low_level_execute_command(COMMAND, sudoable=become, in_data=script.encode())
        after = time.time()
        if "[system]" not in done["stdout"]:
            said = [done[stream].strip() for stream in ("stderr", "stdout") if done[stream].strip()]
            raise AnsibleError("\n".join(said) or f"the shell ended with {done['rc']} and said nothing")
        return {"reached": True, "stdout": done["stdout"], "before": before, "after": after}
