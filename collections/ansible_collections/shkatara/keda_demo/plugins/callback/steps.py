# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output of a run for people: what changes something, what takes long, and what is wrong."""

from __future__ import annotations

DOCUMENTATION = r"""
name: steps
type: stdout
short_description: Show one line for each step that changes something, takes long or fails
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Shows each play that has something to do, and below it a line for each task that changed something, with its hosts,
    or that took five seconds or longer. Tasks that were skipped or had nothing to do are not shown.
  - While a task runs, a terminal shows its time, and how long it took the last time on this machine. Without a
    terminal, a line says so every 30 seconds if nothing else is shown. Retries count as part of a task's time, not as
    failures.
  - A failure is one message, with the command and its output if there is one. Warnings, deprecations, messages of
    M(ansible.builtin.debug), the differences of C(--diff), and the progress of this collection's modules are shown as
    P(ansible.builtin.default#callback) shows them. What C(no_log) hides stays hidden.
  - With C(-v) or more the output is that of P(ansible.builtin.default#callback).
  - O(display_ok_hosts) and O(display_skipped_hosts) have an effect only with C(-v).
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
options:
  durations_file:
    description:
      - The file that stores the seconds of each task that took long, by the task's name.
      - The default is C(durations.json) in C(KEDA_DEMO_CACHE), or else in C(keda_demo) of the user's cache folder.
    type: path
    env:
      - name: KEDA_DEMO_DURATIONS
    ini:
      - section: callback_steps
        key: durations_file
requirements:
  - C(stdout_callback = shkatara.keda_demo.steps) in the section C(defaults) of C(ansible.cfg), or
    C(ANSIBLE_STDOUT_CALLBACK)
"""

import functools
import os
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.plugins.callback.default import CallbackModule as Default

from ..plugin_utils import step_results
from ..plugin_utils.durations import Durations, default_path
from ..plugin_utils.status_line import StatusLine, in_words, is_terminal
from ..plugin_utils.step_results import Step, part

LONG_SECONDS = 5.0


