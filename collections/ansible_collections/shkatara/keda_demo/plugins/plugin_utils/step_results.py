# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of a task's hosts, and the text of a result's message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# The fields of a failed result that say more than its message.
DETAILS = ("cmd", "rc", "stdout", "stderr", "module_stdout", "module_stderr", "reason")


@dataclass
class Step:
    """A task for all of its hosts. `key` is its name with that of its role."""

    uuid: str
    key: str
    changed: list[str] = field(default_factory=list)
    is_check: bool = False
    has_failed: bool = False
    has_role: bool = False

    @property
    def name(self) -> str:
        """The task's name without its role."""
        return self.key.partition(" : ")[2] if self.has_role and " : " in self.key else self.key


def part(result: Any, name: str) -> Any:
    """Return `task` or `result` of a task's result; before ansible-core 2.19 they are private."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


def text(message: Any) -> str:
    """Return a message as lines; empty if it is no text and has to be dumped."""
    if isinstance(message, list):
        return "\n".join(str(line) for line in message)
    return message.strip("\n") if isinstance(message, str) else ""


def details(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a failed result has beside its message, such as a program's output."""
    return {name: fields[name] for name in DETAILS if fields.get(name) not in (None, "", [])}


def on(hosts: Sequence[str]) -> str:
    """Return the hosts of a line; on the controller alone a line has none."""
    return "" if list(hosts) == ["localhost"] else f" [{', '.join(sorted(hosts))}]"
