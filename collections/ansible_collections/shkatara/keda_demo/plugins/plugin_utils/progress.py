# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of action plugins whose module reports its progress.

Since ansible-core 2.19 a worker's stdout is discarded and a signal ends the worker at once. So this base only
displays: the module does the work, a thread here follows the module's progress file, and `Display.display` hands
each line to the main process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from ansible import constants as C
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display

from ..module_utils._internal.common.interrupt import SIGNALS
from ..module_utils._internal.common.progress import ProgressReader
from . import controller


class Tail:
    """A context that passes every new progress line of `path` to `show`, including the last lines at its end."""

    def __init__(self, path: str, show: Callable[[str], None], poll_seconds: float = 0.2) -> None:
        self._reader = ProgressReader(path)
        self._show = show
        self._poll_seconds = poll_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def _run(self) -> None:
        # A signal that this thread took would reach its handler only when the main thread's wait for the module ends.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        last = False
        while not last:
            last = self._ended.wait(self._poll_seconds)
            for message in self._reader.read_new():
                self._show(message)

    def __enter__(self) -> Tail:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._thread.join(timeout=5)


class ProgressActionBase(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    """Run the module of the same name and show its progress file while it runs.

    A plugin derives from this class without any code of its own::

        class ActionModule(ProgressActionBase):
            pass

    The module takes the option `progress_file`. The file is not followed if the module runs on another machine, in
    the background (`async`), or with `no_log`.
    """

    _supports_check_mode = True
    _supports_async = True

    def show(self, message: str) -> None:
        """Display one progress line; a plugin may override this."""
        Display().display(f"  {message}")

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module; the result is the module's, unchanged."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp  # has no effect any more
        if findings := list(controller.version_findings(sys.version_info[:2], __version__)):
            return result | {"failed": True, "msg": controller.message(findings)}
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        arguments = dict(self._task.args)
        with contextlib.ExitStack() as stack:
            if self._can_tail(wrap_async):
                path = arguments.get("progress_file") or stack.enter_context(_temporary_file())
                arguments["progress_file"] = path
                stack.enter_context(Tail(path, self.show))
            result.update(self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _can_tail(self, wrap_async: bool) -> bool:
        no_log = self._task.no_log or self._play_context.no_log
        return self._connection.transport == "local" and not wrap_async and not no_log


@contextlib.contextmanager
def _temporary_file() -> Any:
    # In Ansible's temporary folder, which the main process removes even if a signal ends this worker.
    handle, path = tempfile.mkstemp(prefix="progress-", suffix=".jsonl", dir=C.DEFAULT_LOCAL_TMP)
    os.close(handle)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
