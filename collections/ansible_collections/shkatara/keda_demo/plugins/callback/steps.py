# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output of a run for people: what changes something, what takes long, and what is wrong."""

from __future__ import annotations

DOCUMENTATION = r"""
name: steps
type: stdout
short_description: A line for each step that changes something, takes long or fails
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Shows each play, and below it a line for each task that changed something, with its hosts, or that took five seconds
    or longer. Tasks that were skipped or had nothing to do are not shown.
  - While a task runs, a terminal shows its time, and how long it took the last time on this machine. Without a terminal
    a line says so every 30 seconds, if nothing else is shown. Retries of a task are part of its time, and no failures.
  - A failure is one message, with the command and its output if there is one. Warnings, deprecations, messages of
    M(ansible.builtin.debug), the differences of C(--diff), and the progress of this collection's modules are shown as
    P(ansible.builtin.default#callback) shows them. What C(no_log) hides stays hidden.
  - With C(-v) or more the output is that of P(ansible.builtin.default#callback).
  - O(display_ok_hosts) and O(display_skipped_hosts) have an effect with C(-v) only.
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
options:
  durations_file:
    description:
      - The file that keeps the seconds of each task that took long, by the task's name.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.plugins.callback.default import CallbackModule as Default

from ..plugin_utils.durations import Durations, default_path
from ..plugin_utils.status_line import StatusLine, in_words, is_terminal

LONG_SECONDS = 5.0
# The fields of a failed result that say more than its message.
DETAILS = ("cmd", "rc", "stdout", "stderr", "module_stdout", "module_stderr", "reason")


@dataclass
class Step:
    """A task for all of its hosts. `key` is its name with that of its role."""

    uuid: str
    key: str
    name: str
    changed: list[str] = field(default_factory=list)
    is_check: bool = False
    has_failed: bool = False


def calm(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method that does what the default callback's does if the run is verbose, and else what `method` does."""
    default = getattr(Default, method.__name__)

    @functools.wraps(method)
    def either(self: CallbackModule, *arguments: Any, **options: Any) -> None:
        (default if self._display.verbosity else method)(self, *arguments, **options)

    return either


def part(result: Any, name: str) -> Any:
    """Return `task`, `result`, `task_fields` of a task's result; before ansible-core 2.19 they are private."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


class CallbackModule(Default):  # type: ignore[misc]  # ansible-core ships no types
    """The callback, which is Ansible's default with other output."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "shkatara.keda_demo.steps"

    def __init__(self) -> None:
        super().__init__()
        self._step: Step | None = None
        self._status: StatusLine | None = None
        self._durations: Durations | None = None

    @calm
    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Show nothing: the first play comes next."""

    @calm
    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Show the play."""
        self._finish()
        self._play = play
        self._display.display(f"{play.get_name().strip()}{' (check mode)' if play.check_mode else ''}")

    @calm
    def _task_start(self, task: Any, prefix: str | None = None) -> None:
        """Begin the step of a task or a handler, whose name is only rendered here."""
        del prefix
        self._begin(task)

    def _begin(self, task: Any) -> Step:
        self._finish()
        key = task.get_name().strip()
        self._step = Step(task._uuid, key, key.partition(" : ")[2] if task._role and " : " in key else key)
        self._status = self._status or StatusLine(self._display, is_terminal())
        if self._durations is None:
            configured = self.get_option("durations_file")
            self._durations = Durations(Path(configured) if configured else default_path(os.environ))
        # A prompt is in the last row.
        if task.action.rpartition(".")[2] != "pause":
            self._status.begin(self._step.name, self._durations.last(key))
        return self._step

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
            self._show(f"  {word:<8} {step.name}{_on(step.changed)}{took}", C.COLOR_CHANGED)
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
            step.changed.append(self.host_label(result))
            step.is_check = step.is_check or bool(part(result, "task_fields").get("check_mode"))
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
        ignored = part(result, "task_fields").get("ignore_errors") is True
        self._show_failure("ignored" if ignored else "FAILED", result, f" (item={self._get_item_label(fields)})")

    @calm
    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Show that a host can't be reached."""
        ignored = part(result, "task_fields").get("ignore_unreachable") is True
        self._show_failure("ignored" if ignored else "UNREACHABLE", result)

    @calm
    def v2_runner_retry(self, result: Any) -> None:
        """Show nothing: the time goes on."""

    @calm
    def v2_runner_on_async_poll(self, result: Any) -> None:
        """Show nothing: the time goes on."""

    @calm
    def v2_runner_on_async_ok(self, result: Any) -> None:
        """Show nothing: the task's own result comes next."""

    @calm
    def v2_runner_on_async_failed(self, result: Any) -> None:
        """Show nothing: the task's own result comes next."""

    @calm
    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Show nothing: the included tasks come next."""

    @calm
    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Show why the play has no tasks."""
        self._show("  no hosts matched", C.COLOR_SKIP)

    @calm
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """Show nothing: the failures of the hosts were shown."""

    @calm
    def _print_task_banner(self, task: Any) -> None:
        """Show the task to which the differences below it belong."""
        name = self._step.name if self._step else task.get_name()
        self._show(f"  {name}:")
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
        if not fields.get("_ansible_verbose_always"):
            return
        self._clean_results(fields, part(result, "task").action)
        text = _text(fields["msg"]) if fields.get("msg") else textwrap.dedent(self._dump_results(fields)).strip()
        self._show(textwrap.indent(text, "  "))

    def _show_failure(self, word: str, result: Any, item: str = "") -> None:
        step, fields = self._receive(result)
        step.has_failed = True
        head = f"  {word:<8} {step.name}{_on([self.host_label(result)])}{item}"
        color = C.COLOR_SKIP if word == "ignored" else C.COLOR_ERROR
        text = f"{head}\n{textwrap.indent(self._message(fields), '    ')}"
        self._display.display(text, color=color, stderr=self.get_option("display_failed_stderr"))

    def _message(self, fields: dict[str, Any]) -> str:
        if "censored" in fields:
            return str(fields["censored"])
        details = {name: fields[name] for name in DETAILS if fields.get(name) not in (None, "", [])}
        text = _text(fields.get("msg") or "").strip()
        if details or not text:
            text += f"\n{textwrap.dedent(self._dump_results(details or fields)).strip()}"
        return text.strip()


def _text(message: Any) -> str:
    return "\n".join(str(line) for line in message) if isinstance(message, list) else str(message)


def _on(hosts: list[str]) -> str:
    """Return the hosts of a line; on the controller a line has none."""
    return "" if hosts == ["localhost"] else f" [{', '.join(hosts)}]"
