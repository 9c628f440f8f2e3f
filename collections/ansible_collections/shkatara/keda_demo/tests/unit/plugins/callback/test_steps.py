# SPDX-License-Identifier: MIT
"""The callback `steps`, by runs of ansible-playbook on this machine under each version of ansible-core."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support import cores

PROJECT = cores.ROOT
CALLBACK = "shkatara.keda_demo.steps"
HOSTS = """
all:
  vars: {ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  hosts:
    one:
    two: {ansible_host: "{{ '127.0.0' }}.1"}
    gone: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1, ansible_ssh_retries: 0}
"""
WARNER = """
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({})
module.warn("look here")
module.deprecate("the old way", version="9.9", collection_name="shkatara.keda_demo")
module.exit_json(changed=False)
"""
EVERYTHING = """
- name: Do this and that
  hosts: one,two
  gather_facts: false
  tasks:
    - {name: Look, ansible.builtin.command: echo seen, changed_when: false}
    - {name: Change it, ansible.builtin.command: "true", notify: Restart it}
    - {name: Change one, ansible.builtin.command: "true", when: inventory_hostname == 'two'}
    - {name: Change items, ansible.builtin.command: "echo {{ item }}", changed_when: item == 'b', loop: [a, b]}
    - {name: Leave out, ansible.builtin.command: "false", when: false}
    - {name: Leave items out, ansible.builtin.command: "false", when: false, loop: [a, b]}
    - {name: Say, ansible.builtin.debug: {msg: "a line\\nand another"}, run_once: true}
    - {name: Say items, ansible.builtin.debug: {msg: "item {{ item }}"}, loop: [a, b], run_once: true}
    - {name: Say a list, ansible.builtin.debug: {msg: [first, second]}, run_once: true}
    - {name: Say a value, ansible.builtin.debug: {var: inventory_hostname}, run_once: true}
    - {name: Warn, warner: }
    - name: Try again
      ansible.builtin.command: sh -c 'echo >> tries-{{ inventory_hostname }}; grep -c ^ tries-{{ inventory_hostname }}'
      register: tried
      until: tried.stdout == '3'
      retries: 9
      delay: 0
      changed_when: false
      args: {chdir: "{{ playbook_dir }}"}
    - {name: Poll, ansible.builtin.command: sleep 1.2, async: 30, poll: 1, changed_when: false}
    - {name: Begin, ansible.builtin.command: "true", async: 30, poll: 0, changed_when: false, register: begun}
    - name: Wait for it
      ansible.builtin.async_status: {jid: "{{ begun.ansible_job_id }}"}
      register: ended
      until: ended is finished
      retries: 300
      delay: 0
      changed_when: false
    - {name: Do without, ansible.builtin.fail: {msg: not needed}, ignore_errors: true, run_once: true}
    - name: Rescue
      when: inventory_hostname == 'one'
      block: [{name: Break, ansible.builtin.fail: {msg: broken}}]
      rescue: [{name: Mend, ansible.builtin.command: "true"}]
    - name: Keep a secret
      ansible.builtin.command: sh -c 'echo hunter2; exit 3'
      no_log: true
      ignore_errors: true
      run_once: true
    - {name: Include, ansible.builtin.include_tasks: included.yml}
    - {name: Ask the other, ansible.builtin.command: "true", delegate_to: two, run_once: true}
  handlers:
    - {name: Restart it, ansible.builtin.command: "true"}

- name: Reach hosts
  hosts: gone
  gather_facts: false
  tasks:
    - {name: Ping, ansible.builtin.ping: , ignore_unreachable: true}

- name: Reach nobody
  hosts: nobody
  gather_facts: false
  tasks: [{name: Ping, ansible.builtin.ping: }]

- name: Fail at last
  hosts: all
  gather_facts: false
  tasks:
    - name: Run a program
      ansible.builtin.command: sh -c 'echo out; echo err >&2; exit 3'
      when: inventory_hostname != 'two'
    - name: Try items
      ansible.builtin.fail: {msg: "{{ item }} is wrong"}
      loop: [a, b]
      when: inventory_hostname == 'two' and item == 'b'
