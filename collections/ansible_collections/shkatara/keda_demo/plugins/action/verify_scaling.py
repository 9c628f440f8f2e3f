# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Displays the progress of the module verify_scaling, which does all of the work."""

from __future__ import annotations

import re
from typing import Any

from ..plugin_utils.progress import ProgressActionBase

# After a signal nobody may be left to show a result.
VERDICT = re.compile(r" *\d+ s  \w* *verdict: (?!aborted \(interrupted\))")


class ActionModule(ProgressActionBase):
    """Run verify_scaling and display its progress lines.

    The last line has the verdict. The message of a failed task says the same, so then only the message is shown.
    """

    _verdict = ""

    def show(self, message: str) -> None:
        """Display a progress line, but keep the verdict."""
        if VERDICT.match(message):
            self._verdict = message
        else:
            super().show(message)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module; the result is the module's, unchanged."""
        result = super().run(tmp, task_vars)
        if self._verdict and not result.get("failed"):
            super().show(self._verdict)
        return result