def calm(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method that does what the default callback's does if the run is verbose, and else what `method` does."""
    default = getattr(Default, method.__name__)

    @functools.wraps(method)
    def either(self: CallbackModule, *arguments: Any, **options: Any) -> None:
        (default if self._display.verbosity else method)(self, *arguments, **options)

    return either


def only_verbose(name: str) -> Callable[..., None]:
    """Return a method that shows nothing, unless the run is verbose."""

    def nothing(self: CallbackModule, *arguments: Any, **options: Any) -> None:
        """Show nothing."""

    nothing.__name__ = name
    return calm(nothing)


class CallbackModule(Default):  # type: ignore[misc]  # ansible-core ships no types
    """The callback, which is Ansible's default with other output."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "shkatara.keda_demo.steps"

    # What follows them is shown: the first play, the result of a retried or polled task, the included tasks.
    v2_playbook_on_start = only_verbose("v2_playbook_on_start")
    v2_runner_retry = only_verbose("v2_runner_retry")
    v2_runner_on_async_poll = only_verbose("v2_runner_on_async_poll")
    v2_runner_on_async_ok = only_verbose("v2_runner_on_async_ok")
    v2_runner_on_async_failed = only_verbose("v2_runner_on_async_failed")
    v2_playbook_on_include = only_verbose("v2_playbook_on_include")
    # The failures of the hosts were shown.
    v2_playbook_on_no_hosts_remaining = only_verbose("v2_playbook_on_no_hosts_remaining")

    def __init__(self) -> None:
        super().__init__()
        self._step: Step | None = None
        self._status: StatusLine | None = None
        self._durations: Durations | None = None
        self._heading = ""

    @calm
    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember the play, which is shown by its first task: it may end before."""
        self._finish()
        self._play = play
        self._heading = f"{play.get_name().strip()}{' (check mode)' if play.check_mode else ''}"

    @calm
    def _task_start(self, task: Any, prefix: str | None = None) -> None:
        """Begin the step of a task or a handler, whose name is only rendered here."""
        del prefix
        if task.action in C._ACTION_META:
            self._finish()  # of the task before; it has no result itself
        else:
            self._begin(task)

    def _begin(self, task: Any) -> Step:
        self._finish()
        self._show_heading()
        self._step = Step(task._uuid, task.get_name().strip(), has_role=bool(task._role))
        self._status = self._status or StatusLine(self._display, is_terminal())
        if self._durations is None:
            configured = self.get_option("durations_file")
            self._durations = Durations(Path(configured) if configured else default_path(os.environ))
        # A prompt is in the last row, too.
        is_prompt = task.action.rpartition(".")[2] == "pause"
        self._status.begin("" if is_prompt else self._step.name, self._durations.last(self._step.key))
        return self._step

    def _show_heading(self) -> None:
        heading, self._heading = self._heading, ""
        if heading:
            self._show(heading)

    def _finish(self) -> None:
        """End the step, and show what it did on all of its hosts."""
        step, self._step = self._step, None
        if step is None or self._status is None or self._durations is None:
            return
        seconds = self._status.end()
        is_long = seconds >= LONG_SECONDS
        took = f", {in_words(seconds)}" if is_long else ""
        if step.changed:
            word = "would change" if step.is_check else "changed"
            self._show(f"  {word:<8} {step.name}{step_results.on(step.changed)}{took}", C.COLOR_CHANGED)
        elif is_long and not step.has_failed:
            self._show(f"  {'ok':<8} {step.name}{took}", C.COLOR_OK)
        if is_long and not step.has_failed:
            self._durations.note(step.key, seconds)

    def _show(self, text: str, color: str | None = None) -> None:
        self._display.display(text, color=color)

    def _receive(self, result: Any) -> tuple[Step, dict[str, Any]]:
        """Return the step of a result, and the result's fields. Show its warnings."""
        task, fields = part(result, "task"), part(result, "result")
        # With other strategies than linear the hosts are at different tasks.
        step = self._step if self._step and self._step.uuid == task._uuid else self._begin(task)
        self._handle_warnings(fields)
        return step, fields

    @calm
    def v2_runner_on_ok(self, result: Any) -> None:
        """Note a change, and show the message of debug."""
        step, fields = self._receive(result)
        if fields.get("changed"):
            step.changed.append(self._host(result))
            step.is_check = step.is_check or part(result, "task").check_mode is True
        if "results" not in fields:
            self._show_message_of_debug(result, fields)

    @calm
    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Show the message of debug. The change of an item is one of the whole task."""
        self._show_message_of_debug(result, self._receive(result)[1])

    @calm
    def v2_runner_on_skipped(self, result: Any) -> None:
        """Show nothing but warnings."""
        self._receive(result)

    @calm
    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Show nothing but warnings."""
        self._receive(result)

    @calm
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Show a failure. Those of a loop were shown for each item."""
        step, fields = self._receive(result)
        step.has_failed = True
        if not (part(result, "task").loop and "results" in fields):
            self._show_failure("ignored" if ignore_errors else "FAILED", result)

    @calm
    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Show the failure of an item."""
        _step, fields = self._receive(result)
        ignored = part(result, "task").ignore_errors is True
        self._show_failure("ignored" if ignored else "FAILED", result, f" (item={self._get_item_label(fields)})")

    @calm
    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Show that a host can't be reached."""
        ignored = part(result, "task").ignore_unreachable is True
        self._show_failure("ignored" if ignored else "UNREACHABLE", result)

    @calm
    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Show why the play has no tasks."""
        self._show_heading()
        self._show("  no hosts matched", C.COLOR_SKIP)

    @calm
    def _print_task_banner(self, task: Any) -> None:
        """Show the task to which the differences below it belong."""
        self._show(f"  {self._step.name if self._step else task.get_name()}:")
        self._last_task_banner = task._uuid

    @calm
    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Show the hosts on which the run failed."""
        self._finish()
        if self._durations:
            self._durations.save()
        failed = sorted({host for counts in (stats.failures, stats.dark) for host, count in counts.items() if count})
        if failed:
            self._show(f"Failed: {', '.join(failed)}. With -v a run shows all results.", C.COLOR_ERROR)
        if stats.custom and self.get_option("show_custom_stats"):
            super().v2_playbook_on_stats(stats)

    def _show_message_of_debug(self, result: Any, fields: dict[str, Any]) -> None:
        action = part(result, "task").action
        if action not in C._ACTION_DEBUG:
            return
        self._clean_results(fields, action)
        self._show(textwrap.indent(step_results.text(fields.get("msg")) or self._dump(fields), "  "))

    def _show_failure(self, word: str, result: Any, item: str = "") -> None:
        step, fields = self._receive(result)
        step.has_failed = True
        head = f"  {word:<8} {step.name}{step_results.on([self._host(result)])}{item}"
        color = C.COLOR_SKIP if word == "ignored" else C.COLOR_ERROR
        text = f"{head}\n{textwrap.indent(self._message(fields), '    ')}"
        self._display.display(text, color=color, stderr=self.get_option("display_failed_stderr"))

    def _host(self, result: Any) -> str:
        """Return `one`, or `one -> two` for a task of one that ran on two.

        Ansible adds the address of two as the inventory has it, which may be a template.
        """
        label: str = self.host_label(result)
        return label.partition("(")[0]

    def _message(self, fields: dict[str, Any]) -> str:
        details, text = step_results.details(fields), step_results.text(fields.get("censored") or fields.get("msg"))
        return f"{text}\n{self._dump(details or fields)}".strip() if details or not text else text

    def _dump(self, fields: dict[str, Any]) -> str:
        return textwrap.dedent(self._dump_results(fields)).strip()
