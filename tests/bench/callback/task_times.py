# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""An Ansible callback that writes when each task of a role began, and how many tasks changed something, as JSON lines.

A task is named by its file and line, `preflight/tasks/hosts.yml:3`: names of tasks are for readers and get reworded.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: notification
short_description: The times at which tasks of roles begin
description: Appends a line of JSON to the file that the environment variable BENCH_TASK_TIMES names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    """Appends a line for each task that begins, and one at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Write the time and the task; a task outside of roles is an empty string."""
        del is_conditional
        _folder, is_in_role, path = task.get_path().rpartition("/roles/")
        self._write(task=path if is_in_role else "")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the time of the end, and the number of tasks that changed something."""
        self._write(changed=sum(stats.changed.values()))

    def _write(self, **values: Any) -> None:
        with open(os.environ["BENCH_TASK_TIMES"], "a", encoding="utf-8") as file:
            file.write(json.dumps({"time": round(time.time(), 3), **values}) + "\n")
