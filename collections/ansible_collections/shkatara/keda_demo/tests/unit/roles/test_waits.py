# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The waits for jobs in the background, with real jobs on this machine."""

from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.plays import WRITE_RESULT, LocalPlay

ROLES = Path(__file__).parents[3] / "roles"
# A role's file of tasks, the job's variable, the variable of its time, and what is said once the time is over.
WAITS = {
    "containerd": (
        "images_wait",
        "__containerd_import",
        "containerd_import_timeout",
        "the images are not imported 2 s",
    ),
    "worker": ("join_wait", "__worker_join", "worker_join_timeout", "the host has not joined 2 s"),
}
TASKS = """
- name: Start the job
  ansible.builtin.command: "{{ job }}"
  async: 60
  poll: 0
  register: %(job)s

- name: Wait for the job
  block:
    - name: Run the role's tasks
      ansible.builtin.include_tasks: %(file)s
  rescue:
    - name: Keep why
      ansible.builtin.set_fact:
        done: "{{ ansible_failed_result }}"
  always:
    - name: Remove the job's result
      ansible.builtin.async_status:
        jid: "{{ %(job)s['ansible_job_id'] }}"
        mode: cleanup
"""


@pytest.fixture(params=WAITS)
def wait(request, tmp_path):
    """Return a function that waits for a command, and the text that is said if the command is not done in time."""
    file, job, timeout, says = WAITS[request.param]
    tasks = TASKS % {"job": job, "file": ROLES / request.param / "tasks" / f"{file}.yml"}
    play = LocalPlay(tmp_path, tasks + WRITE_RESULT)
    return lambda command: play.result({"job": command, timeout: 2, "__worker_found": []}), says


def test_a_job_that_takes_too_long_is_named_with_its_variable(wait):
    run, says = wait
    message = run("sleep 10")["msg"]
    assert message.startswith(says)
    assert "_timeout" in message


def test_a_job_that_fails_has_its_own_message(wait):
    run, _says = wait
    result = run("cat /nonexistent/file")
    assert result["stderr"] == "cat: /nonexistent/file: No such file or directory"
