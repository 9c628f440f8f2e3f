# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a systemd unit with its current files; see the module of the same name for the documentation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.host_shell import HostShellActionBase

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "files": {"type": "list", "elements": "path", "default": []},
    "delivered": {"type": "list", "elements": "path", "default": []},
    "probe": {"type": "str"},
}
DISABLED, STOPPED = "disabled", "stopped"
# First words of the lines that `look_command` prints, and the reasons that the user reads.
NEWER, MISSING = "newer ", "missing "
UNMET = "ConditionResult=no"


class ActionModule(HostShellActionBase):
    """Read the unit's state by one command, and change it by another only where something is wrong."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return `changed`, `state`, `reasons` and `msg`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp  # has no effect any more
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        name = arguments["name"]
        command = look_command(name, arguments["files"], arguments["probe"])
        printed = self.run_shell(command, f"The state of {name} could not be read").splitlines()
        faults = find_faults(printed, set(arguments["files"]) & set(arguments["delivered"]))
        state = next_state(faults)
        if faults and not self._task.check_mode:
            after = self.run_shell(run_command(name, faults), f"{name} could not be {state}")
            if UNMET in after.splitlines() and state == "started":
                # systemd reports success for a unit whose conditions are not met, and leaves it stopped.
                faults = [fault for fault in faults if fault != STOPPED]
                state = next_state(faults)
                result["msg"] = f"{name} was not started: a condition of its unit is not met."
        reasons = [_reason(fault) for fault in faults]
        result.setdefault("msg", _message(name, state, reasons, self._task.check_mode))
        result.update(changed=bool(faults), state=state, reasons=reasons)
        if self._task.diff and faults:
            result["diff"] = {
                "before_header": name,
                "before": "".join(f"{reason}\n" for reason in reasons),
                "after_header": name,
                "after": "enabled and active with its current files\n",
            }
        return result


def look_command(name: str, files: Sequence[str], probe: str | None) -> str:
    """Return a command that prints a line for each fault of the unit, and nothing if there is none.

    It also runs on a host that does not have the unit. The host's locale and time zone are set aside: `date` does not
    read the names of weekdays in other languages.
    """
    unit = shlex.quote(name)
    lines = [
        "set -e",
        f'[ "$(systemctl is-enabled {unit} 2> /dev/null)" = enabled ] || echo {DISABLED}',
        f"systemctl is-active --quiet {unit} 2> /dev/null || {{ echo {STOPPED}; exit 0; }}",
        f"started=$(LC_ALL=C TZ=UTC0 systemctl show --property ActiveEnterTimestamp {unit})",
        'started=$(date --date "${started#*=}" +%s)',
        f"for file in {shlex.join(files)}; do",
        '  [ ! -e "$file" ] || [ "$(stat --format %Z "$file")" -le "$started" ] ||',
        f"    printf '{NEWER}%s\\n' \"$file\"",
        "done",
    ]
    if probe:
        lines += [
            f"missing=$(sh -c {shlex.quote(probe)})",
            f"[ -z \"$missing\" ] || printf '%s\\n' \"$missing\" | sed 's/^/{MISSING}/'",
        ]
    return "\n".join(lines)


def find_faults(printed: Sequence[str], replaced: set[str]) -> list[str]:
    """Return the faults among the lines that a host printed.

    :param replaced: the unit's files that the same run has replaced, or would replace in check mode
    """
    faults = [line for line in printed if line in (DISABLED, STOPPED) or line.startswith((NEWER, MISSING))]
    if STOPPED not in faults:
        faults += [NEWER + path for path in sorted(replaced) if NEWER + path not in faults]
    return faults


def next_state(faults: Sequence[str]) -> str:
    """Return what the plugin does about the faults."""
    if any(fault.startswith((NEWER, MISSING)) for fault in faults):
        return "restarted"
    if STOPPED in faults:
        return "started"
    return "enabled" if faults else "unchanged"


def run_command(name: str, faults: Sequence[str]) -> str:
    """Return a command that fixes the faults and prints whether the unit's conditions were met."""
    unit = shlex.quote(name)
    lines = ["set -e", "systemctl daemon-reload"]
    if DISABLED in faults:
        lines.append(f"systemctl --quiet enable {unit}")
    verb = {"started": "start", "restarted": "restart"}.get(next_state(faults))
    if verb:
        lines += [f"systemctl {verb} {unit}", f"systemctl show --property ConditionResult {unit}"]
    return "\n".join(lines)


def _reason(fault: str) -> str:
    kind, _, subject = fault.partition(" ")
    return f"{subject} is {kind}" if subject else kind


def _message(name: str, state: str, reasons: Sequence[str], check_mode: bool) -> str:
    if not reasons:
        return f"{name} is enabled and active with its current files."
    return f"{name} {'would be' if check_mode else 'was'} {state}: {', '.join(reasons)}"
