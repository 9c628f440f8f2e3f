# SPDX-License-Identifier: MIT
"""The action plugins' base: tailing alone, and a play in which a module that sleeps shows lines as they come."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.progress import Progress
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.progress import Tail
from ansible_collections.shkatara.keda_demo.tests.support.plays import LocalPlay

MODULE = """
from __future__ import annotations
import signal, time
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.progress import Progress

module = AnsibleModule({"seconds": {"type": "float"}, "mark": {"type": "path"}, "progress_file": {"type": "path"}})
signals = []
signal.signal(signal.SIGINT, lambda *_: signals.append("SIGINT"))
signal.signal(signal.SIGTERM, lambda *_: signals.append("SIGTERM"))
progress = Progress(module.params["progress_file"])
end = time.monotonic() + module.params["seconds"]
progress.say(f"begun at {time.time()}")
while time.monotonic() < end and not signals:
    time.sleep(0.05)
progress.say("done")
open(module.params["mark"], "w").write(f"{signals} {module.params['progress_file']}")
module.exit_json(changed=False, answer=42)
"""

ACTION = """
from __future__ import annotations
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.progress import ProgressActionBase

class ActionModule(ProgressActionBase):
    pass
"""

TASKS = """
- name: Sleep
  test.test.sleeper: {seconds: "{{ seconds }}", mark: "{{ mark }}"}
  no_log: "{{ quiet | default(false) | bool }}"
  register: slept
- name: Check the result
  ansible.builtin.assert: {that: [slept.answer == 42, slept is not changed]}
"""


def test_tail_shows_lines_while_they_come_and_the_last_ones_too(tmp_path):
    path = tmp_path / "progress"
    seen = []
    progress = Progress(str(path))
    with Tail(str(path), seen.append, poll_seconds=0.01):
        progress.say("first")
        deadline = time.monotonic() + 5
        while not seen and time.monotonic() < deadline:
            time.sleep(0.01)
        assert seen == ["first"]
        progress.say("last")
    assert seen == ["first", "last"]


@pytest.fixture
def mark(tmp_path):
    """The file that the module writes at its end."""
    return tmp_path / "mark"


@pytest.fixture
def play(tmp_path):
    """A play with a module of its own."""
    play = LocalPlay(tmp_path, TASKS)
    plugins = play.collections / "test" / "test" / "plugins"
    for kind, text in (("modules", MODULE), ("action", ACTION)):
        (plugins / kind).mkdir(parents=True)
        (plugins / kind / "sleeper.py").write_text(text)
    return play


def test_a_play_shows_the_lines_while_the_module_runs(play, mark):
    with play.start({"mark": str(mark), "seconds": 2}) as process:
        assert process.stdout is not None
        lines = [(time.time(), line) for line in process.stdout]
        process.wait(timeout=60)
    output = "".join(line for _at, line in lines)
    assert process.returncode == 0, output
    (seen_at, begun_at), *others = [
        (at, float(found[1])) for at, line in lines if (found := re.match(r"  begun at ([0-9.]+)", line))
    ]
    assert not others
    assert seen_at - begun_at < 1, "the line came only when the module had ended"
    assert "  done\n" in output
    assert not Path(mark.read_text().split()[-1]).exists(), "the progress file was left behind"


def test_nothing_is_shown_under_no_log(play, mark):
    output = play.run({"mark": str(mark), "seconds": 0.1, "quiet": True})
    assert "begun" not in output
    assert mark.read_text() == "[] None"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_ansible_reaches_the_module(play, mark, number):
    with play.start({"mark": str(mark), "seconds": 60}) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("  begun"):
                break
        process.send_signal(number)
        # The file of the module is the proof: ansible-core's main process may wait for its own workers much longer.
        deadline = time.monotonic() + 60
        while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert mark.exists(), "the signal never came to the module"
    assert mark.read_text().startswith(f"['{number.name}']")
