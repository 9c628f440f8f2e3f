# SPDX-License-Identifier: MIT
"""Plays that run on this machine, with the collection of this checkout and without the user's own settings."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

COLLECTION = Path(__file__).parents[2]

HEADER = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
"""
# Writes the result of the task before it, which was registered as `done`, in check mode too.
WRITE_RESULT = """
- name: Write the result
  ansible.builtin.copy:
    content: "{{ done | to_json }}"
    dest: "{{ result }}"
    mode: "0600"
  check_mode: false
  diff: false
"""


class LocalPlay:
    """A play with these tasks, in a folder of its own. `prefix` are the words of a command that runs Ansible."""

    def __init__(
        self, folder: Path, tasks: str, prefix: Sequence[str] = (), environment: Mapping[str, str] = os.environ
    ) -> None:
        self.collections = folder / "collections" / "ansible_collections"
        (self.collections / "shkatara").mkdir(parents=True)
        (self.collections / "shkatara" / "keda_demo").symlink_to(COLLECTION)
        self._file = folder / "play.yml"
        self._file.write_text(HEADER + textwrap.indent(tasks, "    "))
        config = folder / "ansible.cfg"
        config.write_text(f"[defaults]\ncollections_path={self.collections.parent}\nlocalhost_warning=False\n")
        self._prefix = prefix
        inherited = {key: value for key, value in environment.items() if not key.startswith("ANSIBLE_")}
        self._environment = inherited | {"ANSIBLE_CONFIG": str(config), "PYTHONUNBUFFERED": "1"}
        self._result = folder / "result"

    @contextlib.contextmanager
    def start(self, variables: Mapping[str, Any], *options: str) -> Iterator[subprocess.Popen[str]]:
        """Start the play, with its output and its errors in one stream; a play that outlasts the test is killed."""
        extra = json.dumps({**variables, "result": str(self._result)})
        command = [*self._prefix, sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", str(self._file)]
        with subprocess.Popen(
            [*command, "-e", extra, *options],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, variables: Mapping[str, Any], *options: str) -> str:
        """Run the play, which must succeed, and return its output."""
        with self.start(variables, *options) as process:
            output, _errors = process.communicate()
        assert process.returncode == 0, output
        return output

    def result(self, variables: Mapping[str, Any], *options: str) -> dict[str, Any]:
        """Run the play, and return the result that WRITE_RESULT wrote, with the play's `output`."""
        self._result.unlink(missing_ok=True)
        output = self.run(variables, *options)
        return json.loads(self._result.read_text()) | {"output": output}
