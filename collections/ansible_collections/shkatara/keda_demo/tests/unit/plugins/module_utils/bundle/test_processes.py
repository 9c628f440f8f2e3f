# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Programs of a build: their output, their failures, and their end."""

import os
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import processes as processes_module
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def _until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return result


def _runs(pid):
    """Whether the process runs. A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_output_is_returned_and_the_log_has_output_and_errors(log):
    log.write_text("before\n")
    output = Processes().run(["sh", "-c", "echo out; echo error >&2"], log)
    assert output == "out\n"
    assert log.read_text() == "before\n$ sh -c 'echo out; echo error >&2'\nerror\nout\n"


def test_folder_and_environment(log, tmp_path, monkeypatch):
    monkeypatch.setenv("KEDA_DEMO_TEST_A", "parent")
    monkeypatch.setenv("KEDA_DEMO_TEST_B", "parent")
    output = Processes().run(
        ["sh", "-c", 'pwd; echo "$KEDA_DEMO_TEST_A $KEDA_DEMO_TEST_B"; cat'],
        log,
        cwd=tmp_path,
        env={"KEDA_DEMO_TEST_B": "argument"},
    )
    assert output == f"{tmp_path.resolve()}\nparent argument\n"


def test_a_failure_shows_the_end_of_the_log(log):
    with pytest.raises(BundleError) as caught:
        Processes().run(["sh", "-c", "for i in $(seq 30); do echo line $i >&2; done; exit 3"], log)
    first, *lines = str(caught.value).splitlines()
    assert first == f"sh ended with 3; the end of {log}:"
    assert lines == [f"  line {number}" for number in range(16, 31)]
    assert not isinstance(caught.value, Interrupted)


def test_the_end_of_a_program_by_a_signal_is_a_failure(log):
    with pytest.raises(BundleError, match="sh ended with -9"):
        Processes().run(["sh", "-c", "kill -9 $$"], log)


def test_output_in_another_encoding_is_no_failure(log):
    assert Processes().run(["printf", r"\377."], log) == "\N{REPLACEMENT CHARACTER}."


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_stop_ends_grandchildren(log, tmp_path, monkeypatch, trap):
    monkeypatch.setattr(processes_module, "GRACE_SECONDS", 0.5)
    processes = Processes()
    errors = []

    def run():
        try:
            # A shell, its child, and its grandchild, which has the output open.
            script = f"{trap}sh -c 'sleep 300 & echo $! > {tmp_path}/pid.part; mv pid.part pid; wait' & wait"
            processes.run(["sh", "-c", script], log, cwd=tmp_path)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert _until((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    assert _runs(pid)
    processes.stop()
    thread.join(10)
    assert [type(error) for error in errors] == [Interrupted]
    assert _until(lambda: not _runs(pid))


def test_after_stop_no_program_is_started(log, tmp_path):
    processes = Processes()
    processes.stop()
    processes.stop()
    with pytest.raises(Interrupted):
        processes.run(["touch", tmp_path / "file"], log)
    assert not (tmp_path / "file").exists()


def test_children_are_in_a_session_of_their_own(log):
    # A terminal's Ctrl-C reaches only this process, which ends its children.
    sid = Processes().run(["sh", "-c", "cut -d' ' -f6 /proc/$$/stat"], log)
    assert int(sid) != os.getsid(0)