"""
INCLUDED = "- {name: Change more, ansible.builtin.command: 'true'}\n"
# By ansible-core the texts differ: its own words for a failed program and for a host that can't be reached.
SHOWN = """
Do this and that
  changed  Change it [one, two]
  changed  Change one [two]
  changed  Change items [one, two]
  a line
  and another
  item a
  item b
  first
  second
  inventory_hostname: one
  ignored  Do without [one]
    not needed
  FAILED   Break [one]
    broken
  changed  Mend [one]
  ignored  Keep a secret [one]
    the output has been hidden due to the fact that 'no_log: true' was specified for this result
  changed  Change more [one, two]
  changed  Ask the other [one -> two]
  changed  Restart it [one, two]
Reach hosts
  ignored  Ping [gone]
    (.*)Failed to connect to the host via ssh: .*
Reach nobody
  no hosts matched
Fail at last
  UNREACHABLE Run a program [gone]
    (.*)Failed to connect to the host via ssh: .*
  FAILED   Run a program [one]
    (.*)non-zero return code(.*)
    cmd:
    - sh
    - -c
    - echo out; echo err >&2; exit 3
    rc: 3
    stderr: err
    stdout: out
  FAILED   Try items [two] (item=b)
    b is wrong
Failed: gone, one, two. With -v a run shows all results.
"""


class Runs:
    """Runs of a playbook with the callback, and with the cache in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "hosts.yml").write_text(HOSTS)
        (folder / "included.yml").write_text(INCLUDED)
        (folder / "library").mkdir()
        (folder / "library" / "warner.py").write_text(WARNER)
        self.environment = {
            "ANSIBLE_STDOUT_CALLBACK": CALLBACK,
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "4",
            "KEDA_DEMO_CACHE": str(folder / "cache"),
        }

    def run(self, core: str, playbook: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "play.yml").write_text(playbook)
        arguments = ["--inventory", "hosts.yml", "play.yml", *options]
        return cores.run(
            core, "playbook", arguments, self.folder, PROJECT / "collections", **self.environment | environment
        )

    def local(self, tasks: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run tasks on localhost with the environment's own ansible-core."""
        head = "- name: Try\n  hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
        return self.run(cores.OWN, head + textwrap.indent(textwrap.dedent(tasks), "    "), *options, **environment)


def without_times(output):
    """Return what a run on a fast machine shows: no step takes long there."""
    return re.sub(r", \d+ s$", "", re.sub(r"^  ok .*\n", "", output, flags=re.MULTILINE), flags=re.MULTILINE)


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


@pytest.mark.parametrize("core", cores.each_core)
def test_every_kind_of_result(runs, core):
    done = runs.run(core, EVERYTHING)
    assert done.returncode == 4, done.stdout + done.stderr  # a host can't be reached
    pattern = "\n".join(
        line if "(.*)" in line else re.escape(line).replace(r"\ ", " ") for line in SHOWN.strip().splitlines()
    )
    # Failures of several hosts in one task come in any order.
    blocks = re.split(r"\n(?=  (?:UNREACHABLE|FAILED)|Failed)", without_times(done.stdout).strip())
    wanted = re.split(r"\n(?=  (?:UNREACHABLE|FAILED)|Failed)", pattern)
    left = [block for block in blocks if not any(re.fullmatch(one, block) for one in wanted)]
    assert (left, len(blocks)) == ([], len(wanted)), done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "look here" in done.stderr
    assert "the old way" in done.stderr
    # An error of the callback is a warning of Ansible.
    assert "callback" not in done.stderr.lower(), done.stderr


@pytest.mark.parametrize("core", cores.each_core)
def test_verbose_is_the_output_of_the_default_callback(runs, core):
    tasks = """
    - name: Say and fail
      hosts: one,two
      gather_facts: false
      tasks:
        - {name: Say, ansible.builtin.debug: {msg: hello}, changed_when: true, notify: Say more}
        - {name: Leave out, ansible.builtin.debug: {msg: hello}, when: false}
        - {name: Fail, ansible.builtin.fail: {msg: "broken: {{ item }}"}, loop: [a], when: inventory_hostname == 'one'}
        - {name: Include, ansible.builtin.include_tasks: nothing.yml}
      handlers: [{name: Say more, ansible.builtin.debug: {msg: more}}]
    """
    (runs.folder / "nothing.yml").write_text("- {name: Nothing, ansible.builtin.meta: noop}\n")
    ours, default = (
        runs.run(core, textwrap.dedent(tasks), "-v", ANSIBLE_STDOUT_CALLBACK=name, ANSIBLE_FORKS="1")
        for name in (CALLBACK, "ansible.builtin.default")
    )
    assert "PLAY RECAP" in ours.stdout
    assert (ours.returncode, ours.stdout, ours.stderr) == (default.returncode, default.stdout, default.stderr)
    assert not (runs.folder / "cache").exists()


@pytest.mark.parametrize("core", cores.each_core)
def test_check_mode_and_differences(runs, core):
    play = """
    - name: Write
      hosts: one
      gather_facts: false
      tasks:
        - {name: Write a file, ansible.builtin.copy: {content: "new\\n", dest: "{{ playbook_dir }}/file", mode: "0600"}}
        - {name: Write a secret, no_log: true, ansible.builtin.copy: {content: hunter2, dest: "{{ playbook_dir }}/s"}}
    """
    done = runs.run(core, textwrap.dedent(play), "--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["Write (check mode)", "  Write a file:"]
    assert "+new" in lines
    assert "  would change Write a file [one]" in lines
    assert lines[-1] == "  would change Write a secret [one]"
    assert "hunter2" not in done.stdout
    assert not (runs.folder / "file").exists()


def test_a_module_that_breaks_is_shown_with_its_error(runs):
    (runs.folder / "library" / "broken.py").write_text(
        "from ansible.module_utils.basic import AnsibleModule\nraise RuntimeError('no wheels')\n"
    )
    done = runs.local("- {name: Drive, broken: }")
    assert done.returncode == 2
    assert "  FAILED   Drive\n" in done.stdout
    assert "no wheels" in done.stdout


def test_a_failure_is_one_message(runs):
    done = runs.local('- {name: Check, ansible.builtin.fail: {msg: "two reasons:\\n  - one\\n  - two"}}')
    assert done.stdout == textwrap.dedent("""\
        Try
          FAILED   Check
            two reasons:
              - one
              - two
        Failed: localhost. With -v a run shows all results.
        """)
    assert done.stderr == ""


@pytest.mark.parametrize("core", cores.each_core)
def test_a_play_without_tasks_to_run_is_not_shown(runs, core):
    plays = """
    - name: End at once
      hosts: one,two
      gather_facts: false
      tasks:
        - {name: End, ansible.builtin.meta: end_play}
        - {name: Never, ansible.builtin.command: "false"}
    - name: For nobody
      hosts: nobody
      tasks: []
    - name: Work
      hosts: one
      gather_facts: false
      tasks:
        - {name: Look, ansible.builtin.command: "true", changed_when: false}
    """
    done = runs.run(core, textwrap.dedent(plays))
    assert done.stdout.splitlines() == ["For nobody", "  no hosts matched", "Work"], done.stdout + done.stderr


def test_hosts_that_go_on_by_themselves(runs):
    play = """
    - name: Free
      hosts: one,two
      strategy: ansible.builtin.free
      gather_facts: false
      tasks:
        - {name: First, ansible.builtin.command: "sleep {{ 1 if inventory_hostname == 'one' else 0 }}"}
        - {name: Second, ansible.builtin.command: "true"}
    """
    done = runs.run(cores.OWN, textwrap.dedent(play))
    changed = re.findall(r"^  changed  (\w+) \[(.+)\]", done.stdout, flags=re.MULTILINE)
    assert {(name, host) for name, hosts in changed for host in hosts.split(", ")} == {
        (name, host) for name in ("First", "Second") for host in ("one", "two")
    }


def test_a_long_task_is_shown_and_its_time_is_kept(runs):
    done = runs.local("- {name: Wait, ansible.builtin.command: sleep 5.2, changed_when: false}")
    assert re.fullmatch(r"Try\n  ok       Wait, \d+ s\n", done.stdout)
    (kept,) = json.loads((runs.folder / "cache" / "durations.json").read_text()).items()
    assert kept == ("Wait", pytest.approx(15, abs=10))


def on_a_terminal(runs, tasks, **environment):
    """Return what a terminal receives from a run."""
    (runs.folder / "local.yml").write_text(
        "- name: Try\n  hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
        + textwrap.indent(textwrap.dedent(tasks), "    ")
    )
    config = runs.folder / "ansible.cfg"
    config.write_text(f"[defaults]\ncollections_path = {PROJECT / 'collections'}\n")
    environ = os.environ | runs.environment | {"ANSIBLE_CONFIG": str(config), "TERM": "xterm"} | environment
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "ansible", "playbook", "--inventory=hosts.yml", "local.yml"]
    with subprocess.Popen(command, cwd=runs.folder, env=environ, stdin=subprocess.DEVNULL, stdout=child, stderr=child):
        os.close(child)
        received = b""
        while True:
            try:
                data = os.read(parent, 4096)
            except OSError:  # all writers have closed the terminal
                break
            if not data:
                break
            received += data
    os.close(parent)
    return received.decode()


def rows(received):
    """Return what stays on a terminal: of each line the text after the last carriage return."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in received.replace("\r\n", "\n").split("\n")]
    return without_times("\n".join(line for line in lines if line.strip()) + "\n").splitlines()


def test_a_terminal_shows_the_time_in_place(runs):
    cache = runs.folder / "cache"
    cache.mkdir()
    (cache / "durations.json").write_text(json.dumps({"Wait": 72.0}))
    received = on_a_terminal(runs, "- {name: Wait, ansible.builtin.command: sleep 4}\n- {name: Say, debug: {msg: end}}")
    assert re.search(r"\r  \.\.\. Wait: \d+ s, last time 1 min 12 s", received)
    assert rows(received) == ["Try", "  changed  Wait", "  end"]
    assert "\x1b" not in received


def test_a_terminal_has_colours_unless_they_are_unwanted(runs):
    tasks = "- {name: Change, ansible.builtin.command: 'true'}"
    del runs.environment["ANSIBLE_NOCOLOR"]
    assert "\x1b[0;33m  changed  Change" in on_a_terminal(runs, tasks)
    assert "\x1b" not in on_a_terminal(runs, tasks, NO_COLOR="1")


def test_a_pipe_has_no_control_characters_unless_colours_are_forced(runs):
    tasks = "- {name: Change, ansible.builtin.command: sleep 3}"
    del runs.environment["ANSIBLE_NOCOLOR"]
    assert without_times(runs.local(tasks).stdout) == "Try\n  changed  Change\n"
    assert "\x1b[0;33m  changed  Change" in runs.local(tasks, ANSIBLE_FORCE_COLOR="1").stdout


MODULE = """
import time
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.progress import Progress
module = AnsibleModule({"progress_file": {"type": "path"}})
progress = Progress(module.params["progress_file"])
for number in range(4):
    progress.say(f"line {number}")
    time.sleep(1)
module.exit_json(changed=False)
"""
ACTION = """
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.progress import ProgressActionBase
class ActionModule(ProgressActionBase):
    pass
"""


@pytest.mark.parametrize("receive", [lambda runs, tasks: runs.local(tasks).stdout, on_a_terminal], ids=["pipe", "pty"])
def test_the_progress_of_a_long_module_is_shown(runs, receive):
    """Its lines come by Display, and by no event of a callback."""
    (runs.folder / "library" / "worker.py").write_text(MODULE)
    (runs.folder / "action_plugins").mkdir()
    (runs.folder / "action_plugins" / "worker.py").write_text(ACTION)
    received = receive(runs, "- {name: Work, worker: }")
    assert rows(received) == ["Try", *(f"  line {number}" for number in range(4))]
